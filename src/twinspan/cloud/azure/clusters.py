"""AKS clusters, from Azure Resource Manager's answers.

They are read by plain requests, which load nothing more than is loaded anyway: the typed client of this
service takes another quarter of a second to import, and one list holds all that is needed.
Source: ARM, Microsoft.ContainerService managedClusters (ManagedCluster, ManagedClusterAgentPoolProfile).
"""

import base64
import json
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import get_all, post
from twinspan.cloud.objects import Unreadable, read_each
from twinspan.errors import CloudRefusedError
from twinspan.network.model import AksCluster, AksNodePool

_API_VERSION = "2025-05-01"
_LIST = "/subscriptions/{subscription}/providers/Microsoft.ContainerService/managedClusters"
_STOPPED = "Stopped"


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class _Power(_Answer):
    code: str = "Running"


class _Pool(_Answer):
    name: str = ""
    mode: str = "User"
    count: int | None = None
    vm_size: str | None = None
    vnet_subnet_id: str | None = Field(None, alias="vnetSubnetID")
    pod_subnet_id: str | None = Field(None, alias="podSubnetID")
    availability_zones: list[str] | None = None
    max_pods: int | None = None
    provisioning_state: str = "Succeeded"
    power_state: _Power | None = None
    node_labels: dict[str, str] | None = None


class _NetworkProfile(_Answer):
    network_plugin: str | None = None
    network_plugin_mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None
    outbound_type: str | None = None
    service_cidr: IPv4Network | None = None
    dns_service_ip: IPv4Address | None = Field(None, alias="dnsServiceIP")
    pod_cidr: IPv4Network | None = None


class _ApiServer(_Answer):
    enable_private_cluster: bool | None = None


class _Properties(_Answer):
    provisioning_state: str = "Succeeded"
    power_state: _Power | None = None
    kubernetes_version: str | None = None
    current_kubernetes_version: str | None = None
    fqdn: str | None = None
    private_fqdn: str | None = Field(None, alias="privateFQDN")
    node_resource_group: str | None = None
    network_profile: _NetworkProfile = Field(default_factory=lambda: _NetworkProfile.model_validate({}))
    api_server_access_profile: _ApiServer | None = None
    agent_pool_profiles: list[_Pool] | None = None


class _Cluster(_Answer):
    id: str
    name: str
    location: str
    properties: _Properties


def aks_clusters(endpoint: AzureEndpoint, unreadable: Unreadable) -> tuple[AksCluster, ...]:
    """Read all AKS clusters of a subscription; those that are being deleted are left out.

    Args:
        endpoint: The subscription.
        unreadable: Gets clusters that cannot be understood.

    Raises:
        CloudRefusedError: Azure said no, or answered something else than a list.
        CloudUnreachableError: Azure did not answer in time.
    """
    rows = get_all(endpoint, _LIST.format(subscription=endpoint.subscription_id), api_version=_API_VERSION)

    def read(row: object) -> AksCluster | None:
        raw = _Cluster.model_validate(row)
        return _cluster(raw) if raw.properties.provisioning_state != "Deleting" else None

    clusters = read_each(
        rows,
        read,
        name=lambda row: row.get("id", "AKS cluster") if isinstance(row, dict) else "AKS cluster",
        unreadable=unreadable,
    )
    return tuple(cluster for cluster in clusters if cluster is not None)


def _cluster(raw: _Cluster) -> AksCluster:
    properties, network = raw.properties, raw.properties.network_profile
    access = properties.api_server_access_profile
    stopped = properties.power_state is not None and properties.power_state.code == _STOPPED
    pools = [pool for pool in properties.agent_pool_profiles or () if pool.provisioning_state != "Deleting"]
    return AksCluster(
        id=raw.id.lower(),
        name=raw.name,
        location=raw.location,
        kubernetes_version=properties.current_kubernetes_version or properties.kubernetes_version or "",
        provisioning_state=properties.provisioning_state,
        fqdn=properties.fqdn or properties.private_fqdn or "",
        private_cluster=access is not None and bool(access.enable_private_cluster),
        network_plugin=network.network_plugin or "",
        network_plugin_mode=network.network_plugin_mode or "",
        service_cidr=network.service_cidr,
        dns_service_ip=network.dns_service_ip,
        pod_cidr=network.pod_cidr,
        node_resource_group=properties.node_resource_group or "",
        node_pools=tuple(_pool(pool, stopped=stopped) for pool in pools),
        network_policy=network.network_policy or "",
        network_data_plane=network.network_dataplane or "",
        outbound_type=network.outbound_type or "",
    )


def _pool(raw: _Pool, *, stopped: bool) -> AksNodePool:
    """Read a pool; one that is stopped, alone or with its cluster, has no nodes."""
    off = stopped or (raw.power_state is not None and raw.power_state.code == _STOPPED)
    return AksNodePool(
        name=raw.name,
        mode=raw.mode,
        count=0 if off else raw.count or 0,
        vm_size=raw.vm_size or "",
        vnet_subnet_id=(raw.vnet_subnet_id or "").lower(),
        pod_subnet_id=raw.pod_subnet_id.lower() if raw.pod_subnet_id else None,
        availability_zones=tuple(raw.availability_zones or ()),
        max_pods=raw.max_pods or 0,
        provisioning_state=raw.provisioning_state,
        node_labels=raw.node_labels or {},
    )


def aks_kubeconfig(endpoint: AzureEndpoint, cluster_id: str, *, admin: bool = False) -> dict[str, Any]:
    """Return a cluster's kubeconfig, which holds a secret.

    Args:
        endpoint: The subscription.
        cluster_id: Resource id of the cluster, in any case.
        admin: As a cluster administrator, which works while local accounts are enabled; else as a user.

    Raises:
        CloudRefusedError: Azure said no, e.g. because local accounts are disabled.
        CloudUnreachableError: Azure did not answer in time.
    """
    action = "listClusterAdminCredential" if admin else "listClusterUserCredential"
    answer = post(endpoint, f"{cluster_id}/{action}", api_version=_API_VERSION)
    try:
        return _parse(base64.b64decode(answer["kubeconfigs"][0]["value"]).decode())
    except (LookupError, TypeError, ValueError, yaml.YAMLError) as error:
        raise _unexpected(action, "kubeconfigs") from error


def _parse(text: str) -> dict[str, Any]:
    """Read a kubeconfig, which is YAML; the twin's is JSON, which reads ten times as fast."""
    config = json.loads(text) if text.startswith("{") else yaml.safe_load(text)
    if not isinstance(config, dict):
        msg = "not a kubeconfig"
        raise TypeError(msg)
    return config


def _unexpected(operation: str, where: str) -> CloudRefusedError:
    return CloudRefusedError(
        operation=operation, code="UnexpectedAnswer", message=f"Azure's answer cannot be read: {where}"
    )
