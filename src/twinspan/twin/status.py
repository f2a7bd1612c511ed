"""How a twin is: its processes, endpoints and tunnels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import Network, VpnConnection, VpnTunnel
from twinspan.twin.observed import AwsTunnelEnd, BgpState, Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelStatus:
    """One IPsec tunnel, as AWS's end of the data plane has it.

    Attributes:
        vpn_connection_id: AWS's connection.
        name: Its name and the tunnel's number, e.g. `dev-instance0/1`.
        outside_ip_address: AWS's public end.
        public_ip_address: Azure's public end, as AWS knows it.
        inside_cidr: The /30 inside.
        azure_connections: Azure connections that lead to it.
        ipsec: Whether its child SA is installed.
        bgp: State of the BGP session over it; `None` if there is none.
        accepted_routes: Prefixes that BGP accepted from Azure; without BGP, static routes in force.
        last_error: The IKE daemon's last complaint; empty if none.
    """

    vpn_connection_id: str
    name: str
    outside_ip_address: IPv4Address | None
    public_ip_address: IPv4Address | None
    inside_cidr: IPv4Network
    azure_connections: tuple[str, ...]
    ipsec: Literal["up", "down"]
    bgp: BgpState
    accepted_routes: int
    last_error: str

    @property
    def up(self) -> bool:
        """Whether it can carry packets: IPsec is up, and BGP is where there is any."""
        return self.ipsec == "up" and self.bgp in {"Established", "None"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStatus:
    """One Kubernetes cluster.

    Attributes:
        side: `aws` or `azure`.
        name: The cluster's name in its cloud.
        state: As the cloud's API says, e.g. `ACTIVE` or `Succeeded`.
        endpoint: URL of its API server on this machine; empty until it has one.
        nodes_ready: How many of its nodes are ready.
        nodes: How many it is to have.
        problem: Why it cannot work; empty if it can.
        version: Kubernetes version as the cloud's API says, e.g. `1.35`.
        running_version: The version that its API server runs, e.g. `1.35.4`; empty until it answers.
    """

    side: Cloud
    name: str
    state: str
    endpoint: str
    nodes_ready: int
    nodes: int
    problem: str
    version: str = ""
    running_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsOnly:
    """Objects of one kind that an API keeps, with nothing behind them on the data plane.

    Attributes:
        kind: What they are, in the plural, e.g. `VPC endpoints`.
        names: Name or id of each.
        reason: What is not there.
    """

    kind: str
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A twin.

    Attributes:
        name: Its name.
        state: `down`; `up`; `degraded`: it runs, but `problems` says what does not.
        run_directory: Where its state and logs are.
        pids: Role -> pid: `control`, `agent`, each daemon.
        endpoints: `aws` and `azure` -> URL.
        azure_bgp_hold: `negotiated` or `fixed`.
        tunnels: One entry for each tunnel that AWS has.
        clusters: One entry for each Kubernetes cluster.
        objects_only: What the AWS API keeps with nothing behind it, by kind.
        problems: What does not work or cannot be built, in words.
    """

    name: str
    state: Literal["down", "up", "degraded"]
    run_directory: str
    pids: dict[str, int] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)
    azure_bgp_hold: str = "negotiated"
    tunnels: tuple[TunnelStatus, ...] = ()
    clusters: tuple[ClusterStatus, ...] = ()
    objects_only: tuple[ObjectsOnly, ...] = ()
    problems: tuple[str, ...] = ()


def tunnels(network: Network, observed: Observed) -> tuple[TunnelStatus, ...]:
    """Join what AWS has configured with what the data plane says of it."""
    ends: dict[tuple[str, IPv4Address | None], AwsTunnelEnd] = {
        (end.vpn_connection_id, end.outside_ip_address): end for end in observed.aws_tunnels
    }
    return tuple(
        _tunnel(link, link.vpn_connection, link.tunnel, ends)
        for link in tunnel_links(network)
        if link.vpn_connection and link.tunnel
    )


def clusters(network: Network, observed: Observed, endpoints: Mapping[str, str]) -> tuple[ClusterStatus, ...]:
    """Join the clusters that both APIs have with what the data plane says of them.

    Args:
        network: What exists in both clouds.
        observed: How it is.
        endpoints: ARN or id of a cluster -> URL of its API server on this machine.
    """
    rows: list[tuple[Cloud, str, str, str, str, int]] = []
    if network.aws:
        rows += [
            (
                "aws",
                cluster.arn,
                cluster.name,
                cluster.version,
                cluster.status,
                sum(group.desired_size for group in cluster.node_groups),
            )
            for cluster in network.aws.eks_clusters
        ]
    if network.azure:
        rows += [
            (
                "azure",
                cluster.id,
                cluster.name,
                cluster.kubernetes_version,
                cluster.provisioning_state,
                sum(pool.count for pool in cluster.node_pools),
            )
            for cluster in network.azure.aks_clusters
        ]
    health = {cluster.key: cluster for cluster in observed.clusters}
    return tuple(
        ClusterStatus(
            side=side,
            name=name,
            state=state,
            endpoint=endpoints.get(key, ""),
            nodes_ready=sum(node.ready for node in health[key].nodes) if key in health else 0,
            nodes=nodes,
            problem=health[key].problem if key in health else "",
            version=version,
            running_version=health[key].version if key in health else "",
        )
        for side, key, name, version, state, nodes in rows
    )


def _tunnel(
    link: TunnelLink,
    connection: VpnConnection,
    tunnel: VpnTunnel,
    ends: Mapping[tuple[str, IPv4Address | None], AwsTunnelEnd],
) -> TunnelStatus:
    end = ends.get((connection.id, tunnel.outside_ip_address))
    return TunnelStatus(
        vpn_connection_id=connection.id,
        name=f"{connection.name or connection.id}/{connection.tunnels.index(tunnel) + 1}",
        outside_ip_address=tunnel.outside_ip_address,
        public_ip_address=link.azure_address,
        inside_cidr=tunnel.inside_cidr,
        azure_connections=tuple(claim.name for claim in link.claims),
        ipsec="up" if end is not None and end.ipsec_up else "down",
        bgp=end.bgp_state if end is not None else "None" if connection.static_routes_only else "Idle",
        accepted_routes=len(end.accepted_routes) if end is not None else 0,
        last_error=end.last_error if end is not None else "",
    )
