"""What an environment will ask of the accounts, read from its plan."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from twinspan.network.unknown import Unknown
from twinspan.project.plan import Plan, PlannedResource

_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-[0-9]+")
"""The region that a zone's name begins with. Source: Amazon EC2, Regions and Zones (`us-west-2-lax-1a`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What will be built, as far as a plan tells.

    Attributes:
        counts: Terraform type -> how many.
        region: The AWS region, by its zones; empty if the plan names none.
        location: The Azure region; empty if the plan names none.
        instance_types: EC2 instance types of node groups.
        vm_sizes: Azure VM sizes of node pools.
        gateway_skus: SKUs of VPN gateways.
        eks_versions: Kubernetes versions that are asked of EKS.
        aks_versions: Kubernetes versions that are asked of AKS.
    """

    counts: Counter[str]
    region: str
    location: str
    instance_types: frozenset[str]
    vm_sizes: frozenset[str]
    gateway_skus: frozenset[str]
    eks_versions: frozenset[str]
    aks_versions: frozenset[str]


def needs_of(plan: Plan) -> Needs:
    """Return what a plan asks for."""
    locations = [
        _text(resource.get("location"))
        for resource in plan.of("azurerm_virtual_network_gateway", "azurerm_resource_group")
    ]
    pools = plan.of("azurerm_kubernetes_cluster_node_pool")
    clusters = plan.of("azurerm_kubernetes_cluster")
    return Needs(
        counts=Counter(resource.type for resource in plan.resources),
        region=next(
            (
                match[0]
                for subnet in plan.of("aws_subnet")
                if (match := _REGION.match(_text(subnet.get("availability_zone"))))
            ),
            "",
        ),
        location=next((text for text in locations if text), ""),
        instance_types=_texts(
            instance_type
            for group in plan.of("aws_eks_node_group")
            for instance_type in _list(group, "instance_types")
        ),
        vm_sizes=_texts(
            [
                *(pool.get("vm_size") for pool in pools),
                *(cluster.get("default_node_pool", 0, "vm_size") for cluster in clusters),
            ]
        ),
        gateway_skus=_texts(gateway.get("sku") for gateway in plan.of("azurerm_virtual_network_gateway")),
        eks_versions=_texts(eks_cluster.get("version") for eks_cluster in plan.of("aws_eks_cluster")),
        aks_versions=_texts(aks_cluster.get("kubernetes_version") for aks_cluster in clusters),
    )


def _list(resource: PlannedResource, name: str) -> list[Any]:
    value = resource.get(name)
    return list(value) if isinstance(value, list | tuple) else []


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, Unknown) else str(value)


def _texts(values: Any) -> frozenset[str]:  # noqa: ANN401 - any iterable of JSON values
    return frozenset(text for text in map(_text, values) if text)
