"""How a node and its pods are in their subnets: interfaces, addresses, routes and filters."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from twinspan.errors import DesignError, TwinspanError
from twinspan.network.clouds import Cloud
from twinspan.network.ranges import TWIN_MANAGEMENT
from twinspan.twin.attempts import undone_on_failure
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.addresses import BLOCK_LENGTH
from twinspan.twin.dataplane.interfaces import Interface, Interfaces
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import Router, router_address
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.kubernetes.spec import NodeSpec

NODE_DEVICE, POD_DEVICE, MANAGEMENT_DEVICE = "eth0", "eth1", "management"
_POD_TABLE = 100
_TO_LOCAL, _CAME_IN, _FROM_PODS = 100, 110, 120
_CAME_IN_MARK = 0x80
_BLOCK_SIZE = 2 ** (32 - BLOCK_LENGTH)
_SYSCTLS = {
    "ipv4/ip_forward": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/send_redirects": "0",
    "ipv4/conf/default/send_redirects": "0",
    "ipv4/icmp_ratelimit": "0",  # every question to the resolver is to be refused at once
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a node is, for its whole life.

    Attributes:
        router: Key of its VPC or VNet.
        address: Its own address.
        subnet: Prefix of its subnet that holds the address.
        pod_subnet: Prefix that pods' addresses are of.
        pod_address: Address of its second interface; None if pods are in the node's subnet.
        blocks: Its pods' addresses.
    """

    router: str
    address: IPv4Address
    subnet: IPv4Network
    pod_subnet: IPv4Network
    pod_address: IPv4Address | None
    blocks: tuple[IPv4Network, ...]

    @property
    def overlay(self) -> bool:
        """Whether pods have addresses that their VNet does not know."""
        return self.address not in self.pod_subnet and self.pod_address is None

    @property
    def pod_gateway(self) -> IPv4Address:
        """Pods' next hop: the node, by an address of its own in the pods' subnet."""
        if self.overlay:
            return self.pod_subnet[1]
        return self.pod_address or self.address

    @property
    def pod_ranges(self) -> tuple[tuple[IPv4Address, IPv4Address], ...]:
        """First and last address of each range for pods."""
        if self.overlay:
            return ((self.pod_subnet[2], self.pod_subnet[-2]),)
        return tuple((block[0], block[-1]) for block in self.blocks)


