"""Routes: whether what BGP brings reaches the subnets."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from twinspan.check.design import Design, blocks, items, network
from twinspan.check.findings import unclear
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.ranges import ANYWHERE
from twinspan.network.routes import VIRTUAL_NETWORK_GATEWAY, Route, Source, best, ways
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding

_GATEWAY, _OTHER = "the VPN gateway", "elsewhere"


def private_tables_propagate(design: Design) -> Iterator[Finding]:
    """RTE-01: every private route table gets its routes to Azure from the gateway, or has its own."""
    if not design.vpn_connections or not design.of_type("aws_vpn_gateway"):
        return
    propagated, unsure = _propagated(design)
    if not design.of_type("aws_route_table", "aws_vpn_gateway_route_propagation"):
        gateway = design.of_type("aws_vpn_gateway")[0]
        yield unclear(
            gateway.address, "no route table is in this plan, so whether one gets the routes is open"
        )
    for table in design.of_type("aws_route_table"):
        if table.address in propagated or _public(design, table):
            continue
        if items(table.get("propagating_vgws")) or _mentions(design, table):
            continue
        routed = _routed(design, table)
        if unsure and not routed:
            yield unclear(table.address, f"whether {unsure} propagates into it is not in the plan")
        elif routed is None:
            yield unclear(table.address, "where its routes to Azure lead is not in the plan")
        if unsure or routed is not False:
            continue
        yield Finding(
            subject=table.address,
            evidence="the gateway propagates no routes into it, and it has none of its own to Azure",
            remedy="Add an aws_vpn_gateway_route_propagation for it",
        )


def propagation_from_own_gateway(design: Design) -> Iterator[Finding]:
    """RTE-06: a gateway propagates into route tables of the VPC that it is attached to."""
    for each in design.of_type("aws_vpn_gateway_route_propagation"):
        table = design.join(each, "route_table_id", "aws_route_table")
        gateway = design.join(each, "vpn_gateway_id", "aws_vpn_gateway")
        vpc = design.join(table, "vpc_id", "aws_vpc") if table else None
        attached = design.vpc_of(gateway) if gateway else None
        if vpc is not None and attached is not None and attached != vpc:
            yield Finding(
                subject=each.address,
                evidence=f"the gateway is attached to {attached.address}, the table is of {vpc.address}; AWS"
                " refuses it (Gateway.NotAttached)",
                remedy="Name a table of the gateway's own VPC",
            )


def _mentions(design: Design, table: PlannedResource) -> bool:
    return design.join(table, "propagating_vgws", "aws_vpn_gateway") is not None


def _propagated(design: Design) -> tuple[set[str], str]:
    """Return the tables propagated into, and a propagation whose table the plan does not tell."""
    found, unsure = set(), ""
    for each in design.of_type("aws_vpn_gateway_route_propagation"):
        table = design.join(each, "route_table_id", "aws_route_table")
        if table is None:
            unsure = each.address
        else:
            found.add(table.address)
    return found, unsure


def _routes_of(
    design: Design, table: PlannedResource
) -> Iterator[tuple[PlannedResource, IPv4Network | None]]:
    for route in design.of_type("aws_route"):
        if design.join(route, "route_table_id", "aws_route_table") == table:
            yield route, network(route.get("destination_cidr_block"))


def _public(design: Design, table: PlannedResource) -> bool:
    """A table whose default route leads to an internet gateway serves public subnets."""
    for route, cidr in _routes_of(design, table):
        if cidr == ANYWHERE and design.join(route, "gateway_id", "aws_internet_gateway") is not None:
            return True
    return any(str(each.get("gateway_id", "")).startswith("igw-") for each in blocks(table.get("route")))


def _routed(design: Design, table: PlannedResource) -> bool | None:
    """Whether a table's own routes lead to all of Azure by the gateway; None if the plan does not tell."""
    routes = [
        Route(destination=cidr, target=_target(design, route), source=Source.USER)
        for route, cidr in _routes_of(design, table)
        if cidr is not None or route.get("destination_cidr_block") is UNKNOWN
    ]
    taken = [each for _, cidr in design.vnet_ranges for _, found in ways(routes, cidr) for each in found]
    if any(each is None or each.target == _OTHER for each in taken):
        return False
    return None if any(each.target is None for each in taken if each) else bool(taken)


def _target(design: Design, route: PlannedResource) -> str | None:
    """Return what a route leads to, as far as it matters; None if the plan does not tell."""
    if design.join(route, "gateway_id", "aws_vpn_gateway") is not None:
        return _GATEWAY
    unknown = route.get("gateway_id") is UNKNOWN
    return None if unknown and not design.join(route, "gateway_id", "aws_internet_gateway") else _OTHER


