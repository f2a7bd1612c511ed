"""What exists in both clouds, in the clouds' own words, without any secret.

One `Network` is read from the two APIs (`cloud/`) or from a Terraform plan (`project/`). Fields that
the cloud has not decided yet, or that a plan cannot know, are None. Pre-shared keys are never in here:
see `Secrets`.

Identifiers: AWS ids as the API gives them (`vpn-0ab...`); Azure resource ids in full, in lower case, since
Azure compares them without case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    BgpPeer,
    GatewayInstance,
    GatewayRoute,
    IpsecPolicy,
    LocalNetworkGateway,
    NetworkSecurityGroup,
    SecurityRule,
    TrafficSelectorPolicy,
    TunnelConnectionHealth,
    VirtualNetwork,
    VirtualNetworkGateway,
)

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
    "Network",
    "NetworkAcl",
    "NetworkAclEntry",
    "NetworkSecurityGroup",
    "Phase",
    "Secrets",
    "SecurityGroup",
    "SecurityRule",
    "TelemetryStatus",
    "TrafficSelectorPolicy",
    "TunnelConnectionHealth",
    "VgwTelemetry",
    "VirtualNetwork",
    "VirtualNetworkGateway",
    "Vpc",
    "VpnConnection",
    "VpnGateway",
    "VpnTunnel",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Both clouds. A cloud that is not configured is None."""

    aws: AwsNetwork | None
    azure: AzureNetwork | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Pre-shared keys, kept apart from `Network` so that they reach no log or report.

    Attributes:
        aws: (VPN connection id, outside address as text) -> key.
        azure: connection id (lower case) -> key.
    """

    aws: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    azure: Mapping[str, str] = field(default_factory=dict, repr=False)
