"""Does Azure know the way to AWS?"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from twinspan.network.links import TunnelLink
from twinspan.network.model import AzureRouteTable, AzureSubnet
from twinspan.network.routes import (
    NONE,
    VIRTUAL_NETWORK_GATEWAY,
    Source,
    azure_routes,
    user_routes,
    ways,
)
from twinspan.results import Finding, Outcome
from twinspan.verify.checks.static_routes import not_applicable
from twinspan.verify.facts import Facts
from twinspan.verify.shell import aws_ec2, az_network, group_and_name


def azure_learns_the_vpc(facts: Facts) -> Iterator[Finding]:
    """RTE-02: over every tunnel the Azure gateway has learned all of the VPC."""
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


def azure_subnets_lead_to_aws(facts: Facts) -> Iterator[Finding]:
    """RTE-03: in every VNet subnet the way to the VPC is the gateway."""
    yield from _subnets(facts, facts.azure_subnets)


def cluster_subnets_lead_to_aws(facts: Facts) -> Iterator[Finding]:
    """RTE-06: in the subnets of AKS's nodes and pods the way to the VPC is the gateway."""
    yield from _subnets(facts, facts.cluster_subnets)
    if not facts.cluster_subnets:
        yield Finding(subject="AKS", outcome=Outcome.SKIPPED, evidence="Azure has no cluster in the VNet")


def _subnets(facts: Facts, subnets: Sequence[AzureSubnet]) -> Iterator[Finding]:
    tables = facts.network.azure.route_tables if facts.network.azure else ()
    for subnet in subnets:
        identifier = (subnet.route_table_id or "").lower()
        yield _subnet(facts, subnet, next((t for t in tables if t.id.lower() == identifier), None))


def _subnet(facts: Facts, subnet: AzureSubnet, table: AzureRouteTable | None) -> Finding:
    problems = (
        [pair for prefix in facts.vpc_prefixes for pair in _problems(table, facts, prefix)] if table else []
    )
    outcome = Outcome.FAIL if problems else Outcome.PASS
    by = f"route table {table.name}" if table else "learned from the gateway"
    show = "az network nic show-effective-route-table -g GROUP -n NIC"
    return Finding(
        subject=f"{subnet.name} ({table.name})" if table else subnet.name,
        outcome=outcome if facts.vpc_prefixes else Outcome.INCONCLUSIVE,
        evidence="; ".join(text for text, _ in problems) or (by if facts.vpc_prefixes else "no VPC is known"),
        command=_table_command("route-table route list", table) if table else show,
        remedy="; ".join(dict.fromkeys(remedy for _, remedy in problems)),
        branch=subnet.id.lower(),
    )


def _problems(table: AzureRouteTable, facts: Facts, prefix: IPv4Network) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the way to a prefix, and the remedy."""
    learned = facts.vpc_prefixes if table.bgp_route_propagation_enabled else ()
    routes = azure_routes(user_routes(table), address_space=facts.azure_prefixes, learned=learned)
    taken = {route for _, found in ways(routes, prefix) for route in found if route}
    for route in sorted(taken, key=lambda route: (str(route.destination), route.name)):
        if route.source is not Source.USER or route.target == VIRTUAL_NETWORK_GATEWAY:
            continue
        hole = "answers to AWS vanish there" if route.target == NONE else "past the gateway"
        yield (
            f"route {route.name} sends {route.destination} to {route.target}: {hole}",
            "Remove it: " + _table_command(f"route-table route delete -n {route.name}", table),
        )
    if not table.bgp_route_propagation_enabled and any(route.source is Source.SYSTEM for route in taken):
        yield (
            f"{table.name} keeps learned routes out and has none of its own to {prefix}",
            "Let learned routes in: "
            + az_network("route-table update", table.id, "--disable-bgp-route-propagation false"),
        )


def _table_command(command: str, table: AzureRouteTable) -> str:
    group, name = group_and_name(table.id)
    return f"az network {command} -g {group} --route-table-name {name}"
