"""What the running daemons say, as the two APIs report it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Literal

from twinspan.network.model import BgpPeer, GatewayRoute
from twinspan.twin.attempts import attempt
from twinspan.twin.dataplane import namespaces
from twinspan.twin.dataplane.bird_config import (
    OWN_NETWORKS,
    ROUTER_SESSION,
    session_name,
    sibling_name,
    static_name,
)
from twinspan.twin.dataplane.bird_control import BirdRoute, SessionState
from twinspan.twin.dataplane.charon import children, installed
from twinspan.twin.dataplane.endpoint import Endpoint, Traffic
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.machines import Machines
from twinspan.twin.dataplane.proposals import aws_encryption_name, aws_integrity_name, group_number
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.dataplane.vici_control import Section
from twinspan.twin.kubernetes.spec import ClusterHealth
from twinspan.twin.observed import AwsTunnelEnd, AzureTunnelEnd, BgpState, NegotiatedSa, Observed

_WEIGHT = 32768
"""What Azure shows as weight of learned and own routes. Source: ARM, GatewayRoute examples."""

_STATES: dict[str, BgpState] = {
    "Idle": "Idle",
    "Connect": "Connect",
    "Active": "Active",
    "OpenSent": "OpenSent",
    "OpenConfirm": "OpenConfirm",
    "Established": "Established",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayView:
    """One gateway's BGP as its BIRD shows it, and its devices' counters."""

    gateway: Gateway
    sessions: dict[str, SessionState]
    routes: tuple[BirdRoute, ...]
    exported: dict[str, tuple[BirdRoute, ...]]
    traffic: dict[str, Traffic]

    def state(self, name: str) -> str:
        """Return a session's state; `Idle` if BIRD does not have it."""
        return self.sessions[name].state if name in self.sessions else "Idle"

    def accepted(self, name: str) -> tuple[BirdRoute, ...]:
        """Return the routes accepted from a session."""
        return tuple(route for route in self.routes if route.protocol == name)


class Observer:
    """Takes snapshots.

    Args:
        tunnels: Whose daemons are asked.
        clusters: Returns how the clusters are.
        machines: Which of them are there.
        generation: Returns the generation last applied.
    """

    def __init__(
        self,
        tunnels: Tunnels,
        *,
        clusters: Callable[[], tuple[ClusterHealth, ...]],
        machines: Machines,
        generation: Callable[[], int],
    ) -> None:
        self._tunnels = tunnels
        self._clusters = clusters
        self._machines = machines
        self._generation = generation
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="observe")

    def observe(self) -> Observed:
        """Ask all daemons and return what they say."""
        generation = self._generation()
        gateways = list(self._tunnels.gateways.values())
        ends = list(self._tunnels.ends.values())
        problems: list[str] = []
        agreements = [self._pool.submit(_agreement, end) for end in ends]
        asked = [(gateway, self._pool.submit(_view, gateway)) for gateway in gateways]
        gateway_views = attempt(
            asked, lambda pair: pair[1].result(), name=lambda pair: pair[0].spec.key, problems=problems
        )
        views = {view.gateway.spec.key: view for view in gateway_views}
        described = attempt(
            list(zip(ends, agreements, strict=True)),
            lambda pair: _end(pair[0], views.get(pair[0].spec.gateway), pair[1].result()),
            name=lambda pair: pair[0].spec.key,
            problems=problems,
        )
        azure = [view for view in views.values() if view.gateway.spec.side == "azure"]
        vgws = {key: view for key, view in views.items() if view.gateway.spec.side == "aws"}
        return Observed(
            generation=generation,
            aws_tunnels=tuple(end for end in described if isinstance(end, AwsTunnelEnd)),
            azure_tunnels=tuple(end for end in described if isinstance(end, AzureTunnelEnd)),
            azure_bgp_peers=_by_gateway((v, p) for v in azure for p in _peers(v, ends)),
            azure_learned_routes=_by_gateway((v, r) for v in azure for r in _learned(v, ends)),
            azure_advertised_routes=_by_gateway((v, r) for v in azure for r in _advertised(v, ends)),
            vgw_routes={key: _far_networks(view) for key, view in vgws.items()},
            vgw_active_tunnels={key: _active(view, ends) for key, view in vgws.items()},
            clusters=self._clusters(),
            machines=self._machines.running,
            interfaces=self._machines.plugged,
            problems=tuple(problems),
        )


