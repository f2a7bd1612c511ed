# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""The AKS cluster."""

from collections.abc import Iterator
from typing import ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.azurerm.agent_pools import (
    COUNT,
    DEFAULTS,
    PODS,
    POOL_NAME,
    SUPPORTED,
    pool_body,
    unsupported,
    update_pool,
)
from twinspan.twin.providers.azurerm.base import ArmResource, given, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.kubernetes_state import (
    NETWORK,
    NETWORK_LISTS,
    default_pool_state,
    endpoint_state,
    identity_state,
    network_body,
    network_state,
    provisioning_body,
    shared_state,
)
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Change, Problem, Record, one_of
from twinspan.twin.providers.values import UNKNOWN

_SUPPORTED = frozenset(
    {"automatic_upgrade_channel", "cost_analysis_enabled", "default_node_pool", "dns_prefix", "id"}
    | {"identity", "kubernetes_version", "local_account_disabled", "location", "name", "network_profile"}
    | {"node_os_upgrade_channel", "node_provisioning_profile", "node_resource_group"}
    | {"oidc_issuer_enabled", "private_cluster_enabled", "private_cluster_public_fqdn_enabled"}
    | {"private_dns_zone_id", "resource_group_name", "role_based_access_control_enabled"}
    | {"run_command_enabled", "sku_tier", "support_plan", "tags", "timeouts", "workload_identity_enabled"}
)
_SUPPORTED_NETWORK = frozenset({*NETWORK, *NETWORK_LISTS, "network_mode"})
_POOL = "default_node_pool"


