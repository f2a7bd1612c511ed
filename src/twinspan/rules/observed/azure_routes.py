"""Does Azure know the way to AWS?"""

from collections.abc import Iterator

from twinspan.network.links import TunnelLink
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.bgp import not_applicable
from twinspan.rules.observed.facts import Facts
from twinspan.rules.shell import aws_ec2, az_network


def azure_learns_the_vpc(facts: Facts) -> Iterator[Finding]:
    """RTE-12: over every tunnel the Azure gateway has learned all of the VPC."""
    for link in facts.links():
        if link.joined and not link.static:
            yield _learned(facts, link)
    yield from not_applicable(facts)


def _learned(facts: Facts, link: TunnelLink) -> Finding:
    neighbor = link.tunnel.aws_inside_address if link.tunnel else None
    heard = [route for route in facts.learned_routes if route.source_peer == neighbor]
    missing = [p for p in facts.vpc_prefixes if not any(p.subnet_of(route.network) for route in heard)]
    outcome, remedy = Outcome.PASS, ""
    evidence = ", ".join(sorted({f"{r.network} (AS path {r.as_path})" for r in heard})) or "nothing learned"
    if not facts.bgp:
        outcome = Outcome.INCONCLUSIVE
        evidence = "; ".join(facts.bgp_problems.values()) or "there is no gateway to ask"
        remedy = "Ask again in a minute"
    elif missing or not facts.vpc_prefixes:
        outcome = Outcome.FAIL
        evidence = (
            f"{', '.join(map(str, missing)) or 'the VPC'} is not among what came from {neighbor}: {evidence}"
        )
        remedy = (
            "The session is up and AWS advertises nothing of the VPC: see that its gateway is attached with "
        )
        remedy += aws_ec2("describe-vpn-gateways", region=facts.region, query="VpnGateways[].VpcAttachments")
    gateway = facts.azure_gateways[0].id if facts.azure_gateways else ""
    return Finding(
        subject=f"{link.key}: from {neighbor}",
        outcome=outcome,
        evidence=evidence,
        command=az_network("vnet-gateway list-learned-routes", gateway, "--output table") if gateway else "",
        remedy=remedy,
        branch=link.key,
        needs=link.stands_on,
    )
