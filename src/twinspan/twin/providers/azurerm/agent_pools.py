# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""AKS node pools: the one written in the cluster, and further ones as resources of their own."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.network.limits import AKS_NODES_PER_POOL, AKS_PODS_PER_NODE
from twinspan.twin.providers.azurerm.base import ArmResource, given, last, parent, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, between, matches, one_of
from twinspan.twin.providers.values import Value

_MEMBERS = {
    "auto_scaling_enabled": "enableAutoScaling",
    "fips_enabled": "enableFIPS",
    "host_encryption_enabled": "enableEncryptionAtHost",
    "kubelet_disk_type": "kubeletDiskType",
    "max_count": "maxCount",
    "max_pods": "maxPods",
    "min_count": "minCount",
    "node_count": "count",
    "node_labels": "nodeLabels",
    "node_public_ip_enabled": "enableNodePublicIP",
    "orchestrator_version": "orchestratorVersion",
    "os_disk_size_gb": "osDiskSizeGB",
    "os_disk_type": "osDiskType",
    "os_sku": "osSKU",
    "pod_subnet_id": "podSubnetID",
    "scale_down_mode": "scaleDownMode",
    "tags": "tags",
    "ultra_ssd_enabled": "enableUltraSSD",
    "vm_size": "vmSize",
    "vnet_subnet_id": "vnetSubnetID",
    "workload_runtime": "workloadRuntime",
    "zones": "availabilityZones",
}
_OF_A_POOL = {
    "eviction_policy": "scaleSetEvictionPolicy",
    "mode": "mode",
    "node_taints": "nodeTaints",
    "os_type": "osType",
    "priority": "scaleSetPriority",
}
_UPGRADE = {
    "drain_timeout_in_minutes": "drainTimeoutInMinutes",
    "max_surge": "maxSurge",
    "node_soak_duration_in_minutes": "nodeSoakDurationInMinutes",
    "undrainable_node_behavior": "undrainableNodeBehavior",
}
_ROTATED = (
    "fips_enabled",
    "host_encryption_enabled",
    "kubelet_disk_type",
    "max_pods",
    "node_public_ip_enabled",
    "os_disk_size_gb",
    "os_disk_type",
    "os_sku",
    "pod_subnet_id",
    "ultra_ssd_enabled",
    "vm_size",
    "vnet_subnet_id",
    "zones",
)
"""What only a new pool can have. Source: azurerm documentation, `temporary_name_for_rotation`."""


DEFAULTS: Mapping[str, Value] = {
    "auto_scaling_enabled": False,
    "fips_enabled": False,
    "host_encryption_enabled": False,
    "node_public_ip_enabled": False,
    "os_disk_type": "Managed",
    "scale_down_mode": "Delete",
    "ultra_ssd_enabled": False,
}
SUPPORTED = frozenset({*_MEMBERS, "name", "temporary_name_for_rotation", "upgrade_settings"})
POOL_NAME = matches(r"[a-z][a-z0-9]{0,11}", "1 to 12 small letters and digits, a letter first")
"""Source: ARM, managedClusters/agentPools, name of a Linux pool."""
COUNT = between(0, AKS_NODES_PER_POOL)
PODS = between(AKS_PODS_PER_NODE[0], AKS_PODS_PER_NODE[-1])


def unsupported(config: State, supported: frozenset[str], path: str = "") -> Iterator[Problem]:
    """Yield a problem for everything that is configured and that this offline provider does not build."""
    for name, value in config.items():
        if name not in supported and value not in (None, [], {}, False):
            detail = (
                f"The offline provider builds no cluster with {path}{name}; leave it out or use the real one."
            )
            yield Problem(
                summary=f"{path}{name} is not supported offline", detail=detail, path=f"{path}{name}"
            )


def pool_body(block: State, further: Mapping[str, str] | None = None) -> Document:
    """Return a pool's properties as ARM wants them."""
    names = {**_MEMBERS, **(further or {})}
    body = {member: _sent(block[name]) for name, member in names.items()}
    upgrade = block["upgrade_settings"]
    if isinstance(upgrade, list) and upgrade:
        settings = {member: _sent(upgrade[0][name]) for name, member in _UPGRADE.items()}
        body["upgradeSettings"] = without_nones(settings) or None
    return without_nones(body)


def _sent(value: Any) -> Any:
    given_value = given(value)
    return None if given_value in ([], {}) else given_value