def _view(gateway: Gateway) -> GatewayView:
    sessions = gateway.bird.sessions()
    exported: dict[str, tuple[BirdRoute, ...]] = {}
    if gateway.spec.side == "azure":
        exported = {
            name: gateway.bird.routes(f"export {name}")
            for name, session in sessions.items()
            if session.state == "Established" and name != ROUTER_SESSION
        }
    return GatewayView(
        gateway=gateway,
        sessions=sessions,
        routes=gateway.bird.routes(),
        exported=exported,
        traffic=namespaces.inside(gateway.namespace, _counters),
    )


def _counters() -> dict[str, Traffic]:
    """Read the devices' counters of the namespace this thread is in."""
    traffic = {}
    for line in Path("/proc/thread-self/net/dev").read_text().splitlines()[2:]:
        device, _, numbers = line.partition(":")
        values = [int(number) for number in numbers.split()]
        traffic[device.strip()] = Traffic(
            bytes_in=values[0],
            packets_in=values[1],
            dropped_in=values[3],
            bytes_out=values[8],
            packets_out=values[9],
            dropped_out=values[11],
        )
    return traffic


def _agreement(end: Endpoint) -> NegotiatedSa | None:
    if not end.charon.child_up:
        return None
    for sa in end.charon.sas():
        for child in children(sa):
            if installed(child):
                return _negotiated(sa, child)
    return None


def _negotiated(sa: Section, child: Section) -> NegotiatedSa:
    return NegotiatedSa(
        phase1_encryption=aws_encryption_name(sa.get("encr-alg", ""), int(sa.get("encr-keysize", 0))),
        phase1_integrity=aws_integrity_name(sa.get("integ-alg") or sa.get("prf-alg", "")),
        phase1_dh_group=group_number(sa.get("dh-group", "")) or 0,
        phase2_encryption=aws_encryption_name(child.get("encr-alg", ""), int(child.get("encr-keysize", 0))),
        phase2_integrity=aws_integrity_name(child.get("integ-alg", "")),
        phase2_dh_group=group_number(child.get("dh-group", "")),
    )


