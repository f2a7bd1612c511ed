"""The offline provider for hashicorp/azurerm, driven by Terraform against the twin's ARM API."""

import secrets
from pathlib import Path

import pytest
from provider_workspace import Workspace

from twinspan.twin.providers.azurerm.cloud import ArmCloud

_CONFIGURATION = (Path(__file__).parent / "configurations/azurerm.tf").read_text()
_TYPES = {line.split('"')[1] for line in _CONFIGURATION.splitlines() if line.startswith("resource ")}
_CONNECTION = "azurerm_virtual_network_gateway_connection.this"


@pytest.fixture
def name(workspace: Workspace) -> str:
    """A configuration with every supported type, initialised; returns the name used in it."""
    chosen = f"tsp-{secrets.token_hex(4)}"
    workspace.write(_CONFIGURATION)
    (workspace.folder / "terraform.tfvars").write_text(f'name = "{chosen}"\n')
    workspace.init()
    return chosen


@pytest.mark.long
def test_every_type_is_created_planned_empty_changed_and_destroyed(
    workspace: Workspace, arm: ArmCloud, name: str
) -> None:
    """One run for all: create, no change, in-place update, replacement, destroy."""
    made = workspace.apply().stdout
    assert all(f"{kind}." in made for kind in _TYPES)
    assert workspace.changes() == {}
    connection = workspace.state(_CONNECTION)

    other_key = "-var=shared_key=second.key_1234"
    changed = workspace.apply(other_key, "-var=propagation=false").stdout
    assert "0 added, 3 changed, 0 destroyed" in changed
    assert (arm.get(f"{connection['id']}/sharedkey") or {})["value"] == "second.key_1234"
    table = arm.get(workspace.state("azurerm_route_table.this")["id"]) or {}
    assert table["properties"]["disableBgpRoutePropagation"] is True
    assert [route["name"] for route in table["properties"]["routes"]] == ["far-side"]

    replaced = workspace.apply(other_key, "-var=propagation=false", "-var=dpd_timeout_seconds=20").stdout
    assert "1 added, 0 changed, 1 destroyed" in replaced

    assert "0 added, 0 changed, 23 destroyed" in workspace.apply("-destroy").stdout
    assert arm.get(f"{arm.subscription}/resourceGroups/{name}") is None


@pytest.mark.long
@pytest.mark.usefixtures("name")
def test_a_change_of_an_outer_resource_leaves_the_inner_ones_alone(workspace: Workspace) -> None:
    workspace.apply()
    tags = '-var=tags={"team":"network"}'

    assert "0 added, 6 changed, 0 destroyed" in workspace.apply(tags).stdout
    assert workspace.changes(tags) == {}
    workspace.apply("-destroy")


@pytest.mark.long
def test_drift_made_through_the_api_shows_in_the_plan_and_is_mended(
    workspace: Workspace, arm: ArmCloud, name: str
) -> None:
    assert name
    workspace.apply()
    arm.put(f"{workspace.state(_CONNECTION)['id']}/sharedkey", {"value": "stolen.key_1234"})
    arm.delete(workspace.state("azurerm_route.this")["id"])
    alert_id = workspace.state("azurerm_monitor_metric_alert.this")["id"]
    alert = arm.get(alert_id) or {}
    alert["properties"]["enabled"] = False
    arm.put(alert_id, alert)
    gateway_id = workspace.state("azurerm_virtual_network_gateway.this")["id"]
    arm.delete(f"{gateway_id}/providers/Microsoft.Insights/diagnosticSettings/logs")
    subnet_id = workspace.state("azurerm_subnet.app")["id"]
    subnet = arm.get(subnet_id) or {}
    del subnet["properties"]["networkSecurityGroup"]
    arm.put(subnet_id, {"properties": subnet["properties"]})

    assert workspace.changes() == {
        _CONNECTION: ["update"],
        "azurerm_monitor_diagnostic_setting.this": ["create"],
        "azurerm_monitor_metric_alert.this": ["update"],
        "azurerm_route.this": ["create"],
        "azurerm_subnet_network_security_group_association.this": ["create"],
    }
    workspace.apply()
    assert workspace.changes() == {}
    workspace.apply("-destroy")


