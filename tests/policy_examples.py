"""Random clusters with policies, and what upstream's words say of them: written apart from the real thing."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from hypothesis import strategies as st

from twinspan.kubernetes.network_policies import Policies, namespace_labels, pod_of, policy_of

Manifest = dict[str, Any]
NAMESPACES: Sequence[Manifest] = [
    {"metadata": {"name": "x", "labels": {"team": "one"}}},
    {"metadata": {"name": "y", "labels": {"team": "two"}}},
]
PORTS = (80, 81, 90)
PROTOCOLS = ("TCP", "UDP")
ADDRESSES = tuple(IPv4Address(f"10.9.0.{number}") for number in (2, 3, 4, 5))
_NAMED = (80, 81, 80, None)
"""Number of the port `web` at each pod."""


def pod(number: int, labels: Mapping[str, str]) -> Manifest:
    """A pod of `x` or `y` on the node `n`."""
    named = _NAMED[number]
    ports = [{"name": "web", "containerPort": named}] if named else []
    return {
        "metadata": {"name": f"p{number}", "namespace": "xy"[number % 2], "labels": dict(labels)},
        "spec": {"nodeName": "n", "containers": [{"ports": ports}]},
        "status": {"phase": "Running", "podIP": str(ADDRESSES[number])},
    }


_labels = st.fixed_dictionaries({}, optional={"app": st.sampled_from(["web", "db"])})
_expression = st.one_of(
    st.builds(
        lambda operator, values: {"key": "app", "operator": operator, "values": values},
        st.sampled_from(["In", "NotIn"]),
        st.lists(st.sampled_from(["web", "db"]), min_size=1, max_size=2, unique=True),
    ),
    st.builds(
        lambda operator: {"key": "app", "operator": operator}, st.sampled_from(["Exists", "DoesNotExist"])
    ),
)
_pod_selector = st.one_of(
    st.builds(lambda labels: {"matchLabels": labels}, _labels),
    st.builds(lambda expression: {"matchExpressions": [expression]}, _expression),
)
_namespace_selector = st.sampled_from(
    [
        {},
        {"matchLabels": {"team": "one"}},
        {"matchLabels": {"kubernetes.io/metadata.name": "y"}},
        {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["two"]}]},
    ]
)
_block = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "10.9.0.0/29", "except": ["10.9.0.4/31"]},
        {"cidr": "0.0.0.0/0", "except": ["10.9.0.3/32", "10.9.0.5/32"]},
        {"cidr": "10.9.0.3/32"},
        {"cidr": "fd00::/8"},
        {"cidr": "10.8.0.0/16"},
    ]
)
_peer = st.one_of(
    st.builds(lambda ip_block: {"ipBlock": ip_block}, _block),
    st.builds(lambda pod_selector: {"podSelector": pod_selector}, _pod_selector),
    st.builds(lambda namespace_selector: {"namespaceSelector": namespace_selector}, _namespace_selector),
    st.builds(lambda a, b: {"podSelector": a, "namespaceSelector": b}, _pod_selector, _namespace_selector),
)
_port = st.one_of(
    st.builds(lambda protocol: {"protocol": protocol}, st.sampled_from(PROTOCOLS)),
    st.builds(
        lambda protocol, port: {"protocol": protocol, "port": port},
        st.sampled_from(PROTOCOLS),
        st.sampled_from(PORTS),
    ),
    st.just({"port": 80, "endPort": 85}),
    st.just({"port": "web"}),
)


def _rules(peers: str) -> st.SearchStrategy[list[Manifest]]:
    return st.lists(
        st.fixed_dictionaries(
            {}, optional={peers: st.lists(_peer, max_size=2), "ports": st.lists(_port, max_size=2)}
        ),
        max_size=2,
    )


_spec = st.fixed_dictionaries(
    {"podSelector": _pod_selector},
    optional={
        "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
        "ingress": _rules("from"),
        "egress": _rules("to"),
    },
)
policies = st.lists(
    st.builds(
        lambda number, namespace, spec: {
            "metadata": {"name": f"policy{number}", "namespace": namespace},
            "spec": spec,
        },
        st.integers(0, 99),
        st.sampled_from(["x", "y"]),
        _spec,
    ),
    max_size=3,
)
pods = st.tuples(*(st.builds(pod, st.just(number), _labels) for number in range(len(ADDRESSES))))


def read(given_policies: Sequence[Manifest], given_pods: Sequence[Manifest]) -> Policies:
    """What the product makes of it."""
    read_pods = [pod_of(given_pod) for given_pod in given_pods]
    return Policies(
        policies=tuple(policy_of(given_policy) for given_policy in given_policies),
        pods=tuple(read_pod for read_pod in read_pods if read_pod is not None),
        namespaces={namespace["metadata"]["name"]: namespace_labels(namespace) for namespace in NAMESPACES},
    )


def passes(
    given_policies: Sequence[Manifest],
    given_pods: Sequence[Manifest],
    way: tuple[int, int],
    connection: tuple[str, int | None],
) -> bool:
    """Upstream's words, clause by clause, for a connection (protocol and port) from one pod to another."""
    (source, destination), (protocol, port) = way, connection
    if source == destination:
        return True
    ends = (given_pods[source], given_pods[destination])
    return all(
        _direction(given_policies, ends, direction, protocol, port) for direction in ("egress", "ingress")
    )


