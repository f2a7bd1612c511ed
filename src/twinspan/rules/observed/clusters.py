"""Are the clusters there, their nodes ready, their own pods running, and does DNS answer?"""

from collections.abc import Iterator

from twinspan.network.versions import both_versions, minor
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.cluster_facts import Lookup, ObservedCluster, Reading, policy_branch
from twinspan.rules.observed.facts import Facts

_DNS_DEPLOYMENT = "coredns"


def exist(facts: Facts) -> bool:
    """Tell whether there are clusters, or should be."""
    return bool(facts.clusters)


def clusters_ready(facts: Facts) -> Iterator[Finding]:
    """KUB-01: EKS says ACTIVE and AKS Succeeded of every cluster."""
    for cluster in facts.clusters:
        missing = f"{_cloud(cluster)} shows no such cluster"
        yield Finding(
            subject=cluster.name,
            outcome=Outcome.PASS if cluster.ready else Outcome.FAIL,
            evidence=cluster.status or missing,
            command=_show(facts, cluster),
            remedy="" if cluster.ready else _remedy_of_status(cluster),
            branch=cluster.branch,
        )


def _remedy_of_status(cluster: ObservedCluster) -> str:
    if not cluster.status:
        return "Build it with `twinspan apply`"
    if cluster.status in {"CREATING", "Creating"}:
        return "Wait: it is being made; `twinspan verify --wait 600` looks again"
    return "See what it says of itself (health.issues on EKS, powerState on AKS), and apply again"


def kubernetes_answers(facts: Facts) -> Iterator[Finding]:
    """KUB-02: the Kubernetes API of every cluster answers, and lets nodes and system pods be read."""
    for cluster in facts.clusters:
        reading = facts.kubernetes.reading(cluster)
        if reading is None:
            yield _skipped(cluster, "the Kubernetes API was not asked")
            continue
        yield Finding(
            subject=cluster.name,
            outcome=Outcome.INCONCLUSIVE if reading.problem else Outcome.PASS,
            evidence=reading.problem or _answer(cluster, reading),
            command=_credentials(facts, cluster),
            remedy=_remedy_of_access(cluster) if reading.problem else "",
            branch=cluster.branch,
        )


def _answer(cluster: ObservedCluster, reading: Reading) -> str:
    versions = both_versions(cluster.version, reading.version)
    return f"{len(reading.nodes)} nodes, Kubernetes {versions}" if versions else f"{len(reading.nodes)} nodes"


def versions_that_run(facts: Facts) -> Iterator[str]:
    """Say which clusters run another Kubernetes version than their cloud says."""
    for cluster in facts.clusters:
        reading = facts.kubernetes.reading(cluster)
        if reading and reading.version and minor(reading.version) != minor(cluster.version):
            yield f"{cluster.name}: {both_versions(cluster.version, reading.version)}"


def _remedy_of_access(cluster: ObservedCluster) -> str:
    if cluster.side == "aws":
        return (
            "See that its endpoint can be reached from here (public access, or from inside the VPC), and give"
            f" your role an access entry: aws eks create-access-entry --cluster-name {cluster.name}"
            " --principal-arn ARN, then aws eks associate-access-policy with AmazonEKSAdminViewPolicy"
        )
    return (
        "See that its API server can be reached from here (authorized ranges, private cluster), and that you"
        " have the role Azure Kubernetes Service Cluster Admin Role on it"
    )


def nodes_ready(facts: Facts) -> Iterator[Finding]:
    """KUB-03: every node is Ready, and there are as many as the node groups and pools ask for."""
    for cluster in facts.clusters:
        reading = _read(facts, cluster)
        if reading is None:
            yield _skipped(cluster, "its nodes could not be read")
            continue
        ill = [f"{node.name} is not ready ({node.says})" for node in reading.nodes if not node.ready]
        ready = len(reading.nodes) - len(ill)
        short = ready < cluster.nodes
        yield Finding(
            subject=cluster.name,
            outcome=Outcome.FAIL if ill or short or not ready else Outcome.PASS,
            evidence="; ".join([f"{ready} of {cluster.nodes} nodes ready", *ill]),
            command=f"kubectl --context {cluster.name} get nodes",
            remedy=_remedy_of_nodes(facts, cluster, ill) if ill or short or not ready else "",
            branch=cluster.branch,
        )


def _remedy_of_nodes(facts: Facts, cluster: ObservedCluster, ill: list[str]) -> str:
    if ill:
        names = " ".join(node.split()[0] for node in ill)
        return f"See what they say: kubectl --context {cluster.name} describe node {names}"
    if cluster.side == "aws":
        return (
            "See why the group has fewer: aws eks describe-nodegroup --cluster-name"
            f" {cluster.name} --nodegroup-name GROUP --region {_region(facts, cluster)}"
            " --query nodegroup.health"
        )
    return (
        f"See why the pool has fewer: az aks nodepool list --cluster-name {cluster.name}"
        f" -g {cluster.resource_group} --output table"
    )


