"""One tunnel end: a namespace with its outside address and charon, its TUN device in the gateway."""

import threading
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import CommandError
from twinspan.network.limits import AZURE_TUNNEL_MTU
from twinspan.twin.attempts import in_turn
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.charon import Charon
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.links import LinkEnd, TransitAddresses
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.spec import EndSpec
from twinspan.twin.dataplane.wire import INTERNET

_OUTSIDE = "outside"
_TUN = "ipsec0"
_QUEUE = 2000
"""Packets the TUN device queues; its default of 500 overflows at one fast TCP flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went through an end's TUN device: inside packets, after decryption, before encryption."""

    bytes_in: int = 0
    bytes_out: int = 0
    packets_in: int = 0
    packets_out: int = 0
    dropped_in: int = 0
    dropped_out: int = 0


class Endpoint:
    """Builds, watches and removes one tunnel end.

    Attributes:
        spec: What it is now.
        device: Name of its TUN device in the gateway's namespace.
        journal: Gets its events.
    """

    def __init__(
        self,
        spec: EndSpec,
        *,
        gateway_namespace: str,
        transit: TransitAddresses,
        folder: Path,
        journal: Journal,
    ) -> None:
        self.spec = spec
        self.namespace = short_name("end", spec.key)
        self.device = short_name("tun", spec.key)
        self.journal = journal
        self.clear_device: str | None = None
        """The wire that carries the inside traffic in the clear, while that fault is injected."""
        self._gateway = gateway_namespace
        self._transit = transit
        self._number = transit.take()
        self._lock = threading.RLock()
        self._placeholder = False
        self._halting = threading.Lock()
        self._halted: set[object] = set()
        self._removed = False
        self._peer = short_name("end", f"{spec.key} transit")
        self.charon = Charon(
            spec=spec,
            namespace=self.namespace,
            folder=folder,
            journal=journal,
            before_start=self._clear_place,
            on_ready=self._adopt_device,
            on_child=self._child_changed,
        )

    def start(self) -> None:
        """Build the namespace and the way to the internet, start charon."""
        near, far = self._transit.pair(self._number)
        public = self.spec.local_address
        namespaces.add([self.namespace])
        links.join(LinkEnd(namespace=self.namespace, interface=_OUTSIDE), self._internet_plug)
        namespaces.ip(
            [
                f"addr add {public}/32 dev lo",
                f"addr add {near}/31 dev {_OUTSIDE}",
                f"link set {_OUTSIDE} up",
                f"route add default via {far} src {public}",
            ],
            namespace=self.namespace,
        )
        namespaces.ip(
            [
                f"addr add {far}/31 dev {self._peer}",
                f"link set {self._peer} up",
                f"route add {public}/32 via {near} table {self._table}",
                f"rule add {self._steering}",
            ],
            namespace=INTERNET,
        )
        self.charon.start()

    def stop(self) -> None:
        """Remove it all; charon says goodbye to its peer first."""
        with self._halting:
            self._removed = True
        in_turn(
            self.charon.stop,
            lambda: namespaces.ip([f"rule delete {self._steering}"], namespace=INTERNET),
            lambda: links.cut(self._internet_plug),
            lambda: namespaces.delete(self.namespace),
            lambda: self._transit.give_back(self._number),
        )

    def halt(self, reason: object, *, politely: bool) -> None:
        """End its IKE daemon until `resume` has been called for every reason."""
        with self._halting:
            self._halted.add(reason)
            self.charon.stop(politely=politely)

    def resume(self, reason: object) -> None:
        """Take back a `halt`; nothing happens if there was none for that reason."""
        with self._halting:
            if self._halted == {reason} and not self._removed:
                self.charon.start()
            self._halted.discard(reason)

    def change(self, spec: EndSpec) -> None:
        """Take over new inside addresses; the IKE daemon goes on."""
        with self._lock:
            old, self.spec = self.spec, spec
            self.charon.spec = spec
            if (old.inside_local, old.inside_remote) == (spec.inside_local, spec.inside_remote):
                return
            try:
                self.carry_inside(self.clear_device)
            except BaseException:
                self.spec = self.charon.spec = old  # so that the change is made again
                raise

    def carry_inside(self, clear_device: str | None) -> None:
        """Give the inside addresses to the TUN device, or to a wire in the clear."""
        with self._lock:
            for device in {self.device, self.clear_device or self.device}:
                namespaces.ip([f"addr flush dev {device}"], namespace=self._gateway)
            self.clear_device = clear_device
            namespaces.ip(self._addressing(clear_device or self.device), namespace=self._gateway)

    @property
    def transit_number(self) -> int:
        """Number of its transit network, of its own as long as it exists."""
        return self._number

    @property
    def internet_device(self) -> str:
        """The device in the internet's namespace through which it sends and receives."""
        return self._peer

    @property
    def _internet_plug(self) -> LinkEnd:
        return LinkEnd(namespace=INTERNET, interface=self._peer)

    @property
    def _table(self) -> int:
        return 1000 + self._number

    @property
    def _steering(self) -> str:
        """An instance's address serves several connections: the far end's address tells which."""
        return f"from {self.spec.remote_address} to {self.spec.local_address} lookup {self._table}"

    def _addressing(self, device: str) -> list[str]:
        local, remote = self.spec.inside_local, self.spec.inside_remote
        if local.is_unspecified or remote.is_unspecified:
            return []
        return [f"addr add {local} peer {remote}/32 dev {device}"]

    def _clear_place(self) -> None:
        """Remove the placeholder, so that a restarted charon finds its device's name free."""
        with self._lock:
            if self._placeholder:
                namespaces.ip([f"link delete {_TUN}"], namespace=self.namespace)
                self._placeholder = False

    def _adopt_device(self) -> None:
        """Move charon's TUN device into the gateway, so that BGP's TTL of 1 suffices.

        kernel-libipsec refuses a child SA if it cannot add a route to its device, also with
        `install_routes = no`; an idle bridge of that name takes the device's place. The route needs an own
        address within the local selector, so the bridge has one in each that may be agreed on.
        """
        with self._lock:
            namespaces.ip(
                [
                    f"link set {_TUN} down netns {self._gateway} name {self.device}",
                    f"link add name {_TUN} type bridge",
                    f"link set {_TUN} up",
                    *(f"addr add {source}/32 dev {_TUN}" for source in self.spec.selector_sources),
                ],
                namespace=self.namespace,
            )
            self._placeholder = True
            commands = [f"link set {self.device} down mtu {AZURE_TUNNEL_MTU} txqueuelen {_QUEUE}"]
            if self.clear_device is None:
                commands += self._addressing(self.device)
            namespaces.ip(commands, namespace=self._gateway)

    def _child_changed(self, up: bool) -> None:
        """Follow the child SA, so that BGP and the routes go with it at once."""
        with self._lock:
            try:
                namespaces.ip([f"link set {self.device} {'up' if up else 'down'}"], namespace=self._gateway)
            except CommandError as error:
                log(self.spec.key, f"its device is gone: {error}")
