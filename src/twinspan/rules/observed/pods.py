"""Do packets of pods reach pods of the other side, and as whose?"""

from collections.abc import Iterator

from twinspan.network.clouds import Cloud
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.cluster_facts import ObservedCluster, Seen, policy_branch
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.reachability import found_by


def aws_pods_reach_azure(facts: Facts) -> Iterator[Finding]:
    """POD-11: ping from a pod of EKS to a pod of AKS."""
    return _pings(facts, source="aws", towards="azure")


def azure_pods_reach_aws(facts: Facts) -> Iterator[Finding]:
    """POD-12: ping from a pod of AKS to a pod of EKS."""
    return _pings(facts, source="azure", towards="aws")


def _pings(facts: Facts, *, source: Cloud, towards: Cloud) -> Iterator[Finding]:
    pings = [ping for ping in facts.kubernetes.pings if ping.towards == towards]
    groups = frozenset(
        observed_cluster.security_group_id
        for observed_cluster in facts.clusters
        if observed_cluster.security_group_id
    )
    policies = {
        policy_branch(
            observed_cluster.side,
            observed_cluster.name,
            "egress" if observed_cluster.side == source else "ingress",
        )
        for observed_cluster in facts.clusters
    }
    for ping in pings:
        yield found_by(
            facts,
            ping,
            needs=groups | policies | {cluster.branch for cluster in facts.clusters},
            remedy="Tunnels, routes, filters and network policies are right, so look at the pods: policies of"
            " the engine's own kinds, and the security groups for pods",
        )
    if not pings:
        yield from _without_pods(facts, f"ping from pods of {source}")


def pods_keep_their_address(facts: Facts) -> Iterator[Finding]:
    """POD-13: a pod is seen by the other side under its own address, not under its node's."""
    for seen in facts.kubernetes.seen:
        yield _kept(facts, seen)
    if not facts.kubernetes.seen:
        yield from _without_pods(facts, "source addresses of pods")


def _kept(facts: Facts, seen: Seen) -> Finding:
    cluster = next(
        (c for c in facts.clusters if (c.side, c.name) == (seen.source_side, seen.source_cluster)), None
    )
    reading = facts.kubernetes.reading(cluster) if cluster else None
    setting = f"; {reading.masquerading}" if reading and reading.masquerading else ""
    outcome, remedy = Outcome.PASS, ""
    evidence = f"seen as {seen.seen_address}"
    if seen.seen_address is None:
        outcome, evidence = Outcome.INCONCLUSIVE, seen.error
        remedy = "Let the pods connect by TCP to port 5201 of the other side, or leave it out with --no-pods"
    elif seen.seen_address != seen.own_address:
        outcome = Outcome.FAIL
        evidence = f"seen as {seen.seen_address}: SNAT hides the pod{setting}"
        remedy = _remedy(facts, seen)
    return Finding(
        subject=f"{seen.source} -> {seen.destination}",
        outcome=outcome,
        evidence=evidence,
        command=_show(seen),
        remedy=remedy,
        branch=f"source {seen.source} {seen.destination}",
        needs=frozenset(
            {
                f"{seen.source} {seen.destination}",
                policy_branch(seen.source_side, seen.source_cluster, "egress"),
                *(
                    policy_branch(observed_cluster.side, observed_cluster.name, "ingress")
                    for observed_cluster in facts.clusters
                    if observed_cluster.name == seen.destination_cluster
                ),
                *(observed_cluster.branch for observed_cluster in facts.clusters),
            },
        ),
    )


def _show(seen: Seen) -> str:
    at = f"kubectl --context {seen.source_cluster} -n kube-system"
    if seen.source_side == "aws":
        return f"{at} get daemonset aws-node -o yaml | grep -A1 SNAT"
    return f"{at} get configmap azure-ip-masq-agent-config -o yaml"


def _remedy(facts: Facts, seen: Seen) -> str:
    """Source: Amazon VPC CNI, README, AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS; AKS, ip-masq-agent."""
    if seen.source_side == "aws":
        ranges = ",".join(map(str, facts.azure_prefixes))
        return (
            "Exclude Azure from source NAT in the add-on's configuration_values, or at once: kubectl"
            f" --context {seen.source_cluster} -n kube-system set env daemonset/aws-node"
            f" AWS_VPC_K8S_CNI_EXTERNALSNAT=false AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS={ranges}"
        )
    ranges = ", ".join(map(str, facts.vpc_prefixes))
    return (
        f"Add {ranges} to nonMasqueradeCIDRs of the ConfigMap azure-ip-masq-agent-config, or give the pods"
        " a subnet of their own (Azure CNI Pod Subnet)"
    )


def _without_pods(facts: Facts, subject: str) -> Iterator[Finding]:
    """Yield why there is nothing to judge: nobody asked for pods, there is one side only, or none runs."""
    kubernetes = facts.kubernetes
    if not kubernetes.pods_wanted:
        yield Finding(subject=subject, outcome=Outcome.SKIPPED, evidence="no test pods were asked for")
    elif len({cluster.side for cluster in facts.clusters}) == 1:
        (cluster, *_) = facts.clusters
        evidence = f"only {cluster.side} has a cluster, so there is no pod on the other side"
        yield Finding(subject=subject, outcome=Outcome.SKIPPED, evidence=evidence)
    else:
        for cluster in facts.clusters:
            yield from _no_pod(cluster, kubernetes.pod_problems.get(cluster.name, ""))


def _no_pod(cluster: ObservedCluster, why: str) -> Iterator[Finding]:
    if why:
        yield Finding(
            subject=f"test pod of {cluster.name}",
            outcome=Outcome.INCONCLUSIVE,
            evidence=why,
            command=f"kubectl --context {cluster.name} -n twinspan-probe get pods,events",
            remedy="See that the image can be had there (--image), or leave pods out with --no-pods",
            branch=f"test pod {cluster.name}",
            needs=frozenset({cluster.branch}),
        )
