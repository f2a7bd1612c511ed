"""hashicorp/aws and hashicorp/azurerm themselves build, change, import and destroy both environments.

The tests of one environment are one story and run in this order; `make test-real` runs them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))

from compared import changed, differences, planned, type_of
from real_project import RealProject, bootstrap_life, real_project
from recording_walk import import_id

from twinspan.twin.providers.mirror import write_mirror

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1800)]

TWINSPAN = Path(sys.executable).parent / "twinspan"
TREE = Path(__file__).parents[2] / "terraform"

LARGER_GATEWAY = {"VpnGw1AZ": "VpnGw2AZ", "VpnGw2AZ": "VpnGw3AZ"}


def _scale(project: RealProject) -> dict[str, str]:
    kubernetes, azure = project.variable("kubernetes"), project.variable("azure")
    for before, after in (("desired_size = 1", "desired_size = 2"), ("node_count = 1", "node_count = 2")):
        kubernetes = kubernetes.replace(before, after)
    kubernetes = kubernetes.replace("desired_size = 3", "desired_size = 4")
    kubernetes = kubernetes.replace("node_count = 3", "node_count = 4")
    sku = next(sku for sku in LARGER_GATEWAY if sku in azure)
    return {"kubernetes": kubernetes, "azure": azure.replace(sku, LARGER_GATEWAY[sku])}


CHANGES: Mapping[str, Callable[[RealProject], dict[str, str]]] = {
    "tag": lambda _: {"tags": '{ environment = "changed", owner = "network" }'},
    "timer": lambda _: {"dead_peer_detection": "{ aws_timeout_seconds = 60, azure_timeout_seconds = 33 }"},
    "timer of AWS": lambda _: {
        "dead_peer_detection": "{ aws_timeout_seconds = 90, azure_timeout_seconds = 33 }"
    },
    "policy": lambda _: {"ipsec_policy": "{ ipsec_lifetime_seconds = 3000, pfs_dh_group = 14 }"},
    "logs": lambda _: {"tunnel_operations": "{ lifecycle_control = true, log_retention_days = 7 }"},
    "alert": lambda _: {"monitoring": '{ email = "network@example.com" }'},
    "scale": _scale,
}

REPLACED = {"timer": {"azurerm_virtual_network_gateway_connection"}}
"""Change -> types whose objects the providers make again for it. Source: azurerm 5.2.0, schema."""

NOT_IMPORTABLE = {
    "aws_vpn_gateway_attachment": "the provider has no importer",
    "aws_vpn_gateway_route_propagation": "the provider has no importer",
}

DIFFERENT_OFFLINE: Mapping[tuple[str, str], str] = {
    (
        "aws_iam_role_policy_attachment",
        "id",
    ): "the offline provider is modelled on aws 6, where it is no time",
    ("aws_nat_gateway", "secondary_allocation_ids"): "computed since aws 6",
    (
        "azurerm_kubernetes_cluster",
        "default_node_pool.node_labels",
    ): "the older SDK plans an empty map as unknown, which Terraform forbids to others",
}
"""Type and attribute -> why the offline providers plan or store another value."""

UPDATED_AFTER_IMPORT: Mapping[str, Mapping[str, str]] = {
    "aws_eks_addon": {
        "resolve_conflicts_on_create": "what the provider asks with; no API returns it",
        "resolve_conflicts_on_update": "what the provider asks with; no API returns it",
    },
    "azurerm_kubernetes_cluster": {
        "default_node_pool.0.temporary_name_for_rotation": "a name for the provider's own use",
    },
    "aws_sns_topic_subscription": {
        "confirmation_timeout_in_minutes": "a default of the provider, which no API returns",
        "endpoint_auto_confirms": "a default of the provider, which no API returns",
    },
}
"""Type -> attribute -> why the provider plans to set it after an import, from the real clouds too."""


@pytest.fixture(scope="module", params=["dev", "prod"])
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, provider_config: Path
) -> Iterator[RealProject]:
    scratch = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(scratch / "home"))
        with real_project(request.param, scratch, provider_config) as opened:
            yield opened


@pytest.fixture(scope="module")
def first(project: RealProject) -> dict[str, Any]:
    """What the first plan said, and what the state held before anything was changed."""
    return {"plan": planned(project.plan_document())}


def test_it_is_built_and_a_second_plan_is_empty(project: RealProject, first: dict[str, Any]) -> None:
    outcome = project.terraform.apply()
    first["state"] = project.attributes()

    assert outcome.providers == "real"
    assert outcome.summary.added > 80
    assert project.planned() == {}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_made_and_the_next_plan_is_empty(
    project: RealProject, first: dict[str, Any], change: str
) -> None:
    outcome, actions = project.change(**CHANGES[change](project))
    first[change] = actions

    assert outcome.summary.changed > 0
    replaced = {type_of(address) for address, action in actions.items() if "delete" in action}
    assert replaced == REPLACED.get(change, set())
    assert project.planned() == {}


def test_a_key_that_aws_has_changed_reaches_azure_by_the_next_apply(project: RealProject) -> None:
    ec2 = project.aws("ec2")
    connection = ec2.describe_vpn_connections(Filters=[{"Name": "state", "Values": ["available"]}])[
        "VpnConnections"
    ][0]
    ec2.modify_vpn_tunnel_options(
        VpnConnectionId=connection["VpnConnectionId"],
        VpnTunnelOutsideIpAddress=connection["Options"]["TunnelOptions"][0]["OutsideIpAddress"],
        TunnelOptions={"PreSharedKey": "changed.by_hand.0123456789"},
    )

    outcome = project.terraform.apply()

    assert (outcome.summary.changed, outcome.summary.removed) == (1, 0)
    assert project.planned() == {}


def test_one_object_of_each_type_can_be_imported(project: RealProject) -> None:
    ids = {}
    types: set[str] = set()
    for resource in project.resources():
        if resource["type"] not in types | NOT_IMPORTABLE.keys():
            types.add(resource["type"])
            ids[resource["address"]] = import_id(resource["type"], resource["values"])
    project.forget(list(ids))
    blocks = project.import_blocks(ids)
    saved = project.scratch / "imports"
    plan = project.plan_document(saved)

    done = {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["change"].get("importing") or change["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert set(done) == set(ids)
    updated = {
        (change["type"], attribute)
        for change in plan["resource_changes"]
        if change["change"]["actions"] == ["update"]
        for attribute in changed(change["change"]["before"], change["change"]["after"])
    }
    assert {actions[0] for actions in done.values()} <= {"no-op", "update"}, done
    assert updated == {
        (kind, attribute) for kind, attributes in UPDATED_AFTER_IMPORT.items() for attribute in attributes
    }
    project.terraform.apply(plan=saved)
    saved.unlink()
    blocks.unlink()
    assert project.planned() == {}


def test_the_bucket_of_the_state_can_be_imported_and_planned(project: RealProject) -> None:
    assert bootstrap_life(project) == ""


def test_nothing_is_left_after_destroy(project: RealProject) -> None:
    project.terraform.destroy()

    assert project.resources() == []
    assert project.left_in_the_clouds() == {}


def test_the_offline_providers_plan_and_store_the_same(
    project: RealProject, first: dict[str, Any], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    del project
    name = request.node.callspec.params["project"]
    config = write_mirror(tmp_path / "mirror")
    with real_project(name, tmp_path, config, providers="offline") as offline:
        plan = planned(offline.plan_document())
        offline.terraform.apply()
        state = offline.attributes()
        actions = {name: offline.change(**change(offline))[1] for name, change in CHANGES.items()}

    assert actions == {name: first[name] for name in CHANGES}
    found_differences = [
        (moment, *difference)
        for moment, theirs, ours in (("plan", first["plan"], plan), ("state", first["state"], state))
        for difference in differences(theirs, ours)
    ]
    unexpected = [
        entry for entry in found_differences if (type_of(entry[1]), entry[2]) not in DIFFERENT_OFFLINE
    ]
    assert unexpected == []
    assert DIFFERENT_OFFLINE.keys() == {
        (type_of(address), attribute) for _, address, attribute, *_ in found_differences
    }


def test_the_demo_is_green_with_the_real_providers(tmp_path: Path, provider_config: Path) -> None:
    done = subprocess.run(
        [str(TWINSPAN), "demo", str(TREE / "envs" / "dev"), "--providers", "real", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "TWINSPAN_HOME": str(tmp_path / "home"),
            "TF_CLI_CONFIG_FILE": str(provider_config),
        },
        timeout=900,
    )

    assert done.returncode == 0, done.stderr
    assert {step["state"] for step in json.loads(done.stdout)["steps"]} == {"done"}
