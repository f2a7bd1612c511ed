"""Does every subnet know the way to the other cloud?"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from twinspan.network.model import AwsRoute, AwsRouteTable, AzureRouteTable, AzureSubnet
from twinspan.verify.facts import Facts, TunnelLink
from twinspan.verify.findings import Finding, Outcome
from twinspan.verify.shell import aws_ec2, az_network

PROPAGATED = "EnableVgwRoutePropagation"
"""`Route.Origin` of a route that BGP brought. Source: EC2 API, Route."""
GATEWAY_SUBNET = "GatewaySubnet"
"""Source: Azure, "About VPN Gateway configuration settings", gateway subnet."""
VIRTUAL_NETWORK_GATEWAY = "VirtualNetworkGateway"
_SUBNET_REMEDY = (
    "Allow gateway route propagation in that route table, or give it a route to the VPC with next hop "
    "VirtualNetworkGateway"
)


def private_tables_lead_to_azure(facts: Facts) -> Iterator[Finding]:
    """RTE-01: every private route table has active routes through the gateway to all of the VNet."""
    tables = facts.private_route_tables
    for table in tables:
        yield _table(facts, table)
    if not tables:
        yield Finding(
            subject="private route tables",
            outcome=Outcome.FAIL,
            evidence="no private subnet in the VPC has a route table",
            command=aws_ec2("describe-route-tables", region=facts.region),
            remedy="Build the private subnets and their tables with `twinspan apply`",
        )


def _table(facts: Facts, table: AwsRouteTable) -> Finding:
    gateways = {gateway.id for gateway in facts.vpn_gateways}
    chosen = {prefix: _longest(table.routes, prefix) for prefix in facts.azure_prefixes}
    missing = [p for p, route in chosen.items() if route is None or route.target not in gateways]
    dead = [p for p, route in chosen.items() if p not in missing and route and route.state != "active"]
    outcome, remedy = Outcome.PASS, ""
    origins = ", ".join(f"{r.destination} {_origin(r)}, {r.state}" for r in chosen.values() if r)
    evidence = origins
    if missing or dead or not chosen:
        outcome = Outcome.FAIL
        evidence, remedy = _table_problem(facts, table, missing, chosen)
    return Finding(
        subject=f"{table.name} ({table.id})" if table.name else table.id,
        outcome=outcome,
        evidence=evidence,
        command=aws_ec2(
            "describe-route-tables",
            f"--route-table-ids {table.id}",
            region=facts.region,
            query="RouteTables[].Routes",
        ),
        remedy=remedy,
        branch=table.id,
    )


def _table_problem(
    facts: Facts,
    table: AwsRouteTable,
    missing: list[IPv4Network],
    chosen: dict[IPv4Network, AwsRoute | None],
) -> tuple[str, str]:
    if not chosen:
        return "Azure's address space is unknown", "Build the VNet first"
    if not missing:
        return "the route through the gateway is a blackhole", "Attach the virtual private gateway to the VPC"
    text = ", ".join(map(str, missing))
    other = {str(route.target) for p, route in chosen.items() if p in missing and route}
    evidence = f"no route to {text} through the gateway" + (
        f" (it goes to {', '.join(other)})" if other else ""
    )
    gateways = [gateway.id for gateway in facts.vpn_gateways]
    if gateways and gateways[0] not in table.propagating_vgw_ids:
        evidence += "; route propagation is off"
        enable = f"--route-table-id {table.id} --gateway-id {gateways[0]}"
        return evidence, "Turn it on: " + aws_ec2("enable-vgw-route-propagation", enable, region=facts.region)
    return evidence, "Propagation is on, so the gateway has not learned it: see what Azure advertises"


def azure_learns_the_vpc(facts: Facts) -> Iterator[Finding]:
    """RTE-02: over every tunnel the Azure gateway has learned all of the VPC."""
    for link in facts.links():
        if link.tunnel:
            yield _learned(facts, link)


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
        remedy = "AWS advertises the VPC's blocks once the gateway is attached: check the attachment"
    gateway = facts.azure_gateways[0].id if facts.azure_gateways else ""
    return Finding(
        subject=f"{link.key}: from {neighbor}",
        outcome=outcome,
        evidence=evidence,
        command=az_network("vnet-gateway list-learned-routes", gateway, "--output table") if gateway else "",
        remedy=remedy,
        branch=link.key,
    )


def azure_subnets_lead_to_aws(facts: Facts) -> Iterator[Finding]:
    """RTE-03: in every VNet subnet the way to the VPC is the gateway."""
    wanted = facts.expected.azure_subnet_ids
    tables = facts.network.azure.route_tables if facts.network.azure else ()
    for vnet in facts.virtual_networks:
        for subnet in vnet.subnets:
            if subnet.name == GATEWAY_SUBNET or (wanted and subnet.id.lower() not in wanted):
                continue
            identifier = (subnet.route_table_id or "").lower()
            yield _subnet(facts, subnet, next((t for t in tables if t.id.lower() == identifier), None))


def _subnet(facts: Facts, subnet: AzureSubnet, table: AzureRouteTable | None) -> Finding:
    problems = (
        [text for prefix in facts.vpc_prefixes for text in _subnet_problems(table, prefix)] if table else []
    )
    by = f"route table {table.name}" if table else "learned from the gateway"
    return Finding(
        subject=subnet.name,
        outcome=Outcome.FAIL if problems else Outcome.PASS,
        evidence="; ".join(problems) or by,
        command=az_network("route-table route list", table.id).replace(" -n ", " --route-table-name ")
        if table
        else "az network nic show-effective-route-table -g GROUP -n NIC",
        remedy=_SUBNET_REMEDY if problems else "",
        branch=subnet.id.lower(),
    )


def _subnet_problems(table: AzureRouteTable, prefix: IPv4Network) -> Iterator[str]:
    # A user-defined route beats a learned one of the same length; the learned one is the prefix itself.
    for route in table.routes:
        if route.address_prefix.subnet_of(prefix) and route.next_hop_type != VIRTUAL_NETWORK_GATEWAY:
            yield f"route {route.name} sends {route.address_prefix} to {route.next_hop_type}"
    covering = [route for route in table.routes if prefix.subnet_of(route.address_prefix)]
    best = max(covering, key=lambda route: route.address_prefix.prefixlen, default=None)
    own = best is not None and best.next_hop_type == VIRTUAL_NETWORK_GATEWAY
    if not table.bgp_route_propagation_enabled and not own:
        yield f"{table.name} keeps learned routes out and has none of its own to {prefix}"


def _longest(routes: Iterable[AwsRoute], prefix: IPv4Network) -> AwsRoute | None:
    covering = [route for route in routes if prefix.subnet_of(route.destination)]
    return max(covering, key=lambda route: route.destination.prefixlen, default=None)


def _origin(route: AwsRoute) -> str:
    return "propagated" if route.origin == PROPAGATED else "static"
