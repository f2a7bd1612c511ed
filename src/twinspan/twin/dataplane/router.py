"""A VPC or VNet: a router with one bridge per subnet and one kernel table per route table."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from twinspan.errors import HostError
from twinspan.network.ranges import PRIVATE
from twinspan.twin.attempts import attempt, for_each, in_turn, raise_any, undone_on_failure
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.bird import Bird
from twinspan.twin.dataplane.bird_config import Uplink, gateway_name, router_config
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.filters import network_acl_ruleset, network_acl_table
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.routes import IpObjects, bgp_identifier
from twinspan.twin.dataplane.spec import GatewaySpec, RouterSpec, StaticRoute, SubnetSpec

_FIRST_TABLE = 1001
_SUBNET_TABLE = 200
_STATIC_METRIC, _SYSTEM_METRIC, _LAST_METRIC = 10, 50, 4000


_Joined = tuple[GatewaySpec, Uplink]


class Router:
    """Builds, changes and removes one router.

    A table holds what `network.routes` chooses among: static or user-defined routes, learned ones outside the
    own network, and the way back to it.

    Attributes:
        spec: What it is now.
        namespace: Where it lives.
        bird: Learns routes from the gateways and puts them into the propagating tables.
    """

    def __init__(
        self, spec: RouterSpec, *, folder: Path, journal: Journal, on_routes: Callable[[], None]
    ) -> None:
        self.spec = spec
        self.namespace = short_name("net", spec.key)
        self.bird = Bird(
            role=f"bird {spec.key}",
            namespace=self.namespace,
            folder=folder,
            journal=journal,
            on_routes=on_routes,
        )
        self._objects = IpObjects(self.namespace)
        self._subnets: dict[str, SubnetSpec] = {}
        self._numbers: dict[str, int] = {}
        self._acls: dict[str, str] = {}
        self._lock = threading.RLock()

    def start(self) -> None:
        """Make its namespace."""
        namespaces.add([self.namespace])
        namespaces.set_sysctls(
            self.namespace,
            {
                "ipv4/ip_forward": "1",
                "ipv4/conf/all/rp_filter": "0",
                "ipv4/conf/default/rp_filter": "0",
                "ipv4/conf/all/send_redirects": "0",
                "ipv4/conf/default/send_redirects": "0",
            },
        )
        namespaces.spread_flows(self.namespace)

    def stop(self) -> None:
        """Remove it, after its hosts and gateways."""
        in_turn(self.bird.stop, lambda: namespaces.delete(self.namespace))

    def set_subnets(self, spec: RouterSpec) -> None:
        """Make the bridges of new subnets and remove those of old ones.

        Raises:
            ItemsError: Some subnets could not be made; the others were.
        """
        with self._lock:
            self.spec = spec
            desired_subnets = {subnet.id: subnet for subnet in spec.subnets}
            problems: list[str] = []
            stale = [
                key
                for key, subnet in self._subnets.items()
                if key not in desired_subnets or desired_subnets[key].prefixes != subnet.prefixes
            ]
            attempt(stale, self._remove_subnet, name=str, problems=problems)
            new = [subnet for key, subnet in desired_subnets.items() if key not in self._subnets]
            attempt(new, self._add_subnet, name=lambda subnet: subnet.id, problems=problems)
            self._subnets = {key: subnet for key, subnet in desired_subnets.items() if key in self._subnets}
            raise_any(problems)

    def _add_subnet(self, subnet: SubnetSpec) -> None:
        remove = [f"link delete {bridge_name(subnet.id)}"]
        with undone_on_failure(lambda: namespaces.ip(remove, namespace=self.namespace)):
            namespaces.ip(_bridge(subnet), namespace=self.namespace)
        self._subnets[subnet.id] = subnet

    def _remove_subnet(self, key: str) -> None:
        del self._subnets[key]
        self._objects.forget(bridge_name(key))
        self._acls.pop(key, None)
        namespaces.ip([f"link delete {bridge_name(key)}"], namespace=self.namespace)

    def set_routes(self, gateways: Sequence[_Joined]) -> None:
        """Program route tables and rules, and give BIRD its sessions with the gateways.

        Raises:
            ItemsError: Some routes or the sessions could not be set; the rest was.
        """
        with self._lock:
            self._number_tables()
            objects = self._rules() | self._system_routes()
            uplinks = {gateway.key: uplink for gateway, uplink in gateways}
            routes = [(table, route) for table in self.spec.tables for route in table.routes]
            problems: list[str] = []
            objects |= set(
                attempt(
                    routes,
                    lambda table_route: (
                        "route",
                        self._static(table_route[1], self._numbers[table_route[0].key], uplinks),
                    ),
                    name=lambda table_route: f"{table_route[0].key}: route to {table_route[1].destination}",
                    problems=problems,
                )
            )
            # Nothing goes before what comes in its place is there: a static route or a propagated one.
            self._objects.add(objects)
        attempt([gateways], self._configure_bird, name=lambda _: "BGP with the gateways", problems=problems)
        with self._lock:
            attempt([objects], self._objects.sync, name=lambda _: "routes", problems=problems)
        raise_any(problems)

    def _configure_bird(self, gateways: Sequence[_Joined]) -> None:
        if not gateways:
            return
        problems: list[str] = []
        fitting = self.bird.fitting(
            gateways, self._text, name=lambda joined: joined[0].key, problems=problems
        )
        subjects = {gateway_name(gateway.key): self.spec.key for gateway, _ in gateways}
        self.bird.configure(self._text(fitting), subjects)
        raise_any(problems)

    def _text(self, gateways: Sequence[_Joined]) -> str:
        return router_config(self.spec, gateways, self._numbers, bgp_identifier(self.spec.key))

    def set_acls(self) -> None:
        """Load the network ACLs that changed.

        Raises:
            ItemsError: Some make no sense or cannot be loaded; the others were.
        """
        with self._lock:
            for_each(list(self._subnets.values()), self._set_acl, name=lambda subnet: f"ACL of {subnet.id}")
            for key in [key for key in self._acls if key not in self._subnets]:
                namespaces.nft(self.namespace, f"delete table ip {network_acl_table(key)}\n")
                del self._acls[key]

    def _set_acl(self, subnet: SubnetSpec) -> None:
        if subnet.aws is None or subnet.network_acl is None:
            return
        text = network_acl_ruleset(subnet.network_acl, subnet=subnet.aws, interface=bridge_name(subnet.id))
        if self._acls.get(subnet.id) != text:
            namespaces.nft(self.namespace, text)
            self._acls[subnet.id] = text

    def subnet(self, subnet_id: str) -> SubnetSpec | None:
        """Return a subnet by id."""
        return self._subnets.get(subnet_id)

    def table_number(self, subnet_id: str) -> int:
        """Return the number of the kernel's table for what leaves a subnet.

        Raises:
            HostError: The subnet is not there, or has no table.
        """
        subnet = self._subnets.get(subnet_id)
        number = self._numbers.get(subnet.table) if subnet is not None else None
        if number is None:
            raise HostError(problem=f"{subnet_id} has no routes", remedy="See why it is not built")
        return number

    def adopt_vpn_gateway(self, device: str, uplink: Uplink) -> None:
        """Take the wire of a virtual private gateway."""
        namespaces.ip(
            [f"addr add {uplink.router}/31 dev {device}", f"link set {device} up"],
            namespace=self.namespace,
        )

    def plug_in(self, subnet_id: str, device: str, addresses: Iterable[IPv4Address | IPv4Network]) -> None:
        """Join a wire's near end to a subnet. Who had its addresses before is forgotten.

        As in the clouds: there the network knows which interface has an address, and nobody resolves it.
        """
        bridge = bridge_name(subnet_id)
        namespaces.ip(
            [
                f"link set {device} master {bridge} up",
                *(f"neigh flush to {address} dev {bridge}" for address in addresses),
            ],
            namespace=self.namespace,
        )

    def adopt_instance(self, gateway: GatewaySpec, device: str) -> tuple[Uplink, int]:
        """Take the wire of an Azure gateway instance into GatewaySubnet.

        Returns:
            The addresses of both, and the length of the subnet's prefix.

        Raises:
            HostError: The instance has no address in an existing GatewaySubnet.
        """
        subnet = self._subnets.get(gateway.subnet_id)
        prefixes = [
            p for p in (subnet.prefixes if subnet else ()) if gateway.address and gateway.address in p
        ]
        if subnet is None or gateway.address is None or not prefixes:
            raise HostError(
                problem=f"{gateway.key} has no address in its GatewaySubnet",
                remedy="Give the subnet an address range that fits the gateway",
            )
        self.plug_in(subnet.id, device, [gateway.address])
        uplink = Uplink(gateway=gateway.address, router=router_address(prefixes[0]))
        return uplink, prefixes[0].prefixlen

    def gateway_prefixes(self) -> tuple[IPv4Network, ...]:
        """Return what the network reaches through its gateway: learned, or by user-defined route."""
        static = {
            route.destination
            for table in self.spec.tables
            for route in table.routes
            if route.target == "gateway"
        }
        learned = {route.network for route in self.bird.routes()}
        return tuple(sorted(static | learned))

    def _number_tables(self) -> None:
        for table in self.spec.tables:
            if table.key not in self._numbers:
                used = set(self._numbers.values())
                free = (n for n in range(_FIRST_TABLE, _FIRST_TABLE + len(used) + 1) if n not in used)
                self._numbers[table.key] = next(free)

    def _rules(self) -> set[tuple[str, str]]:
        rules = set()
        for subnet in self._subnets.values():
            number = self._numbers.get(subnet.table)
            if number is not None:
                device = bridge_name(subnet.id)
                rules.add(("rule", f"iif {device} lookup {number} priority {_SUBNET_TABLE}"))
        return rules

    def _system_routes(self) -> set[tuple[str, str]]:
        routes = {("route", f"unreachable {net} metric {_LAST_METRIC}") for net in self.spec.networks}
        own = [(f"throw {net}", _SYSTEM_METRIC) for net in self.spec.networks]
        # Azure's default routes to nowhere, see `network.routes`; 100.64.0.0/10 holds the twin's own links.
        nowhere = [(f"blackhole {net}", _LAST_METRIC) for net in PRIVATE if self.spec.side == "azure"]
        return routes | {
            ("route", f"{route} table {number} metric {metric}")
            for route, metric in (*own, *nowhere)
            for number in self._numbers.values()
        }

    def _static(self, route: StaticRoute, number: int, uplinks: Mapping[str, Uplink]) -> str:
        end = f"table {number} metric {_STATIC_METRIC}"
        if route.target == "local":
            return f"throw {route.destination} {end}"
        if route.target == "appliance" and route.next_hop is not None:
            device = self._device_towards(route.next_hop)
            if device:
                return f"{route.destination} via {route.next_hop} dev {device} {end}"
        if route.target == "gateway":
            chosen = [u for key, u in sorted(uplinks.items()) if route.gateway in {"", key}]
            if chosen:
                hops = " ".join(f"nexthop via {uplink.gateway}" for uplink in chosen)
                return f"{route.destination} {end} {hops}"
        return f"blackhole {route.destination} {end}"

    def _device_towards(self, address: IPv4Address) -> str:
        for subnet in self._subnets.values():
            if any(address in prefix for prefix in subnet.prefixes):
                return bridge_name(subnet.id)
        return ""


def bridge_name(subnet_id: str) -> str:
    """Return the name of a subnet's bridge in its router."""
    return short_name("br", subnet_id)


def router_address(prefix: IPv4Network) -> IPv4Address:
    """Return the address of the router in a subnet: the first host, as in both clouds."""
    return prefix[1]


def _bridge(subnet: SubnetSpec) -> list[str]:
    name = bridge_name(subnet.id)
    return [
        links.bridge(name, key=subnet.id),
        *(f"addr add {router_address(prefix)}/{prefix.prefixlen} dev {name}" for prefix in subnet.prefixes),
        f"link set {name} up",
    ]