class NodeNetwork:
    """Attaches one node.

    Args:
        name: The node in messages.
        namespace: Its network namespace.
        side: Its cloud.
        spec: What it is to be.
        resolver: Address of the virtual network's DNS server, which the twin does not have.
        subnets: Where it finds a place.
        interfaces: Where its filters are kept.
    """

    def __init__(
        self,
        *,
        name: str,
        namespace: str,
        side: Cloud,
        spec: NodeSpec,
        resolver: IPv4Address,
        subnets: Subnets,
        interfaces: Interfaces,
    ) -> None:
        self._name = name
        self._namespace = namespace
        self._side = side
        self._spec = spec
        self._resolver = resolver
        self._subnets = subnets
        self._interfaces = interfaces
        self._attached: list[tuple[Interface, LinkEnd]] = []
        self.place: Place | None = None

    def choose(self, pod_network: IPv4Network | None) -> Place:
        """Take its addresses, which it keeps until `give_back`.

        Args:
            pod_network: The node's part of an overlay; None: pods are in a subnet.

        Raises:
            DesignError: No such subnet, or no address is free.
        """
        with self._subnets.lock:
            if self.place is None:
                self.place = self._chosen(pod_network)
            return self.place

    def attach(self) -> None:
        """Make its namespace and interfaces, with the filters in force before the first packet.

        Raises:
            DesignError: Its subnet or a security group of its is not there.
        """
        place = self._place()
        namespaces.add([self._namespace])
        with undone_on_failure(self.detach):
            namespaces.set_sysctls(self._namespace, _SYSCTLS)
            namespaces.nft(self._namespace, _nobody_at(self._resolver))
            with self._subnets.lock:
                self._join(NODE_DEVICE, self._spec.subnet_id, place.address, self._on_first(place))
                if place.pod_address is not None:
                    self._join(POD_DEVICE, self._spec.pod_subnet_id, place.pod_address, place.blocks)
            self._address(place)
        self._interfaces.refresh()

    def detach(self) -> None:
        """Remove its interfaces and its namespace; its addresses stay its own."""
        with self._subnets.lock:
            for interface, plug in self._attached:
                self._interfaces.remove(interface)
                if namespaces.exists(plug.namespace):
                    _cut(plug)
            self._attached.clear()
        if namespaces.exists(self._namespace):
            namespaces.delete(self._namespace)
        self._interfaces.refresh()

    def give_back(self) -> None:
        """Free its addresses."""
        place, self.place = self.place, None
        if place is None:
            return
        addresses = self._subnets.addresses
        addresses.give_back(place.router, place.address)
        if place.pod_address is not None:
            addresses.give_back(place.router, place.pod_address)
        for block in place.blocks:
            addresses.give_back(place.router, block)

    def _place(self) -> Place:
        if self.place is None:
            raise AssertionError("a node has addresses before it is attached")
        return self.place

    def _chosen(self, pod_network: IPv4Network | None) -> Place:
        router, subnet = self._subnet(self._spec.subnet_id)
        key, where, taken = router.spec.key, f"node {self._name}", self._subnets.addresses
        address = taken.take(key, subnet, where=where)
        if pod_network is not None:
            blocks = (pod_network,)
            return Place(
                router=key,
                address=address,
                subnet=subnet,
                pod_subnet=pod_network,
                pod_address=None,
                blocks=blocks,
            )
        pod_address: IPv4Address | None = None
        got: list[IPv4Network] = []
        try:
            pod_subnet = subnet
            if self._spec.pod_subnet_id:
                _, pod_subnet = self._subnet(self._spec.pod_subnet_id)
                pod_address = taken.take(key, pod_subnet, where=where)
            got += [
                taken.take_block(key, pod_subnet, where=where)
                for _ in range(-(-self._spec.max_pods // _BLOCK_SIZE))
            ]
        except DesignError:
            for network in (address, pod_address, *got):
                if network is not None:
                    taken.give_back(key, network)
            raise
        return Place(
            router=key,
            address=address,
            subnet=subnet,
            pod_subnet=pod_subnet,
            pod_address=pod_address,
            blocks=tuple(got),
        )

    def _subnet(self, subnet_id: str) -> tuple[Router, IPv4Network]:
        key = subnet_id if self._side == "aws" else subnet_id.lower()
        place = self._subnets.find(self._side, key)
        if place is None:
            raise DesignError(
                where=f"node {self._name}",
                problem=f"the {self._side} side has no subnet {subnet_id}",
                remedy="Put the node group or pool into subnets that exist",
            )
        router, subnet = place
        return router, subnet.prefixes[0]

    def _on_first(self, place: Place) -> tuple[IPv4Network, ...]:
        """Return the pods' addresses that the node's first interface answers for."""
        return () if place.pod_address is not None else place.blocks

    def _join(
        self, device: str, subnet_id: str, address: IPv4Address, pod_networks: tuple[IPv4Network, ...]
    ) -> None:
        router, _ = self._subnet(subnet_id)
        interface = Interface(
            name=f"node {self._name}",
            namespace=self._namespace,
            router=router,
            subnet_id=subnet_id if self._side == "aws" else subnet_id.lower(),
            address=address,
            pod_networks=pod_networks,
            security_group_ids=self._spec.security_group_ids,
            device=device,
        )
        plug = LinkEnd(
            namespace=router.namespace, interface=short_name("node", f"{self._namespace} {device}")
        )
        self._interfaces.plug_in(interface, plug)
        self._attached.append((interface, plug))

    def _address(self, place: Place) -> None:
        commands = [
            f"addr add {place.address}/{place.subnet.prefixlen} dev {NODE_DEVICE}",
            f"link set {NODE_DEVICE} up",
            f"route add default via {router_address(place.subnet)}",
        ]
        answering = NODE_DEVICE
        if place.pod_address is not None:
            answering = POD_DEVICE
            gateway = router_address(place.pod_subnet)
            commands += [
                # No route of its own to the subnet: only pods use this interface.
                f"addr add {place.pod_address}/{place.pod_subnet.prefixlen} dev {POD_DEVICE} noprefixroute",
                f"link set {POD_DEVICE} up",
                f"route add {gateway}/32 dev {POD_DEVICE} table {_POD_TABLE}",
                f"route add default via {gateway} dev {POD_DEVICE} table {_POD_TABLE}",
                f"rule add to {TWIN_MANAGEMENT} lookup main priority {_TO_LOCAL}",
                *(f"rule add to {block} lookup main priority {_TO_LOCAL}" for block in place.blocks),
                f"rule add fwmark {_CAME_IN_MARK}/{_CAME_IN_MARK} lookup main priority {_CAME_IN}",
                f"rule add from {place.pod_subnet} lookup {_POD_TABLE} priority {_FROM_PODS}",
            ]
            namespaces.nft(self._namespace, _answers_go_back())
        namespaces.ip(commands, namespace=self._namespace)
        namespaces.set_sysctls(
            self._namespace,
            {f"ipv4/conf/{answering}/proxy_arp": "1", f"ipv4/neigh/{answering}/proxy_delay": "0"},
        )


def _nobody_at(resolver: IPv4Address) -> str:
    """Refuse questions to a DNS server that is not there: unanswered, each would take seconds to fail."""
    refused = f"ip daddr {resolver} meta l4proto {{ tcp, udp }} th dport 53 reject"
    return f"""table ip twinspan_resolver {{
  chain forward {{
    type filter hook forward priority filter; policy accept;
    {refused}
  }}
  chain out {{
    type filter hook output priority filter; policy accept;
    {refused}
  }}
}}
"""


def _answers_go_back() -> str:
    """Send pods' answers to a NodePort back through the interface that the question came in by."""
    return f"""table ip twinspan_paths {{
  chain in {{
    type filter hook prerouting priority -140;
    iifname "{NODE_DEVICE}" ct state new ct mark set ct mark or {_CAME_IN_MARK}
    iifname != "{NODE_DEVICE}" ct direction reply ct mark and {_CAME_IN_MARK} == {_CAME_IN_MARK} \\
      meta mark set meta mark or {_CAME_IN_MARK}
  }}
}}
"""


def _cut(plug: LinkEnd) -> None:
    try:
        links.cut(plug)
    except TwinspanError:
        return  # it went with its subnet's router
