"""Machines by the offline providers, driven by Terraform against both of the twin's APIs."""

import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_clouds import ClusterClouds
from provider_workspace import Workspace

_CONFIGURATION = (Path(__file__).parent / "configurations/machines.tf").read_text()
_TYPES = {line.split('"')[1] for line in _CONFIGURATION.splitlines() if line.startswith("resource ")}


@pytest.fixture
def machines(cluster_workspace: Workspace) -> Workspace:
    """A configuration with machines in both clouds, initialised."""
    workspace = replace(cluster_workspace, timeout_s=300)
    workspace.write(_CONFIGURATION)
    (workspace.folder / "terraform.tfvars").write_text(f'name = "tsp-{secrets.token_hex(4)}"\n')
    workspace.init()
    return workspace


@pytest.mark.slow
def test_machines_are_created_planned_empty_changed_imported_and_destroyed(
    machines: Workspace, cluster_clouds: ClusterClouds
) -> None:
    made = machines.apply().stdout
    assert all(f"{kind}." in made for kind in _TYPES)
    assert machines.changes() == {}
    before = machines.state("aws_instance.this")

    changed = "-var=tag=second", "-var=type=t3.small", "-var=checked=false", "-var=forwarding=true"
    moved = "-var=address_at=interface"
    assert "0 added, 6 changed, 0 destroyed" in machines.apply(*changed, moved).stdout
    assert machines.changes(*changed, moved) == {}
    instance = machines.state("aws_instance.this")
    assert {name: instance[name] for name in ("id", "instance_type", "source_dest_check")} == {
        "id": before["id"],
        "instance_type": "t3.small",
        "source_dest_check": False,
    }
    assert len(instance["vpc_security_group_ids"]) == 2

    _import_again(machines)
    assert machines.changes(*changed, moved) == {}

    assert (
        f"0 added, 0 changed, {len(machines.resources()) - 1} destroyed" in machines.apply("-destroy").stdout
    )
    ec2 = cluster_clouds.clouds.boto3("ec2")
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def _import_again(machines: Workspace) -> None:
    for address in (
        "aws_eip_association.this",
        "aws_key_pair.this",
        "azurerm_application_security_group.this",
        "azurerm_network_interface.this",
        "azurerm_network_interface_application_security_group_association.this",
        "azurerm_network_interface_security_group_association.this",
    ):
        identity = machines.state(address)["id"]
        machines.terraform("state", "rm", address)
        machines.terraform("import", address, identity)


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("aws_instance.this", "hibernation = true"),
        ("aws_network_interface.this", "ipv6_address_count = 1"),
        ("azurerm_linux_virtual_machine.this", "encryption_at_host_enabled = true"),
    ],
)
def test_what_is_not_supported_offline_is_refused_by_name(
    machines: Workspace, address: str, line: str
) -> None:
    kind, name = address.split(".")
    head = f'resource "{kind}" "{name}" {{\n'
    machines.write(_CONFIGURATION.replace(head, f"{head}  {line}\n"))
    refused = machines.refused("validate")
    assert f"{line.partition(' ')[0]} is not supported offline" in refused


def test_an_image_that_no_filter_finds_is_an_error_that_says_so(machines: Workspace) -> None:
    machines.write(_CONFIGURATION.replace("al2023-ami-2023", "no-such-image"))
    assert "no image fits" in machines.refused("plan")
