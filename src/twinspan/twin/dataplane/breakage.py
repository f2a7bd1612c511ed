"""How each kind of fault is made and mended, on the daemons and between the clouds."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from twinspan import command
from twinspan.errors import CommandError, DesignError, HostError, WaitTimeoutError
from twinspan.host import SYSTEM_PATH
from twinspan.network.clouds import Cloud
from twinspan.twin.dataplane import delay_line, internet, namespaces
from twinspan.twin.dataplane.bird_config import session_name
from twinspan.twin.dataplane.daemons import Daemon
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import log
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.dataplane.wire import INTERNET, FaultKind, FaultSpec
from twinspan.twin.loops import LAST, Loop
from twinspan.wait import pause, wait_until

_PARTS = 10_000
"""A loss ratio is good to this part of one."""
_DELAY_RULES = 100
"""Priority of the routing rules that lead into a delay line: before all others."""
_WELCOME_WITHIN_S = 60.0
_LINE_READY_WITHIN_S = 10.0
_LINE_EMPTY_S = 0.05
"""How much longer than its delay a line needs to give back what it holds, seconds."""

Make = Callable[[Tunnels, FaultSpec, Sequence[Endpoint]], Callable[[], None]]
"""Breaks something between the given tunnel ends, and returns what mends it."""


def cut_path(_tunnels: Tunnels, fault: FaultSpec, _ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Drop silently every packet between the two outside addresses."""
    internet.cut(fault.outside_ip_address, fault.public_ip_address)
    return lambda: internet.mend(fault.outside_ip_address, fault.public_ip_address)


