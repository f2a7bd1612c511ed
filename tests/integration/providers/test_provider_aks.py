"""AKS through the offline provider, driven by Terraform against the twin's ARM API."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_clouds import ClusterClouds
from provider_workspace import Workspace

from twinspan.twin.providers.azurerm.cloud import ArmCloud, Credentials

_CONFIGURATION = (Path(__file__).parent / "configurations/aks.tf").read_text()
_MANY = "-parallelism=20"
_CLUSTER = "azurerm_kubernetes_cluster.this"
_POOL = "azurerm_kubernetes_cluster_node_pool.this"


@pytest.fixture
def applied(cluster_workspace: Workspace) -> Iterator[None]:
    """A cluster applied; destroyed in the end."""
    chosen = f"tsp-{secrets.token_hex(4)}"
    cluster_workspace.write(_CONFIGURATION)
    (cluster_workspace.folder / "terraform.tfvars").write_text(f'name = "{chosen}"\n')
    cluster_workspace.init()
    cluster_workspace.apply(_MANY)
    yield
    cluster_workspace.apply("-destroy", _MANY)


@pytest.fixture
def azure(cluster_clouds: ClusterClouds, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArmCloud]:
    """A client of the ARM API, beside Terraform's."""
    clouds = cluster_clouds.clouds
    monkeypatch.setenv("SSL_CERT_FILE", str(clouds.certificates))
    who = clouds.credentials
    client = ArmCloud(
        Credentials(
            tenant_id=who.tenant_id,
            subscription_id=who.subscription_id,
            client_id=who.client_id,
            client_secret=who.client_secret,
        ),
        metadata_host=clouds.arm_url.removeprefix("https://"),
    )
    yield client
    client.close()


@pytest.mark.long
@pytest.mark.usefixtures("applied")
def test_a_cluster_is_applied_planned_empty_scaled_and_destroyed(
    cluster_workspace: Workspace, azure: ArmCloud
) -> None:
    """One run for all: what is changed in place, what by a new pool, and what by a new cluster."""
    workspace = cluster_workspace
    assert workspace.changes() == {}
    cluster = workspace.state(_CLUSTER)
    assert cluster["kube_config"][0]["host"].startswith("https://")
    assert "client-key-data" in cluster["kube_config_raw"]
    assert cluster["kube_admin_config"] == []
    assert cluster["node_resource_group"]

    larger = ("-var=node_count=2", '-var=labels={ tier = "1" }')
    assert workspace.changes(*larger) == {_CLUSTER: ["update"], _POOL: ["update"]}
    workspace.apply(*larger)
    pools = azure.get(f"{cluster['id']}/agentPools") or {}
    assert {pool["name"]: pool["properties"]["count"] for pool in pools["value"]} == {"system": 2, "apps": 2}
    assert workspace.changes(*larger) == {}

    tagged = (*larger, '-var=tags={ team = "net" }')
    workspace.apply(*tagged)
    assert (azure.get(cluster["id"]) or {})["tags"] == {"team": "net"}
    assert workspace.changes(*tagged) == {}

    assert workspace.changes(*tagged, "-var=service_cidr=10.97.0.0/16")[_CLUSTER] == ["delete", "create"]


@pytest.mark.long
@pytest.mark.usefixtures("applied")
def test_another_machine_size_needs_a_temporary_pool(cluster_workspace: Workspace, azure: ArmCloud) -> None:
    size = "-var=vm_size=Standard_D4s_v5"
    message = cluster_workspace.refused("apply", "-auto-approve", size)
    assert "`temporary_name_for_rotation` must be specified when changing vm_size" in message

    rotated = (size, "-var=temporary_name=rotating")
    cluster_workspace.apply(*rotated)

    pools = azure.get(f"{cluster_workspace.state(_CLUSTER)['id']}/agentPools") or {}
    sizes = {pool["name"]: pool["properties"]["vmSize"] for pool in pools["value"]}
    assert sizes["system"] == "Standard_D4s_v5"
    assert "rotating" not in sizes
    assert cluster_workspace.changes(*rotated) == {}


@pytest.mark.long
@pytest.mark.usefixtures("applied")
def test_a_change_in_the_portal_shows_in_the_plan_and_is_mended(
    cluster_workspace: Workspace, azure: ArmCloud
) -> None:
    cluster = cluster_workspace.state(_CLUSTER)
    pool = azure.get(f"{cluster['id']}/agentPools/apps") or {}
    azure.put(pool["id"], {"properties": {**pool["properties"], "count": 3}})
    assignment = cluster_workspace.state('azurerm_role_assignment.this["pods"]')
    azure.delete(assignment["id"])

    assert cluster_workspace.changes() == {
        _POOL: ["update"],
        'azurerm_role_assignment.this["pods"]': ["create"],
    }
    cluster_workspace.apply(_MANY)
    assert cluster_workspace.changes() == {}