def _direction(
    given_policies: Sequence[Manifest],
    ends: tuple[Manifest, Manifest],
    direction: str,
    protocol: str,
    port: int | None,
) -> bool:
    own, other = ends if direction == "egress" else ends[::-1]
    isolating = [
        policy
        for policy in given_policies
        if policy["metadata"]["namespace"] == own["metadata"]["namespace"]
        and direction.capitalize() in _types(policy["spec"])
        and _selects(policy["spec"]["podSelector"], own["metadata"]["labels"])
    ]
    if not isolating:
        return True
    return any(
        _peers(rule.get("from" if direction == "ingress" else "to"), policy, other)
        and _ports(rule.get("ports"), ends[1], protocol, port)
        for policy in isolating
        for rule in policy["spec"].get(direction, [])
    )


def _types(spec: Manifest) -> list[str]:
    if "policyTypes" in spec:
        return list(spec["policyTypes"])
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions", []):
        value = labels.get(expression["key"])
        wrong = {
            "In": value is None or value not in expression.get("values", []),
            "NotIn": value is not None and value in expression.get("values", []),
            "Exists": value is None,
            "DoesNotExist": value is not None,
        }
        if wrong[expression["operator"]]:
            return False
    return True


def _peers(peers: list[Manifest] | None, policy: Manifest, other: Manifest) -> bool:
    return not peers or any(_peer_is(peer, policy, other) for peer in peers)


def _peer_is(peer: Manifest, policy: Manifest, other: Manifest) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        if ":" in block["cidr"]:
            return False
        address = IPv4Address(other["status"]["podIP"])
        return address in IPv4Network(block["cidr"]) and not any(
            address in IPv4Network(excepted_cidr) for excepted_cidr in block.get("except", [])
        )
    namespace = other["metadata"]["namespace"]
    if "namespaceSelector" in peer:
        labels = {"team": {"x": "one", "y": "two"}[namespace], "kubernetes.io/metadata.name": namespace}
        if not _selects(peer["namespaceSelector"], labels):
            return False
    elif namespace != policy["metadata"]["namespace"]:
        return False
    return "podSelector" not in peer or _selects(peer["podSelector"], other["metadata"]["labels"])


def _ports(ports: list[Manifest] | None, destination: Manifest, protocol: str, port: int | None) -> bool:
    return not ports or any(_port_is(allowed_port, destination, protocol, port) for allowed_port in ports)


def _port_is(given: Manifest, destination: Manifest, protocol: str, port: int | None) -> bool:
    if given.get("protocol", "TCP") != protocol or port is None:
        return False
    given_port: Any = given.get("port")
    if given_port == "web":
        given_port = next(
            (
                container_port["containerPort"]
                for container in destination["spec"]["containers"]
                for container_port in container["ports"]
            ),
            0,
        )
    return given_port is None or given_port <= port <= given.get("endPort", given_port)
