"""Network policies of an application: what they close between the clouds, and who enforces them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from twinspan.errors import DesignError
from twinspan.kubernetes.internal_services import internal_service_of
from twinspan.kubernetes.network_policies import (
    Direction,
    NetworkPolicy,
    Pod,
    Policies,
    namespace_labels,
    pod_of,
    policy_of,
)
from twinspan.network.policy_engines import VPC_CNI, aks_enforces, eks_enforces
from twinspan.network.unknown import UNKNOWN, known
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import subject

if TYPE_CHECKING:
    from twinspan.deploy.objects import Source

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Kind of a workload -> where its pods are described."""
_POLICY = "NetworkPolicy"


@dataclass(frozen=True, slots=True, kw_only=True)
class _App:
    """What an application has on one side.

    Attributes:
        policies: Its network policies with the pods of its workloads, which have no addresses yet.
        where: Policy -> file and line.
        services: Manifests of its Services.
    """

    policies: Policies
    where: Mapping[str, str]
    services: tuple[Mapping[str, Any], ...]

    def finding(self, policy: NetworkPolicy, problem: str, direction: Direction, cidrs: str) -> Finding:
        peer = "from" if direction == "ingress" else "to"
        return Finding(
            subject=f"{self.where[str(policy)]} {_POLICY} {policy}",
            evidence=f"{problem}: no rule admits {cidrs}, and labels select no pod of another cluster",
            remedy=f"Add a rule to its {direction} with {peer}: [{{ipBlock: {{cidr: {cidrs}}}}}]",
        )


def policies_admit(design: Design) -> Iterator[Finding]:
    """POD-04: network policies let the other cloud in at its load balancers, and its pods out."""
    vpc, vnet = design.vpc_ranges, design.vnet_spaces
    for side, sources in design.manifests.items():
        other, own = (vnet, vpc) if side == "aws" else (vpc, vnet)
        if _enforced(design, side) is not True or not other:
            continue
        app = _app(sources)
        cidrs = ", ".join(map(str, other))
        for service in filter(None, map(internal_service_of, app.services)):
            closed = service.closed_pod(app.policies, (*other, *own))
            if closed is not None:
                pod, ports = closed
                policy = app.policies.isolating(pod, "ingress")[0]
                problem = f"it closes {ports} of {pod}, which the load balancer of {service} leads to"
                yield app.finding(policy, problem, "ingress", cidrs)
        yield from _nobody_gets_out(app, other, cidrs)


def policies_enforced(design: Design) -> Iterator[Finding]:
    """POD-05: a cluster enforces the network policies that the application has for it."""
    for side, sources in design.manifests.items():
        policies = [source for source in sources if source.manifest["kind"] == _POLICY]
        enforced = _enforced(design, side)
        if not policies or enforced is True:
            continue
        clusters = design.eks_clusters if side == "aws" else design.aks_clusters
        if not clusters:
            continue
        where = subject(clusters[0], _ARGUMENTS[side])
        if enforced is None:
            yield unclear(where, "the plan does not tell whether network policies are enforced")
        else:
            names = ", ".join(policy.manifest["metadata"]["name"] for policy in policies)
            yield Finding(
                subject=where,
                evidence=f"nothing enforces network policies: {names} ({policies[0].where}) will do nothing",
                remedy=_REMEDIES[side],
            )


_ARGUMENTS = {"aws": "add-on vpc-cni", "azure": "network_profile.network_policy"}
_REMEDIES = {
    "aws": 'Add {"enableNetworkPolicy": "true"} to the configuration_values of the add-on vpc-cni',
    "azure": "Set it to azure, calico or cilium",
}


def _enforced(design: Design, side: str) -> bool | None:
    """Return whether a side's clusters enforce network policies; None if the plan does not tell."""
    test: Callable[[str], bool]
    if side == "aws":
        addons = (addon for cluster in design.eks_clusters for addon in cluster.addons)
        test, values = (
            eks_enforces,
            [cluster_addon.configuration_values for cluster_addon in addons if cluster_addon.name == VPC_CNI],
        )
    else:
        test, values = aks_enforces, [aks_cluster.network_policy for aks_cluster in design.aks_clusters]
    return None if UNKNOWN in values else any(test(known(value) or "") for value in values)


def _nobody_gets_out(app: _App, other: Sequence[IPv4Network], cidrs: str) -> Iterator[Finding]:
    """Yield a finding if there are workloads and policies keep every one of them from the other cloud."""
    pods = app.policies.pods
    closing = [app.policies.isolating(pod, "egress") for pod in pods]
    out = [
        any(allowance.overlaps(other) for allowance in app.policies.allowances(pod, "egress")) for pod in pods
    ]
    if pods and all(closing) and not any(out):
        yield app.finding(closing[0][0], "no workload gets out to the other cloud", "egress", cidrs)


def _app(sources: "tuple[Source, ...]") -> _App:
    policies: list[NetworkPolicy] = []
    where: dict[str, str] = {}
    pods: list[Pod | None] = []
    for source in sources:
        try:
            if source.manifest["kind"] == _POLICY:
                policies.append(policy_of(source.manifest))
                where[str(policies[-1])] = source.where
            elif source.manifest["kind"] in _TEMPLATES:
                pods.append(pod_of(_template(source.manifest)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DesignError(
                where=source.where,
                problem=f"this {source.manifest['kind']} cannot be read: {error!r}",
                remedy="Correct it; `kubectl apply --dry-run=server -f FILE` says what is wrong",
            ) from error
    namespaces = [
        manifest_source.manifest
        for manifest_source in sources
        if manifest_source.manifest["kind"] == "Namespace"
    ]
    return _App(
        policies=Policies(
            policies=tuple(policies),
            pods=tuple(pod for pod in pods if pod is not None),
            namespaces={
                namespace["metadata"]["name"]: namespace_labels(namespace) for namespace in namespaces
            },
        ),
        where=where,
        services=tuple(
            manifest_source.manifest
            for manifest_source in sources
            if manifest_source.manifest["kind"] == "Service"
        ),
    )


def _template(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a workload's pod as an object."""
    template: Mapping[str, Any] = manifest
    for name in _TEMPLATES[manifest["kind"]]:
        template = template[name]
    meta = manifest["metadata"]
    labels = (template.get("metadata") or {}).get("labels") or {}
    own = {"name": meta["name"], "namespace": meta.get("namespace"), "labels": labels}
    return {"metadata": own, "spec": template.get("spec") or {}}
