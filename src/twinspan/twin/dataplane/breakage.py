"""How a tunnel of the data plane is broken and healed, on the daemons and between the clouds."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from twinspan import command
from twinspan.errors import CommandError, HostError, WaitTimeoutError
from twinspan.faults.definition import Undo
from twinspan.host import SYSTEM_PATH
from twinspan.network.clouds import Cloud
from twinspan.network.limits import AZURE_TUNNEL_MTU
from twinspan.twin.dataplane import delay_line, internet, links, namespaces
from twinspan.twin.dataplane.bird_config import session_name
from twinspan.twin.dataplane.daemons import Daemon
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import log
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.dataplane.wire import INTERNET, FaultSpec
from twinspan.twin.loops import LAST, Loop
from twinspan.wait import pause, wait_until

_DELAY_RULES = 100
"""Priority of the routing rules that lead into a delay line: before all others."""
_WELCOME_WITHIN_S = 60.0
_LINE_READY_WITHIN_S = 10.0
_LINE_EMPTY_S = 0.05
"""How much longer than its delay a line needs to give back what it holds, seconds."""


class BrokenTunnel:
    """One tunnel between its two public addresses; a `faults.breakable.BreakableTunnel`.

    Args:
        tunnels: All tunnels, with their gateways.
        fault: What breaks it.
        ends: The tunnel's ends that are built.
    """

    def __init__(self, tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> None:
        self._tunnels = tunnels
        self._fault = fault
        self._ends = ends

    @property
    def outside_ip_address(self) -> IPv4Address:
        """AWS's end."""
        return self._fault.outside_ip_address

    @property
    def public_ip_address(self) -> IPv4Address:
        """Azure's end."""
        return self._fault.public_ip_address

    @property
    def side_addresses(self) -> Sequence[IPv4Address]:
        """The outside addresses of all tunnels of AWS's gateway."""
        ends = self._tunnels.of(self._end("aws").spec.gateway)
        return sorted({end.spec.local_address for end in ends})

    @property
    def device(self) -> str:
        """The tunnel's device in AWS's gateway."""
        return self._end("aws").device

    @property
    def loss_ratio(self) -> float:
        """Share of the packets to drop."""
        return self._fault.loss_ratio

    @property
    def delay_ms(self) -> int:
        """How much longer each packet is to take, milliseconds."""
        return self._fault.delay_ms

    def cut_path(self) -> Undo:
        """Drop silently every packet between both ends."""
        internet.cut(self.outside_ip_address, self.public_ip_address)
        return lambda: internet.repair(self.outside_ip_address, self.public_ip_address)

    def filter_internet(self, rules: Sequence[str]) -> Undo:
        """Add nftables rules to what the internet forwards."""
        return self._filter(INTERNET, "forward", rules)

    def filter_gateway(self, hook: Literal["input", "output"], rules: Sequence[str]) -> Undo:
        """Add nftables rules to what AWS's gateway itself receives or sends."""
        return self._filter(self._gateway.namespace, hook, rules)

    def delay(self) -> Undo:
        """Hold every packet between both ends for a while, both ways."""
        device, table = self._name("dly"), 5000 + min(end.transit_number for end in self._ends)
        line = Daemon(
            role=f"delay line {device}",
            namespace=INTERNET,
            argv=[sys.executable, "-I", str(Path(delay_line.__file__)), device, str(self.delay_ms)],
            environment={"PATH": SYSTEM_PATH},
            journal=self._ends[0].journal,
            on_line=lambda _: None,
            before_start=lambda: None,
            on_start=lambda: None,
        )
        namespaces.ip(
            [
                f"tuntap add dev {device} mode tun",
                f"link set {device} up txqueuelen 5000",
                f"route add default dev {device} table {table}",
            ],
            namespace=INTERNET,
        )
        line.start()
        wait_until(
            lambda: command.run(["ip", "-n", INTERNET, "-o", "link", "show", device]).stdout,
            lambda shown: "LOWER_UP" in shown,
            what=f"program at {device}",
            timeout_s=_LINE_READY_WITHIN_S,
        )
        rules = [
            f"iif {end.internet_device} from {end.spec.local_address} to {end.spec.remote_address} "
            f"lookup {table} pref {_DELAY_RULES}"
            for end in self._ends
        ]
        namespaces.ip([f"rule add {rule}" for rule in rules], namespace=INTERNET)

        def repair() -> None:
            namespaces.ip([f"rule delete {rule}" for rule in rules], namespace=INTERNET)
            pause(self.delay_ms / 1000 + _LINE_EMPTY_S)
            line.stop()
            namespaces.ip([f"link delete {device}"], namespace=INTERNET)

        return repair

    def halt_end(self, *, politely: bool) -> Undo:
        """End AWS's IKE daemon, and keep it away."""
        end = self._end("aws")
        end.halt(self._fault, politely=politely)
        return lambda: end.resume(self._fault)

    def halt_instance(self, *, politely: bool) -> Undo:
        """End all daemons of Azure's instance, and keep them away."""
        instance = Instance(tunnels=self._tunnels, key=self._end("azure").spec.gateway)
        instance.halt(self._fault, politely=politely)
        return lambda: instance.resume(self._fault)

    def close_bgp(self) -> Undo:
        """Have AWS's end close its BGP session; the tunnel stays. The peer is told (RFC 4486)."""
        session, bird = session_name(self._end("aws").spec.key), self._gateway.bird
        bird.switch(session, on=False)
        return lambda: bird.switch(session, on=True)

    def withdraw_routes(self) -> Undo:
        """Have AWS announce nothing over the tunnel any longer; session and tunnel stay."""
        key, gateway = self._end("aws").spec.key, self._gateway
        gateway.prefer(key, "withdrawn")
        return lambda: gateway.prefer(key, None)

    def rekey(self) -> None:
        """Have AWS's end make new keys for both SAs, now."""
        self._end("aws").charon.rekey()

    def bypass(self) -> Undo:
        """A wire from gateway to gateway over a bridge in the internet; the inside addresses move to it."""
        self._end("aws")
        self._end("azure")
        bridge = short_name("clr", f"{self.outside_ip_address} {self.public_ip_address}")
        namespaces.ip(
            [f"link add name {bridge} type bridge forward_delay 0", f"link set {bridge} up"],
            namespace=INTERNET,
        )
        for end in self._ends:
            gateway = self._tunnels.gateways[end.spec.gateway].namespace
            device = short_name("clr", end.spec.key)
            outer = LinkEnd(namespace=INTERNET, interface=device)
            links.join(LinkEnd(namespace=gateway, interface=device), outer, mtu=AZURE_TUNNEL_MTU)
            namespaces.ip([f"link set {device} master {bridge} up"], namespace=INTERNET)
            namespaces.ip([f"link set {device} up"], namespace=gateway)
            end.carry_inside(device)
        return lambda: self._encrypt_again(bridge)

    def _encrypt_again(self, bridge: str) -> None:
        for end in self._tunnels.between(self.outside_ip_address, self.public_ip_address):
            if end.clear_device:
                device = end.clear_device
                end.carry_inside(None)
                links.cut(LinkEnd(namespace=INTERNET, interface=device))
        namespaces.ip([f"link delete {bridge}"], namespace=INTERNET)

    @property
    def _gateway(self) -> Gateway:
        return self._tunnels.gateways[self._end("aws").spec.gateway]

    def _end(self, side: Cloud) -> Endpoint:
        endpoint = next((end for end in self._ends if end.spec.side == side), None)
        if endpoint is None:
            raise HostError(
                problem=f"the tunnel's {side} end is not built",
                remedy="Wait until `twinspan verify` is green",
            )
        return endpoint

    def _filter(self, namespace: str, hook: str, rules: Sequence[str]) -> Undo:
        table = self._name(hook[:3])
        body = "".join(f"    {rule}\n" for rule in rules)
        chain = f"chain c {{\n    type filter hook {hook} priority -1;\n{body}  }}"
        namespaces.nft(namespace, f"table inet {table} {{\n  {chain}\n}}\n")

        def heal() -> None:
            with suppress(CommandError):  # the namespace has gone, and the table with it
                namespaces.nft(namespace, f"delete table inet {table}\n")

        return heal

    def _name(self, prefix: str) -> str:
        return short_name(prefix, f"{self._fault.kind} {self.outside_ip_address} {self.public_ip_address}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of an Azure gateway, with its BGP speaker and its tunnel ends."""

    tunnels: Tunnels
    key: str

    def halt(self, reason: object, *, politely: bool) -> None:
        """End all its daemons, as nearly at the same time as can be."""
        gateway = self.tunnels.gateways.get(self.key)
        if gateway is None:
            return  # it has been removed meanwhile
        bird = gateway.bird
        if politely:
            self.tunnels.mark(gateway, alive=False)
            bird.stop()
        self._each(lambda end: end.halt(reason, politely=politely))
        if not politely:
            # Without its tunnels the kernel cannot tell the far speakers that their sessions' owner has died.
            bird.stop(politely=False)
            self.tunnels.mark(gateway, alive=False)

    def resume(self, reason: object) -> None:
        """Start them again."""
        gateway = self.tunnels.gateways.get(self.key)
        if gateway is not None:
            gateway.bird.start()
            Loop(f"welcome {self.key}", partial(self._welcome, gateway)).start()
        self._each(lambda end: end.resume(reason))

    def _welcome(self, gateway: Gateway) -> float:
        """Have its network use it again once it knows a way to somewhere."""
        try:
            wait_until(
                lambda: gateway.bird.any_session_up or any(end.charon.child_up for end in self._ends),
                bool,
                what=f"BGP session or tunnel of {self.key}",
                timeout_s=_WELCOME_WITHIN_S,
            )
        except WaitTimeoutError as error:
            log(self.key, str(error))
        self.tunnels.mark(gateway, alive=True)
        return LAST

    @property
    def _ends(self) -> list[Endpoint]:
        return self.tunnels.of(self.key)

    def _each(self, act: Callable[[Endpoint], None]) -> None:
        ends = self._ends
        with ThreadPoolExecutor(max(len(ends), 1), thread_name_prefix="instance") as pool:
            list(pool.map(act, ends))
