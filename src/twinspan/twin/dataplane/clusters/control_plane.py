"""A cluster's control plane: etcd, API server, controllers and scheduler in a namespace of their own.

It is outside the VPC or VNet and joined to each node by a management link: simplified, as the clouds'
managed control planes are in networks of the cloud's own too. Source: Amazon EKS user guide, "Amazon EKS
architecture"; AKS, "Core concepts", control plane.
"""

import os
import shutil
import socket
import threading
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from twinspan.errors import CloudError
from twinspan.host import search_path
from twinspan.twin.attempts import in_turn
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.clusters.api import PORT, ApiClient, connect
from twinspan.twin.dataplane.clusters.daemon import NodeDaemon
from twinspan.twin.dataplane.clusters.files import kubeconfig, public_key, write, write_yaml
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.links import Plug
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.kubernetes.relay import Relay, UnixTarget
from twinspan.twin.kubernetes.spec import ClusterSpec

MANAGEMENT = IPv4Network("198.18.0.0/16")
"""Benchmarking space (RFC 2544), never a VPC's or VNet's. Each cluster has the whole of it to itself."""
_ADDRESS = MANAGEMENT[1]
_BRIDGE = "management"
_REVIEWER_PORT = 21362
"""Where Amazon's aws-iam-authenticator listens, beside the API server, too."""
_AFTER_API_SERVER = ("kube-controller-manager",)
"""What is started when the API server answers. Source: Kubernetes, controllermanager.go, WaitForAPIServer."""
_DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
_LOCAL = "https://127.0.0.1:6443"


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
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.api = ApiClient(self.namespace, spec.authority, folder=self._folder)

    @property
    def url(self) -> str:
        """Where nodes reach the API server."""
        return f"https://{_ADDRESS}:{PORT}"

    @property
    def daemons(self) -> tuple[NodeDaemon, ...]:
        """Its processes."""
        return tuple(self._daemons)

    def build(self) -> None:
        """Make its namespace and the way in from the host."""
        namespaces.add([self.namespace])
        namespaces.ip(
            [
                links.bridge(_BRIDGE, key=self.namespace),
                f"addr add {_ADDRESS}/{MANAGEMENT.prefixlen} dev {_BRIDGE}",
                f"link set {_BRIDGE} up",
            ],
            namespace=self.namespace,
        )
        self._relays.append(Relay(self._host_listener(), lambda: connect(self.namespace)))
        if self._spec.authenticator_socket:
            listener = namespaces.inside(self.namespace, _reviewer_listener)
            self._relays.append(Relay(listener, UnixTarget(Path(self._spec.authenticator_socket).absolute())))
        for relay in self._relays:
            relay.start()

    def start(self) -> None:
        """Start its processes; they need some seconds to be ready.

        The controllers follow when the API server is: without one they end after ten seconds.
        """
        self._write_files()
        daemons = {name: self._daemon(name, argv) for name, argv in self._commands().items()}
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

    def join(self, node: Plug, number: int) -> IPv4Address:
        """Join a node by a management link and return its address there.

        Args:
            node: The node's end.
            number: Its number in the cluster, from 0.
        """
        address = MANAGEMENT[256 + number]
        far = Plug(namespace=self.namespace, interface=f"node{number}")
        links.join(node, far)
        namespaces.ip([f"link set {far.interface} master {_BRIDGE} up"], namespace=self.namespace)
        namespaces.ip(
            [
                f"addr add {address}/{MANAGEMENT.prefixlen} dev {node.interface}",
                f"link set {node.interface} up",
            ],
            namespace=node.namespace,
        )
        return address

    def route(self, networks: Sequence[IPv4Network], via: IPv4Address) -> None:
        """Reach a node's own address and its pods over the management link, for logs, exec and proxies."""
        namespaces.ip([f"route replace {net} via {via}" for net in networks], namespace=self.namespace)

    def leave(self, number: int) -> None:
        """Remove a node's management link, and the routes with it."""
        links.cut(Plug(namespace=self.namespace, interface=f"node{number}"))

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
            argv=argv,
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
            str(_ADDRESS),
            str(self._spec.service_network[1]),
            *self._spec.server_names,
        )
        for name, (certificate, key) in {
            "server": authority.issue("kube-apiserver", names=list(dict.fromkeys(names))),
            "kubelet-client": authority.issue("kube-apiserver", organizations=["system:masters"]),
        }.items():
            write(folder / f"{name}.crt", certificate)
            write(folder / f"{name}.key", key)
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
        write_yaml(folder / "reviewer.yaml", _reviewer_config(self._spec.name))

    def _commands(self) -> Mapping[str, list[str]]:
        programs, folder = Path(self._spec.programs), self._folder
        return {
            "etcd": _etcd(folder),
            "kube-apiserver": [str(programs / "kube-apiserver"), *self._api_server_options()],
            "kube-controller-manager": [
                str(programs / "kube-controller-manager"),
                f"--kubeconfig={folder}/kube-controller-manager.yaml",
                f"--root-ca-file={folder}/ca.crt",
                f"--service-account-private-key-file={folder}/service-account.key",
                f"--cluster-signing-cert-file={folder}/ca.crt",
                f"--cluster-signing-key-file={folder}/ca.key",
                f"--cert-dir={folder}/controller-manager",
                "--kube-api-qps=100",
                "--kube-api-burst=200",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
            ],
            "kube-scheduler": [
                str(programs / "kube-scheduler"),
                f"--kubeconfig={folder}/kube-scheduler.yaml",
                f"--cert-dir={folder}/scheduler",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
            ],
        }

    def _api_server_options(self) -> list[str]:
        spec, folder = self._spec, self._folder
        options = [
            "--etcd-servers=http://127.0.0.1:2379",
            f"--advertise-address={_ADDRESS}",
            f"--secure-port={PORT}",
            f"--tls-cert-file={folder}/server.crt",
            f"--tls-private-key-file={folder}/server.key",
            f"--client-ca-file={folder}/ca.crt",
            f"--kubelet-certificate-authority={folder}/ca.crt",
            f"--kubelet-client-certificate={folder}/kubelet-client.crt",
            f"--kubelet-client-key={folder}/kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-cluster-ip-range={spec.service_network}",
            f"--service-account-key-file={folder}/service-account.pub",
            f"--service-account-signing-key-file={folder}/service-account.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--anonymous-auth=true",
            "--enable-bootstrap-token-auth=false",
            "--profiling=false",
        ]
        if spec.authenticator_socket:
            options += [
                f"--authentication-token-webhook-config-file={folder}/reviewer.yaml",
                "--authentication-token-webhook-version=v1",
            ]
        return options


def _etcd(folder: Path) -> list[str]:
    return [
        "etcd",
        "--name=default",
        f"--data-dir={folder}/etcd",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=default=http://127.0.0.1:2380",
        "--unsafe-no-fsync=true",
        "--log-level=warn",
        "--auto-compaction-retention=10",
    ]


def _reviewer_config(cluster: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "default",
                "cluster": {"server": f"http://127.0.0.1:{_REVIEWER_PORT}/clusters/{cluster}"},
            }
        ],
        "users": [{"name": "default", "user": {}}],
        "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
        "current-context": "default",
    }


def _reviewer_listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", _REVIEWER_PORT), backlog=128)
    listener.setblocking(True)
    return listener
