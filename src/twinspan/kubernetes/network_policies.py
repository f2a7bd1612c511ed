"""NetworkPolicies: what they say, and what they let through. Pure.

A pod that no policy selects is open. One that some select is closed in the directions these name, and open to
what any of them allows. Source: Kubernetes, Network Policies; API reference, networking.k8s.io/v1.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, collapse_addresses, ip_address, ip_network
from typing import Any, Literal

from twinspan.kubernetes.label_selectors import Labels, Selector, selector_of
from twinspan.network.limits import LAST_PORT
from twinspan.network.ranges import ANYWHERE

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")
Manifest = Mapping[str, Any]

_FINISHED = {"Succeeded", "Failed"}
_NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPort:
    """A port as a policy names it: a number, a container port's name, or None for all of the protocol."""

    protocol: str
    port: int | str | None = None
    end_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who may be spoken to: a range without some others, or pods by labels of theirs and of namespaces."""

    pods: Selector | None = None
    namespaces: Selector | None = None
    networks: tuple[IPv4Network, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """What a policy allows: any of the peers at any of the ports; none stands for all."""

    peers: tuple[Peer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicy:
    """One policy.

    Attributes:
        namespace: Where it holds.
        name: Its name there.
        pods: Which pods of its namespace it selects.
        rules: Each direction that it closes -> what it allows there.
    """

    namespace: str
    name: str
    pods: Selector
    rules: Mapping[Direction, tuple[PolicyRule, ...]]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPort:
    """A port of a pod that has a name."""

    name: str
    protocol: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod that has not finished.

    Attributes:
        node: Name of its node; empty before it has one.
        address: None before it has one.
        on_host: It shares its node's network: no policy selects it, and no selector of a rule finds it.
        ports: Those with names.
    """

    namespace: str
    name: str
    labels: Labels = field(default_factory=dict)
    node: str = ""
    address: IPv4Address | None = None
    on_host: bool = False
    ports: tuple[NamedPort, ...] = ()

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def number(self, port: PolicyPort) -> int | None:
        """Return the number of a named port; None if the pod has none of that name and protocol."""
        known = ((named_port.name, named_port.protocol, named_port.port) for named_port in self.ports)
        return next(
            (n for name, protocol, n in known if (name, protocol) == (port.port, port.protocol)), None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRange:
    """Ports of a protocol, `TCP`, `UDP` or `SCTP`, both ends included."""

    protocol: str
    first: int = 0
    last: int = LAST_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one rule allows one pod, with every selector and name resolved.

    Attributes:
        policy: `namespace/name`.
        networks: The addresses at the other end; never empty.
        ports: Those of the connection's destination; none: all, and every protocol.
    """

    policy: str
    networks: tuple[IPv4Network, ...]
    ports: tuple[PortRange, ...] = ()

    def at(self, protocol: str, port: int | None) -> bool:
        """Return whether it is for a port of the destination; a protocol without ports has None."""
        return not self.ports or any(
            port_range.protocol == protocol
            and port is not None
            and port_range.first <= port <= port_range.last
            for port_range in self.ports
        )

    def overlaps(self, networks: Iterable[IPv4Network]) -> bool:
        """Return whether it is for some address of these."""
        return any(own.overlaps(network) for network in networks for own in self.networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies of a cluster with what they are about.

    Attributes:
        namespaces: Name -> labels.
    """

    policies: tuple[NetworkPolicy, ...]
    pods: tuple[Pod, ...]
    namespaces: Mapping[str, Labels]

    def isolating(self, pod: Pod, direction: Direction) -> tuple[NetworkPolicy, ...]:
        """Return the policies that close a direction of a pod; none: it is open."""
        return tuple(
            policy
            for policy in self.policies
            if not pod.on_host
            and policy.namespace == pod.namespace
            and direction in policy.rules
            and policy.pods.matches(pod.labels)
        )

    def allowances(self, pod: Pod, direction: Direction) -> tuple[Allowance, ...]:
        """Return what is let through all the same, if some policy isolates the pod."""
        return tuple(
            allowance
            for policy in self.isolating(pod, direction)
            for rule in policy.rules[direction]
            for allowance in self._resolved(policy, rule, pod, direction)
        )

    def admit(
        self, pod: Pod, direction: Direction, remote: IPv4Address, *, protocol: str, port: int | None
    ) -> bool:
        """Return whether a new connection passes a pod's policies.

        Args:
            pod: Its source for `egress`, its destination for `ingress`.
            direction: Which way it crosses the pod's edge.
            remote: Address of the other end, after all address translation before this edge.
            protocol: `TCP`, `UDP`, `SCTP`, or another, which only rules without ports let through.
            port: Of the destination; None if the protocol has none.
        """
        there = (IPv4Network(remote),)
        return remote == pod.address or self.open_to(pod, direction, there, protocol=protocol, port=port)

    def open_to(
        self,
        pod: Pod,
        direction: Direction,
        networks: Iterable[IPv4Network],
        *,
        protocol: str,
        port: int | None,
    ) -> bool:
        """Return whether a new connection from or to some address of these networks passes; see `admit`."""
        ranges = tuple(networks)
        return not self.isolating(pod, direction) or any(
            allowance.at(protocol, port) and allowance.overlaps(ranges)
            for allowance in self.allowances(pod, direction)
        )

    def _resolved(
        self, policy: NetworkPolicy, rule: PolicyRule, pod: Pod, direction: Direction
    ) -> Iterator[Allowance]:
        networks = self._networks(policy, rule)
        plain = [port for port in rule.ports if not isinstance(port.port, str)]
        named = [port for port in rule.ports if isinstance(port.port, str)]
        ranges = [_range(port) for port in plain]
        if direction == "ingress":
            named_ports = [(port.protocol, pod.number(port)) for port in named]
            ranges += [PortRange(protocol=p, first=n, last=n) for p, n in named_ports if n is not None]
        if networks and (ranges or not rule.ports):
            yield Allowance(policy=str(policy), networks=networks, ports=tuple(ranges))
        if direction == "egress" and named:
            yield from self._by_name(policy, networks, named)

    def _by_name(
        self, policy: NetworkPolicy, networks: tuple[IPv4Network, ...], ports: Iterable[PolicyPort]
    ) -> Iterator[Allowance]:
        """Yield what a named port of a destination stands for: another number at every pod, perhaps."""
        for port in ports:
            at: dict[int, list[IPv4Network]] = {}
            for pod in self.pods:
                number, address = pod.number(port), pod.address
                if number is None or address is None or pod.on_host:
                    continue
                if any(address in network for network in networks):
                    at.setdefault(number, []).append(IPv4Network(address))
            for number, hosts in sorted(at.items()):
                yield Allowance(
                    policy=str(policy),
                    networks=tuple(collapse_addresses(hosts)),
                    ports=(PortRange(protocol=port.protocol, first=number, last=number),),
                )

    def _networks(self, policy: NetworkPolicy, rule: PolicyRule) -> tuple[IPv4Network, ...]:
        if not rule.peers:
            return (ANYWHERE,)
        networks: list[IPv4Network] = []
        for peer in rule.peers:
            if peer.networks is not None:
                networks += peer.networks
            else:
                networks += [
                    IPv4Network(pod.address)
                    for pod in self.pods
                    if pod.address is not None and self._selects(policy, peer, pod)
                ]
        return tuple(collapse_addresses(networks))

    def _selects(self, policy: NetworkPolicy, peer: Peer, pod: Pod) -> bool:
        if pod.on_host or (peer.pods is not None and not peer.pods.matches(pod.labels)):
            return False
        if peer.namespaces is None:
            return pod.namespace == policy.namespace
        return peer.namespaces.matches(self.namespaces.get(pod.namespace, {}))


def policy_of(manifest: Manifest) -> NetworkPolicy:
    """Return a policy as its object says it; a range of IPv6 is none of a cluster with IPv4 addresses.

    Raises:
        ValueError: A range, or an operator of a selector, is none.
    """
    meta, spec = manifest["metadata"], manifest.get("spec") or {}
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    rules: dict[Direction, tuple[PolicyRule, ...]] = {}
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if direction.capitalize() in types:
            listed = spec.get(direction) or ()
            rules["ingress" if direction == "ingress" else "egress"] = tuple(
                _rule(rule, peers) for rule in listed
            )
    return NetworkPolicy(
        namespace=meta.get("namespace") or "default",
        name=meta["name"],
        pods=selector_of(spec.get("podSelector") or {}),
        rules=rules,
    )


def pod_of(manifest: Manifest) -> Pod | None:
    """Return a pod; None if it has finished: its address may be another's by now."""
    meta, spec, status = manifest["metadata"], manifest.get("spec") or {}, manifest.get("status") or {}
    if status.get("phase") in _FINISHED:
        return None
    sidecars = [
        init_container
        for init_container in spec.get("initContainers") or ()
        if init_container.get("restartPolicy") == "Always"
    ]
    shown = status.get("podIP")
    address = ip_address(shown) if shown else None
    return Pod(
        namespace=meta.get("namespace") or "default",
        name=meta.get("name") or "",
        labels=dict(meta.get("labels") or {}),
        node=spec.get("nodeName") or "",
        address=address if isinstance(address, IPv4Address) else None,
        on_host=bool(spec.get("hostNetwork")),
        ports=tuple(
            NamedPort(name=port["name"], protocol=port.get("protocol") or "TCP", port=port["containerPort"])
            for container in (*(spec.get("containers") or ()), *sidecars)
            for port in container.get("ports") or ()
            if port.get("name")
        ),
    )


def namespace_labels(manifest: Manifest) -> Labels:
    """Return a namespace's labels, with the one that every API server since 1.22 gives it."""
    meta = manifest["metadata"]
    return {**(meta.get("labels") or {}), _NAME_LABEL: meta["name"]}


def _rule(rule: Manifest, peers: str) -> PolicyRule:
    return PolicyRule(
        peers=tuple(_peer(peer) for peer in rule.get(peers) or ()),
        ports=tuple(
            PolicyPort(
                protocol=port.get("protocol") or "TCP", port=port.get("port"), end_port=port.get("endPort")
            )
            for port in rule.get("ports") or ()
        ),
    )


def _peer(peer: Manifest) -> Peer:
    block = peer.get("ipBlock")
    if block:
        return Peer(networks=_without(block["cidr"], block.get("except") or ()))
    pods, namespaces = peer.get("podSelector"), peer.get("namespaceSelector")
    return Peer(
        pods=None if pods is None else selector_of(pods),
        namespaces=None if namespaces is None else selector_of(namespaces),
    )


def _without(cidr: str, excluded: Iterable[str]) -> tuple[IPv4Network, ...]:
    whole = ip_network(cidr, strict=False)
    left = [whole] if isinstance(whole, IPv4Network) else []
    for text in excluded:
        hole = ip_network(text, strict=False)
        if isinstance(hole, IPv4Network):
            left = [piece for network in left for piece in _cut(network, hole)]
    return tuple(collapse_addresses(left))


def _cut(network: IPv4Network, hole: IPv4Network) -> Iterable[IPv4Network]:
    if not network.overlaps(hole):
        return (network,)
    return () if network.subnet_of(hole) else network.address_exclude(hole)


def _range(port: PolicyPort) -> PortRange:
    if not isinstance(port.port, int):
        return PortRange(protocol=port.protocol)
    return PortRange(protocol=port.protocol, first=port.port, last=port.end_port or port.port)
