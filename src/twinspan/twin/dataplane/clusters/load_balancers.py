"""Internal load balancers: Services of type LoadBalancer get an address in a subnet of their cluster.

Simplified: targets see the balancer's address, not the client's, as with client IP preservation off; EKS
shows an address instead of a DNS name. Sources: Amazon EKS user guide, "Route TCP and UDP traffic with
Network Load Balancers"; AKS, "Use an internal load balancer".
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address

from twinspan.errors import DesignError, TwinspanError
from twinspan.twin.attempts import attempt, for_each, undone_on_failure
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.clusters.api import ApiClient, Json
from twinspan.twin.dataplane.events import log
from twinspan.twin.dataplane.interfaces import Interface, Interfaces
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import Router, router_address
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.kubernetes.spec import ClusterSpec

_DEVICE = "eth0"
_TABLE = "twinspan_balancer"
_AWS_NOTE, _AZURE_NOTE = (
    "service.beta.kubernetes.io/aws-load-balancer",
    "service.beta.kubernetes.io/azure-load-balancer",
)
_PROTOCOLS = {"TCP": "tcp", "UDP": "udp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port of a Service: `protocol` and `port` at the balancer, `node_port` at the nodes."""

    protocol: str
    port: int
    node_port: int


class _Balancer:
    def __init__(self, key: str, router: Router, subnet_id: str, address: IPv4Address) -> None:
        self.router = router
        self.subnet_id = subnet_id
        self.address = address
        self.namespace = short_name("lb", key)
        self.plug = LinkEnd(namespace=router.namespace, interface=short_name("lb", key))
        self.rules = ""
        self.interface: Interface | None = None


