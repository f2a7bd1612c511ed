"""Does every private subnet in AWS know the way to Azure?"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from twinspan.network.appliances import Way, way_of
from twinspan.network.model import AwsRouteTable, AwsSubnet, VpnConnection
from twinspan.network.routes import Route, Source, aws_routes, best
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.shell import aws_ec2

_CHECK = "source/destination check"


def private_tables_lead_to_azure(facts: Facts) -> Iterator[Finding]:
    """RTE-11: every private route table has active routes through the gateway to all of the VNet.

    They may lead through machines that forward, e.g. a router or a firewall.
    """
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
    chosen = _chosen(facts, table)
    missing = _unserved(facts, table)
    dead = [p for p, route in chosen.items() if p not in missing and route and not route.active]
    outcome, remedy = Outcome.PASS, ""
    evidence = ", ".join(
        f"{route.destination} {_origin(route)}, {_state(route)}{_via(facts, route, prefix)}"
        for prefix, route in chosen.items()
        if route
    )
    if missing or dead or not chosen:
        outcome = Outcome.FAIL
        evidence, remedy = _table_problem(facts, table, missing, chosen)
    return Finding(
        subject=_named(table),
        outcome=outcome,
        evidence=evidence,
        command=_routes_command(facts, table),
        remedy=remedy,
        branch=table.id,
        needs=_stands_on(facts, table),
    )


def _stands_on(facts: Facts, table: AwsRouteTable) -> frozenset[str]:
    """Return the private subnets of a table that none has been associated with: theirs is the first fault.

    With them the connections with static routes, without which there is nothing to propagate.
    """
    served = {subnet.id for subnet in facts.private_subnets}
    static = {connection.id for connection in facts.vpn_connections if connection.static_routes_only}
    return frozenset(static if served & set(table.subnet_ids) else {*served, *static})


def _table_problem(
    facts: Facts,
    table: AwsRouteTable,
    missing: list[IPv4Network],
    chosen: dict[IPv4Network, Route | None],
) -> tuple[str, str]:
    if not chosen:
        return "Azure's address space is unknown", "Build the VNet first"
    if not missing:
        return "the route through the gateway is a blackhole", "Attach the virtual private gateway to the VPC"
    text = ", ".join(map(str, missing))
    other = {_elsewhere(facts, route, p) for p, route in chosen.items() if p in missing and route}
    evidence = f"no route to {text} through the gateway" + (
        f" (it goes to {', '.join(other)})" if other else ""
    )
    checked = {way.problem for p, route in chosen.items() if (way := _way(facts, route, p)).problem}
    if checked:
        return evidence, f"Have the machine run, and turn the {_CHECK} of its interfaces off"
    gateways = [gateway.id for gateway in facts.vpn_gateways]
    if gateways and gateways[0] not in table.propagating_vgw_ids:
        accepted = sum(_accepted(connection) for connection in facts.vpn_connections)
        evidence += f"; AWS has accepted {accepted} routes, but route propagation into this table is off"
        enable = f"--route-table-id {table.id} --gateway-id {gateways[0]}"
        return evidence, "Turn it on: " + aws_ec2(
            "enable-vgw-route-propagation", enable, region=facts.region_of(table.id)
        )
    if facts.without_bgp:
        return evidence, "Propagation is on, so no tunnel with that static route is up: see VPN-03 and STA-02"
    return evidence, "Propagation is on, so the gateway has not learned it: see what Azure advertises"


def _accepted(connection: VpnConnection) -> int:
    return sum(t.telemetry.accepted_route_count for t in connection.tunnels if t.telemetry)


def private_subnets_have_their_table(facts: Facts) -> Iterator[Finding]:
    """RTE-14: every private subnet is associated with a route table, or the main one leads to Azure too."""
    aws = facts.network.aws
    for subnet in facts.private_subnets:
        own = next((t for t in aws.route_tables if subnet.id in t.subnet_ids), None) if aws else None
        used = own or (aws.route_table_of(subnet.id) if aws else None)
        known = used is not None and bool(facts.azure_prefixes)
        fine = own is not None or (known and used is not None and not _unserved(facts, used))
        evidence = f"associated with {own.id}" if own else "associated with no route table"
        if own is None and used:
            evidence += f", so the main one ({used.id}) serves it, which "
            evidence += "leads to Azure" if fine else "has no way to Azure"
        yield Finding(
            subject=f"{subnet.name} ({subnet.id})" if subnet.name else subnet.id,
            outcome=Outcome.PASS if fine else Outcome.FAIL,
            evidence=evidence,
            command=aws_ec2(
                "describe-route-tables",
                f"--filters Name=association.subnet-id,Values={subnet.id}",
                region=facts.region_of(subnet.id),
                query="RouteTables[].RouteTableId",
            ),
            remedy="" if fine else _associate(facts, subnet),
            branch=subnet.id,
        )


def _associate(facts: Facts, subnet: AwsSubnet) -> str:
    aws = facts.network.aws
    tables = [t for t in aws.route_tables if t.vpc_id == subnet.vpc_id and not t.main] if aws else []
    ready = [table for table in tables if not _unserved(facts, table)]
    # A table that leads to Azure and serves nobody is the one that was taken away.
    idle = [table for table in ready if not table.subnet_ids]
    fitting = next(iter([*idle, *ready]), None)
    if fitting is None:
        return "Make a route table that leads to Azure and associate it with the subnet"
    arguments = f"--route-table-id {fitting.id} --subnet-id {subnet.id}"
    return "Associate it: " + aws_ec2("associate-route-table", arguments, region=facts.region_of(subnet.id))


def _unserved(facts: Facts, table: AwsRouteTable) -> list[IPv4Network]:
    """Return Azure's prefixes that a table does not send to the gateway."""
    gateways = {gateway.id for gateway in facts.vpn_gateways}
    return [
        prefix
        for prefix, route in _chosen(facts, table).items()
        if (route is None or route.target not in gateways) and not _way(facts, route, prefix).leads
    ]


def _way(facts: Facts, route: Route | None, prefix: IPv4Network) -> Way:
    gateways = {gateway.id for gateway in facts.vpn_gateways}
    return way_of(facts.network.aws, route, prefix, gateways) if facts.network.aws else Way(leads=False)


def _via(facts: Facts, route: Route, prefix: IPv4Network) -> str:
    machines = _way(facts, route, prefix).via
    return f", through {' and '.join(machines)}" if machines else ""


def _elsewhere(facts: Facts, route: Route, prefix: IPv4Network) -> str:
    problem = _way(facts, route, prefix).problem
    return f"{route.target}: {problem}" if problem else str(route.target)


def _routes_command(facts: Facts, table: AwsRouteTable) -> str:
    return aws_ec2(
        "describe-route-tables",
        f"--route-table-ids {table.id}",
        region=facts.region_of(table.id),
        query="RouteTables[].Routes",
    )


def _named(table: AwsRouteTable) -> str:
    return f"{table.name} ({table.id})" if table.name else table.id


def _chosen(facts: Facts, table: AwsRouteTable) -> dict[IPv4Network, Route | None]:
    """Return what packets to each of Azure's ranges take, as far as nothing more specific takes them."""
    routes = aws_routes(table)
    return {prefix: best(routes, prefix)[-1] for prefix in facts.azure_prefixes}


def _origin(route: Route) -> str:
    return "propagated" if route.source is Source.LEARNED else "static"


def _state(route: Route) -> str:
    return "active" if route.active else "blackhole"