def static_has_routes(design: Design) -> Iterator[Finding]:
    """RTE-02: a connection without BGP has at least one static route."""
    served = [
        connection
        for route in design.of_type("aws_vpn_connection_route")
        if (connection := design.join(route, "vpn_connection_id", "aws_vpn_connection")) is not None
    ]
    for connection in design.vpn_connections:
        if connection.get("static_routes_only") is True and connection not in served:
            if len(served) < len(design.of_type("aws_vpn_connection_route")):
                yield unclear(connection.address, "whether a static route is for it is not in the plan")
                continue
            yield Finding(
                subject=f"{connection.address} static_routes_only",
                evidence="true, but it has no aws_vpn_connection_route; the tunnel is up and carries nothing",
                remedy="Set it to false (BGP), or add a route to each Azure range",
            )


def azure_tables_lead_to_aws(design: Design) -> Iterator[Finding]:
    """RTE-03: an Azure route table in use lets learned routes in, or has a route to AWS of its own."""
    for each in design.of_type("azurerm_subnet_route_table_association"):
        if design.join(each, "route_table_id", "azurerm_route_table") is None:
            yield unclear(f"{each.address} route_table_id", "the plan does not tell which table")
    for table in _tables_in_use(design):
        if table.get("bgp_route_propagation_enabled") is not False and (
            table.get("disable_bgp_route_propagation") is not True
        ):
            continue
        own = list(_user_routes(design, table))
        leading = any(route.target == VIRTUAL_NETWORK_GATEWAY for route in own)
        for cidr in design.vpc_ranges or ("AWS",):
            found = (None,) if isinstance(cidr, str) else best(own, cidr)
            if any(route and route.target is None for route in found):
                yield unclear(table.address, f"where its route to {cidr} leads is not in the plan")
            elif not (leading if isinstance(cidr, str) else found[-1] and _may_lead(found[-1])):
                yield Finding(
                    subject=f"{table.address} bgp_route_propagation_enabled",
                    evidence=f"false, and the table has no route to {cidr} with next hop"
                    f" VirtualNetworkGateway",
                    remedy="Set it to true, or add that route",
                )


def azure_tables_not_astray(design: Design) -> Iterator[Finding]:
    """RTE-04: no Azure route table sends AWS's ranges somewhere else than to the gateway."""
    for table in _tables_in_use(design):
        own = list(_user_routes(design, table))
        for far in design.vpc_ranges:
            for route in dict.fromkeys(each for _, found in ways(own, far) for each in found):
                if route and route.destination and route.destination.subnet_of(far) and not _may_lead(route):
                    yield Finding(
                        subject=table.address,
                        evidence=f"sends {route.destination} of AWS to {route.target}",
                        remedy="Set next_hop_type to VirtualNetworkGateway, or remove the route; traffic"
                        " that must"
                        " pass an appliance needs the same way back",
                    )


def _tables_in_use(design: Design) -> tuple[PlannedResource, ...]:
    found = {}
    for each in design.of_type("azurerm_subnet_route_table_association"):
        subnet = design.join(each, "subnet_id", "azurerm_subnet")
        table = design.join(each, "route_table_id", "azurerm_route_table")
        if table is not None and (subnet is None or subnet.get("name") != GATEWAY_SUBNET):
            found[table.address] = table
    return tuple(found.values())


def _user_routes(design: Design, table: PlannedResource) -> Iterator[Route]:
    inline = [(each.get("address_prefix"), each.get("next_hop_type")) for each in blocks(table.get("route"))]
    own = [
        (route.get("address_prefix"), route.get("next_hop_type"))
        for route in design.of_type("azurerm_route")
        if design.join(route, "route_table_name", "azurerm_route_table") == table
    ]
    for text, hop in (*inline, *own):
        if network(text) is not None or text is UNKNOWN:
            target = hop if isinstance(hop, str) else None
            yield Route(destination=network(text), target=target, source=Source.USER)


def _may_lead(route: Route) -> bool:
    return route.target in {VIRTUAL_NETWORK_GATEWAY, None}


def gateway_subnet_untouched(design: Design) -> Iterator[Finding]:
    """RTE-05: the route table of GatewaySubnet, if any, has no default route and lets learned routes in."""
    for each in design.of_type("azurerm_subnet_route_table_association"):
        subnet = design.join(each, "subnet_id", "azurerm_subnet")
        table = design.join(each, "route_table_id", "azurerm_route_table")
        if table is None or subnet is None or subnet.get("name") != GATEWAY_SUBNET:
            continue
        problems = [
            f"sends {route.destination} to {route.target}"
            for route in _user_routes(design, table)
            if route.destination == ANYWHERE
        ]
        if table.get("bgp_route_propagation_enabled") is False:
            problems.append("keeps learned routes out")
        for problem in problems:
            yield Finding(
                subject=table.address,
                evidence=f"is put on GatewaySubnet and {problem}; the gateway loses its own way out",
                remedy="Take the table off GatewaySubnet",
            )
