"""Routes: whether what BGP brings reaches the subnets."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from twinspan.network.appliances import Way, way_of
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.model import AwsRoute, AwsRouteTable, AzureRouteTable
from twinspan.network.ranges import ANYWHERE
from twinspan.network.routes import (
    USER_ORIGIN,
    VIRTUAL_NETWORK_GATEWAY,
    Route,
    aws_routes,
    best,
    user_routes,
    ways,
)
from twinspan.network.unknown import Unknown
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.on_subnets import tables_on_subnets
from twinspan.rules.parts import static, subject
from twinspan.rules.shell import add_static_route, aws_ec2, az_network, group_and_name, show_static_routes

_APPLIANCE = "traffic that must pass an appliance needs the same way back"


def private_tables_propagate(design: Design) -> Iterator[Finding]:
    """RTE-01: every private route table gets its routes to Azure from the gateway, or has its own."""
    if not design.vpn_connections or not design.vpn_gateways:
        return
    tables = [table for table in design.aws.route_tables if _in_use(design, table)]
    unsure = next((name for name, _ in design.unplaced("aws_vpn_gateway_route_propagation")), "")
    if not tables and not unsure:
        yield unclear(
            subject(design.vpn_gateways[0]),
            "no route table is in this plan, so whether one gets the routes is open",
        )
    for table in tables:
        if table.propagating_vgw_ids or _public(table) or table.vpc_id in design.vpcs_apart:
            continue
        routed = _routed(design, table)
        if unsure and not routed:
            yield unclear(subject(table), f"whether {unsure} propagates into it is not in the plan")
        elif routed is None:
            yield unclear(subject(table), "where its routes to Azure lead is not in the plan")
        elif not routed:
            yield Finding(
                subject=subject(table),
                evidence="the gateway propagates no routes into it, and it has none of its own to Azure",
                remedy="Add an aws_vpn_gateway_route_propagation for it",
                branch=table.id,
                needs=_served_by_default(design, table),
            )


def propagation_from_own_gateway(design: Design) -> Iterator[Finding]:
    """RTE-06: a gateway propagates into route tables of the VPC that it is attached to."""
    vpcs = {vpc.id: subject(vpc) for vpc in design.aws.vpcs}
    attached = {gateway.id: gateway.vpc_id for gateway in design.vpn_gateways}
    for table in design.aws.route_tables:
        for vpc in (
            attached.get(gateway_id)
            for gateway_id in table.propagating_vgw_ids
            if isinstance(gateway_id, str)
        ):
            if isinstance(vpc, str) and isinstance(table.vpc_id, str) and vpc != table.vpc_id:
                yield Finding(
                    subject=subject(table),
                    evidence=f"the gateway is attached to {vpcs.get(vpc, vpc)}, the table is of"
                    f" {vpcs.get(table.vpc_id, table.vpc_id)}; AWS refuses it (Gateway.NotAttached)",
                    remedy="Name a table of the gateway's own VPC",
                )


def _in_use(design: Design, table: AwsRouteTable[Unknown]) -> bool:
    """Whether a table is written, or serves a subnet; one that is written may be served from elsewhere."""
    if table.address or table.subnet_ids:
        return True
    served = {subnet for route_table in design.aws.route_tables for subnet in route_table.subnet_ids}
    others = (
        aws_subnet
        for aws_subnet in design.aws.subnets
        if not aws_subnet.address and aws_subnet.id not in served
    )
    return table.main is True and any(aws_subnet.vpc_id == table.vpc_id for aws_subnet in others)


def _served_by_default(design: Design, table: AwsRouteTable[Unknown]) -> frozenset[str]:
    """Return the ids of the subnets that a main route table serves since they have none of their own."""
    served = {subnet for route_table in design.aws.route_tables for subnet in route_table.subnet_ids}
    own = (
        aws_subnet.id
        for aws_subnet in design.aws.subnets
        if aws_subnet.vpc_id == table.vpc_id and aws_subnet.id not in served
    )
    return frozenset(own if table.main is True else ())


def _public(table: AwsRouteTable[Unknown]) -> bool:
    """A table whose default route leads to an internet gateway serves public subnets."""
    return any(route.to_internet and route.destination == ANYWHERE for route in table.routes)


def _routed(design: Design, table: AwsRouteTable[Unknown]) -> bool | None:
    """Whether a table's own routes lead to all of Azure by the gateway; None if the plan does not tell."""
    gateways = {gateway.id for gateway in design.vpn_gateways}
    routes = aws_routes(table)
    fates = [
        {way_of(design.aws, route, part, gateways).leads for route in taken}
        for cidr in design.vnet_spaces
        for part, taken in ways(routes, cidr)
    ]
    if not fates or {False} in fates:
        return False
    return True if all(fate == {True} for fate in fates) else None


