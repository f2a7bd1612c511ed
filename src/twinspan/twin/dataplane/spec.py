"""The desired data plane as plain records; what `desired.py` writes and the agent builds.

Records are compared for equality to find what changed, so nothing in here is observed state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Literal, Self

from twinspan.network.clouds import Cloud
from twinspan.network.model import (
    AwsSubnet,
    NetworkAcl,
    NetworkSecurityGroup,
    SecurityGroup,
    VirtualNetwork,
)
from twinspan.network.ranges import ANYWHERE
from twinspan.network.timers import (
    AWS_BGP_HOLD_S,
    AWS_BGP_KEEPALIVE_S,
    AZURE_BGP_HOLD_S,
    AZURE_BGP_KEEPALIVE_S,
)
from twinspan.twin.kubernetes.spec import ClusterSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """BGP timers of both clouds, in seconds. The defaults let RFC 4271 negotiate the lower of both.

    Keepalives are not sent to BIRD, which derives hold / 3.
    """

    azure_bgp_hold_s: int = AZURE_BGP_HOLD_S
    azure_bgp_keepalive_s: int = AZURE_BGP_KEEPALIVE_S
    aws_bgp_hold_s: int = AWS_BGP_HOLD_S
    aws_bgp_keepalive_s: int = AWS_BGP_KEEPALIVE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadPeer:
    """When an end gives its peer up. `delay_s` of silence, then probes for `probing_s` in all."""

    delay_s: int
    probing_s: int
    action: Literal["clear", "restart", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ike:
    """One end's IKEv2 and child SA settings, in strongSwan's words; lifetimes in seconds."""

    ike_proposals: tuple[str, ...]
    esp_proposals: tuple[str, ...]
    ike_lifetime_s: int
    child_lifetime_s: int
    rekey_margin_s: int
    rekey_fuzz_percentage: int
    dead_peer: DeadPeer
    dials: bool
    """Whether this end starts the negotiation by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bgp:
    """One BGP session over a tunnel, seen from its own end; `hold_s` in seconds."""

    local_as: int
    remote_as: int
    hold_s: int
    passive: bool
    import_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """Traffic selectors of one child SA, seen from one end; the default is any to any."""

    local: tuple[IPv4Network, ...] = (ANYWHERE,)
    remote: tuple[IPv4Network, ...] = (ANYWHERE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSpec:
    """One end of one IPsec tunnel: an outside address with an IKE daemon of its own."""

    key: str
    """AWS: `vpn-0a.../203.0.113.1`; Azure: `<connection id>/198.51.100.4` (the instance's address)."""
    side: Cloud
    object_id: str
    """The VPN connection (AWS) or connection (Azure)."""
    instance_id: str
    """Azure: the ip configuration; AWS: empty."""
    gateway: str
    """Key of the `GatewaySpec` whose traffic it carries."""
    local_address: IPv4Address
    remote_address: IPv4Address
    pre_shared_key: str = field(repr=False)
    ike: Ike
    inside_local: IPv4Address
    inside_remote: IPv4Address
    bgp: Bgp | None
    static_routes: tuple[IPv4Network, ...] = ()
    selectors: tuple[Selectors, ...] = (Selectors(),)
    """What it proposes, one child SA each; what it accepts is narrowed to them."""
    accepts_any: bool = False
    """It accepts whatever selectors the peer proposes, and its own are for what it proposes."""
    one_child: bool = False
    """It keeps only the newest of several child SAs."""
    selector_sources: tuple[IPv4Address, ...] = ()
    """One address in each range that may become the local selector of a child SA."""
    restart: str = ""
    """Changes when the cloud is asked to replace the endpoint, or to reset the connection."""

    @property
    def ipsec(self) -> tuple[object, ...]:
        """What needs a fresh IKE daemon when it changes."""
        return (
            self.gateway,
            self.local_address,
            self.remote_address,
            self.pre_shared_key,
            self.ike,
            self.selectors,
            self.accepts_any,
            self.selector_sources,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySpec:
    """A BGP speaker: a virtual private gateway, or one instance of an Azure gateway."""

    key: str
    """VPN gateway id, or ip configuration id."""
    gateway_id: str
    """VPN gateway id, or virtual network gateway id."""
    side: Cloud
    asn: int
    bgp_enabled: bool
    networks: tuple[IPv4Network, ...]
    """What it announces as its own: VPC blocks or VNet prefixes."""
    router: str | None
    """Key of the router it is joined to; None if detached."""
    subnet_id: str = ""
    """Azure: GatewaySubnet."""
    address: IPv4Address | None = None
    """Azure: its address in GatewaySubnet."""
    siblings: tuple[IPv4Address, ...] = ()
    """Azure: the other instances' addresses in GatewaySubnet."""
    restart: str = ""
    """Azure: changes when the cloud is asked to reset this instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticRoute:
    """A route of a route table: to the VPN gateway, within the network, to an appliance, or nowhere."""

    destination: IPv4Network
    target: Literal["gateway", "local", "appliance", "nowhere"]
    gateway: str = ""
    """AWS: the VPN gateway's id."""
    next_hop: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """One route table. `propagated`: routes learned by BGP enter it."""

    key: str
    propagated: bool
    routes: tuple[StaticRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetSpec:
    """One subnet with the filters that apply at its edge (AWS) or on its hosts (Azure)."""

    id: str
    prefixes: tuple[IPv4Network, ...]
    table: str
    """Key of its `TableSpec`; empty: no table, nothing but its own network."""
    gateway_subnet: bool = False
    aws: AwsSubnet | None = None
    network_acl: NetworkAcl | None = None
    network_security_group: NetworkSecurityGroup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSpec:
    """A VPC or VNet: its subnets and route tables."""

    key: str
    side: Cloud
    networks: tuple[IPv4Network, ...]
    subnets: tuple[SubnetSpec, ...]
    tables: tuple[TableSpec, ...]
    security_groups: tuple[SecurityGroup, ...] = ()
    virtual_network: VirtualNetwork | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceSpec:
    """A network interface of a machine, or one that is not attached and only keeps its addresses."""

    key: str
    """Its id; Azure: in lower case, as all ids here."""
    router: str
    """Key of its VPC's or VNet's `RouterSpec`."""
    subnet_id: str
    addresses: tuple[IPv4Interface, ...]
    """The primary one first, each with the length of its subnet's prefix."""
    forwards: bool = False
    """Whether packets may pass that are not for or from its addresses."""
    security_group_ids: tuple[str, ...] = ()
    """AWS: its groups, of its router's."""
    network_security_group: NetworkSecurityGroup | None = None
    """Azure: its own NSG; the subnet's applies besides."""
    application_security_group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """A machine. One that is not `running` has no namespace, but its interfaces keep their addresses."""

    key: str
    """Its id."""
    side: Cloud
    name: str
    running: bool
    interfaces: tuple[InterfaceSpec, ...]
    """The primary one first: `eth0`, then `eth1` and so on."""
    restart: str = ""
    """Changes when the cloud is asked to restart it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The whole data plane wanted. `problems` says what could not be built, and why."""

    generation: int
    routers: tuple[RouterSpec, ...] = ()
    gateways: tuple[GatewaySpec, ...] = ()
    ends: tuple[EndSpec, ...] = ()
    clusters: tuple[ClusterSpec, ...] = ()
    machines: tuple[MachineSpec, ...] = ()
    unattached: tuple[InterfaceSpec, ...] = ()
    """Interfaces of no machine."""
    problems: tuple[str, ...] = ()

    def with_restarts(self, asked: Mapping[str, str]) -> Self:
        """Return the same state with what the clouds were asked to restart.

        Args:
            asked: Key of an AWS end or a machine, id of an Azure instance or connection in lower case -> what
                changes with every request.
        """

        def asked_of(end: EndSpec) -> str:
            return asked.get(end.key if end.side == "aws" else end.object_id.lower(), "")

        return replace(
            self,
            gateways=tuple(replace(gateway, restart=asked.get(gateway.key, "")) for gateway in self.gateways),
            ends=tuple(replace(tunnel_end, restart=asked_of(tunnel_end)) for tunnel_end in self.ends),
            machines=tuple(replace(machine, restart=asked.get(machine.key, "")) for machine in self.machines),
        )