@pytest.mark.long
@pytest.mark.usefixtures("applied")
def test_an_imported_cluster_and_its_parts_need_no_change(cluster_workspace: Workspace) -> None:
    addresses = (
        _CLUSTER,
        _POOL,
        "azurerm_user_assigned_identity.this",
        'azurerm_role_assignment.this["nodes"]',
    )
    identities = {address: cluster_workspace.state(address)["id"] for address in addresses}
    for address, identity in identities.items():
        cluster_workspace.terraform("state", "rm", address)
        cluster_workspace.terraform("import", address, identity)

    # How a pool is replaced is in the API, but the real provider takes it from the configuration too.
    assert set(cluster_workspace.changes()) <= {_CLUSTER}
    cluster_workspace.apply(_MANY)
    assert cluster_workspace.changes() == {}


@pytest.mark.long
@pytest.mark.usefixtures("applied")
def test_the_credentials_are_never_shown(cluster_workspace: Workspace) -> None:
    shown = cluster_workspace.terraform("plan", "-no-color", "-var=node_count=2").stdout
    key = cluster_workspace.state(_CLUSTER)["kube_config"][0]["client_key"]

    assert len(key) > 100
    assert key not in shown + cluster_workspace.terraform("show", "-no-color").stdout


@pytest.mark.long
def test_why_a_cluster_does_not_come_up_is_shown(
    cluster_workspace: Workspace, cluster_clouds: ClusterClouds
) -> None:
    chosen = f"tsp-{secrets.token_hex(4)}"
    cluster_workspace.write(_CONFIGURATION)
    (cluster_workspace.folder / "terraform.tfvars").write_text(f'name = "{chosen}"\n')
    cluster_workspace.init()
    cluster_clouds.builder.problems[f"{chosen}-aks"] = "containerd is not installed on this machine"

    message = cluster_workspace.refused("apply", "-auto-approve", _MANY)

    assert "creating azurerm_kubernetes_cluster" in message
    assert "containerd is not installed on this machine" in message
    shown = cluster_workspace.terraform("state", "show", "-no-color", _CLUSTER).stdout
    assert "(tainted)" in shown
    cluster_clouds.builder.problems.clear()
    cluster_workspace.apply("-destroy", _MANY)


def test_a_cluster_that_is_not_there_is_named(cluster_workspace: Workspace) -> None:
    cluster_workspace.write(
        'provider "azurerm" {\n  features {}\n}\n'
        'data "azurerm_kubernetes_cluster" "this" {\n  name                = "nobody"\n'
        '  resource_group_name = "nowhere"\n}\n'
    )
    cluster_workspace.init()

    message = cluster_workspace.refused("plan")

    assert "there is no AKS cluster nobody in resource group nowhere" in message


@pytest.mark.usefixtures("applied")
def test_a_role_that_nobody_knows_is_named(cluster_workspace: Workspace) -> None:
    text = _CONFIGURATION.replace("Network Contributor", "Network Wizard")
    cluster_workspace.write(text)

    message = cluster_workspace.refused("apply", "-auto-approve", _MANY)

    assert "RoleDefinitionDoesNotExist" in message
    assert "'Network Wizard'" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('network_plugin = "azure"|network_plugin = "calico"', "expected one of azure, kubenet, none"),
        ('name                        = "system"|name                        = "System-1"', "small letters"),
        ('type         = "UserAssigned"|type         = "Nobody"', "expected one of SystemAssigned"),
        ("  max_pods              = 30|  max_pods              = 300", "from 10 to 250"),
        ("dns_prefix          = var.name|dns_prefix          = null", "dns_prefix is missing"),
        (
            "dns_prefix          = var.name|dns_prefix          = var.name\n  azure_policy_enabled = true",
            "azure_policy_enabled is not supported offline",
        ),
        (
            'role_definition_name = "Network Contributor"|role_definition_name = null',
            "Give one of role_definition_id and role_definition_name",
        ),
    ],
)
def test_a_wrong_argument_is_refused_by_validate(
    cluster_workspace: Workspace, change: str, message: str
) -> None:
    before, _, after = change.partition("|")
    assert before in _CONFIGURATION
    cluster_workspace.write(_CONFIGURATION.replace(before, after))
    cluster_workspace.init()

    assert message in cluster_workspace.refused("validate")
