"""The network as a report draws it: both sides, and the tunnels between with live states."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from twinspan.network.clouds import Cloud

State = Literal["up", "down", "partial", "unknown"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SubnetPart(_Part):
    """A subnet."""

    name: str
    prefix: str
    place: str = Field(description="Availability zone; empty in Azure, where subnets span zones.")


class NetworkPart(_Part):
    """A VPC or a virtual network."""

    name: str
    id: str
    prefixes: tuple[str, ...]
    subnets: tuple[SubnetPart, ...]


class InstancePart(_Part):
    """An instance of the Azure gateway."""

    name: str
    address: str


class GatewayPart(_Part):
    """A virtual private gateway, or a virtual network gateway."""

    name: str
    id: str
    asn: int
    state: str
    sku: str = Field(description="Azure's size; empty in AWS.")
    instances: tuple[InstancePart, ...]


class NodesPart(_Part):
    """A node group or pool."""

    name: str
    nodes: int = Field(description="How many there should be.")
    size: str
    state: str


class ClusterPart(_Part):
    """A Kubernetes cluster."""

    name: str
    version: str = Field(description="As its cloud says, e.g. `1.35`.")
    running_version: str = Field(default="", description="What its API server runs; empty if not asked.")
    state: str
    nodes: tuple[NodesPart, ...]


class SidePart(_Part):
    """One cloud."""

    cloud: Cloud
    place: str = Field(description="Region or location.")
    networks: tuple[NetworkPart, ...]
    gateways: tuple[GatewayPart, ...]
    clusters: tuple[ClusterPart, ...]


class EndPart(_Part):
    """A tunnel as one cloud sees it."""

    up: bool | None = Field(description="None: it did not say.")
    reason: str = Field(description="The cloud's own word for the state.")
    bgp: str = Field(description="State of the BGP session in that cloud's word; empty if not told.")
    bgp_up: bool | None
    routes_learned: int | None
    receive_bytes_per_s: float | None
    transmit_bytes_per_s: float | None


class TunnelPart(_Part):
    """One tunnel."""

    key: str
    aws_address: str
    azure_address: str
    inside_cidr: str
    static: bool = Field(
        default=False, description="It has static routes at both ends, so that no BGP is to run over it."
    )
    state: State = Field(
        description="up: with BGP unless its routes are static, as both clouds see it. "
        "down: at least one says it is down. partial: IPsec is up and BGP is not. "
        "unknown: a cloud did not say."
    )
    aws: EndPart | None
    azure: EndPart | None


class Topology(_Part):
    """Both sides and the tunnels between them."""

    aws: SidePart | None = Field(description="None: it did not answer, or is not configured.")
    azure: SidePart | None
    tunnels: tuple[TunnelPart, ...]

    @property
    def without_bgp(self) -> bool:
        """Whether there are tunnels, and BGP is to run over none of them."""
        return bool(self.tunnels) and all(tunnel.static for tunnel in self.tunnels)

    @property
    def up(self) -> int:
        """How many tunnels are up."""
        return sum(tunnel.state == "up" for tunnel in self.tunnels)


def state_of(aws: EndPart | None, azure: EndPart | None) -> State:
    """Return the state of a tunnel from what both clouds say; what is bad outweighs what is not known."""
    ends = [end for end in (aws, azure) if end is not None]
    if any(end.up is False for end in ends):
        return "down"
    if any(end.bgp_up is False for end in ends):
        return "partial"
    if len(ends) < 2 or any(end.up is None for end in ends):  # noqa: PLR2004 - both clouds
        return "unknown"
    return "up"