def lose_packets(_tunnels: Tunnels, fault: FaultSpec, _ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Drop a share of the packets between the two outside addresses, at random."""
    aws, azure = fault.outside_ip_address, fault.public_ip_address
    dropped = round(fault.loss_ratio * _PARTS)
    if not 1 <= dropped <= _PARTS:
        raise DesignError(
            where="fault packet-loss",
            problem=f"a loss ratio of {fault.loss_ratio:g} is not between {1 / _PARTS:g} and 1",
            remedy="Choose one, e.g. 0.05",
        )
    below = f"numgen random mod {_PARTS} <= {dropped - 1} drop"
    rules = [f"ip saddr {first} ip daddr {second} {below}" for first, second in ((aws, azure), (azure, aws))]
    return _filtered(INTERNET, fault, "forward", rules)


def lose_side(tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Drop silently every packet of every tunnel of AWS's gateway: the whole side is gone."""
    gateway = _end_of(ends, "aws").spec.gateway
    lost = sorted({end.spec.local_address for end in tunnels.of(gateway)})
    listed = ", ".join(str(address) for address in lost)
    rules = [f"ip saddr {{ {listed} }} drop", f"ip daddr {{ {listed} }} drop"]
    return _filtered(INTERNET, fault, "forward", rules)


def silence_bgp(tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Drop silently the BGP messages inside the tunnel, and nothing else."""
    end = _end_of(ends, "aws")
    gateway = tunnels.gateways[end.spec.gateway].namespace
    heard = [f'iifname "{end.device}" tcp {port} 179 drop' for port in ("sport", "dport")]
    sent = [f'oifname "{end.device}" tcp {port} 179 drop' for port in ("sport", "dport")]
    mend = _filtered(gateway, fault, "input", heard)
    also = _filtered(gateway, fault, "output", sent)
    return lambda: (mend(), also())[0]


def delay_packets(_tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Hold every packet between the two outside addresses for a while, both ways."""
    device, table = _name("dly", fault), 5000 + min(end.transit_number for end in ends)
    line = Daemon(
        role=f"delay line {device}",
        namespace=INTERNET,
        argv=[sys.executable, "-I", str(Path(delay_line.__file__)), device, str(fault.delay_ms)],
        environment={"PATH": SYSTEM_PATH},
        journal=ends[0].journal,
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
        for end in ends
    ]
    namespaces.ip([f"rule add {rule}" for rule in rules], namespace=INTERNET)

    def mend() -> None:
        namespaces.ip([f"rule delete {rule}" for rule in rules], namespace=INTERNET)
        pause(fault.delay_ms / 1000 + _LINE_EMPTY_S)
        line.stop()
        namespaces.ip([f"link delete {device}"], namespace=INTERNET)

    return mend


def delete_tunnel(_tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Have AWS's end delete its IKE SA, which tells the peer, and stay away."""
    end = _end_of(ends, "aws")
    end.halt(fault, politely=True)
    return lambda: end.resume(fault)


def crash_endpoint(_tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Kill AWS's end without a word to the peer."""
    end = _end_of(ends, "aws")
    end.halt(fault, politely=False)
    return lambda: end.resume(fault)


def close_bgp(tunnels: Tunnels, _fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Have AWS's end close its BGP session; the tunnel stays. The peer is told (RFC 4486)."""
    spec = _end_of(ends, "aws").spec
    bird = tunnels.gateways[spec.gateway].bird
    bird.switch(session_name(spec.key), on=False)
    return lambda: bird.switch(session_name(spec.key), on=True)


def withdraw_route(tunnels: Tunnels, _fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Have AWS announce nothing over the tunnel any longer; session and tunnel stay."""
    spec = _end_of(ends, "aws").spec
    gateway = tunnels.gateways[spec.gateway]
    gateway.prefer(spec.key, "withdrawn")
    return lambda: gateway.prefer(spec.key, None)


def rekey(_tunnels: Tunnels, _fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Have AWS's end make new keys for both SAs, now."""
    _end_of(ends, "aws").charon.rekey()
    return lambda: None


def stop_instance(tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Have the Azure instance of the tunnel take leave of all its peers, and stay away."""
    return _halt_instance(tunnels, fault, ends, politely=True)


def crash_instance(tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint]) -> Callable[[], None]:
    """Kill all daemons of the Azure instance of the tunnel without a word to any peer."""
    return _halt_instance(tunnels, fault, ends, politely=False)


def _halt_instance(
    tunnels: Tunnels, fault: FaultSpec, ends: Sequence[Endpoint], *, politely: bool
) -> Callable[[], None]:
    key = _end_of(ends, "azure").spec.gateway
    instance = Instance(tunnels=tunnels, key=key)
    instance.halt(fault, politely=politely)
    return lambda: instance.resume(fault)


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


def _end_of(ends: Sequence[Endpoint], side: Cloud) -> Endpoint:
    found = next((end for end in ends if end.spec.side == side), None)
    if found is None:
        raise HostError(
            problem=f"the tunnel's {side} end is not built", remedy="Wait until `twinspan verify` is green"
        )
    return found


def _filtered(namespace: str, fault: FaultSpec, hook: str, rules: Sequence[str]) -> Callable[[], None]:
    table = _name(f"{hook[:3]}", fault)
    body = "".join(f"    {rule}\n" for rule in rules)
    text = f"table inet {table} {{\n  chain c {{\n    type filter hook {hook} priority -1;\n{body}  }}\n}}\n"
    namespaces.nft(namespace, text)

    def mend() -> None:
        with suppress(CommandError):  # the namespace has gone, and the table with it
            namespaces.nft(namespace, f"delete table inet {table}\n")

    return mend


def _name(prefix: str, fault: FaultSpec) -> str:
    return short_name(prefix, f"{fault.kind} {fault.outside_ip_address} {fault.public_ip_address}")


KINDS: dict[FaultKind, Make] = {
    "path-cut": cut_path,
    "packet-loss": lose_packets,
    "packet-delay": delay_packets,
    "ike-deleted": delete_tunnel,
    "endpoint-crash": crash_endpoint,
    "bgp-closed": close_bgp,
    "bgp-silent": silence_bgp,
    "route-withdrawn": withdraw_route,
    "rekey": rekey,
    "instance-stopped": stop_instance,
    "instance-crash": crash_instance,
    "side-lost": lose_side,
}
