"""A gateway: a virtual private gateway, or one instance of an Azure VPN gateway."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from twinspan.network.limits import AZURE_TUNNEL_MSS
from twinspan.twin.attempts import in_turn, raise_any, undone_on_failure
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.bird import Bird
from twinspan.twin.dataplane.bird_config import (
    Preference,
    Uplink,
    gateway_config,
    session_name,
    sibling_name,
)
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.links import LinkEnd, TransitAddresses
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import Router
from twinspan.twin.dataplane.routes import IpObjects, bgp_identifier
from twinspan.twin.dataplane.spec import EndSpec, GatewaySpec

_ROUTER = "router"
_LOCAL_TABLE = 100
"""Number of the table of the own networks, and priority of the rules that lead there: before the main one."""
_RULES = f"""table inet twinspan_gateway {{
  chain forward {{
    type filter hook forward priority mangle; policy accept;
    tcp flags & (syn | rst) == syn tcp option maxseg size set {AZURE_TUNNEL_MSS}
  }}
  chain output {{
    type filter hook output priority filter; policy accept;
    icmp type destination-unreachable icmp code frag-needed drop
  }}
}}
"""
"""The output rule: neither cloud's VPN does path MTU discovery. Source: AWS Site-to-Site VPN quotas."""


class Gateway:
    """Builds and removes one gateway; its tunnel ends bring their TUN devices here.

    Attributes:
        spec: What it is now.
        namespace: Where it lives.
        bird: Its BGP speaker.
        alive: Whether its network may send to it.
        router: Its network's router, while it is joined to one.
    """

    def __init__(
        self, spec: GatewaySpec, *, transit: TransitAddresses, folder: Path, journal: Journal
    ) -> None:
        self.spec = spec
        self.namespace = short_name("gw", spec.key)
        self.bird = Bird(
            role=f"bird {spec.key}",
            namespace=self.namespace,
            folder=folder,
            journal=journal,
            on_routes=lambda: None,
        )
        self.uplink: Uplink | None = None
        self.alive = True
        self._transit = transit
        self._number: int | None = None
        self.router: Router | None = None
        self._objects = IpObjects(self.namespace)
        self._ends: Sequence[EndSpec] = ()
        self._preferences: dict[str, Preference] = {}

    def start(self) -> None:
        """Make its namespace."""
        namespaces.add([self.namespace])
        namespaces.set_sysctls(
            self.namespace,
            {
                "ipv4/ip_forward": "1",
                "ipv4/conf/all/rp_filter": "0",
                "ipv4/conf/default/rp_filter": "0",
            },
        )
        namespaces.spread_flows(self.namespace)
        namespaces.nft(self.namespace, _RULES)

    def stop(self) -> None:
        """Remove it, after its tunnel ends."""
        in_turn(self.bird.stop, self._unplug, lambda: namespaces.delete(self.namespace))

    def wire(self, spec: GatewaySpec, router: Router | None) -> None:
        """Join it to its router, or take it off, as `spec` says."""
        moved = (spec.router, spec.subnet_id, spec.address) != (
            self.spec.router,
            self.spec.subnet_id,
            self.spec.address,
        )
        self.spec = spec
        if moved or router is not self.router:
            self._unplug()
        if router is not None and self.router is None:
            self._plug(router)
        self._objects.sync(self._routes_inside(spec.networks))

    def prefer(self, end_key: str, preference: Preference | None) -> None:
        """Announce nothing over one tunnel, or make it the last choice of both sides; None undoes it."""
        self._preferences.pop(end_key, None)
        if preference is not None:
            self._preferences[end_key] = preference
        self.configure(self._ends)

    def configure(self, ends: Sequence[EndSpec]) -> None:
        """Give BIRD its sessions.

        Raises:
            ItemsError: BIRD takes some ends' sessions or routes not; it has the others.
        """
        self._ends = ends
        spec = self.spec
        problems: list[str] = []
        fitting = self.bird.fitting(ends, self._text, name=lambda end: end.key, problems=problems)
        subjects = {session_name(end.key): end.key for end in ends if end.bgp is not None}
        if spec.bgp_enabled:  # without BGP the instances' exchange is nobody's business
            subjects |= {sibling_name(address): spec.key for address in spec.siblings}
        self.bird.configure(self._text(fitting), subjects)
        raise_any(problems)

    def _text(self, ends: Sequence[EndSpec]) -> str:
        spec = self.spec
        identifier = spec.address or bgp_identifier(spec.key)
        devices = {end.key: short_name("tun", end.key) for end in ends}
        return gateway_config(spec, ends, devices, self.uplink, identifier, preferences=self._preferences)

    def _routes_inside(self, networks: Sequence[IPv4Network]) -> set[tuple[str, str]]:
        """AWS: own networks come before every route, as "local" does in the VPC's tables."""
        if self.uplink is None:
            return set()
        via = f"via {self.uplink.router} dev {_ROUTER}"
        if self.spec.side == "azure":
            return {("route", f"{net} {via}") for net in networks}
        rules = {("rule", f"to {net} lookup {_LOCAL_TABLE} priority {_LOCAL_TABLE}") for net in networks}
        return rules | {("route", f"{net} {via} table {_LOCAL_TABLE}") for net in networks}

    def _plug(self, router: Router) -> None:
        far = LinkEnd(namespace=router.namespace, interface=short_name("up", self.spec.key))
        links.join(LinkEnd(namespace=self.namespace, interface=_ROUTER), far)
        self.router = router
        with undone_on_failure(self._unplug):
            self._adopted(router, far)

    def _adopted(self, router: Router, far: LinkEnd) -> None:
        if self.spec.side == "azure":
            self.uplink, prefix_length = router.adopt_instance(self.spec, far.interface)
        else:
            self._number = self._transit.take()
            ours, theirs = self._transit.pair(self._number)
            self.uplink, prefix_length = Uplink(gateway=ours, router=theirs), 31
            router.adopt_vpn_gateway(far.interface, self.uplink)
        namespaces.ip(
            [
                f"addr add {self.uplink.gateway}/{prefix_length} dev {_ROUTER}",
                f"link set {_ROUTER} up",
            ],
            namespace=self.namespace,
        )

    def _unplug(self) -> None:
        if self.router is None:
            return
        try:
            links.cut(LinkEnd(namespace=self.namespace, interface=_ROUTER))
        finally:
            self._objects.forget(_ROUTER)
            if self._number is not None:
                self._transit.give_back(self._number)
            self.router = self._number = self.uplink = None