def pool_state(properties: Document, known: State, further: Mapping[str, str] | None = None) -> State:
    """Return what ARM says of a pool; ids are spelled as `known` where only the case differs."""
    names = {**_MEMBERS, **(further or {})}
    attributes: State = {name: properties.get(member) for name, member in names.items()}
    for name in ("pod_subnet_id", "vnet_subnet_id"):
        attributes[name] = spelled(attributes[name], known.get(name))
    attributes |= {name: value for name, value in DEFAULTS.items() if attributes[name] is None}
    attributes |= {name: {} for name in ("node_labels", "tags") if attributes[name] is None}
    settings = properties.get("upgradeSettings")
    asked = known.get("upgrade_settings")
    attributes["upgrade_settings"] = (
        [{name: settings.get(member) for name, member in _UPGRADE.items()}] if settings and asked else []
    )
    return attributes


def spelled(identity: Value, known: Value) -> Value:
    """Return an id as `known` has it where only the case differs."""
    same = isinstance(identity, str) and isinstance(known, str) and identity.lower() == known.lower()
    return known if same else identity


def update_pool(cloud: ArmCloud, identity: str, prior: State, planned: State, body: Document) -> None:
    """Bring a pool to what is planned: in place, or by way of a temporary pool.

    Args:
        cloud: The client.
        identity: The pool's id.
        prior: Its block before.
        planned: Its block after.
        body: Its properties after.

    Raises:
        CloudRefusedError: ARM refused, or a new pool is needed and no temporary name is given.
    """
    rotated = [name for name in _ROTATED if name in planned and prior[name] != planned[name]]
    if not rotated:
        cloud.put(identity, {"properties": body})
        return
    temporary = planned["temporary_name_for_rotation"]
    if not temporary:
        raise CloudRefusedError(
            operation=f"update node pool {last(identity)}",
            code="TemporaryNameNeeded",
            message=f"`temporary_name_for_rotation` must be specified when changing {', '.join(rotated)}",
        )
    substitute = f"{parent(identity)}/agentPools/{temporary}"
    cloud.put(substitute, {"properties": body})
    cloud.delete(identity)
    cloud.put(identity, {"properties": body})
    cloud.delete(substitute)


class NodePool(ArmResource):
    """`azurerm_kubernetes_cluster_node_pool`, of Linux nodes."""

    type_name = "azurerm_kubernetes_cluster_node_pool"
    facts = Facts(
        defaults={
            **DEFAULTS,
            "mode": "User",
            "os_type": "Linux",
            "priority": "Regular",
            "spot_max_price": -1,
        },
        force_new=frozenset({"name", "kubernetes_cluster_id", "os_type", "priority", "eviction_policy"}),
    )
    rules: ClassVar = {
        "max_pods": PODS,
        "mode": one_of("System", "User"),
        "name": POOL_NAME,
        "node_count": COUNT,
        "os_type": one_of("Linux"),
        "priority": one_of("Regular", "Spot"),
        "temporary_name_for_rotation": POOL_NAME,
    }
    _provider = "Microsoft.ContainerService"
    _segments = (("managedClusters", "kubernetes_cluster_id"), ("agentPools", "name"))

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse what this offline provider cannot build."""
        supported = SUPPORTED | {*_OF_A_POOL, "id", "kubernetes_cluster_id", "spot_max_price", "timeouts"}
        yield from unsupported(config, supported)

    def identity(self, cloud: ArmCloud, state: State) -> str:
        """Return the id of the pool, under its cluster's."""
        return f"{state['kubernetes_cluster_id']}/agentPools/{state['name']}"

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the pool."""
        return pool_body(planned, _OF_A_POOL)

    def _document(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the pool alone: its tags are among its properties."""
        return {"properties": self.body(cloud, planned, existing)}

    def read(self, cloud: ArmCloud, state: State) -> State | None:
        """GET the pool."""
        document = cloud.get(state["id"])
        if document is None:
            return None
        properties, cluster = document["properties"], parent(state["id"])
        return {
            **pool_state(properties, state, _OF_A_POOL),
            "kubernetes_cluster_id": spelled(cluster, state.get("kubernetes_cluster_id")),
            "name": last(state["id"]),
            "node_image_version": properties.get("nodeImageVersion", ""),
            "priority": properties.get("scaleSetPriority") or "Regular",
            "workload_runtime": properties.get("workloadRuntime"),
        }

    def update(self, cloud: ArmCloud, prior: State, planned: State) -> State:
        """PUT the pool, or a new one in its place."""
        with self._locked(cloud, prior["id"]):
            update_pool(cloud, prior["id"], prior, planned, self.body(cloud, planned, {}))
        return {}
