"""Clusters: whether pods keep their addresses over the VPN."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from twinspan.check.design import Design, known, network
from twinspan.check.findings import unclear
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding


def eks_keeps_pod_addresses(design: Design) -> Iterator[Finding]:
    """POD-01: the EKS network add-on does not hide pods behind their node towards Azure."""
    if not design.of_type("aws_eks_cluster"):
        return
    addons = [each for each in design.of_type("aws_eks_addon") if each.get("addon_name") == "vpc-cni"]
    for addon in addons:
        where = f"{addon.address} configuration_values"
        if addon.get("configuration_values") is UNKNOWN:
            yield unclear(where, "the plan does not tell the add-on's settings")
            continue
        env = _environment(addon)
        if str(env.get("AWS_VPC_K8S_CNI_EXTERNALSNAT", "false")).lower() == "true":
            continue
        texts = str(env.get("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS", "")).split(",")
        spared = [cidr for text in texts if (cidr := network(text.strip() or None)) is not None]
        for _, cidr in design.vnet_ranges:
            if not any(cidr.subnet_of(each) for each in spared):
                yield Finding(
                    subject=where,
                    evidence=f"pods reach {cidr} with their node's address:"
                    f" AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS does"
                    " not name it",
                    remedy=f'Add {{"env": {{"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "{cidr}"}}}}',
                )


def _environment(addon: PlannedResource) -> Mapping[str, Any]:
    try:
        value = json.loads(str(addon.get("configuration_values") or "{}"))
    except json.JSONDecodeError:
        return {}
    env = value.get("env", {}) if isinstance(value, dict) else {}
    return env if isinstance(env, dict) else {}


def aks_pods_reachable(design: Design) -> Iterator[Finding]:
    """POD-02: AWS can reach AKS pods: the cluster uses neither overlay nor kubenet."""
    for cluster in design.of_type("azurerm_kubernetes_cluster"):
        plugin = cluster.get("network_profile", 0, "network_plugin")
        mode = cluster.get("network_profile", 0, "network_plugin_mode")
        hidden = "overlay" if mode == "overlay" else "kubenet" if plugin == "kubenet" else ""
        if hidden:
            yield Finding(
                subject=f"{cluster.address} network_profile",
                evidence=f"{hidden}: AWS sees nodes instead of pods, and reaches no pod by its address",
                remedy="Use Azure CNI with a pod subnet, or an internal load balancer",
            )


def aks_routes_kept(design: Design) -> Iterator[Finding]:
    """POD-03: an AKS cluster with user-defined routing keeps the routes that the gateway learns."""
    for cluster in design.of_type("azurerm_kubernetes_cluster"):
        if cluster.get("network_profile", 0, "outbound_type") != "userDefinedRouting":
            continue
        for table in design.of_type("azurerm_route_table"):
            if known(value := table.get("bgp_route_propagation_enabled")) and value is False:
                yield Finding(
                    subject=f"{table.address} bgp_route_propagation_enabled",
                    evidence=f"false; the routes to AWS vanish from the nodes of {cluster.address}",
                    remedy="Set it to true",
                )
