"""What the data plane's daemons say, keyed by the ids of the two APIs.

The agent fills it in, the control process keeps the newest in an `ObservedState`, and the two API servers
read it when they answer.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from twinspan.network.model import BgpPeer, GatewayRoute
from twinspan.twin.kubernetes.spec import ClusterHealth

BgpState = Literal["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established", "None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NegotiatedSa:
    """Algorithms in force, in AWS's words (`AES256-GCM-16`, `SHA2-384`, 20)."""

    phase1_encryption: str
    phase1_integrity: str
    phase1_dh_group: int
    phase2_encryption: str
    phase2_integrity: str
    phase2_dh_group: int | None
    """None until the first rekey: in IKEv2 the first child SA has no exchange of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelEnd:
    """One end of one IPsec tunnel."""

    ike_up: bool
    ipsec_up: bool
    bgp_state: BgpState
    """`None`: no BGP is configured on this end."""
    accepted_routes: tuple[IPv4Network, ...]
    """Accepted from BGP; without BGP the static routes in force, which are those of a tunnel that is up."""
    since: datetime | None
    """When `ipsec_up` last changed, UTC."""
    bgp_since: datetime | None
    bytes_in: int
    bytes_out: int
    packets_in: int
    packets_out: int
    dropped_in: int
    """Packets that came out of the tunnel and could not be taken on."""
    dropped_out: int
    """Packets that the tunnel could not take."""
    last_error: str
    """charon's last complaint, e.g. `AUTHENTICATION_FAILED`, `NO_PROPOSAL_CHOSEN`; empty if none."""
    sa: NegotiatedSa | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTunnelEnd(TunnelEnd):
    """The AWS endpoint of a tunnel."""

    vpn_connection_id: str
    outside_ip_address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureTunnelEnd(TunnelEnd):
    """One Azure gateway instance's end of a connection."""

    connection_id: str
    ip_configuration_id: str
    public_ip_address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One snapshot of the data plane."""

    generation: int
    """The desired generation that had been applied when this was taken; -1 before the first."""
    aws_tunnels: tuple[AwsTunnelEnd, ...] = ()
    azure_tunnels: tuple[AzureTunnelEnd, ...] = ()
    azure_bgp_peers: dict[str, tuple[BgpPeer, ...]] = field(default_factory=dict)
    """gateway id -> its sessions, over all instances."""
    azure_learned_routes: dict[str, tuple[GatewayRoute, ...]] = field(default_factory=dict)
    """gateway id -> routes learned, over all instances."""
    azure_advertised_routes: dict[str, tuple[GatewayRoute, ...]] = field(default_factory=dict)
    """gateway id -> routes advertised; `source_peer` is the peer they are sent to."""
    vgw_routes: dict[str, tuple[IPv4Network, ...]] = field(default_factory=dict)
    """VPN gateway id -> prefixes that it reaches through its tunnels, by BGP or static routes."""
    vgw_active_tunnels: dict[str, tuple[IPv4Address, ...]] = field(default_factory=dict)
    """VPN gateway id -> outside addresses of the tunnels that carry traffic from the VPC: one, or none."""
    clusters: tuple[ClusterHealth, ...] = ()
    machines: tuple[str, ...] = ()
    """Ids of the machines that are there, with their primary interfaces."""
    interfaces: tuple[str, ...] = ()
    """Ids of the interfaces that are plugged in."""
    problems: tuple[str, ...] = ()
    """What of the data plane fails now, in words; what could not be built is not among it."""


class ObservedState:
    """The newest snapshot, shared by threads of the control process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest = Observed(generation=-1)

    def publish(self, observed: Observed) -> None:
        """Replace the snapshot."""
        with self._lock:
            self._latest = observed

    def latest(self) -> Observed:
        """Return the newest snapshot; before the first one, an empty one."""
        with self._lock:
            return self._latest

    def aws_tunnel(self, vpn_connection_id: str, outside_ip_address: str) -> AwsTunnelEnd | None:
        """Return the AWS end of a tunnel, or None if the data plane has none."""
        for end in self.latest().aws_tunnels:
            if (
                end.vpn_connection_id == vpn_connection_id
                and str(end.outside_ip_address) == outside_ip_address
            ):
                return end
        return None

    def azure_tunnels(self, connection_id: str) -> tuple[AzureTunnelEnd, ...]:
        """Return the ends of a connection (lower-case id) over all gateway instances."""
        return tuple(e for e in self.latest().azure_tunnels if e.connection_id == connection_id.lower())

    def cluster(self, key: str) -> ClusterHealth | None:
        """Return how a cluster is (EKS: its ARN; AKS: its id in lower case); None if there is none yet."""
        return next((cluster for cluster in self.latest().clusters if cluster.key == key), None)

    def runs(self, machine: str) -> bool:
        """Return whether a machine is there (Azure: its id in lower case)."""
        return machine in self.latest().machines
