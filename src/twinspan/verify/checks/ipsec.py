"""Can the two ends of a tunnel agree on an IPsec SA?"""

from collections.abc import Iterator

from twinspan.verify.checks.ike import proposal
from twinspan.verify.facts import Facts
from twinspan.verify.findings import Finding
from twinspan.verify.policies import phase2_clashes

PHASE2_FAILED = "IPSEC_PHASE2_FAILED (Batfish), IkePolicyMismatch (Network Watcher)"


def phase2_meets(facts: Facts) -> Iterator[Finding]:
    """IPS-01: Azure's IPsec policy is among what AWS's tunnel allows in phase 2."""
    for link in facts.links():
        if link.joined and link.azure_connection and link.tunnel:
            clashes = tuple(phase2_clashes(link.azure_connection, link.tunnel))
            yield proposal(facts, link, clashes, phase=2, fault=PHASE2_FAILED)
