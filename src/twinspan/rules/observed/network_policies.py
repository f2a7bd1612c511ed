"""Do network policies keep pods from the other cloud?"""

import json
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from twinspan.kubernetes.network_policies import Direction, Pod, Policies
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.cluster_facts import ObservedCluster, Seen, policy_branch
from twinspan.rules.observed.facts import Facts

_PING = "ICMP"
_DNS_PORT = 53
_DNS_LABEL = ("k8s-app", "kube-dns")
_PEER = {"ingress": "from", "egress": "to"}
_SWITCH = {
    "aws": 'enableNetworkPolicy: "true" in the configuration values of the add-on vpc-cni',
    "azure": "networkPolicy in the network profile",
}


def policies_admit(facts: Facts) -> Iterator[Finding]:
    """KUB-06: no network policy in force keeps test pods, or pods of load balancers, from the other cloud."""
    for cluster in facts.clusters:
        reading = facts.kubernetes.reading(cluster)
        if reading is None or reading.problem:
            yield Finding(
                subject=cluster.name,
                outcome=Outcome.SKIPPED,
                evidence="its network policies could not be read",
                branch=cluster.branch,
            )
            continue
        closed = list(_closed(facts, cluster, reading.policies)) if cluster.enforces_policies else []
        yield from closed or [
            Finding(
                subject=cluster.name,
                outcome=Outcome.PASS,
                evidence=_open(cluster, reading.policies),
                command=_show(cluster),
                branch=cluster.branch,
            )
        ]


def policies_without_effect(facts: Facts) -> Iterator[str]:
    """Say which clusters have policies that their cloud does not enforce."""
    for cluster in facts.clusters:
        reading = facts.kubernetes.reading(cluster)
        if reading and reading.policies.policies and not cluster.enforces_policies:
            yield f"{cluster.name}: {_open(cluster, reading.policies)}"


def _open(cluster: ObservedCluster, policies: Policies) -> str:
    if not policies.policies:
        return "no network policy"
    if not cluster.enforces_policies:
        return f"{len(policies.policies)} network policies, which do nothing without {_SWITCH[cluster.side]}"
    return f"{len(policies.policies)} network policies"


def _closed(facts: Facts, cluster: ObservedCluster, policies: Policies) -> Iterator[Finding]:
    pods = {pod.address: pod for pod in policies.pods if pod.address}
    for seen in facts.kubernetes.seen:
        here = (seen.source_side, seen.source_cluster) == (cluster.side, cluster.name)
        answering = _answering(facts, seen)
        source = pods.get(seen.own_address) if here else None
        if source and answering and not _ping_passes(policies, source, "egress", answering):
            yield _finding(cluster, policies, source, "egress", [IPv4Network(answering)])
        destination = None if here or answering is None else pods.get(answering)
        shown = seen.seen_address or seen.own_address
        if destination and not _ping_passes(policies, destination, "ingress", shown):
            yield _finding(cluster, policies, destination, "ingress", [IPv4Network(shown)])
        if source:
            yield from _names(cluster, policies, source)
    yield from _behind_balancers(facts, cluster, policies)


def _answering(facts: Facts, seen: Seen) -> IPv4Address | None:
    """Return the address of the test pod at the other end: the source of the way back."""
    back = (
        candidate.own_address for candidate in facts.kubernetes.seen if candidate.source == seen.destination
    )
    return next(back, None)


def _ping_passes(policies: Policies, pod: Pod, direction: Direction, remote: IPv4Address) -> bool:
    return policies.admit(pod, direction, remote, protocol=_PING, port=None)


def _names(cluster: ObservedCluster, policies: Policies, pod: Pod) -> Iterator[Finding]:
    """Yield a finding if a test pod may not ask the cluster's DNS."""
    key, value = _DNS_LABEL
    servers = [
        dns_pod.address for dns_pod in policies.pods if dns_pod.address and dns_pod.labels.get(key) == value
    ]
    asked = (policies.admit(pod, "egress", server, protocol="UDP", port=_DNS_PORT) for server in servers)
    if servers and not any(asked):
        yield _finding(
            cluster, policies, pod, "egress", [IPv4Network(address) for address in servers], what="DNS"
        )


def _behind_balancers(facts: Facts, cluster: ObservedCluster, policies: Policies) -> Iterator[Finding]:
    """Yield each internal load balancer whose pods let in nobody of both networks."""
    reading = facts.kubernetes.reading(cluster)
    other, own = facts.azure_prefixes, facts.vpc_prefixes
    if cluster.side == "azure":
        other, own = own, other
    for service in reading.services if reading else ():
        closed = service.closed_pod(policies, (*other, *own))
        if closed is not None:
            pod, ports = closed
            what = f"{ports} of the Service {service}"
            yield _finding(cluster, policies, pod, "ingress", other, what=what)


def _finding(
    cluster: ObservedCluster,
    policies: Policies,
    pod: Pod,
    direction: Direction,
    remote: Iterable[IPv4Network],
    *,
    what: str = "ping",
) -> Finding:
    (policy, *others) = policies.isolating(pod, direction)
    ranges = [str(network) for network in remote]
    names = ", ".join(str(isolating_policy) for isolating_policy in (policy, *others))
    rule = {_PEER[direction]: [{"ipBlock": {"cidr": cidr}} for cidr in ranges]}
    further = bool(policy.rules[direction])
    path = f"/spec/{direction}/-" if further else f"/spec/{direction}"
    patch = json.dumps([{"op": "add", "path": path, "value": rule if further else [rule]}])
    way = "from" if direction == "ingress" else "to"
    return Finding(
        subject=f"{policy} of {cluster.name}",
        outcome=Outcome.FAIL,
        evidence=f"it closes the {direction} of {pod} ({what}): no rule of {names} admits it {way}"
        f" {', '.join(ranges)}",
        command=_show(cluster),
        remedy=f"Let it through: kubectl --context {cluster.name} -n {policy.namespace} patch networkpolicy"
        f" {policy.name} --type json -p '{patch}'",
        branch=policy_branch(cluster.side, cluster.name, direction),
        needs=frozenset({cluster.branch}),
    )


def _show(cluster: ObservedCluster) -> str:
    return f"kubectl --context {cluster.name} get networkpolicies -A -o yaml"
