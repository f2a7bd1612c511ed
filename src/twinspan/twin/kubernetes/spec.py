"""A cluster wanted, and how it is: plain records that cross the agent's socket."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from twinspan.network.clouds import Cloud
from twinspan.twin.kubernetes.authority import ClusterAuthority


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """One node: a machine in a subnet.

    Attributes:
        key: The same for the node's whole life, e.g. `system/0`; unique in its cluster.
        name: Its name in Kubernetes; empty: made of its address, as EKS does (`ip-10-2-1-4...`).
        group: The node group or pool.
        subnet_id: Where its first interface is.
        pod_subnet_id: Where its pods get their addresses; empty: in `subnet_id`.
        security_group_ids: AWS: the groups of its interfaces; Azure: none, the subnets' NSGs apply.
        zone: Availability zone, e.g. `us-west-2a` or `westus2-1`.
        max_pods: How many pods it takes, at most.
        labels: Node labels besides those that Kubernetes sets.
    """

    key: str
    name: str = ""
    group: str
    subnet_id: str
    pod_subnet_id: str = ""
    security_group_ids: tuple[str, ...] = ()
    zone: str
    max_pods: int = 30
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSpec:
    """One cluster.

    Attributes:
        key: EKS: its ARN; AKS: its resource id in lower case.
        region: The cloud's name of the region, e.g. `us-west-2`.
        network_ranges: The VPC's or VNet's ranges: pods keep their address within them.
        service_network: Range of ClusterIP addresses.
        dns_address: ClusterIP of the cluster's DNS.
        api_socket: File name of the Unix socket, in the agent's working folder, that leads to the API server.
        authenticator_socket: File name of the Unix socket there that reviews bearer tokens; empty: none does.
        server_names: Names and addresses in the API server's certificate besides the usual ones.
        programs: Folder with the Kubernetes programs.
        images: Folder with the container images, as OCI archives.
        addons: Name of an EKS add-on -> its configuration values (JSON text or empty).
        pod_network: Overlay networks only: range of pod addresses, unknown outside the cluster.
        subnet_ids: EKS: where the control plane has interfaces; AKS: nowhere.
        security_group_ids: EKS: the groups of these interfaces.
        enforces_policies: Whether NetworkPolicies have an effect.
    """

    key: str
    side: Cloud
    name: str
    region: str
    authority: ClusterAuthority = field(repr=False)
    network_ranges: tuple[IPv4Network, ...]
    service_network: IPv4Network
    dns_address: IPv4Address
    api_socket: str
    authenticator_socket: str = ""
    server_names: tuple[str, ...] = ()
    programs: str
    images: str
    nodes: tuple[NodeSpec, ...] = ()
    addons: dict[str, str] = field(default_factory=dict)
    pod_network: IPv4Network | None = None
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    enforces_policies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHealth:
    """A node as it is. `address` is None before it has one."""

    key: str
    name: str
    group: str
    address: IPv4Address | None
    ready: bool
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterHealth:
    """A cluster as it is.

    Attributes:
        api_ready: Its API server answers `/readyz`.
        system_ready: The cluster's own pods (network, DNS) are there and ready.
        problem: Why it cannot work; empty if it can or just needs time.
        version: What its API server runs, e.g. `1.35.4`; empty until it answers.
        problems: What cannot be built of it now, with the reason: itself, a node, a Service's load balancer.
    """

    key: str
    api_ready: bool
    system_ready: bool
    nodes: tuple[NodeHealth, ...] = ()
    problem: str = ""
    version: str = ""
    problems: tuple[str, ...] = ()
