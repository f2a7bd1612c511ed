"""Ask Kubernetes: nodes, its own pods, DNS, and packets of test pods. Source: Kubernetes API reference."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from twinspan.errors import TwinspanError
from twinspan.kubernetes.internal_services import InternalService, internal_service_of
from twinspan.kubernetes.network_policies import Policies, namespace_labels, pod_of, policy_of
from twinspan.network.clouds import Cloud
from twinspan.probe.source import source_seen
from twinspan.protocols import Host
from twinspan.rules.observed.cluster_facts import ClusterFacts, Lookup, Node, Reading, Seen, Workload
from twinspan.verify.pings import HostInSubnet, ping

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi

SYSTEM = "kube-system"
DNS_LABEL = "kube-dns"
"""Of the DNS servers and their Service, whatever runs. Source: Kubernetes, Customizing DNS Service."""
ASKED = "kubernetes.default.svc"
_LOOKUP_LIMIT_S = 40.0
"""Four search domains, two tries of five seconds each. Source: resolv.conf(5)."""
_RESOLVED = re.compile(r"^PING \S+ \(([\d.]+)\)", re.MULTILINE)
_MASQUERADING = ("AWS_VPC_K8S_CNI_EXTERNALSNAT", "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS")
_AZURE_MASQUERADING = "azure-ip-masq-agent-config"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPod:
    """A test pod, the cluster that it runs in, and the subnet that its address is of (empty: of none)."""

    cluster: str
    host: Host
    subnet_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """What may be asked while verifying.

    Attributes:
        expected: Cloud -> name of the cluster that Terraform's state has.
        apis: The clusters that can be spoken to.
        problems: (side, cluster's name) -> why it cannot be spoken to.
        pods: Test pods, one of each cluster.
        pods_wanted: Whether there were to be any.
        pod_problems: Cluster's name -> why it has none.
    """

    expected: Mapping[Cloud, str] = field(default_factory=dict)
    apis: tuple["ClusterApi", ...] = ()
    problems: Mapping[tuple[Cloud, str], str] = field(default_factory=dict)
    pods: tuple[ClusterPod, ...] = ()
    pods_wanted: bool = False
    pod_problems: Mapping[str, str] = field(default_factory=dict)


def ask(clusters: Clusters) -> ClusterFacts:
    """Ask everything at the same time; what goes wrong is in the answer."""
    ways = [(a, b) for a in clusters.pods for b in clusters.pods if a.host.side != b.host.side]
    with ThreadPoolExecutor(3 + len(clusters.apis) + 2 * len(ways), thread_name_prefix="pods") as pool:
        readings = [pool.submit(read_cluster, api) for api in clusters.apis]
        lookups = [pool.submit(_look_up, pod) for pod in clusters.pods]
        pings = [pool.submit(ping, _placed(a), _placed(b)) for a, b in ways]
        # One after the other: a pod has one port for it.
        seen = pool.submit(lambda: tuple(_seen(a, b) for a, b in ways))
        silent = (
            Reading(side=side, name=name, problem=why) for (side, name), why in clusters.problems.items()
        )
        return ClusterFacts(
            expected=clusters.expected,
            readings=(*(job.result() for job in readings), *silent),
            pods_wanted=clusters.pods_wanted,
            pod_problems=clusters.pod_problems,
            lookups=tuple(job.result() for job in lookups),
            seen=seen.result(),
            pings=tuple(job.result() for job in pings),
        )


def read_cluster(api: "ClusterApi") -> Reading:
    """Read one cluster; if its API refuses or does not answer, that is what was read."""
    side, name = api.endpoint.side, api.endpoint.name
    try:
        return _read(api, side, name)
    except TwinspanError as error:
        return Reading(side=side, name=name, problem=str(error))


def _read(api: "ClusterApi", side: Cloud, name: str) -> Reading:
    system = f"/apis/apps/v1/namespaces/{SYSTEM}"
    daemons = api.get(f"{system}/daemonsets")["items"]
    deployments = api.get(f"{system}/deployments")["items"]
    dns = [deployment for deployment in deployments if _is_dns(deployment)]
    others = [deployment for deployment in deployments if not _is_dns(deployment)]
    endpoints = api.find(f"/api/v1/namespaces/{SYSTEM}/endpoints/{DNS_LABEL}") or {}
    kubernetes = api.find("/api/v1/namespaces/default/services/kubernetes") or {}
    policies = _policies(api)
    return Reading(
        side=side,
        name=name,
        nodes=tuple(_node(node) for node in api.get("/api/v1/nodes")["items"]),
        workloads=(*map(_daemon_set, daemons), *map(_deployment, others)),
        dns=_deployment(dns[0]) if dns else None,
        dns_endpoints=sum(len(subset.get("addresses") or ()) for subset in endpoints.get("subsets") or ()),
        api_address=kubernetes.get("spec", {}).get("clusterIP", ""),
        masquerading=_masquerading(api, daemons),
        version=str(api.get("/version").get("gitVersion", "")).removeprefix("v"),
        policies=policies,
        services=_internal_services(api) if policies.policies else (),
    )


def _policies(api: "ClusterApi") -> Policies:
    """Read the network policies; without one, nobody is asked what they would be about."""
    policies = tuple(map(policy_of, api.get("/apis/networking.k8s.io/v1/networkpolicies")["items"]))
    if not policies:
        return Policies(policies=(), pods=(), namespaces={})
    pods = map(pod_of, api.get("/api/v1/pods")["items"])
    namespaces = api.get("/api/v1/namespaces")["items"]
    return Policies(
        policies=policies,
        pods=tuple(pod for pod in pods if pod is not None),
        namespaces={namespace["metadata"]["name"]: namespace_labels(namespace) for namespace in namespaces},
    )


def _internal_services(api: "ClusterApi") -> tuple[InternalService, ...]:
    services = map(internal_service_of, api.get("/api/v1/services")["items"])
    return tuple(service for service in services if service is not None)


def _is_dns(workload: Mapping[str, Any]) -> bool:
    labels = workload["metadata"].get("labels") or {}
    return labels.get("k8s-app") == DNS_LABEL or workload["metadata"]["name"] == "coredns"


def _node(node: Mapping[str, Any]) -> Node:
    conditions = node.get("status", {}).get("conditions") or ()
    ready = next((condition for condition in conditions if condition["type"] == "Ready"), None)
    if ready is not None and ready["status"] == "True":
        return Node(name=node["metadata"]["name"], ready=True)
    says = f"{ready.get('reason', '')}: {ready.get('message', '')}" if ready else "it has not said yet"
    return Node(name=node["metadata"]["name"], ready=False, says=says)


def _daemon_set(daemon_set: Mapping[str, Any]) -> Workload:
    status = daemon_set.get("status", {})
    return Workload(
        kind="DaemonSet",
        name=daemon_set["metadata"]["name"],
        wanted=int(status.get("desiredNumberScheduled", 0)),
        ready=int(status.get("numberReady", 0)),
    )


def _deployment(deployment: Mapping[str, Any]) -> Workload:
    return Workload(
        kind="Deployment",
        name=deployment["metadata"]["name"],
        wanted=int(deployment.get("spec", {}).get("replicas", 1)),
        ready=int(deployment.get("status", {}).get("readyReplicas", 0)),
    )


def _masquerading(api: "ClusterApi", daemons: list[Mapping[str, Any]]) -> str:
    """Return what says which packets leave as their node's.

    Source: Amazon VPC CNI, README, environment variables; AKS, ip-masq-agent configuration.
    """
    if api.endpoint.side == "azure":
        config_map = api.find(f"/api/v1/namespaces/{SYSTEM}/configmaps/{_AZURE_MASQUERADING}") or {}
        text = " ".join(" ".join(map(str, (config_map.get("data") or {}).values())).split())
        return f"ConfigMap {_AZURE_MASQUERADING}: {text or 'nothing'}"
    pods = [
        daemon_set["spec"]["template"]["spec"]
        for daemon_set in daemons
        if daemon_set["metadata"]["name"] == "aws-node"
    ]
    settings = {
        variable["name"]: variable.get("value", "")
        for pod in pods
        for container in pod["containers"]
        for variable in container.get("env") or ()
        if variable["name"] in _MASQUERADING
    }
    text = ", ".join(f"{name}={value}" for name, value in sorted(settings.items()))
    return f"DaemonSet aws-node: {text or 'none of ' + ' and '.join(_MASQUERADING)}"


def _look_up(pod: ClusterPod) -> Lookup:
    """Ask for a name that every cluster has; `ping` is the one program of the image that surely asks."""
    argv = ["env", "LC_ALL=C", "ping", "-c", "1", "-W", "1", ASKED]
    address, error = "", ""
    try:
        done = pod.host.run(argv, timeout_s=_LOOKUP_LIMIT_S)
        match = _RESOLVED.search(done.stdout)
        address = match[1] if match else ""
        error = "" if match else (done.stderr or done.stdout).strip()
    except TwinspanError as problem:
        error = str(problem)
    return Lookup(
        side=_side(pod.host),
        cluster=pod.cluster,
        name=ASKED,
        command=f"in a pod of {pod.cluster}: {' '.join(argv[2:])}",
        address=address,
        error=error,
    )


def _seen(source: ClusterPod, destination: ClusterPod) -> Seen:
    seen: IPv4Address | None = None
    error = ""
    try:
        seen = source_seen(source.host, destination.host).seen_address
    except TwinspanError as problem:
        error = str(problem)
    return Seen(
        source_side=_side(source.host),
        source=f"{source.host.name} ({source.host.address})",
        destination=f"{destination.host.name} ({destination.host.address})",
        source_cluster=source.cluster,
        destination_cluster=destination.cluster,
        own_address=source.host.address,
        seen_address=seen,
        error=error,
    )


def _placed(pod: ClusterPod) -> HostInSubnet:
    return HostInSubnet(host=pod.host, subnet_id=pod.subnet_id)


def _side(host: Host) -> Cloud:
    return "aws" if host.side == "aws" else "azure"
