"""VPCs, subnets and route tables of a plan. Source: Terraform provider hashicorp/aws, versions 5 and 6."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from twinspan.network.aws import INTERNET_GATEWAY
from twinspan.network.aws_defaults import local_routes
from twinspan.network.model import AwsRoute, AwsRouteTable, AwsSubnet, Vpc
from twinspan.network.regions import arn_region
from twinspan.network.routes import USER_ORIGIN
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network.values import Reading, Values

VPC_TYPES = ("aws_vpc", "aws_default_vpc")
TABLE_TYPES = ("aws_route_table", "aws_default_route_table")
SUBNET_TYPES = ("aws_subnet", "aws_default_subnet")
GATEWAY_TYPE = "aws_vpn_gateway"
INTERFACE_TYPE, INSTANCE_TYPE = "aws_network_interface", "aws_instance"
_TARGETS: Mapping[str, tuple[str, ...]] = {
    "gateway_id": (GATEWAY_TYPE, INTERNET_GATEWAY),
    "nat_gateway_id": ("aws_nat_gateway",),
    "transit_gateway_id": ("aws_ec2_transit_gateway",),
    "vpc_peering_connection_id": ("aws_vpc_peering_connection", "aws_vpc_peering_connection_accepter"),
    "network_interface_id": (INTERFACE_TYPE, INSTANCE_TYPE),
    "egress_only_gateway_id": ("aws_egress_only_internet_gateway",),
    "local_gateway_id": (),
    "carrier_gateway_id": ("aws_ec2_carrier_gateway",),
    "core_network_arn": (),
    "vpc_endpoint_id": ("aws_vpc_endpoint",),
}
"""Argument that can name a route's target -> what it may name, in the order of `cloud.aws.vpc`."""


def vpcs(reading: Reading) -> tuple[Vpc[Unknown], ...]:
    """Return the VPCs, with the ranges that are associated with them."""
    resources = reading.of(*VPC_TYPES)
    more = reading.by_holder(
        reading.of("aws_vpc_ipv4_cidr_block_association"), own(resources), "vpc_id", *VPC_TYPES
    )
    return tuple(
        Vpc(
            id=resource.id,
            name=resource.name,
            address=resource.address,
            region=region(resource),
            cidr_blocks=tuple(
                cidr or CLOUD_CHOOSES
                for cidr in (holder.cidr("cidr_block") for holder in (resource, *more.get(resource.id, ())))
            ),
        )
        for resource in resources
    )


def subnets(reading: Reading) -> tuple[AwsSubnet[Unknown], ...]:
    """Return the subnets."""
    return tuple(
        AwsSubnet(
            id=subnet.id,
            name=subnet.name,
            address=subnet.address,
            vpc_id=subnet.reference("vpc_id", *VPC_TYPES) or CLOUD_CHOOSES,
            cidr_block=subnet.cidr("cidr_block") or CLOUD_CHOOSES,
            availability_zone=subnet.text("availability_zone") or CLOUD_CHOOSES,
            map_public_ip_on_launch=subnet.flag("map_public_ip_on_launch"),
        )
        for subnet in reading.of(*SUBNET_TYPES)
    )


def route_tables(reading: Reading, vpcs_: tuple[Vpc[Unknown], ...]) -> tuple[AwsRouteTable[Unknown], ...]:
    """Return the route tables, also the one that every VPC has from the beginning."""
    tables = reading.of(*TABLE_TYPES)
    made = made_with_vpc(reading, "default_route_table_id", "main_route_table_id", manager=TABLE_TYPES[1])
    holders = {**own(tables), **{vpc: table for vpc, (table, _) in made.items()}}
    holders |= {table: table for table, _ in made.values()}
    chosen = _main_tables(reading, holders)
    parts = {
        kind: reading.by_holder(reading.of(kind), holders, "route_table_id", *TABLE_TYPES, *VPC_TYPES)
        for kind in ("aws_route", "aws_route_table_association", "aws_vpn_gateway_route_propagation")
    }
    blocks = {vpc.id: vpc.cidr_blocks for vpc in vpcs_}
    aws_tables = []
    for table_id, (values, vpc) in _all_tables(tables, made).items():
        first = made.get(vpc, ("", None))[0] if isinstance(vpc, str) else ""
        routes, associations, gateways = (members.get(table_id, ()) for members in parts.values())
        aws_tables.append(
            AwsRouteTable(
                id=table_id,
                name=values.name if values else "",
                address=values.address if values else "",
                vpc_id=vpc or UNKNOWN,
                main=table_id == chosen.get(vpc, first) if isinstance(vpc, str) else False,
                subnet_ids=tuple(
                    subnet
                    for association in associations
                    if (subnet := association.reference("subnet_id", *SUBNET_TYPES)) is not None
                ),
                propagating_vgw_ids=_propagating(values, gateways),
                routes=(
                    *local_routes(blocks.get(vpc, ()) if isinstance(vpc, str) else ()),
                    *_routes(values, routes),
                ),
            )
        )
    return tuple(aws_tables)


