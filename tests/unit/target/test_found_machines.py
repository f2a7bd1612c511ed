"""Machines by name, by id and by Terraform's address."""

import json
from pathlib import Path

import pytest

from twinspan.errors import DesignError
from twinspan.network.model import AwsNetwork, AzureNetwork, Machine, Network
from twinspan.target.machines import find_machine

VM = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web"


def machine(identifier: str, name: str) -> Machine:
    return Machine(id=identifier, name=name, state="running", interface_ids=())


NETWORK = Network(
    aws=AwsNetwork(
        account_id="123456789012",
        region="eu-central-1",
        machines=(machine("i-1", "web"), machine("i-2", "router"), machine("i-3", "router")),
    ),
    azure=AzureNetwork(subscription_id="s", machines=(machine(VM, "db"),)),
)


def state(folder: Path, *, version: int = 4) -> Path:
    resource = {
        "mode": "managed",
        "type": "aws_instance",
        "name": "web",
        "instances": [{"index_key": 0, "attributes": {"id": "i-2"}}],
    }
    file = folder / "terraform.tfstate"
    file.write_text(json.dumps({"version": version, "resources": [resource]}))
    return file


def test_a_machine_is_found_by_name_or_id() -> None:
    assert find_machine(NETWORK, "web").id == "i-1"
    assert find_machine(NETWORK, "i-3").name == "router"
    assert find_machine(NETWORK, VM).side == find_machine(NETWORK, "db").side == "azure"
    assert find_machine(NETWORK, "db").id == VM.lower()


def test_a_machine_is_found_by_its_address_in_a_state(tmp_path: Path) -> None:
    assert find_machine(NETWORK, "aws_instance.web[0]", state_file=state(tmp_path)).id == "i-2"
    assert find_machine(NETWORK, "web", state_file=state(tmp_path)).id == "i-1"


@pytest.mark.parametrize(
    ("reference", "why"), [("router", "2 machines"), ("none", "no machine"), ("", "no machine")]
)
def test_what_means_no_machine_or_several_is_refused(reference: str, why: str) -> None:
    with pytest.raises(DesignError, match=why):
        find_machine(NETWORK, reference)


def test_what_is_no_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="cannot be read"):
        find_machine(NETWORK, "web", state_file=tmp_path / "none")
    with pytest.raises(DesignError, match="version 3"):
        find_machine(NETWORK, "web", state_file=state(tmp_path, version=3))


def test_a_network_without_machines_says_so() -> None:
    with pytest.raises(DesignError, match="there are none"):
        find_machine(Network(aws=None, azure=None), "web")