def static_has_routes(design: Design) -> Iterator[Finding]:
    """RTE-02: a connection without BGP has at least one static route."""
    for connection in design.vpn_connections:
        if not static(connection) or connection.static_routes:
            continue
        if design.unplaced("aws_vpn_connection_route"):
            yield unclear(subject(connection), "whether a static route is for it is not in the plan")
            continue
        yield Finding(
            subject=subject(connection, "static_routes_only"),
            evidence="true, but it has no aws_vpn_connection_route; the tunnel is up and carries nothing",
            command=design.of_what_exists(
                show_static_routes(connection.id, region=design.region_of(connection.id))
            ),
            remedy=design.of_what_exists(
                "; ".join(
                    add_static_route(connection.id, cidr, region=design.region_of(connection.id))
                    for cidr in design.vnet_spaces
                ),
                planned="Set it to false (BGP), or add a route to each Azure range",
            ),
            branch=connection.id,
        )


def azure_tables_lead_to_aws(design: Design) -> Iterator[Finding]:
    """RTE-03: an Azure route table in use lets learned routes in, or has a route to AWS of its own."""
    tables = tables_on_subnets(design)
    yield from tables.unclear("table")
    for table in tables.in_use:
        if table.bgp_route_propagation_enabled is not False:
            continue
        own = user_routes(table)
        leading = any(route.target == VIRTUAL_NETWORK_GATEWAY for route in own)
        for cidr in design.vpc_ranges or ("AWS",):
            candidates = (None,) if isinstance(cidr, str) else best(own, cidr)
            if any(route and route.target is None for route in candidates):
                yield unclear(subject(table), f"where its route to {cidr} leads is not in the plan")
            elif not (leading if isinstance(cidr, str) else candidates[-1] and _may_lead(candidates[-1])):
                yield Finding(
                    subject=subject(table, "bgp_route_propagation_enabled"),
                    evidence=f"false, and the table has no route to {cidr} with next hop"
                    f" VirtualNetworkGateway",
                    command=_show_routes(design, table),
                    remedy=design.of_what_exists(
                        "Let learned routes in: "
                        + az_network("route-table update", table.id, "--disable-bgp-route-propagation false"),
                        planned="Set it to true, or add that route",
                    ),
                    branch=table.id,
                )


def azure_tables_not_astray(design: Design) -> Iterator[Finding]:
    """RTE-04: no Azure route table sends AWS's ranges somewhere else than to the gateway."""
    for table in tables_on_subnets(design).in_use:
        own = user_routes(table)
        for far in design.vpc_ranges:
            for route in dict.fromkeys(
                candidate for _, candidates in ways(own, far) for candidate in candidates
            ):
                if route and route.destination and route.destination.subnet_of(far) and not _may_lead(route):
                    yield Finding(
                        subject=subject(table),
                        evidence=f"sends {route.destination} of AWS to {route.target}",
                        command=_show_routes(design, table),
                        remedy=design.of_what_exists(
                            "Remove it: "
                            + _table_command(f"route-table route delete -n {route.name}", table),
                            planned="Set next_hop_type to VirtualNetworkGateway, or remove the route;"
                            f" {_APPLIANCE}",
                        ),
                        branch=table.id,
                    )