def made_with_vpc(
    reading: Reading, *attributes: str, manager: str
) -> Mapping[str, tuple[str, Values | None]]:
    """Return VPC -> what AWS makes with it: its id, and the resource that manages it.

    Args:
        reading: The plan.
        attributes: Those of a VPC that have the id; the manager names it by the first, or the VPC.
        manager: Type of the resource that manages it.
    """
    made: dict[str, tuple[str, Values | None]] = {}
    managers = reading.of(manager)
    for vpc in reading.of(*VPC_TYPES):
        ids = [value for name in attributes if isinstance(value := vpc.get(name), str) and value]
        names = {vpc.id, *ids}
        managing = [
            candidate
            for candidate in managers
            if {candidate.reference(attributes[0], *VPC_TYPES), candidate.reference("vpc_id", *VPC_TYPES)}
            & names
        ]
        unmanaged = ids[0] if ids else f"{vpc.address}.{attributes[0]}"
        made[vpc.id] = (managing[0].id, managing[0]) if managing else (unmanaged, None)
    return made


def primary_interface_id(instance: Values) -> str:
    """Return the id of an instance's first interface: in a plan, where the instance will tell it."""
    for block in instance.blocks("network_interface"):
        named = block.reference("network_interface_id", INTERFACE_TYPE)
        if block.number("device_index") == 0 and isinstance(named, str):
            return named
    interface_id = instance.get("primary_network_interface_id")
    return (
        interface_id
        if isinstance(interface_id, str) and interface_id
        else f"{instance.address}.primary_network_interface_id"
    )


def own(values: tuple[Values, ...]) -> Mapping[str, str]:
    """Return the ids of resources, by themselves, for `Reading.by_holder`."""
    return {resource.id: resource.id for resource in values}


def region(values: Values) -> str | Unknown:
    """Return the region of a resource, as far as it tells: before version 6 it is in no argument."""
    region_name = values.get("region")
    if isinstance(region_name, str) and region_name:
        return region_name
    return arn_region(values.get("arn")) or UNKNOWN


def _all_tables(
    tables: tuple[Values, ...], made: Mapping[str, tuple[str, Values | None]]
) -> Mapping[str, tuple[Values | None, str | Unknown | None]]:
    declared_tables: dict[str, tuple[Values | None, str | Unknown | None]] = {
        declared_table.id: (declared_table, declared_table.reference("vpc_id", *VPC_TYPES))
        for declared_table in tables
    }
    return declared_tables | {table: (values, vpc) for vpc, (table, values) in made.items()}


def _main_tables(reading: Reading, holders: Mapping[str, str]) -> Mapping[str | Unknown, str]:
    """Return VPC -> the table that has been made its main one."""
    main_tables: dict[str | Unknown, str] = {}
    for association in reading.of("aws_main_route_table_association"):
        vpc = association.reference("vpc_id", *VPC_TYPES)
        table = association.reference("route_table_id", *TABLE_TYPES)
        if isinstance(vpc, str) and isinstance(table, str) and table in holders:
            main_tables[vpc] = holders[table]
        else:
            reading.unplace(association, "route_table_id")
    return main_tables


def _propagating(table: Values | None, apart: tuple[Values, ...]) -> tuple[str | Unknown, ...]:
    written = table.references("propagating_vgws", GATEWAY_TYPE) if table else ()
    named = (propagation.reference("vpn_gateway_id", GATEWAY_TYPE) or UNKNOWN for propagation in apart)
    return tuple(dict.fromkeys((*written, *named)))


def _routes(table: Values | None, apart: tuple[Values, ...]) -> Iterator[AwsRoute[Unknown]]:
    """Yield the routes that the user has made; a state shows those of their own inside the table as well."""
    own_routes = [
        route for resource in apart for route in _route(resource, "destination_cidr_block", resource.address)
    ]
    inside = table.blocks("route") if table else ()
    known = {replace(own_route, address="") for own_route in own_routes}
    yield from own_routes
    yield from (route for block in inside for route in _route(block, "cidr_block", "") if route not in known)
    if table and table.get("route") is UNKNOWN:
        yield AwsRoute(destination=UNKNOWN, target=UNKNOWN, state="active", origin=USER_ORIGIN)


def _route(values: Values, destination: str, address: str) -> Iterator[AwsRoute[Unknown]]:
    """Yield a route; none to IPv6 or a prefix list."""
    cidr = values.cidr(destination)
    if cidr is None or cidr is CLOUD_CHOOSES:
        return
    primaries: Mapping[object, str] = {
        instance.id: primary_interface_id(instance) for instance in values.reading.of(INSTANCE_TYPE)
    }
    named = (values.reference(name, *types) for name, types in _TARGETS.items())
    targets = (primaries.get(target_id, target_id) for target_id in named)
    state: Literal["active", "blackhole"] = "blackhole" if values.get("state") == "blackhole" else "active"
    yield AwsRoute(
        address=address,
        destination=cidr,
        target=next((target for target in targets if target is not None), ""),
        state=state,
        origin=USER_ORIGIN,
    )