def system_pods_run(facts: Facts) -> Iterator[Finding]:
    """KUB-04: the network add-on and the other pods of kube-system run everywhere they should."""
    for cluster in facts.clusters:
        reading = _read(facts, cluster)
        if reading is None:
            yield _skipped(cluster, "its pods could not be read")
            continue
        short = [workload for workload in reading.workloads if workload.ready < workload.wanted]
        says = ", ".join(
            f"{workload.kind} {workload.name} {workload.ready} of {workload.wanted} ready"
            for workload in short
        )
        names = " ".join(f"{workload.kind.lower()}/{workload.name}" for workload in short)
        yield Finding(
            subject=cluster.name,
            outcome=Outcome.FAIL if short or not reading.workloads else Outcome.PASS,
            evidence=says or f"{len(reading.workloads)} of kube-system are complete",
            command=f"kubectl --context {cluster.name} -n kube-system get daemonsets,deployments",
            remedy=f"See why: kubectl --context {cluster.name} -n kube-system describe {names}"
            if short
            else "",
            branch=cluster.branch,
        )


def dns_answers(facts: Facts) -> Iterator[Finding]:
    """KUB-05: a pod of every cluster gets the right address for `kubernetes.default.svc`."""
    for cluster in facts.clusters:
        reading = _read(facts, cluster)
        if reading is None:
            yield _skipped(cluster, "its DNS could not be asked")
        else:
            yield _dns(facts, cluster, reading)


def _dns(facts: Facts, cluster: ObservedCluster, reading: Reading) -> Finding:
    lookup = facts.kubernetes.lookup(cluster)
    outcome, said = _dns_outcome(reading, lookup)
    dns = reading.dns
    servers = f"{dns.name} {dns.ready} of {dns.wanted} ready" if dns else "no DNS servers"
    evidence = f"{said}; {servers}, {reading.dns_endpoints} addresses behind the Service kube-dns"
    at = f"kubectl --context {cluster.name} -n kube-system"
    remedy = ""
    if outcome is Outcome.FAIL and dns is not None and not dns.wanted:
        remedy = f"Run DNS servers again: {at} scale deployment {dns.name} --replicas 2"
    elif outcome is Outcome.FAIL:
        remedy = f"See what the servers say: {at} logs deployment/{dns.name if dns else _DNS_DEPLOYMENT}"
    elif outcome is Outcome.INCONCLUSIVE:
        remedy = "See that the test pod runs, and verify again"
    return Finding(
        subject=cluster.name,
        outcome=outcome,
        evidence=evidence,
        command=lookup.command if lookup else f"{at} get endpoints kube-dns",
        remedy=remedy,
        branch=f"dns {cluster.branch}",
        needs=frozenset({cluster.branch, policy_branch(cluster.side, cluster.name, "egress")}),
    )


def _dns_outcome(reading: Reading, lookup: Lookup | None) -> tuple[Outcome, str]:
    if lookup is not None and lookup.address:
        right = lookup.address == reading.api_address
        wrong = f"{lookup.name} is {lookup.address} there, not {reading.api_address}"
        return (Outcome.PASS, f"{lookup.name} is {lookup.address}") if right else (Outcome.FAIL, wrong)
    if lookup is not None and (not reading.dns_endpoints or "resolution" in lookup.error):
        return Outcome.FAIL, lookup.error
    if lookup is not None:
        return _unclear(lookup.error)
    if not reading.dns_endpoints:
        return Outcome.FAIL, "nobody answers"
    return Outcome.SKIPPED, "no test pod has asked"


def _unclear(error: str) -> tuple[Outcome, str]:
    unknown = any(word in error.lower() for word in ("not known", "unknown host", "bad address"))
    return (Outcome.FAIL if unknown else Outcome.INCONCLUSIVE), error


def _read(facts: Facts, cluster: ObservedCluster) -> Reading | None:
    reading = facts.kubernetes.reading(cluster)
    return None if reading is None or reading.problem else reading


def _skipped(cluster: ObservedCluster, why: str) -> Finding:
    return Finding(
        subject=cluster.name,
        outcome=Outcome.SKIPPED,
        evidence=why,
        branch=cluster.branch,
    )


def _cloud(cluster: ObservedCluster) -> str:
    return "EKS" if cluster.side == "aws" else "AKS"


def _region(facts: Facts, cluster: ObservedCluster) -> str:
    return cluster.region or facts.region


def _show(facts: Facts, cluster: ObservedCluster) -> str:
    if cluster.side == "aws":
        region = _region(facts, cluster)
        return f"aws eks describe-cluster --name {cluster.name} --region {region} --query cluster.status"
    group = f" -g {cluster.resource_group}" if cluster.resource_group else ""
    return f"az aks show -n {cluster.name}{group} --query provisioningState"


def _credentials(facts: Facts, cluster: ObservedCluster) -> str:
    name = cluster.name
    if cluster.side == "aws":
        get = f"aws eks update-kubeconfig --name {name} --region {_region(facts, cluster)} --alias {name}"
    else:
        get = f"az aks get-credentials --admin -n {name} -g {cluster.resource_group} --context {name}"
    return f"{get}; kubectl --context {name} get nodes"
