"""The Azure CLI, unmodified, makes virtual machines on a running twin and runs commands on them."""

import json
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twinspan.command import environment, run
from twinspan.twin.client import TwinClient, twin_endpoints

pytestmark = [pytest.mark.root, pytest.mark.az, pytest.mark.slow]

_PROGRAM = os.environ.get("TWINSPAN_AZ") or shutil.which("az")
_IMAGE = "Canonical:0001-com-ubuntu-server-jammy:22_04-lts:latest"
_NEW = f"--image {_IMAGE} --size Standard_B1s --admin-username azureuser --admin-password P@ssw0rd1234!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Az:
    """The CLI, signed in to a twin."""

    name: str
    folder: Path

    def run(self, line: str, *scripts: str) -> str:
        endpoint = twin_endpoints(self.name).azure
        assert endpoint is not None
        settings = environment(
            REQUESTS_CA_BUNDLE=str(endpoint.ca_certificate),
            AZURE_CONFIG_DIR=str(self.folder),
            AZURE_CORE_INSTANCE_DISCOVERY="false",
            AZURE_CORE_COLLECT_TELEMETRY="no",
            AZURE_EXTENSION_USE_DYNAMIC_INSTALL="no",
        )
        argv = [_PROGRAM or "az", *shlex.split(line), *(("--scripts", *scripts) if scripts else ())]
        return run(argv, env=settings, timeout_s=300).stdout

    def ask(self, line: str, *scripts: str) -> Any:
        return json.loads(self.run(f"{line} --output json", *scripts) or "null")


@pytest.fixture(scope="module")
def az(running: str, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """The CLI with a resource group and a virtual network; skips where it is not installed."""
    if _PROGRAM is None:
        pytest.skip("azure-cli is not installed; put `az` on PATH or its path into TWINSPAN_AZ")
    cli = Az(name=running, folder=tmp_path_factory.mktemp("az"))
    endpoint = twin_endpoints(running).azure
    assert endpoint is not None
    cli.run(f"cloud register -n Twin --endpoint-resource-manager {endpoint.resource_manager_url}")
    cli.run("cloud set -n Twin")
    cli.run(
        f"login --service-principal --tenant {endpoint.tenant_id} --username={endpoint.client_id} "
        f"--password={endpoint.client_secret}"
    )
    cli.run("group create -n g -l westeurope")
    cli.run(
        "network vnet create -g g -n vnet --address-prefixes 10.40.0.0/16 --subnet-name a "
        "--subnet-prefixes 10.40.1.0/24"
    )
    return cli


def test_machines_are_made_asked_stopped_and_deleted(az: Az) -> None:
    az.run("network nsg create -g g -n nsg")
    az.run("network asg create -g g -n web")
    az.run(
        "network nsg rule create -g g --nsg-name nsg -n web --priority 100 --protocol Tcp "
        "--destination-port-ranges 80 --destination-asgs web"
    )
    az.run(
        "network nic create -g g -n nic --vnet-name vnet --subnet a --network-security-group nsg "
        "--application-security-groups web"
    )
    first = az.ask(f"vm create -g g -n one --nics nic {_NEW} --authentication-type password")
    second = az.ask(f"vm create -g g -n two --vnet-name vnet --subnet a {_NEW}")
    assert (first["privateIpAddress"], first["powerState"]) == ("10.40.1.4", "VM running")
    assert (second["privateIpAddress"], second["powerState"]) == ("10.40.1.5", "VM running")

    ran = az.ask(
        "vm run-command invoke -g g -n one --command-id RunShellScript --parameters 10.40.1.5",
        "ping -c 2 -i 0.2 $1",
        "echo done >&2",
    )
    (value,) = ran["value"]
    assert "2 received" in value["message"]
    assert value["message"].endswith("[stderr]\ndone\n")

    routes = az.ask("network nic show-effective-route-table -g g -n nic")["value"]
    assert ("10.40.0.0/16", "VnetLocal") in {
        (route["addressPrefix"][0], route["nextHopType"]) for route in routes
    }
    (group,) = az.ask("network nic list-effective-nsg -g g -n nic")["value"]
    web = group["effectiveSecurityRules"][0]
    assert (web["name"], web["expandedDestinationAddressPrefix"]) == ("securityRules/web", ["10.40.1.4/32"])

    for command, state in (("stop", "stopped"), ("start", "running"), ("deallocate", "deallocated")):
        az.run(f"vm {command} -g g -n one")
        shown = az.ask("vm get-instance-view -g g -n one --query instanceView.statuses[].code")
        assert f"PowerState/{state}" in shown
    for name in ("one", "two"):
        az.run(f"vm delete -g g -n {name} --yes")
    assert az.ask("vm list -g g") == []
    assert TwinClient(az.name).observe().machines == ()


def test_a_command_runs_on_an_instance_of_a_scale_set(az: Az) -> None:
    az.run(
        "vmss create -g g -n set --orchestration-mode Uniform --instance-count 2 --vnet-name vnet "
        f"--subnet a {_NEW.replace('--size', '--vm-sku')} --load-balancer '' --upgrade-policy-mode Manual"
    )
    instances = az.ask("vmss list-instances -g g -n set")
    assert [instance["instanceId"] for instance in instances] == ["0", "1"]
    ran = az.ask(
        "vmss run-command invoke -g g -n set --instance-id 1 --command-id RunShellScript", "ip -br addr"
    )
    assert "10.40.1." in ran["value"][0]["message"]
    az.run("vmss delete -g g -n set")
    assert az.ask("vmss list -g g") == []
