"""Clusters: whether pods keep their addresses over the VPN."""

import json
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from twinspan.network.model import AksCluster, AzureRouteTable
from twinspan.network.policy_engines import VPC_CNI
from twinspan.network.unknown import Unknown
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import subject


def eks_keeps_pod_addresses(design: Design) -> Iterator[Finding]:
    """POD-01: the EKS network add-on does not hide pods behind their node towards Azure."""
    addons = [(cluster, addon) for cluster in design.eks_clusters for addon in cluster.addons]
    for cluster, addon in addons:
        if addon.name != VPC_CNI:
            continue
        where = f"{addon.address or subject(cluster, f'add-on {VPC_CNI}')} configuration_values"
        if isinstance(addon.configuration_values, Unknown):
            yield unclear(where, "the plan does not tell the add-on's settings")
            continue
        env = _environment(addon.configuration_values)
        if str(env.get("AWS_VPC_K8S_CNI_EXTERNALSNAT", "false")).lower() == "true":
            continue
        spared = tuple(_ranges(str(env.get("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS", ""))))
        for cidr in design.vnet_spaces:
            if not any(cidr.subnet_of(network) for network in spared):
                yield Finding(
                    subject=where,
                    evidence=f"pods reach {cidr} with their node's address:"
                    f" AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS does"
                    " not name it",
                    remedy=f'Add {{"env": {{"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "{cidr}"}}}}',
                )


def _environment(configuration_values: str) -> Mapping[str, object]:
    try:
        value = json.loads(configuration_values or "{}")
    except json.JSONDecodeError:
        return {}
    env = value.get("env", {}) if isinstance(value, dict) else {}
    return env if isinstance(env, dict) else {}


def _ranges(texts: str) -> Iterator[IPv4Network]:
    """Yield the ranges in a list with commas, without what is none of IPv4."""
    for text in texts.split(","):
        try:
            yield IPv4Network(text.strip(), strict=False)
        except ValueError:
            continue


def aks_pods_reachable(design: Design) -> Iterator[Finding]:
    """POD-02: AWS can reach AKS pods: the cluster uses neither overlay nor kubenet."""
    for cluster in design.aks_clusters:
        overlay, kubenet = cluster.network_plugin_mode == "overlay", cluster.network_plugin == "kubenet"
        if overlay or kubenet:
            yield Finding(
                subject=subject(cluster, "network_profile"),
                evidence=f"{'overlay' if overlay else 'kubenet'}: AWS sees nodes instead of pods, and reaches"
                " no pod by its address",
                remedy="Use Azure CNI with a pod subnet, or an internal load balancer",
            )


def aks_routes_kept(design: Design) -> Iterator[Finding]:
    """POD-03: an AKS cluster with user-defined routing keeps the routes that the gateway learns."""
    for cluster in design.aks_clusters:
        if cluster.outbound_type != "userDefinedRouting":
            continue
        for table in _tables(design, cluster):
            if table.bgp_route_propagation_enabled is False:
                yield Finding(
                    subject=subject(table, "bgp_route_propagation_enabled"),
                    evidence=f"false; the routes to AWS vanish from the nodes of {subject(cluster)}",
                    remedy="Set it to true",
                )


def _tables(design: Design, cluster: AksCluster[Unknown]) -> tuple[AzureRouteTable[Unknown], ...]:
    """Return the route tables of a cluster's nodes; all of them if it is not known which they are."""
    nodes = {pool.vnet_subnet_id for pool in cluster.node_pools}
    named = {subnet.route_table_id for _, subnet in design.azure_subnets_of if subnet.id in nodes}
    tables = design.azure.route_tables
    return tuple(table for table in tables if table.id in named) or tables