class KubernetesCluster(ArmResource):
    """`azurerm_kubernetes_cluster`: its network, identity, pool and endpoint; none of the other add-ons."""

    type_name = "azurerm_kubernetes_cluster"
    facts = Facts(
        defaults={
            **{f"{_POOL}.{name}": value for name, value in DEFAULTS.items()},
            f"{_POOL}.type": "VirtualMachineScaleSets",
            "local_account_disabled": False,
            "network_profile.load_balancer_sku": "standard",
            "network_profile.network_data_plane": "azure",
            "network_profile.outbound_type": "loadBalancer",
            "node_os_upgrade_channel": "NodeImage",
            "node_provisioning_profile.default_node_pools": "Auto",
            "node_provisioning_profile.mode": "Manual",
            "oidc_issuer_enabled": True,
            "private_cluster_enabled": False,
            "private_cluster_public_fqdn_enabled": False,
            "role_based_access_control_enabled": True,
            "run_command_enabled": True,
            "sku_tier": "Free",
            "support_plan": "KubernetesOfficial",
            "workload_identity_enabled": False,
        },
        force_new=NAMED
        | {"dns_prefix", "node_resource_group", "private_cluster_enabled", "private_dns_zone_id"}
        | {"role_based_access_control_enabled", f"{_POOL}.name"}
        | {f"network_profile.{name}" for name in ("network_plugin", "service_cidr", "dns_service_ip")}
        | {f"network_profile.{name}" for name in ("load_balancer_sku", "ip_versions", "pod_cidr")},
        computed_blocks=frozenset(
            {
                "auto_scaler_profile",
                "bootstrap_profile",
                "kubelet_identity",
                "network_profile",
                "windows_profile",
            }
            | {"network_profile.load_balancer_profile", "network_profile.nat_gateway_profile"}
        ),
    )
    rules: ClassVar = {
        f"{_POOL}.max_pods": PODS,
        f"{_POOL}.name": POOL_NAME,
        f"{_POOL}.node_count": COUNT,
        f"{_POOL}.temporary_name_for_rotation": POOL_NAME,
        "identity.type": one_of("SystemAssigned", "UserAssigned"),
        "network_profile.load_balancer_sku": one_of("basic", "standard"),
        "network_profile.network_plugin": one_of("azure", "kubenet", "none"),
        "network_profile.network_plugin_mode": one_of("overlay"),
        "network_profile.network_policy": one_of("azure", "calico", "cilium"),
        "node_provisioning_profile.mode": one_of("Auto", "Manual"),
        "sku_tier": one_of("Free", "Standard", "Premium"),
    }
    _provider = "Microsoft.ContainerService"
    _segments = (("managedClusters", "name"),)

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse what this offline provider cannot build, and a cluster without a name or an identity."""
        yield from unsupported(config, _SUPPORTED)
        for name, supported in ((_POOL, SUPPORTED | {"type"}), ("network_profile", _SUPPORTED_NETWORK)):
            for block in config[name] if isinstance(config[name], list) else []:
                yield from unsupported(block, supported, f"{name}.")
        if config["dns_prefix"] is None:
            yield Problem(summary="dns_prefix is missing", detail="Give dns_prefix.", path="dns_prefix")
        if config["identity"] == []:
            detail = "Give an identity block: the offline provider knows no service principals here."
            yield Problem(summary="identity is missing", detail=detail, path="identity")

    def adjust(self, cloud: ArmCloud, change: Change) -> State:
        """Plan what a change of the version or the network makes unknown."""
        planned = super().adjust(cloud, change)
        if change.differs("kubernetes_version"):
            planned["current_kubernetes_version"] = UNKNOWN
        return planned

    def extras(self, planned: State) -> Document:
        """Return tier and identity."""
        block = planned["identity"][0]
        identities: Document = {identity: {} for identity in block["identity_ids"] or []}
        identity = {"type": block["type"], "userAssignedIdentities": identities or None}
        return {
            "sku": {"name": "Base", "tier": planned["sku_tier"]},
            "identity": without_nones(identity),
        }

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the cluster; the pools of an existing one are changed by themselves."""
        pool = planned[_POOL][0]
        first = {**pool_body(pool), "name": pool["name"], "mode": "System", "osType": "Linux"}
        first["type"] = pool["type"]
        return {
            "agentPoolProfiles": existing.get("agentPoolProfiles") or [first],
            "apiServerAccessProfile": without_nones(
                {
                    "enablePrivateCluster": planned["private_cluster_enabled"],
                    "enablePrivateClusterPublicFQDN": planned["private_cluster_public_fqdn_enabled"],
                    "disableRunCommand": not planned["run_command_enabled"],
                    "privateDNSZone": given(planned["private_dns_zone_id"]),
                }
            ),
            "autoUpgradeProfile": without_nones(
                {
                    "nodeOSUpgradeChannel": planned["node_os_upgrade_channel"],
                    "upgradeChannel": given(planned["automatic_upgrade_channel"]),
                }
            ),
            "disableLocalAccounts": planned["local_account_disabled"],
            "dnsPrefix": planned["dns_prefix"],
            "enableRBAC": planned["role_based_access_control_enabled"],
            "kubernetesVersion": given(planned["kubernetes_version"]),
            "networkProfile": network_body(planned["network_profile"]),
            "nodeProvisioningProfile": provisioning_body(planned["node_provisioning_profile"]),
            "nodeResourceGroup": given(planned["node_resource_group"]),
            "oidcIssuerProfile": {"enabled": planned["oidc_issuer_enabled"]},
            "securityProfile": {"workloadIdentity": {"enabled": planned["workload_identity_enabled"]}},
            "supportPlan": planned["support_plan"],
        }

    def create(self, cloud: ArmCloud, planned: State, record: Record) -> str:
        """PUT the cluster and wait until it is provisioned; a failed one is kept as tainted."""
        try:
            return super().create(cloud, planned, record)
        except CloudRefusedError as error:
            identity = self.identity(cloud, planned)
            if error.code != "AlreadyExists" and cloud.get(identity) is not None:
                record(identity)
            raise

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the cluster and the credentials of its users."""
        properties = document["properties"]
        pools, known = properties.get("agentPoolProfiles") or [], state.get(_POOL)
        block = known[0] if isinstance(known, list) and known else {}
        pool = next((profile for profile in pools if profile.get("name") == block.get("name")), None)
        pool = pool or next((profile for profile in pools if profile.get("mode") == "System"), {})
        network = properties.get("networkProfile") or {}
        provisioning = properties.get("nodeProvisioningProfile") or {}
        channels = properties.get("autoUpgradeProfile") or {}
        upgrade_channel = channels.get("upgradeChannel") or ""
        return {
            **shared_state(cloud, document, state["id"]),
            "bootstrap_profile": [],
            "portal_fqdn": properties.get("azurePortalFQDN", ""),
            "automatic_upgrade_channel": "" if upgrade_channel == "none" else upgrade_channel,
            _POOL: [default_pool_state(pool, block)],
            "identity": [identity_state(document.get("identity") or {}, state)],
            "local_account_disabled": properties.get("disableLocalAccounts", False),
            "network_profile": [network_state(network)] if network else [],
            "node_os_upgrade_channel": channels.get("nodeOSUpgradeChannel") or "NodeImage",
            "node_provisioning_profile": [
                {
                    "default_node_pools": provisioning.get("defaultNodePools") or "Auto",
                    "mode": provisioning.get("mode") or "Manual",
                }
            ],
            "sku_tier": (document.get("sku") or {}).get("tier") or "Free",
            "support_plan": properties.get("supportPlan") or "KubernetesOfficial",
            **endpoint_state(properties),
        }

    def update(self, cloud: ArmCloud, prior: State, planned: State) -> State:
        """PUT the cluster if more than its pool changes, then the pool if that does."""
        old, new = prior[_POOL][0], planned[_POOL][0]
        apart = {name for name in planned if name != _POOL and planned[name] is not UNKNOWN}
        if any(prior[name] != planned[name] for name in apart):
            super().update(cloud, prior, planned)
        if old != new:
            identity = f"{prior['id']}/agentPools/{new['name']}"
            body = {**pool_body(new), "mode": "System", "osType": "Linux", "type": new["type"]}
            with self._locked(cloud, prior["id"]):
                update_pool(cloud, identity, old, new, body)
        return {}
