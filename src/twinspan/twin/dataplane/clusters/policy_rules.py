"""NetworkPolicies as nftables text for one node. Pure.

The hook is the forwarding one: what the node itself sends to its pods, such as kubelet's probes, and what
pods send to their node never meets it. kube-proxy has translated destinations before it and translates
sources after it. Replies pass with their connection. Source: Kubernetes, Network Policies.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address

from twinspan.kubernetes.network_policies import DIRECTIONS, Allowance, Direction, Pod, Policies, PortRange
from twinspan.network.clouds import Cloud
from twinspan.network.limits import LAST_PORT
from twinspan.twin.dataplane.filters_text import address_match, port_match, rule_text, table_text

TABLE = "twinspan_policies"
NO_POLICIES = table_text(TABLE, ())
"""Leaves every pod of a node open."""
_REMOTE: Mapping[Direction, str] = {"ingress": "saddr", "egress": "daddr"}
_OWN: Mapping[Direction, str] = {"ingress": "daddr", "egress": "saddr"}
_KNOWN: Mapping[Cloud, str] = {"aws": "established", "azure": "established,related"}
"""EKS judges an ICMP error about an open connection as a new packet, the engines of AKS do not.

Source: aws-network-policy-agent, issue 207; Calico and Azure NPM, iptables state RELATED.
"""


def node_rules(policies: Policies, *, node: str, side: Cloud) -> str:
    """Return the text that puts policies in force for the pods of a node, in one transaction.

    Args:
        policies: Those of the whole cluster, with all pods and namespaces.
        node: The node's name.
        side: Whose cluster it is.
    """
    pods = {pod.address: pod for pod in policies.pods if pod.node == node and pod.address and not pod.on_host}
    chains: dict[tuple[str, ...], str] = {}
    jumps: dict[Direction, dict[IPv4Address, str]] = {direction: {} for direction in DIRECTIONS}
    for address, pod in sorted(pods.items()):
        for direction in DIRECTIONS:
            if policies.isolating(pod, direction):
                rules = tuple(_rules(policies, pod, direction))
                jumps[direction][address] = chains.setdefault(rules, f"{direction}_{len(chains)}")
    if not chains:
        return NO_POLICIES
    closed = sorted(set().union(*jumps.values()))
    forward = [
        f"ct state {_KNOWN[side]} accept",
        # A pod always reaches itself, also by a Service.
        f"ip saddr . ip daddr {{ {', '.join(f'{pod_ip} . {pod_ip}' for pod_ip in closed)} }} accept",
        *(_dispatch(direction, jumps[direction]) for direction in ("egress", "ingress") if jumps[direction]),
    ]
    return "\n".join(
        [
            f"table ip {TABLE}",
            f"delete table ip {TABLE}",
            f"table ip {TABLE} {{",
            *(_chain(name, rules) for rules, name in chains.items()),
            _chain("forward", ["type filter hook forward priority filter; policy accept;", *forward]),
            "}",
            "",
        ]
    )


def _rules(policies: Policies, pod: Pod, direction: Direction) -> Iterable[str]:
    for allowance in policies.allowances(pod, direction):
        remote = address_match(_REMOTE[direction], allowance.networks)
        for ports in _ports(allowance):
            yield rule_text([remote, ports], "return", comment=allowance.policy)
    names = " ".join(str(policy) for policy in policies.isolating(pod, direction))
    yield rule_text([], "drop", comment=f"not allowed {direction}: {names}")


def _ports(allowance: Allowance) -> Iterable[str]:
    """Yield a match for each protocol; an empty one for everything."""
    if not allowance.ports:
        yield ""
    for protocol in sorted({port.protocol for port in allowance.ports}):
        yield _of_protocol(protocol.lower(), [port for port in allowance.ports if port.protocol == protocol])


def _of_protocol(protocol: str, ports: Sequence[PortRange]) -> str:
    if any((port.first, port.last) == (0, LAST_PORT) for port in ports):
        return f"meta l4proto {protocol}"
    return port_match("dport", [(port.first, port.last) for port in ports], protocols=protocol)


def _dispatch(direction: Direction, jumps: Mapping[IPv4Address, str]) -> str:
    chosen = ", ".join(f"{address} : jump {chain}" for address, chain in sorted(jumps.items()))
    return f"ip {_OWN[direction]} vmap {{ {chosen} }}"


def _chain(name: str, rules: Iterable[str]) -> str:
    return "\n".join([f"  chain {name} {{", *(f"    {rule}" for rule in rules), "  }"])
