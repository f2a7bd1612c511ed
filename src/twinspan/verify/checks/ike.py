"""Can the two ends of a tunnel agree on an IKE SA, and prove to each other who they are?"""

import json
from collections.abc import Iterator, Sequence

from twinspan.network.links import TunnelLink
from twinspan.network.model import TelemetryStatus
from twinspan.results import Finding, Outcome
from twinspan.verify.facts import Facts
from twinspan.verify.policies import Clash, phase1_clashes
from twinspan.verify.shell import aws_ec2, az_network, group_and_name

PHASE1_FAILED = "IKE_PHASE1_FAILED (Batfish), IkePolicyMismatch (Network Watcher)"
KEY_MISMATCH = "IKE_PHASE1_KEY_MISMATCH (Batfish), Authentication (Network Watcher)"


def phase1_meets(facts: Facts) -> Iterator[Finding]:
    """IKE-01: Azure's IKE policy is among what AWS's tunnel allows in phase 1."""
    for link in facts.links():
        if link.joined and link.azure_connection and link.tunnel:
            clashes = tuple(phase1_clashes(link.azure_connection, link.tunnel))
            yield proposal(facts, link, clashes, phase=1, fault=PHASE1_FAILED)


def proposal(facts: Facts, link: TunnelLink, clashes: Sequence[Clash], *, phase: int, fault: str) -> Finding:
    """Return the finding about the proposals of one phase of one tunnel."""
    connection = link.azure_connection
    policy = connection.ipsec_policy if connection else None
    agreed = (
        "Azure's default policies apply, which cannot be compared" if policy is None else "proposals meet"
    )
    lists = ("EncryptionAlgorithms", "IntegrityAlgorithms", "DHGroupNumbers")
    members = ",".join(f"Phase{phase}{each}[].Value" for each in lists)
    return Finding(
        subject=f"{link.label} of {link.vpn_connection.id if link.vpn_connection else ''}",
        outcome=Outcome.FAIL if clashes else Outcome.PASS,
        evidence="; ".join(clash.text for clash in clashes) or agreed,
        command=tunnel_options(facts, link, members) + "; " + azure_policy(link),
        remedy=_remedy(facts, link, clashes) if clashes else "",
        fault=fault if clashes else "",
        branch=link.key,
        needs=link.stands_on,
    )


def _remedy(facts: Facts, link: TunnelLink, clashes: Sequence[Clash]) -> str:
    impossible = [clash.azure for clash in clashes if clash.value is None]
    if impossible or link.tunnel is None or link.vpn_connection is None:
        return f"AWS has nothing like {', '.join(impossible)}: choose another policy on the Azure connection"
    options = {clash.option: [{"Value": clash.value}] for clash in clashes}
    return "Make AWS allow what Azure insists on: " + aws_ec2(
        "modify-vpn-tunnel-options",
        f"--vpn-connection-id {link.vpn_connection.id}",
        f"--vpn-tunnel-outside-ip-address {link.tunnel.outside_ip_address}",
        f"--tunnel-options '{json.dumps(options, separators=(',', ':'))}'",
        region=facts.region,
    )


def keys_equal(facts: Facts) -> Iterator[Finding]:
    """IKE-02: both ends of a tunnel have the same pre-shared key; compared, never shown."""
    for link in facts.links():
        if link.joined and link.azure_connection and link.tunnel and link.vpn_connection:
            aws = facts.secrets.aws.get((link.vpn_connection.id, str(link.tunnel.outside_ip_address)))
            azure = facts.secrets.azure.get(link.azure_connection.id.lower())
            yield _keys(facts, link, aws, azure)


def _keys(facts: Facts, link: TunnelLink, aws: str | None, azure: str | None) -> Finding:
    outcome, evidence, remedy = Outcome.PASS, "equal", ""
    connection = link.azure_connection
    name = connection.name if connection else ""
    identifier = link.vpn_connection.id if link.vpn_connection else ""
    if aws is None or azure is None:
        hidden = "AWS" if aws is None else "Azure"
        evidence = f"{hidden} does not show its key"
        if link.aws_status is TelemetryStatus.UP:
            evidence += "; the tunnel is up, so the keys are equal"
        else:
            outcome = Outcome.INCONCLUSIVE
            remedy = "Read the key where it is kept (Secrets Manager, Key Vault) and compare it yourself"
    elif aws != azure:
        outcome = Outcome.FAIL
        evidence = f"the pre-shared keys of {identifier} and {name} differ"
        remedy = "Give Azure the key that AWS has; `twinspan apply` does"
    return Finding(
        subject=f"{link.label} of {identifier}",
        outcome=outcome,
        evidence=evidence,
        command=_compare_keys(facts, link),
        remedy=remedy,
        fault=KEY_MISMATCH if outcome is Outcome.FAIL else "",
        branch=link.key,
        needs=link.stands_on,
    )


def _compare_keys(facts: Facts, link: TunnelLink) -> str:
    """Return a bash line that compares the keys without showing either."""
    group, name = group_and_name(link.azure_connection.id if link.azure_connection else "")
    aws = tunnel_options(facts, link, "PreSharedKey") + " --output text"
    azure = f"az network vpn-connection shared-key show -g {group} --connection-name {name}"
    return f"diff <({aws} | sha256sum) <({azure} --query value --output tsv | sha256sum) && echo equal"


def tunnel_options(facts: Facts, link: TunnelLink, members: str) -> str:
    """Return the aws command that shows members of a tunnel's options."""
    outside = link.tunnel.outside_ip_address if link.tunnel else ""
    chosen = f"VpnConnections[].Options.TunnelOptions[?OutsideIpAddress=='{outside}'][].[{members}]"
    return aws_ec2(
        "describe-vpn-connections",
        f"--vpn-connection-ids {link.vpn_connection.id if link.vpn_connection else ''}",
        region=facts.region,
        query=chosen,
    )


def azure_policy(link: TunnelLink) -> str:
    """Return the az command that shows a connection's policy."""
    return az_network("vpn-connection show", link.azure_connection.id if link.azure_connection else "") + (
        " --query ipsecPolicies"
    )
