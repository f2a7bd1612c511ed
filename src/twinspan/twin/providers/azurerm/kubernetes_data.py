"""The AKS cluster as a data source."""

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.azurerm.agent_pools import pool_state
from twinspan.twin.providers.azurerm.base import normalised
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.kubernetes_state import identity_state, network_state, shared_state
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.resource import DataSource


class ClusterData(DataSource[ArmCloud]):
    """`azurerm_kubernetes_cluster`, the data source."""

    type_name = "azurerm_kubernetes_cluster"

    def read(self, cloud: ArmCloud, config: State) -> State:
        """GET the cluster."""
        group, name = config["resource_group_name"], config["name"]
        identity = (
            f"{cloud.subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService"
            f"/managedClusters/{name}"
        )
        document = cloud.get(identity)
        if document is None:
            raise CloudRefusedError(
                operation=f"arm:GET managedClusters/{name}",
                code="ResourceNotFound",
                message=f"there is no AKS cluster {name} in resource group {group}",
            )
        network = document["properties"].get("networkProfile") or {}
        members = {"dns_service_ip", "load_balancer_sku", "network_plugin", "network_policy"}
        members |= {"outbound_type", "pod_cidr", "service_cidr"}
        profile = {name: value for name, value in network_state(network).items() if name in members}
        pools = document["properties"].get("agentPoolProfiles") or []
        return {
            **shared_state(cloud, document, identity),
            "agent_pool_profile": [_profile(pool) for pool in pools],
            "id": identity,
            "identity": [identity_state(document.get("identity") or {}, {})],
            "location": normalised(document.get("location", "")),
            "network_profile": [{**profile, "docker_bridge_cidr": ""}] if network else [],
            "tags": document.get("tags") or {},
        }


def _profile(pool: Document) -> State:
    names = {"auto_scaling_enabled", "max_count", "max_pods", "min_count", "node_labels"}
    names |= {"node_public_ip_enabled", "orchestrator_version", "os_disk_size_gb", "tags", "vm_size"}
    state = pool_state(pool, {})
    return {
        **{name: state[name] for name in names},
        "count": pool.get("count", 0),
        "name": pool.get("name", ""),
        "node_public_ip_prefix_id": "",
        "node_taints": pool.get("nodeTaints") or [],
        "os_type": pool.get("osType", "Linux"),
        "type": pool.get("type", ""),
        "upgrade_settings": [],
        "vnet_subnet_id": pool.get("vnetSubnetID", ""),
        "zones": pool.get("availabilityZones") or [],
    }
