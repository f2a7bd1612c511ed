"""A cluster's control plane: etcd, API server, controllers and scheduler in a namespace of their own.

It is outside the VPC or VNet, as the clouds' are, and joined to each node by a management link: simplified,
that is the way of nodes to the API server, and the API server's to kubelets. To Services and pods it goes as
the clouds' do: EKS by an interface in the VPC (`vpc_interface`), AKS from its agent's pods (`konnectivity`).
Sources: Amazon EKS user guide, "Amazon EKS architecture"; AKS, "Core concepts", control plane.
"""

import os
import secrets
import shutil
import socket
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from twinspan.errors import CloudError
from twinspan.host import search_path
from twinspan.network.ranges import TWIN_MANAGEMENT
from twinspan.twin.attempts import in_turn
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.clusters.api import PORT, ApiClient, connect
from twinspan.twin.dataplane.clusters.control_plane_programs import (
    ADDRESS,
    FRONT_PROXY,
    REVIEWER_PORT,
    TUNNEL,
    as_user,
    commands,
    egress_config,
    reviewer_config,
)
from twinspan.twin.dataplane.clusters.daemon import NodeDaemon
from twinspan.twin.dataplane.clusters.files import kubeconfig, public_key, write, write_yaml
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.filters_text import host
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.relay import Relay, Target, UnixTarget
from twinspan.twin.kubernetes.spec import ClusterSpec

_BRIDGE = "management"
_AFTER_API_SERVER = ("kube-controller-manager",)
"""What is started when the API server answers. Source: Kubernetes, controllermanager.go, WaitForAPIServer."""
_KUBELET_PORT = 10250
_TO_NODES, _TO_PODS = 100, 101
"""Route tables and priorities of their rules."""
_SYSCTLS = {"ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0"}
"""What nodes send comes by the management link, whatever way there is to their addresses besides."""
_DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
_LOCAL = "https://127.0.0.1:6443"
_USERS = range(61184, 61184 + 4336)
"""Users that belong to nobody. Source: systemd, "Users, Groups, UIDs and GIDs on systemd Systems"."""


