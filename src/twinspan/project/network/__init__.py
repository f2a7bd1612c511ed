"""The network of a Terraform plan, or of a state, which is a plan with everything known."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from twinspan.network.model import (
    AwsNetwork,
    AzureNetwork,
    CustomerGateway,
    Network,
    Vpc,
    VpnConnection,
    VpnGateway,
)
from twinspan.network.unknown import UNKNOWN, Unknown
from twinspan.project.network import (
    aks,
    aws_filters,
    azure_gateways,
    azure_machines,
    eks,
    machines,
    vnet,
    vpc,
    vpn,
)
from twinspan.project.network.values import Reading
from twinspan.project.plan import Plan

R = TypeVar("R", Vpc[Unknown], VpnGateway[Unknown], CustomerGateway[Unknown], VpnConnection[Unknown])
_ARN_PARTS = 6
_PLACED = (vpn.CONNECTION_TYPE, vpc.GATEWAY_TYPE, *vpc.VPC_TYPES)
"""Resources that say in which region a network is, the most telling first."""


def network_of(plan: Plan) -> Network[Unknown]:
    """Return the network that a plan makes, or that a state has.

    Objects of further regions, accounts and subscriptions are in it as well.
    """
    reading = Reading(plan)
    types = {resource.type.partition("_")[0] for resource in plan.resources}
    aws = _aws(reading) if "aws" in types else None
    azure = _azure(reading) if "azurerm" in types else None
    return Network(
        aws=aws,
        azure=azure,
        unplaced=tuple(dict.fromkeys(reading.unplaced)),
        malformed=tuple(dict.fromkeys(reading.malformed)),
    )


def _aws(reading: Reading) -> AwsNetwork[Unknown]:
    vpcs, subnets = vpc.vpcs(reading), vpc.subnets(reading)
    regions = [vpc.region(resource) for kind in _PLACED for resource in reading.of(kind)]
    region = next((region_name for region_name in regions if isinstance(region_name, str)), UNKNOWN)
    return AwsNetwork(
        account_id=_most_common(_accounts(reading)),
        region=region,
        vpcs=_without(vpcs, region),
        subnets=subnets,
        route_tables=vpc.route_tables(reading, vpcs),
        security_groups=aws_filters.security_groups(reading),
        network_acls=aws_filters.network_acls(reading, subnets),
        vpn_gateways=_without(vpn.vpn_gateways(reading), region),
        customer_gateways=_without(vpn.customer_gateways(reading), region),
        vpn_connections=_without(vpn.vpn_connections(reading), region),
        eks_clusters=eks.eks_clusters(reading, subnets),
        network_interfaces=machines.network_interfaces(reading),
        machines=machines.machines(reading),
    )


def _azure(reading: Reading) -> AzureNetwork[Unknown]:
    public = azure_gateways.public_ip_addresses(reading)
    gateways = azure_gateways.virtual_network_gateways(reading, public)
    clusters, pools = aks.aks_clusters(reading)
    virtual_machines, interfaces = azure_machines.machines_and_interfaces(reading)
    return AzureNetwork(
        subscription_id=_most_common(_subscriptions(reading)),
        virtual_networks=vnet.virtual_networks(reading),
        route_tables=vnet.route_tables(reading),
        network_security_groups=vnet.network_security_groups(reading),
        public_ip_addresses=public,
        virtual_network_gateways=gateways,
        local_network_gateways=azure_gateways.local_network_gateways(reading),
        connections=azure_gateways.connections(reading, gateways),
        aks_clusters=clusters,
        other_node_pools=pools,
        network_interfaces=interfaces,
        machines=virtual_machines,
    )


def _without(objects: Sequence[R], region: str | Unknown) -> tuple[R, ...]:
    """Return objects without the region that is the network's, or that nothing tells."""
    return tuple(
        replace(resource, region="") if resource.region in (region, UNKNOWN) else resource
        for resource in objects
    )


def _accounts(reading: Reading) -> Iterator[str]:
    """Yield the accounts of the AWS resources. Source: AWS General Reference, Amazon Resource Names."""
    for resource in reading.plan.resources:
        arn = resource.get("arn")
        parts = arn.split(":", _ARN_PARTS - 1) if isinstance(arn, str) else []
        if resource.type.startswith("aws_") and len(parts) == _ARN_PARTS and parts[4].isdecimal():
            yield parts[4]


def _subscriptions(reading: Reading) -> Iterator[str]:
    for resource in reading.plan.resources:
        identifier = resource.get("id")
        parts = identifier.split("/") if isinstance(identifier, str) else []
        if resource.type.startswith("azurerm_") and len(parts) > 2 and parts[1].lower() == "subscriptions":  # noqa: PLR2004 - /subscriptions/ID
            yield parts[2]


def _most_common(identifiers: Iterator[str]) -> str | Unknown:
    counted = Counter(identifiers).most_common(1)
    return counted[0][0] if counted else UNKNOWN