class LoadBalancers:
    """Follows the Services of one cluster.

    Attributes:
        problems: Services whose balancer could not be made or changed when they were last followed, and why.
    """

    def __init__(self, api: ApiClient, *, subnets: Subnets, interfaces: Interfaces) -> None:
        self._api = api
        self._subnets = subnets
        self._interfaces = interfaces
        self._balancers: dict[str, _Balancer] = {}
        self._told: dict[str, str] = {}
        self.problems: tuple[str, ...] = ()

    def follow(self, spec: ClusterSpec, services: Iterable[Json], nodes: Sequence[IPv4Address]) -> None:
        """Make, change and remove balancers as the Services ask.

        Args:
            spec: The cluster.
            services: All of its Services.
            nodes: Addresses of its ready nodes, which take the connections.
        """
        asked = {
            service["metadata"]["uid"]: service
            for service in services
            if service["spec"].get("type") == "LoadBalancer"
            and not service["metadata"].get("deletionTimestamp")
        }
        problems: list[str] = []
        stale = [uid for uid in self._balancers if uid not in asked]
        attempt(stale, self._drop, name=lambda uid: f"load balancer {uid}", problems=problems)
        attempt(
            asked.items(),
            lambda item: self._serve_or_tell(spec, item[0], item[1], nodes),
            name=lambda item: _name(spec, item[1]),
            problems=problems,
        )
        for problem in problems:
            if problem not in self.problems:
                log(spec.name, problem)
        self.problems = tuple(problems)

    def remove_all(self) -> None:
        """Remove all balancers; the API server is not asked.

        Raises:
            ItemsError: Something of some is left; it can be called again.
        """
        for_each(list(self._balancers), self._drop, name=lambda uid: f"load balancer {uid}")

    def _drop(self, uid: str) -> None:
        balancer = self._balancers[uid]
        self._remove(balancer)
        self._subnets.addresses.give_back(balancer.router.spec.key, balancer.address)
        del self._balancers[uid]

    def _serve_or_tell(
        self, spec: ClusterSpec, uid: str, service: Json, nodes: Sequence[IPv4Address]
    ) -> None:
        try:
            self._serve(spec, uid, service, nodes)
        except DesignError as error:
            self._tell(uid, service, str(error))
            raise

    def _serve(self, spec: ClusterSpec, uid: str, service: Json, nodes: Sequence[IPv4Address]) -> None:
        if not is_internal(spec, service):
            raise DesignError(
                where=_name(spec, service),
                problem="a load balancer with a public address cannot be had: the twin has no internet",
                remedy=f"Mark it internal with the annotation {_internal_note(spec)}",
            )
        balancer = self._balancers.get(uid)
        if balancer is None:
            balancer = self._build(spec, uid, service)
            self._balancers[uid] = balancer
        rules = balancer_rules(ports(service), nodes)
        if rules != balancer.rules:
            namespaces.nft(balancer.namespace, rules)
            balancer.rules = rules
        shown = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
        if [ingress.get("ip") for ingress in shown] != [str(balancer.address)]:
            meta = service["metadata"]
            self._api.patch(
                f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}/status",
                {"status": {"loadBalancer": {"ingress": [{"ip": str(balancer.address)}]}}},
            )

    def _build(self, spec: ClusterSpec, uid: str, service: Json) -> _Balancer:
        where, addresses = _name(spec, service), self._subnets.addresses
        with self._subnets.lock:
            router, subnet_id = self._subnet(spec, service)
            subnet = router.subnet(subnet_id)
            if subnet is None:
                raise AssertionError("the subnet has just been found")
            prefix, key = subnet.prefixes[0], router.spec.key
            requested_address = service["spec"].get("loadBalancerIP")
            if requested_address and spec.side == "azure":
                address = _address(requested_address, where)
                addresses.claim(key, prefix, address, where=where)
            else:
                address = addresses.take(key, prefix, where=where)
            balancer = _Balancer(uid, router, subnet_id, address)
            with undone_on_failure(
                partial(self._remove, balancer), partial(addresses.give_back, key, address)
            ):
                self._attach(balancer, prefix.prefixlen, router_address(prefix), where)
        self._interfaces.refresh()
        return balancer

    def _attach(self, balancer: _Balancer, length: int, gateway: IPv4Address, where: str) -> None:
        namespaces.add([balancer.namespace])
        namespaces.set_sysctls(balancer.namespace, {"ipv4/ip_forward": "1"})
        if balancer.router.spec.side == "azure":
            # Floating IP: the NSG sees the client, the front end's address and its port.
            balancer.interface = Interface(
                name=where,
                namespace=balancer.namespace,
                router=balancer.router,
                subnet_id=balancer.subnet_id,
                address=balancer.address,
                device=_DEVICE,
            )
            self._interfaces.add(balancer.interface)
        else:
            self._interfaces.add_balancer(balancer.router, balancer.address)
        links.join(LinkEnd(namespace=balancer.namespace, interface=_DEVICE), balancer.plug)
        balancer.router.plug_in(balancer.subnet_id, balancer.plug.interface, [balancer.address])
        namespaces.ip(
            [
                f"addr add {balancer.address}/{length} dev {_DEVICE}",
                f"link set {_DEVICE} up",
                f"route add default via {gateway}",
            ],
            namespace=balancer.namespace,
        )

    def _subnet(self, spec: ClusterSpec, service: Json) -> tuple[Router, str]:
        """Return the subnet: Azure: the one named, else the nodes'; AWS: the nodes'."""
        where, nodes = _name(spec, service), [node.subnet_id for node in spec.nodes]
        if not nodes:
            raise DesignError(where=where, problem="the cluster has no nodes", remedy="Add some")
        chosen = nodes[0] if spec.side == "aws" else nodes[0].lower()
        named = _notes(service).get(f"{_AZURE_NOTE}-internal-subnet")
        if named and spec.side == "azure":
            chosen = f"{chosen.rpartition('/')[0]}/{named.lower()}"
        place = self._subnets.find(spec.side, chosen)
        if place is None:
            raise DesignError(
                where=where,
                problem=f"there is no subnet {chosen}",
                remedy="Name a subnet of the nodes' network",
            )
        return place[0], chosen

    def _remove(self, balancer: _Balancer) -> None:
        if balancer.interface is not None:
            self._interfaces.remove(balancer.interface)
        self._interfaces.remove_balancer(balancer.router, balancer.address)
        with suppress(TwinspanError):  # its network went first, or it was never joined
            links.cut(balancer.plug)
        if namespaces.exists(balancer.namespace):
            namespaces.delete(balancer.namespace)

    def _tell(self, uid: str, service: Json, problem: str) -> None:
        """Say once, in an event of the Service, why it stays pending."""
        if self._told.get(uid) == problem:
            return
        self._told[uid] = problem
        meta, now = service["metadata"], f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._api.create(
            f"/api/v1/namespaces/{meta['namespace']}/events",
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"generateName": f"{meta['name']}.", "namespace": meta["namespace"]},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "name": meta["name"],
                    "namespace": meta["namespace"],
                    "uid": uid,
                },
                "type": "Warning",
                "count": 1,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "reason": "SyncLoadBalancerFailed",
                "message": problem,
                "source": {"component": "service-controller"},
            },
        )