def _end(end: Endpoint, view: GatewayView | None, sa: NegotiatedSa | None) -> AwsTunnelEnd | AzureTunnelEnd:
    spec, charon = end.spec, end.charon
    name = session_name(spec.key)
    traffic = view.traffic.get(end.device, Traffic()) if view else Traffic()
    session = view.sessions.get(name) if view else None
    source = name if spec.bgp else static_name(spec.key)
    common: dict[str, Any] = {
        "ike_up": charon.ike_up,
        "ipsec_up": charon.child_up,
        "bgp_state": _STATES.get(session.state if session else "Idle", "Idle") if spec.bgp else "None",
        "accepted_routes": tuple(r.network for r in view.accepted(source)) if view else (),
        "since": charon.child_since,
        "bgp_since": view.gateway.bird.since.get(name) if view else None,
        "bytes_in": traffic.bytes_in,
        "bytes_out": traffic.bytes_out,
        "packets_in": traffic.packets_in,
        "packets_out": traffic.packets_out,
        "dropped_in": traffic.dropped_in,
        "dropped_out": traffic.dropped_out,
        "last_error": charon.last_error,
        "sa": sa,
    }
    if spec.side == "aws":
        return AwsTunnelEnd(vpn_connection_id=spec.object_id, outside_ip_address=spec.local_address, **common)
    return AzureTunnelEnd(
        connection_id=spec.object_id,
        ip_configuration_id=spec.instance_id,
        public_ip_address=spec.local_address,
        **common,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peering:
    """One BGP neighbour of an Azure instance: a tunnel's far end, or a sibling."""

    name: str
    local: IPv4Address
    neighbor: IPv4Address
    asn: int
    origin: Literal["EBgp", "IBgp"]


def _peerings(view: GatewayView, ends: list[Endpoint]) -> list[_Peering]:
    spec = view.gateway.spec
    peerings = [
        _Peering(
            name=session_name(end.spec.key),
            local=end.spec.inside_local,
            neighbor=end.spec.inside_remote,
            asn=end.spec.bgp.remote_as,
            origin="EBgp",
        )
        for end in ends
        if end.spec.gateway == spec.key and end.spec.bgp is not None
    ]
    if spec.bgp_enabled and spec.address is not None:
        peerings += [
            _Peering(
                name=sibling_name(address),
                local=spec.address,
                neighbor=address,
                asn=spec.asn,
                origin="IBgp",
            )
            for address in spec.siblings
        ]
    return peerings


def _peers(view: GatewayView, ends: list[Endpoint]) -> list[BgpPeer]:
    bird = view.gateway.bird
    peers = []
    for peering in _peerings(view, ends):
        session = view.sessions.get(peering.name)
        connected = session is not None and session.state == "Established"
        peers.append(
            BgpPeer(
                local_address=peering.local,
                neighbor=peering.neighbor,
                asn=peering.asn,
                state="Connected" if connected else "Connecting",
                connected_duration=_duration(bird.since.get(peering.name)) if connected else "00:00:00",
                routes_received=len(view.accepted(peering.name)),
                messages_sent=bird.messages_sent[peering.name],
                messages_received=bird.messages_received[peering.name],
            )
        )
    return peers


def _duration(since: datetime | None) -> str:
    """Return the time since then as .NET writes a TimeSpan: `[d.]hh:mm:ss.fffffff`."""
    now = datetime.now(UTC)
    passed = max((now - (since or now)).total_seconds(), 0.0)
    whole = int(passed)
    days = f"{whole // 86400}." if whole >= 86400 else ""  # noqa: PLR2004 - seconds of a day
    fraction = int((passed - whole) * 10_000_000)
    return f"{days}{whole // 3600 % 24:02}:{whole // 60 % 60:02}:{whole % 60:02}.{fraction:07}"


def _learned(view: GatewayView, ends: list[Endpoint]) -> list[GatewayRoute]:
    """Return own prefixes, what BGP brought, and prefixes of local network gateways with a tunnel."""
    spec = view.gateway.spec
    peerings = {peering.name: peering for peering in _peerings(view, ends)}
    own = {OWN_NETWORKS, *(static_name(end.spec.key) for end in ends if end.spec.gateway == spec.key)}
    if spec.address is None:
        return []
    learned = []
    for route in view.routes:
        peering = peerings.get(route.protocol)
        if peering is None and route.protocol not in own:
            continue
        learned.append(
            GatewayRoute(
                local_address=spec.address,
                network=route.network,
                next_hop=peering.neighbor if peering else None,
                source_peer=peering.neighbor if peering else spec.address,
                origin=peering.origin if peering else "Network",
                as_path="-".join(str(number) for number in route.as_path),
                weight=_WEIGHT,
            )
        )
    return learned


def _advertised(view: GatewayView, ends: list[Endpoint]) -> list[GatewayRoute]:
    spec = view.gateway.spec
    advertised = []
    for peering in _peerings(view, ends):
        for route in view.exported.get(peering.name, ()):
            sent = (spec.asn, *route.as_path) if peering.origin == "EBgp" else route.as_path
            advertised.append(
                GatewayRoute(
                    local_address=peering.local,
                    network=route.network,
                    next_hop=peering.local,
                    source_peer=peering.neighbor,
                    origin="Network" if route.protocol == OWN_NETWORKS else "EBgp",
                    as_path="-".join(str(number) for number in sent),
                    weight=0,
                )
            )
    return advertised


def _far(view: GatewayView) -> list[BirdRoute]:
    return [
        route for route in view.routes if route.best and route.protocol not in {OWN_NETWORKS, ROUTER_SESSION}
    ]


def _far_networks(view: GatewayView) -> tuple[IPv4Network, ...]:
    return tuple(sorted({route.network for route in _far(view)}))


def _active(view: GatewayView, ends: list[Endpoint]) -> tuple[IPv4Address, ...]:
    """Return the outside addresses of the tunnels that carry traffic from the VPC."""
    devices = {end.device: end for end in ends} | {end.clear_device: end for end in ends if end.clear_device}
    used = {devices[route.device].spec.local_address for route in _far(view) if route.device in devices}
    return tuple(sorted(used))


def _by_gateway(pairs: Iterable[tuple[GatewayView, Any]]) -> dict[str, tuple[Any, ...]]:
    grouped: dict[str, list[Any]] = {}
    for view, item in pairs:
        grouped.setdefault(view.gateway.spec.gateway_id, []).append(item)
    return {key: tuple(items) for key, items in grouped.items()}
