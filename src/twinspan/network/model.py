"""What exists in both clouds, in the clouds' own words, without any secret.

One `Network` is read from the two APIs (`cloud/`), from a Terraform plan or from a state
(`project/network`). What the cloud has not decided yet is None; what a plan does not tell is `Unknown`, and a
network that exists has none of that. Pre-shared keys are never in here: see `Secrets`.

Identifiers: AWS ids as the API gives them (`vpn-0ab...`); Azure resource ids in full, in lower case, since
Azure compares them without case. In a plan, an object without an id yet has its Terraform address for one,
and what refers to it has the same text, so that ids join objects there as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic

from twinspan.network.aws import (
    AwsNetwork,
    AwsRoute,
    AwsRouteTable,
    AwsSubnet,
    CustomerGateway,
    EksAddon,
    EksCluster,
    EksNodeGroup,
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    Phase,
    SecurityGroup,
    TelemetryStatus,
    VgwTelemetry,
    Vpc,
    VpnConnection,
    VpnGateway,
    VpnTunnel,
)
from twinspan.network.azure import (
    AksCluster,
    AksNodePool,
    AzureConnection,
    AzureNetwork,
    AzureRoute,
    AzureRouteTable,
    AzureSubnet,
    AzureTagRoute,
    BgpPeer,
    GatewayInstance,
    GatewayRoute,
    IpsecPolicy,
    LocalNetworkGateway,
    NetworkSecurityGroup,
    PublicIpAddress,
    SecurityRule,
    TrafficSelectorPolicy,
    TunnelConnectionHealth,
    VirtualNetwork,
    VirtualNetworkGateway,
)
from twinspan.network.machines import Machine, NetworkInterface
from twinspan.network.unknown import U

__all__ = [
    "AksCluster",
    "AksNodePool",
    "AwsNetwork",
    "AwsRoute",
    "AwsRouteTable",
    "AwsSubnet",
    "AzureConnection",
    "AzureNetwork",
    "AzureRoute",
    "AzureRouteTable",
    "AzureSubnet",
    "AzureTagRoute",
    "BgpPeer",
    "CustomerGateway",
    "EksAddon",
    "EksCluster",
    "EksNodeGroup",
    "GatewayInstance",
    "GatewayRoute",
    "IpPermission",
    "IpsecPolicy",
    "LocalNetworkGateway",
    "Machine",
    "Malformed",
    "Network",
    "NetworkAcl",
    "NetworkAclEntry",
    "NetworkInterface",
    "NetworkSecurityGroup",
    "Phase",
    "PublicIpAddress",
    "Secrets",
    "SecurityGroup",
    "SecurityRule",
    "TelemetryStatus",
    "TrafficSelectorPolicy",
    "TunnelConnectionHealth",
    "Unplaced",
    "VgwTelemetry",
    "VirtualNetwork",
    "VirtualNetworkGateway",
    "Vpc",
    "VpnConnection",
    "VpnGateway",
    "VpnTunnel",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """Part of an object that a plan does not name, e.g. a route whose table is not in the plan.

    Attributes:
        address: Terraform's.
        type: Terraform's, e.g. `aws_route`.
        attribute: The argument that should name the object.
    """

    address: str
    type: str
    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A value that is written, but not in the form of its kind; the model has the nearest, or none.

    Attributes:
        address: Terraform's, of the object.
        attribute: The argument; in a block, `bgp_settings.0.bgp_peering_address`.
        value: What is written.
    """

    address: str
    attribute: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Generic[U]):
    """Both clouds. A cloud that is not configured is None.

    Attributes:
        unplaced: Of a plan: what has no place in the model.
        malformed: Of a plan: what the model cannot hold as it is written.
    """

    aws: AwsNetwork[U] | None
    azure: AzureNetwork[U] | None
    unplaced: tuple[Unplaced, ...] = ()
    malformed: tuple[Malformed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Pre-shared keys, kept apart from `Network` so that they reach no log or report.

    Attributes:
        aws: (VPN connection id, outside address as text) -> key.
        azure: connection id (lower case) -> key.
    """

    aws: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    azure: Mapping[str, str] = field(default_factory=dict, repr=False)