def _show_routes(design: Design, table: AzureRouteTable[Unknown]) -> str:
    return design.of_what_exists(_table_command("route-table route list", table))


def _table_command(command: str, table: AzureRouteTable[Unknown]) -> str:
    group, name = group_and_name(table.id)
    return f"az network {command} -g {group} --route-table-name {name}"


def aws_tables_not_astray(design: Design) -> Iterator[Finding]:
    """RTE-15: no AWS route table in use sends Azure's ranges somewhere else than to the gateway.

    A route to a machine that forwards is followed: its packets may reach the gateway by the machine.
    """
    gateways = {gateway.id for gateway in design.vpn_gateways}
    for table in design.aws.route_tables if gateways else ():
        if not _in_use(design, table) or table.vpc_id in design.vpcs_apart:
            continue
        taken = {
            route: way_of(design.aws, route, part, gateways)
            for cidr in design.vnet_spaces
            for part, routes in ways(aws_routes(table), cidr)
            for route in routes
        }
        for route, way in taken.items():
            astray = way.leads is False and route and route.target not in {None, *gateways}
            if route and astray and _within(route, design.vnet_spaces):
                yield _stray(design, table, route, way)


def aws_destinations_differ(design: Design) -> Iterator[Finding]:
    """RTE-16: no two routes that are written into an AWS route table have the same destination.

    A state shows routes of their own inside the table as well, so the two kinds are not compared.
    """
    for table in design.aws.route_tables:
        seen: dict[tuple[IPv4Network, bool], AwsRoute[Unknown]] = {}
        for route in table.routes:
            if route.origin != USER_ORIGIN or isinstance(route.destination, Unknown):
                continue
            first = seen.setdefault((route.destination, bool(route.address)), route)
            if first is not route:
                yield Finding(
                    subject=route.address or subject(table),
                    evidence=f"{route.destination} is also the destination of the route"
                    f" {first.address or f'to {first.target}'}; AWS refuses it (RouteAlreadyExists)",
                    remedy="Keep one of them",
                )


def _within(route: Route, spaces: Sequence[IPv4Network]) -> bool:
    return any(route.destination and route.destination.subnet_of(space) for space in spaces)


def _stray(design: Design, table: AwsRouteTable[Unknown], route: Route, way: Way) -> Finding:
    state = design.of_what_exists(" (active)" if route.active else " (blackhole)")
    state += f": {way.problem}" if way.problem else ""
    arguments = f"--route-table-id {table.id} --destination-cidr-block {route.destination}"
    tables = f"--route-table-ids {table.id}"
    shown = aws_ec2(
        "describe-route-tables", tables, region=design.region_of(table.id), query="RouteTables[].Routes"
    )
    return Finding(
        subject=subject(table),
        evidence=f"sends {route.destination} of Azure to {route.target}{state}",
        command=design.of_what_exists(shown),
        remedy=design.of_what_exists(
            "Remove it: " + aws_ec2("delete-route", arguments, region=design.region_of(table.id)),
            planned=f"Remove the route, or send it to the gateway; {_APPLIANCE}",
        ),
        branch=table.id,
    )


def _may_lead(route: Route) -> bool:
    return route.target in {VIRTUAL_NETWORK_GATEWAY, None}


def gateway_subnet_untouched(design: Design) -> Iterator[Finding]:
    """RTE-05: the route table of GatewaySubnet, if any, has no default route and lets learned routes in."""
    for _, subnet in design.azure_subnets_of:
        table = design.route_table(subnet.route_table_id)
        if table is None or subnet.name != GATEWAY_SUBNET:
            continue
        problems = [
            f"sends {route.destination} to {route.target}"
            for route in user_routes(table)
            if route.destination == ANYWHERE
        ]
        if table.bgp_route_propagation_enabled is False:
            problems.append("keeps learned routes out")
        for problem in problems:
            yield Finding(
                subject=subject(table),
                evidence=f"is put on GatewaySubnet and {problem}; the gateway loses its own way out",
                remedy="Take the table off GatewaySubnet",
            )
