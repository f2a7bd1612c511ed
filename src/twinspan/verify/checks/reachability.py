"""Do packets go there and come back?"""

from collections.abc import Iterator

from twinspan.verify.facts import Facts, Ping
from twinspan.verify.findings import Finding, Outcome


def aws_reaches_azure(facts: Facts) -> Iterator[Finding]:
    """RCH-01: ping from AWS to Azure."""
    return _direction(facts, towards="azure")


def azure_reaches_aws(facts: Facts) -> Iterator[Finding]:
    """RCH-02: ping from Azure to AWS."""
    return _direction(facts, towards="aws")


def _direction(facts: Facts, *, towards: str) -> Iterator[Finding]:
    pings = [ping for ping in facts.pings if ping.towards == towards]
    for ping in pings:
        yield _ping(facts, ping)
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


def _ping(facts: Facts, ping: Ping) -> Finding:
    outcome, remedy = Outcome.PASS, ""
    evidence = f"{ping.received} of {ping.sent} replies"
    if ping.median_ms is not None:
        evidence += f", median {ping.median_ms:.2f} ms"
    if ping.error:
        outcome, evidence = Outcome.INCONCLUSIVE, ping.error
        remedy = "See that the sending host is alive and has ping"
    elif ping.sent == 0 or ping.received < ping.sent:
        outcome = Outcome.FAIL
        remedy = (
            "Tunnels and routes are right, so look at the filters: security groups and network ACLs in AWS, "
            "network security groups in Azure, both for ICMP from the other cloud"
        )
        if ping.received > 0:
            remedy = "Some came through: verify again; if it stays, one of several paths loses packets"
    return Finding(
        subject=f"{ping.source} -> {ping.destination}",
        outcome=outcome,
        evidence=evidence,
        command=ping.command,
        remedy=remedy,
        branch=f"{ping.source} {ping.destination}",
        needs=frozenset(ping.subnet_ids | _table_ids(facts, ping)),
    )


def _table_ids(facts: Facts, ping: Ping) -> frozenset[str]:
    aws = facts.network.aws
    tables = [aws.route_table_of(subnet) for subnet in ping.subnet_ids] if aws else []
    return frozenset(table.id for table in tables if table)
