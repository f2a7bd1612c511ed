"""Do packets go there and come back?"""

from collections.abc import Iterator

from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.ping_facts import Ping
from twinspan.rules.static import OVERLAP

_HOSTS = (
    "Tunnels, routes and the filters of the subnets are right, so look at the hosts: their own "
    "firewalls, and further security groups"
)
_HEADERS_BYTES = 40
"""IPv4 and TCP without options. Source: RFC 9293 section 3.7.1."""


def aws_reaches_azure(facts: Facts) -> Iterator[Finding]:
    """RCH-01: ping from AWS to Azure."""
    return _direction(facts, towards="azure")


def azure_reaches_aws(facts: Facts) -> Iterator[Finding]:
    """RCH-02: ping from Azure to AWS."""
    return _direction(facts, towards="aws")


def _direction(facts: Facts, *, towards: str) -> Iterator[Finding]:
    pings = [ping for ping in facts.pings if ping.towards == towards]
    for ping in pings:
        yield found_by(facts, ping, needs=_groups(facts, ping), remedy=_HOSTS)
    for problem in facts.host_problems:
        yield Finding(
            subject="hosts",
            outcome=Outcome.INCONCLUSIVE,
            evidence=problem,
            remedy="Build the missing part with `twinspan apply`",
        )
    if not pings and not facts.host_problems:
        yield Finding(
            subject="hosts",
            outcome=Outcome.SKIPPED,
            evidence="no hosts to ping from; everything above is what the clouds say, not what packets do",
        )


def found_by(facts: Facts, ping: Ping, *, needs: frozenset[str], remedy: str) -> Finding:
    """Judge a ping.

    Args:
        facts: What is known otherwise.
        ping: What it found.
        needs: What else it stands on.
        remedy: Where to look if nothing arrives and nothing else explains it.
    """
    outcome, otherwise, remedy = Outcome.PASS, remedy, ""
    evidence = f"{ping.received} of {ping.sent} replies"
    if ping.median_ms is not None:
        evidence += f", median {ping.median_ms:.2f} ms"
    if ping.arrived is not None and ping.received < ping.sent:
        evidence += f"; {ping.arrived} of {ping.sent} requests arrived"
    if ping.error:
        outcome, evidence = Outcome.INCONCLUSIVE, ping.error
        remedy = "See that the sending host is alive and has ping"
    elif ping.sent == 0 or ping.received < ping.sent:
        outcome = Outcome.FAIL
        remedy = _remedy(ping, otherwise)
    return Finding(
        subject=f"{ping.source} -> {ping.destination}",
        outcome=outcome,
        evidence=evidence,
        command=ping.command,
        remedy=remedy,
        branch=f"{ping.source} {ping.destination}",
        needs=ping.subnet_ids | _on_the_way(facts, ping) | needs,
    )


def _remedy(ping: Ping, otherwise: str) -> str:
    if ping.received > 0:
        return "Some came through: verify again; if it stays, one of several paths loses packets"
    if ping.arrived:
        back = "Azure to AWS" if ping.towards == "azure" else "AWS to Azure"
        return f"The requests arrive, the answers do not: look at the way from {back}, and at its filters"
    return otherwise


def aws_large_packets(facts: Facts) -> Iterator[Finding]:
    """RCH-03: packets as large as the tunnels promise to carry go from AWS to Azure and back."""
    return _large(facts, towards="azure")


def azure_large_packets(facts: Facts) -> Iterator[Finding]:
    """RCH-04: packets as large as the tunnels promise to carry go from Azure to AWS and back."""
    return _large(facts, towards="aws")


def _large(facts: Facts, *, towards: str) -> Iterator[Finding]:
    pings = [ping for ping in facts.large_pings if ping.towards == towards]
    for ping in pings:
        yield _large_ping(facts, ping)
    if not pings:
        yield Finding(
            subject="hosts",
            outcome=Outcome.SKIPPED,
            evidence="no hosts to send large packets from",
        )


def _large_ping(facts: Facts, ping: Ping) -> Finding:
    outcome, remedy = Outcome.PASS, ""
    evidence = f"{ping.received} of {ping.sent} replies to packets of {ping.size_bytes} bytes"
    if ping.error:
        outcome, evidence, remedy = Outcome.INCONCLUSIVE, ping.error, "See that the sending host has ping"
    elif ping.received < ping.sent:
        outcome = Outcome.FAIL
        passing = ping.largest_bytes
        size = f"{passing} bytes" if passing else "small ones"
        evidence += f"; {size} pass, and no one says that larger ones do not (ICMP fragmentation needed)"
        mss = passing - _HEADERS_BYTES if passing else 0
        remedy = f"Find the link with the small MTU; until then use MTU {passing} on the hosts"
        remedy += f" or clamp TCP's segments to {mss} bytes" if passing else ""
    return Finding(
        subject=f"{ping.source} -> {ping.destination}",
        outcome=outcome,
        evidence=evidence,
        command=ping.command,
        remedy=remedy,
        branch=f"large {ping.source} {ping.destination}",
        needs=frozenset(
            ping.subnet_ids
            | _on_the_way(facts, ping)
            | _groups(facts, ping)
            | {f"{ping.source} {ping.destination}", f"{ping.destination} {ping.source}"}
        ),
    )


def _groups(facts: Facts, ping: Ping) -> frozenset[str]:
    """Return the branches of the security groups of a ping's host in AWS."""
    groups = facts.host_groups
    return frozenset(groups[subnet].branch for subnet in ping.subnet_ids if subnet in groups)


def _on_the_way(facts: Facts, ping: Ping) -> frozenset[str]:
    """Return what keeps packets away although tunnels are up: route tables, static routes, selectors."""
    aws, azure = facts.network.aws, facts.network.azure
    tables = [aws.route_table_of(subnet) for subnet in ping.subnet_ids] if aws else []
    subnets = [subnet for vnet in azure.virtual_networks for subnet in vnet.subnets] if azure else []
    azure_tables = [
        azure_subnet.route_table_id for azure_subnet in subnets if azure_subnet.id.lower() in ping.subnet_ids
    ]
    static = [link.stands_on for link in facts.links() if link.static]
    return frozenset(
        {
            OVERLAP,
            *(table.id for table in tables if table),
            *(table for table in azure_tables if table),
            *(identifier for stands_on in static for identifier in stands_on),
            *(
                str(link.tunnel.outside_ip_address)
                for link in facts.links()
                if link.tunnel and link.connected
            ),
        }
    )