def is_internal(spec: ClusterSpec, service: Json) -> bool:
    """Return whether a Service asks for an address in a subnet, in its cloud's words."""
    notes = _notes(service)
    if spec.side == "azure":
        return notes.get(f"{_AZURE_NOTE}-internal", "").lower() == "true"
    return (
        notes.get(f"{_AWS_NOTE}-scheme") == "internal"
        or notes.get(f"{_AWS_NOTE}-internal", "").lower() == "true"
    )


def ports(service: Json) -> list[Port]:
    """Return a Service's ports that nodes listen on."""
    return [
        Port(protocol=_PROTOCOLS[port["protocol"]], port=port["port"], node_port=port["nodePort"])
        for port in service["spec"].get("ports", [])
        if port.get("nodePort") and port.get("protocol") in _PROTOCOLS
    ]


def balancer_rules(service_ports: Sequence[Port], nodes: Sequence[IPv4Address]) -> str:
    """Return the nftables text of a balancer: connections go to the nodes in turn. Pure."""
    chains, choices = [], []
    for port in service_ports if nodes else ():
        targets = []
        for number, node in enumerate(sorted(nodes)):
            name = f"{port.protocol}_{port.port}_{number}"
            chains.append(
                f"  chain {name} {{ meta l4proto {port.protocol} dnat to {node}:{port.node_port}; }}"
            )
            targets.append(f"{number} : goto {name}")
        choices.append(
            f"    {port.protocol} dport {port.port} numgen inc mod {len(targets)}"
            f" vmap {{ {', '.join(targets)} }}"
        )
    return "\n".join(
        [
            f"table ip {_TABLE}",
            f"delete table ip {_TABLE}",
            f"table ip {_TABLE} {{",
            *chains,
            "  chain in {",
            "    type nat hook prerouting priority dstnat; policy accept;",
            *choices,
            "  }",
            "  chain out {",
            "    type nat hook postrouting priority srcnat; policy accept;",
            "    ct status dnat masquerade",
            "  }",
            "  chain rest {",
            "    type filter hook input priority filter; policy drop;",
            "    ip protocol icmp accept",
            "  }",
            "}",
            "",
        ]
    )


def _notes(service: Json) -> dict[str, str]:
    return service["metadata"].get("annotations") or {}


def _internal_note(spec: ClusterSpec) -> str:
    if spec.side == "azure":
        return f'{_AZURE_NOTE}-internal: "true"'
    return f"{_AWS_NOTE}-scheme: internal"


def _name(spec: ClusterSpec, service: Json) -> str:
    meta = service["metadata"]
    return f"Service {meta['namespace']}/{meta['name']} of {spec.name}"


def _address(text: str, where: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError as error:
        raise DesignError(
            where=where, problem=f"loadBalancerIP {text} is no IPv4 address", remedy="Correct it"
        ) from error
