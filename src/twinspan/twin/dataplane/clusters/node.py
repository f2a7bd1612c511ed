"""A node of a cluster: a machine in its subnets with containerd, kubelet and kube-proxy."""

import json
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from twinspan.errors import CommandError
from twinspan.twin.dataplane import namespaces
from twinspan.twin.dataplane.clusters import node_files
from twinspan.twin.dataplane.clusters.control_plane import ControlPlane
from twinspan.twin.dataplane.clusters.daemon import NodeDaemon
from twinspan.twin.dataplane.clusters.machine import Machine
from twinspan.twin.dataplane.clusters.node_network import MANAGEMENT_DEVICE, NodeNetwork, Place
from twinspan.twin.dataplane.clusters.policy_rules import NO_POLICIES
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.interfaces import Interfaces
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.kubernetes.spec import ClusterSpec, NodeSpec
from twinspan.wait import wait_until

_KUBERNETES, _IMAGES = "opt/kubernetes", "opt/images"
_CONTAINERD_WITHIN_S = 30.0
_PROGRAMS = ("containerd", "kubelet", "kube-proxy")


class Node:
    """Builds, loses, brings back and removes one node.

    Attributes:
        spec: What it is to be.
        number: Its number in the cluster.
        lost: Its power is cut.
        started: When it was last started, UTC.
    """

    def __init__(
        self,
        *,
        cluster: ClusterSpec,
        spec: NodeSpec,
        number: int,
        subnets: Subnets,
        interfaces: Interfaces,
        journal: Journal,
        folder: Path,
        control_groups: str,
    ) -> None:
        self.spec = spec
        self.number = number
        self.lost = False
        self.started: datetime | None = None
        self._cluster = cluster
        self._journal = journal
        self._folder = folder / f"node{number}"
        self._namespace = short_name("node", f"{cluster.key} {spec.key}")
        self._control_group = f"{control_groups}/{self._namespace}"
        self._network = NodeNetwork(
            name=f"{spec.key} of {cluster.name}",
            namespace=self._namespace,
            side=cluster.side,
            spec=spec,
            resolver=node_files.resolver(cluster),
            subnets=subnets,
            interfaces=interfaces,
        )
        self._machine: Machine | None = None
        self._daemons: list[NodeDaemon] = []
        self._joined = False
        self._policies = NO_POLICIES
        self._policies_lock = threading.Lock()

    @property
    def name(self) -> str:
        """Its name in Kubernetes; empty before it has an address."""
        if self.spec.name or self._network.place is None:
            return self.spec.name
        return aws_node_name(self._network.place.address, self._cluster.region)

    @property
    def running(self) -> bool:
        """Whether its machine is on."""
        return self._machine is not None and self._machine.pid is not None

    @property
    def place(self) -> Place | None:
        """Its addresses, once it has them."""
        return self._network.place

    @property
    def namespace(self) -> str:
        """Its network namespace."""
        return self._namespace

    @property
    def daemons(self) -> tuple[NodeDaemon, ...]:
        """Its processes."""
        return tuple(self._daemons)

    def start(self, control: ControlPlane) -> None:
        """Build it and start its programs; Kubernetes shows it ready some seconds later.

        Raises:
            TwinspanError: It cannot be built; nothing of it stays but its addresses.
        """
        place = self._network.choose(self._overlay())
        self._network.attach()
        management = control.join(
            LinkEnd(namespace=self._namespace, interface=MANAGEMENT_DEVICE), self.number
        )
        self._joined = True
        control.route(place.address, place.blocks, management)
        machine = Machine(
            namespace=self._namespace,
            hostname=self.name,
            folder=self._folder,
            control_group=self._control_group,
            binds={_KUBERNETES: Path(self._cluster.programs), _IMAGES: Path(self._cluster.images)},
        )
        self._machine = machine
        node_files.write_all(
            machine.settings,
            cluster=self._cluster,
            node=self.spec,
            name=self.name,
            place=place,
            server=control.url,
            control_group=self._control_group,
        )
        self.started = datetime.now(UTC)
        machine.start()
        self._start_programs(machine)

    def reach(self, peers: Iterable[Place]) -> None:
        """Overlay: tell it the ways to other nodes' pods, which the virtual network does not know."""
        place = self._network.place
        if self.running and place is not None:
            others = [peer for peer in peers if peer.overlay and peer.address != place.address]
            namespaces.ip(
                [f"route replace {block} via {peer.address}" for peer in others for block in peer.blocks],
                namespace=self._namespace,
            )

    def enforce(self, rules: str) -> None:
        """Put network policies in force, all at once; nothing happens if they are, or while it is off.

        Raises:
            CommandError: nft refuses them; those before stay in force.
        """
        with self._policies_lock:
            if self.running and rules != self._policies:
                namespaces.nft(self._namespace, rules)
                self._policies = rules

    def halt(self, control: ControlPlane) -> None:
        """Cut its power; its addresses stay its own."""
        for daemon in self._daemons:
            daemon.stop(politely=False)
        self._daemons = []
        if self._machine is not None:
            self._machine.stop()
            self._machine = None
        if self._joined:
            control.leave(self.number)
            self._joined = False
        with self._policies_lock:
            self._network.detach()
            self._policies = NO_POLICIES
        shutil.rmtree(self._folder, ignore_errors=True)

    def give_back(self) -> None:
        """Free its addresses, after `halt`."""
        self._network.give_back()

    def pod_namespace(self, address: IPv4Address) -> Path:
        """Return the network namespace of the pod that has an address here.

        Raises:
            OSError: There is no such pod.
        """
        pid = self._machine.pid if self._machine is not None else None
        root = Path(f"/proc/{pid}/root")
        sandbox = (root / node_files.POD_ADDRESSES / str(address)).read_text().split()[0]
        bundle = json.loads((root / node_files.SANDBOXES / sandbox / "config.json").read_text())
        network_namespace = next(
            namespace for namespace in bundle["linux"]["namespaces"] if namespace["type"] == "network"
        )
        return root / str(network_namespace["path"]).lstrip("/")

    def run(self, argv: Sequence[str], *, timeout_s: float = 60.0) -> str:
        """Run a command on it and return what it printed. Raises CommandError."""
        if self._machine is None:
            raise CommandError(argv, 1, f"the node {self.name} is off")
        return self._machine.run(argv, timeout_s=timeout_s).stdout

    def _overlay(self) -> IPv4Network | None:
        whole = self._cluster.pod_network
        return list(whole.subnets(new_prefix=24))[self.number] if whole is not None else None

    def _start_programs(self, machine: Machine) -> None:
        commands = node_files.commands(
            cluster=self._cluster, node=self.spec, name=self.name, address=self._place_address()
        )
        self._daemons = [self._daemon(machine, name, commands) for name in _PROGRAMS]
        containerd, kubelet, kube_proxy = self._daemons
        containerd.start()
        kube_proxy.start()
        wait_until(
            lambda: _answers(machine),
            lambda answers: answers,
            what=f"containerd on {self.name}",
            timeout_s=_CONTAINERD_WITHIN_S,
        )
        kubelet.start()  # without a container runtime it would end
        for image in sorted(Path(self._cluster.images).glob("*.tar")):
            machine.run(["ctr", "-n", "k8s.io", "images", "import", f"/{_IMAGES}/{image.name}"])

    def _place_address(self) -> IPv4Address:
        if self._network.place is None:
            raise AssertionError("a node has addresses before it starts")
        return self._network.place.address

    def _daemon(self, machine: Machine, name: str, commands: Mapping[str, Sequence[str]]) -> NodeDaemon:
        return NodeDaemon(
            role=f"{name} {self.name}",
            namespace=self._namespace,
            argv=machine.argv(commands[name]),
            environment=machine.environment,
            journal=self._journal,
        )


def aws_node_name(address: IPv4Address, region: str) -> str:
    """Return the private DNS name that EKS names a node after.

    Source: Amazon VPC user guide, "DNS attributes for your VPC", private IPv4 DNS host names.
    """
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{str(address).replace('.', '-')}.{domain}"


def _answers(machine: Machine) -> bool:
    try:
        machine.run(["ctr", "version"], timeout_s=5)
    except CommandError:
        return False
    return True