class ControlPlane:
    """Builds and ends one control plane.

    Attributes:
        namespace: Its network namespace.
        api: Its API server.
    """

    def __init__(self, spec: ClusterSpec, *, folder: Path, journal: Journal) -> None:
        self.namespace = short_name("plane", spec.key)
        self._spec = spec
        self._folder = folder / "plane"
        self._journal = journal
        self._relays: list[Relay] = []
        self._daemons: list[NodeDaemon] = []
        self._waiting: list[NodeDaemon] = []
        self._lock = threading.Lock()
        self._usable = False
        self._version = ""
        self._user = secrets.choice(_USERS)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.api = self.new_client()

    @property
    def url(self) -> str:
        """Where nodes reach the API server."""
        return f"https://{ADDRESS}:{PORT}"

    @property
    def daemons(self) -> tuple[NodeDaemon, ...]:
        """Its processes."""
        return tuple(self._daemons)

    def build(self) -> None:
        """Make its namespace and the way in from the host."""
        namespaces.add([self.namespace])
        namespaces.set_sysctls(self.namespace, _SYSCTLS)
        answers, kubelets = f"from {ADDRESS}", f"ipproto tcp dport {_KUBELET_PORT}"
        namespaces.ip(
            [
                links.bridge(_BRIDGE, key=self.namespace),
                f"addr add {ADDRESS}/{TWIN_MANAGEMENT.prefixlen} dev {_BRIDGE}",
                f"link set {_BRIDGE} up",
                *(
                    f"rule add {match} lookup {_TO_NODES} priority {_TO_NODES}"
                    for match in (answers, kubelets)
                ),
                f"rule add {answers} lookup {_TO_PODS} priority {_TO_PODS}",
            ],
            namespace=self.namespace,
        )
        self._relay(self._host_listener(), lambda _: connect(self.namespace))
        if self._spec.authenticator_socket:
            listener = namespaces.inside(self.namespace, _reviewer_listener)
            self._relay(listener, UnixTarget(Path(self._spec.authenticator_socket).absolute()))

    def open_tunnel(self, target: Target) -> None:
        """AKS: let the API server open its connections to the cluster by `target`, after `build`."""
        self._relay(namespaces.inside(self.namespace, _tunnel_listener), target)

    def new_client(self) -> ApiClient:
        """Return one more client of its API server: `api` serves one request at a time."""
        return ApiClient(self.namespace, self._spec.authority, folder=self._folder)

    def _relay(self, listener: socket.socket, target: Target) -> None:
        relay = Relay(listener, target)
        self._relays.append(relay)
        relay.start()

    def start(self) -> None:
        """Start its processes; they need some seconds to be ready.

        The controllers follow when the API server is: without one they end after ten seconds.
        """
        self._write_files()
        daemons = {
            name: self._daemon(name, argv) for name, argv in commands(self._spec, self._folder).items()
        }
        with self._lock:
            self._daemons = list(daemons.values())
            self._waiting = [daemons[name] for name in _AFTER_API_SERVER]
            for daemon in self._daemons:
                if daemon not in self._waiting:
                    daemon.start()

    def halt(self) -> None:
        """End its processes at once, as a power cut does; what etcd has stored stays."""
        self.api.close()
        with self._lock:
            for daemon in self._daemons:
                daemon.stop(politely=False)
            self._daemons, self._waiting = [], []
        self._version = ""

    def remove(self) -> None:
        """End and remove it all."""
        in_turn(
            self.halt,
            *(relay.stop for relay in self._relays),
            lambda: Path(self._spec.api_socket).unlink(missing_ok=True),
            self._delete_namespace,
            lambda: shutil.rmtree(self._folder, ignore_errors=True),
        )

    def _delete_namespace(self) -> None:
        if namespaces.exists(self.namespace):
            namespaces.delete(self.namespace)

    def join(self, node: LinkEnd, number: int) -> IPv4Address:
        """Join a node by a management link and return its address there.

        Args:
            node: The node's end.
            number: Its number in the cluster, from 0.
        """
        address = TWIN_MANAGEMENT[256 + number]
        far = LinkEnd(namespace=self.namespace, interface=f"node{number}")
        links.join(node, far)
        namespaces.ip([f"link set {far.interface} master {_BRIDGE} up"], namespace=self.namespace)
        namespaces.ip(
            [
                f"addr add {address}/{TWIN_MANAGEMENT.prefixlen} dev {node.interface}",
                f"link set {node.interface} up",
            ],
            namespace=node.namespace,
        )
        return address

    def route(self, node: IPv4Address, pods: Sequence[IPv4Network], via: IPv4Address) -> None:
        """Reach a node's kubelet, and answer the node and its pods, over the management link.

        Args:
            node: The node's own address.
            pods: Its pods' addresses.
            via: What `join` returned.
        """
        tables = {host(node): _TO_NODES, **dict.fromkeys(pods, _TO_PODS)}
        namespaces.ip(
            [f"route replace {network} via {via} table {table}" for network, table in tables.items()],
            namespace=self.namespace,
        )

    def leave(self, number: int) -> None:
        """Remove a node's management link."""
        links.cut(LinkEnd(namespace=self.namespace, interface=f"node{number}"))

    def answers(self) -> bool:
        """Return whether pods can be made: the API server is ready, and so are the controllers.

        Raises:
            HostError: What answers is not its API server.
        """
        try:
            if not self.api.ready():
                return False
            self._start_waiting()
            self._usable = self._usable or self.api.find(_DEFAULT_ACCOUNT) is not None
        except CloudError:
            return False
        return self._usable

    def version(self) -> str:
        """Return the version of the API server that runs, e.g. `1.35.4`. Raises CloudError."""
        if not self._version:
            self._version = str(self.api.get("/version")["gitVersion"]).removeprefix("v")
        return self._version

    def _start_waiting(self) -> None:
        with self._lock:
            while self._waiting:
                self._waiting[0].start()
                self._waiting.pop(0)

    def _host_listener(self) -> socket.socket:
        """Listen where the control process knocks; the folder's owner may, nobody else."""
        path = Path(self._spec.api_socket)
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        owner = path.absolute().parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)
        listener.listen(128)
        return listener

    def _daemon(self, name: str, argv: Sequence[str]) -> NodeDaemon:
        return NodeDaemon(
            role=f"{name} {self._spec.name}",
            namespace=self.namespace,
            argv=[*as_user(self._user), *argv],
            environment={"PATH": search_path(), "GOMAXPROCS": "4"},
            journal=self._journal,
        )

    def _write_files(self) -> None:
        authority, folder = self._spec.authority, self._folder
        names = (
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "localhost",
            "127.0.0.1",
            str(ADDRESS),
            str(self._spec.service_network[1]),
            *self._spec.server_names,
        )
        for name, (certificate, key) in {
            "server": authority.issue("kube-apiserver", names=list(dict.fromkeys(names))),
            "kubelet-client": authority.issue("kube-apiserver", organizations=["system:masters"]),
        }.items():
            write(folder / f"{name}.crt", certificate)
            write(folder / f"{name}.key", key)
        front = ClusterAuthority.generate("front-proxy")
        certificate, key = front.issue(FRONT_PROXY)
        write(folder / "front-proxy-ca.crt", front.certificate)
        write(folder / "front-proxy.crt", certificate)
        write(folder / "front-proxy.key", key)
        write(folder / "ca.crt", authority.certificate)
        write(folder / "ca.key", authority.key)
        write(folder / "service-account.key", authority.service_account_key)
        write(folder / "service-account.pub", public_key(authority.service_account_key))
        for user in ("kube-controller-manager", "kube-scheduler"):
            # An administrator: an account of its own for each controller would take seconds to make.
            config = kubeconfig(
                authority, server=_LOCAL, user=f"system:{user}", organizations=("system:masters",)
            )
            write_yaml(folder / f"{user}.yaml", config)
        write_yaml(folder / "reviewer.yaml", reviewer_config(self._spec.name))
        write_yaml(folder / "egress.yaml", egress_config())


def _tunnel_listener() -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{TUNNEL}")
    listener.listen(128)
    return listener


def _reviewer_listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", REVIEWER_PORT), backlog=128)
    listener.setblocking(True)
    return listener