@pytest.mark.long
@pytest.mark.usefixtures("name")
def test_an_imported_object_needs_no_change(workspace: Workspace) -> None:
    workspace.apply()
    for address in (
        "azurerm_virtual_network.this",
        "azurerm_subnet.app",
        "azurerm_route.this",
        "azurerm_subnet_route_table_association.this",
        "azurerm_virtual_network_gateway.this",
        "azurerm_local_network_gateway.this",
        "azurerm_local_network_gateway.static",
        "azurerm_virtual_network_gateway_connection.static",
        "azurerm_monitor_action_group.this",
        "azurerm_monitor_metric_alert.this",
        "azurerm_log_analytics_workspace.this",
        "azurerm_monitor_diagnostic_setting.this",
        "azurerm_application_insights_workbook.this",
        _CONNECTION,
    ):
        identity = workspace.state(address)["id"]
        workspace.terraform("state", "rm", address)
        workspace.terraform("import", address, identity)

    assert workspace.changes() == {}
    workspace.apply("-destroy")


@pytest.mark.long
@pytest.mark.usefixtures("name")
def test_a_shared_key_is_never_shown(workspace: Workspace) -> None:
    shown = workspace.apply().stdout

    assert "first.key_1234" not in shown
    workspace.apply("-destroy")


_GROUP = """
provider "azurerm" {
  features {}
}
resource "azurerm_resource_group" "this" {
  name     = "%s"
  location = "westeurope"
}
"""


@pytest.mark.long
def test_a_full_resource_group_is_not_deleted(workspace: Workspace, arm: ArmCloud) -> None:
    workspace.write(_GROUP % f"tsp-{secrets.token_hex(4)}")
    workspace.init()
    workspace.apply()
    group = workspace.state("azurerm_resource_group.this")["id"]
    stranger = f"{group}/providers/Microsoft.Network/routeTables/stranger"
    arm.put(stranger, {"location": "westeurope", "properties": {}})

    assert "ResourceGroupNotEmpty" in workspace.refused("apply", "-destroy", "-auto-approve")
    arm.delete(stranger)
    workspace.apply("-destroy")


def test_what_exists_already_must_be_imported(workspace: Workspace, arm: ArmCloud) -> None:
    name = f"tsp-{secrets.token_hex(4)}"
    arm.put(f"{arm.subscription}/resourceGroups/{name}", {"location": "westeurope"})
    workspace.write(_GROUP % name)
    workspace.init()

    message = workspace.refused("apply", "-auto-approve")

    assert "creating azurerm_resource_group: AlreadyExists" in message
    assert "import it" in message
    arm.delete(f"{arm.subscription}/resourceGroups/{name}")


def test_an_api_refusal_is_shown_with_its_code(workspace: Workspace) -> None:
    group = f"tsp-{secrets.token_hex(4)}"
    workspace.write(
        _GROUP % group
        + f"""
resource "azurerm_virtual_network" "this" {{
  name                = "net"
  resource_group_name = "{group}-missing"
  location            = "westeurope"
  address_space       = ["10.1.0.0/16"]
}}
"""
    )
    workspace.init()

    message = workspace.refused("apply", "-auto-approve")

    assert "creating azurerm_virtual_network: ResourceGroupNotFound" in message
    workspace.apply("-destroy")


def test_a_wrong_secret_is_refused_when_the_provider_is_configured(workspace: Workspace) -> None:
    workspace.write(_GROUP % "unused")
    workspace.init()

    message = workspace.refused("plan", ARM_CLIENT_SECRET="another")

    assert "configuring provider azurerm: invalid_client" in message


def test_missing_credentials_are_named(workspace: Workspace) -> None:
    workspace.write(_GROUP % "unused")
    workspace.init()

    message = workspace.refused("plan", ARM_CLIENT_SECRET=None, ARM_TENANT_ID=None)

    assert "Set ARM_TENANT_ID, ARM_CLIENT_SECRET" in message


def test_a_certificate_nobody_vouches_for_is_refused(workspace: Workspace) -> None:
    workspace.write(_GROUP % "unused")
    workspace.init()
    nobody = workspace.folder / "none.pem"
    nobody.write_text("")

    assert "certificate verify failed" in workspace.refused("plan", SSL_CERT_FILE=str(nobody))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bgp_enabled                = true", "enable_bgp = true", 'An argument named "enable_bgp" is not'),
        ("ECP384", "ECP521", "expected one of"),
        ('"169.254.21.2", "169.254.22.2"', '"169.254.23.2"', "from 169.254.21.0 to 169.254.22.255"),
        ("VpnGw1AZ", "VpnGw9AZ", "expected one of"),
        ("priority                    = 100", "priority = 99", "expected a number from 100 to 4096"),
    ],
)
def test_a_wrong_argument_is_refused_by_validate(
    workspace: Workspace, old: str, new: str, message: str
) -> None:
    assert old in _CONFIGURATION
    workspace.write(_CONFIGURATION.replace(old, new))
    workspace.init()

    assert message in workspace.refused("validate")
