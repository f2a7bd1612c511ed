"""In which region each object of an AWS network is.

Source: Amazon EC2, Regions and Zones (a VPC and all that is in it, a gateway and a VPN connection are in one
region); AWS General Reference, Amazon Resource Names (the fourth part is the region).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from twinspan.network.aws import AwsNetwork, CustomerGateway, Vpc, VpnConnection, VpnGateway
from twinspan.network.unknown import U, Unknown, known

Placed = TypeVar("Placed", bound=Vpc[Any] | VpnGateway[Any] | CustomerGateway[Any] | VpnConnection[Any])
_ARN_PARTS = 6
_PLACED = ("vpcs", "vpn_gateways", "customer_gateways", "vpn_connections")
"""Collections of an `AwsNetwork` whose objects name their region."""
_IN_VPCS = ("subnets", "route_tables", "security_groups", "network_acls", "eks_clusters")
"""Those whose objects name their VPC."""


def arn_region(arn: object) -> str:
    """Return the region in an ARN; empty if there is none in it."""
    parts = arn.split(":", _ARN_PARTS - 1) if isinstance(arn, str) else []
    return parts[3] if len(parts) == _ARN_PARTS else ""


def in_further_region(network: AwsNetwork[U]) -> AwsNetwork[U]:
    """Return a region's network whose objects name the region, to be merged with that of the main one."""

    def named(objects: Sequence[Placed]) -> tuple[Placed, ...]:
        return tuple(replace(item, region=network.region) for item in objects)

    return replace(
        network,
        vpcs=named(network.vpcs),
        vpn_gateways=named(network.vpn_gateways),
        customer_gateways=named(network.customer_gateways),
        vpn_connections=named(network.vpn_connections),
    )


def regions_of(network: AwsNetwork[Unknown]) -> tuple[str, ...]:
    """Return the regions that hold something, as far as they are known; the main one first."""
    main = known(network.region) or ""
    return tuple(region for region in dict.fromkeys((main, *_named(network).values())) if region)


def region_of(network: AwsNetwork[Unknown], identifier: object) -> str:
    """Return the region of the object with this id; empty if it is not known.

    An object that the network does not have is taken to be in the main region.
    """
    return _named(network).get(str(identifier)) or known(network.region) or ""


def _named(network: AwsNetwork[Unknown]) -> dict[str, str]:
    """Return id -> region of the objects that tell theirs, or are in a VPC that does; of no others."""
    regions = {item.id: known(item.region) for name in _PLACED for item in getattr(network, name)}
    regions |= {item.id: regions.get(item.vpc_id) for name in _IN_VPCS for item in getattr(network, name)}
    regions |= {
        cluster.id: arn_region(cluster.arn) or regions[cluster.id] for cluster in network.eks_clusters
    }
    regions |= {item.id: regions.get(str(item.subnet_id)) for item in network.network_interfaces}
    for machine in network.machines:
        regions[machine.id] = next((regions.get(str(name)) for name in machine.interface_ids), None)
    return {identifier: region for identifier, region in regions.items() if region}
