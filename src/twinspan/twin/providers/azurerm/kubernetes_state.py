# ruff: noqa: ANN401 - a kubeconfig has no static type
"""What ARM says of an AKS cluster, in Terraform's words."""

import base64
from typing import Any

from twinspan.twin.providers.azurerm.agent_pools import pool_state, spelled
from twinspan.twin.providers.azurerm.base import given, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.values import Value

NETWORK = {
    "dns_service_ip": "dnsServiceIP",
    "load_balancer_sku": "loadBalancerSku",
    "network_data_plane": "networkDataplane",
    "network_plugin": "networkPlugin",
    "network_plugin_mode": "networkPluginMode",
    "network_policy": "networkPolicy",
    "outbound_type": "outboundType",
    "pod_cidr": "podCidr",
    "service_cidr": "serviceCidr",
}
"""Argument of `network_profile` -> member of ARM's `networkProfile`."""
NETWORK_LISTS = {"ip_versions": "ipFamilies", "pod_cidrs": "podCidrs", "service_cidrs": "serviceCidrs"}
"""The same, for lists."""


def network_body(blocks: Value) -> Document | None:
    """Return a network profile as ARM wants it, None for none."""
    if not isinstance(blocks, list) or not blocks:
        return None
    block = blocks[0]
    body = {member: given(block[name]) for name, member in {**NETWORK, **NETWORK_LISTS}.items()}
    return without_nones({name: value for name, value in body.items() if value != []})


def network_state(profile: Document) -> State:
    """Return a network profile."""
    attributes: State = {name: profile.get(member, "") for name, member in NETWORK.items()}
    attributes |= {name: profile.get(member) or [] for name, member in NETWORK_LISTS.items()}
    balancer = profile.get("loadBalancerProfile")
    attributes["load_balancer_profile"] = [_balancer_state(balancer)] if balancer else []
    return {
        **attributes,
        "advanced_networking": [],
        "nat_gateway_profile": [],
        "network_data_plane": profile.get("networkDataplane") or "azure",
        "network_mode": profile.get("networkMode", ""),
        "network_policy": "" if profile.get("networkPolicy") == "none" else profile.get("networkPolicy", ""),
        "outbound_type": profile.get("outboundType") or "loadBalancer",
    }


def _balancer_state(profile: Document) -> State:
    outbound = profile.get("managedOutboundIPs") or {}
    return {
        "backend_pool_type": profile.get("backendPoolType", "NodeIPConfiguration"),
        "effective_outbound_ips": [item["id"] for item in profile.get("effectiveOutboundIPs") or []],
        "idle_timeout_in_minutes": profile.get("idleTimeoutInMinutes", 0),
        "managed_outbound_ip_count": outbound.get("count", 0),
        "managed_outbound_ipv6_count": outbound.get("countIPv6", 0),
        "outbound_ip_address_ids": [],
        "outbound_ip_prefix_ids": [],
        "outbound_ports_allocated": profile.get("allocatedOutboundPorts", 0),
    }


def provisioning_body(blocks: Value) -> Document | None:
    """Return who makes nodes as ARM wants it, None for nothing said."""
    if not isinstance(blocks, list) or not blocks:
        return None
    return without_nones(
        {"mode": given(blocks[0]["mode"]), "defaultNodePools": given(blocks[0]["default_node_pools"])}
    )


def default_pool_state(pool: Document, known: State) -> State:
    """Return the pool that is written in the cluster."""
    return {
        **pool_state(pool, known),
        "name": pool.get("name", ""),
        "temporary_name_for_rotation": known.get("temporary_name_for_rotation"),
        "type": pool.get("type") or "VirtualMachineScaleSets",
    }


def identity_state(identity: Document, state: State) -> State:
    """Return who the cluster is; ids are spelled as in `state` where only the case differs."""
    known = state.get("identity")
    spellings = known[0]["identity_ids"] or [] if isinstance(known, list) and known else []
    ids = [
        next((spelling for spelling in spellings if spelled(identity_id, spelling) == spelling), identity_id)
        for identity_id in identity.get("userAssignedIdentities") or {}
    ]
    return {
        "identity_ids": ids,
        "principal_id": identity.get("principalId", ""),
        "tenant_id": identity.get("tenantId", ""),
        "type": identity.get("type", ""),
    }


def endpoint_state(properties: Document) -> State:
    """Return how the API server is reached."""
    access = properties.get("apiServerAccessProfile") or {}
    workload = (properties.get("securityProfile") or {}).get("workloadIdentity") or {}
    return {
        "private_cluster_public_fqdn_enabled": access.get("enablePrivateClusterPublicFQDN", False),
        "private_dns_zone_id": access.get("privateDNSZone", ""),
        "run_command_enabled": not access.get("disableRunCommand", False),
        "workload_identity_enabled": workload.get("enabled", False),
    }


def shared_state(cloud: ArmCloud, document: Document, identity: str) -> State:
    """Return what resource and data source have in common."""
    properties = document["properties"]
    access, oidc = properties.get("apiServerAccessProfile") or {}, properties.get("oidcIssuerProfile") or {}
    group = properties.get("nodeResourceGroup", "")
    return {
        "current_kubernetes_version": properties.get("currentKubernetesVersion", ""),
        "dns_prefix": properties.get("dnsPrefix", ""),
        "fqdn": properties.get("fqdn", ""),
        "kube_admin_config": [],
        "kube_admin_config_raw": "",
        "kubelet_identity": _kubelet_identity(properties),
        "kubernetes_version": properties.get("kubernetesVersion", ""),
        "node_resource_group": group,
        "node_resource_group_id": f"{cloud.subscription}/resourceGroups/{group}" if group else "",
        "oidc_issuer_enabled": oidc.get("enabled", False),
        "oidc_issuer_url": oidc.get("issuerURL", ""),
        "private_cluster_enabled": access.get("enablePrivateCluster", False),
        "private_fqdn": properties.get("privateFQDN", ""),
        "role_based_access_control_enabled": properties.get("enableRBAC", True),
        **_credentials(cloud, identity),
    }


def _kubelet_identity(properties: Document) -> list[State]:
    identity = (properties.get("identityProfile") or {}).get("kubeletidentity")
    if not identity:
        return []
    members = {"client_id": "clientId", "object_id": "objectId", "user_assigned_identity_id": "resourceId"}
    return [{name: identity.get(member, "") for name, member in members.items()}]


def _credentials(cloud: ArmCloud, identity: str) -> State:
    """Return the kubeconfig of the cluster's users, as text and taken apart.

    That of administrators is kept by the real provider only of clusters that sign in with Entra.
    """
    import yaml  # noqa: PLC0415 - not needed unless there is a cluster; every start of the plugin would wait

    answer = cloud.post(identity, "listClusterUserCredential")
    kubeconfigs = answer.get("kubeconfigs") or []
    if not kubeconfigs:
        return {"kube_config": [], "kube_config_raw": ""}
    raw = base64.b64decode(kubeconfigs[0]["value"]).decode()
    return {"kube_config": [_config(yaml.safe_load(raw))], "kube_config_raw": raw}


def _config(document: Any) -> State:
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]
    credentials = user.get("user") or {}
    return {
        "client_certificate": credentials.get("client-certificate-data", ""),
        "client_key": credentials.get("client-key-data", ""),
        "cluster_ca_certificate": cluster.get("certificate-authority-data", ""),
        "host": cluster["server"],
        "password": credentials.get("token", ""),
        "username": user["name"],
    }
