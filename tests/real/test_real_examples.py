"""Designs that are not ours in style by the real providers; the offline ones keep the same of examples."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "e2e"))

from compared import differences, type_of
from example_runs import ExampleRun, applied, check_verify_drill_and_destroy

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(3600)]

DIFFERENT: Mapping[tuple[str, str], str] = {
    ("aws_instance", "user_data"): "aws 5 keeps its SHA-1; aws 6 and the offline provider keep the text",
}
"""Type and attribute -> why the offline providers store another value."""


def attributes(run: ExampleRun) -> dict[str, Mapping[str, Any]]:
    """Return address -> attributes of every managed resource in the state of an applied example."""
    (state,) = (run.folder.parent / "home").rglob("states/*/terraform.tfstate")
    return {
        ".".join(part for part in (resource.get("module"), resource["type"], resource["name"]) if part)
        + f"[{instance.get('index_key', '')}]": instance["attributes"]
        for resource in json.loads(state.read_text())["resources"]
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    }


@pytest.mark.parametrize("example", ["branch-office", "four-tunnels-by-count", "router"])
def test_an_example_is_the_same_by_real_and_offline_providers(
    example: str, tmp_path: Path, provider_config: Path
) -> None:
    config = {"TF_CLI_CONFIG_FILE": str(provider_config)}
    with applied(example, tmp_path / "real", providers="real", variables=config) as run:
        real = attributes(run)
        check_verify_drill_and_destroy(run)
    with applied(example, tmp_path / "offline", providers="offline") as run:
        offline = attributes(run)
    unlike = [entry for entry in differences(real, offline) if (type_of(entry[0]), entry[1]) not in DIFFERENT]
    assert unlike == []


def test_two_regions_and_two_subscriptions_in_one_configuration(
    tmp_path: Path, provider_config: Path
) -> None:
    config = {"TF_CLI_CONFIG_FILE": str(provider_config)}
    designs = Path(__file__).parents[1] / "designs"
    with applied(
        "two-regions", tmp_path, providers="real", variables=config, designs=designs, module="live"
    ) as run:
        assert re.search(r"^green: \d+ of \d+ checks passed", run.verify(), re.MULTILINE)
        assert len(run.tunnels()) == 4
        assert run.terraform("plan")["changes"] == []
        assert run.terraform("destroy")["summary"]["removed"] > 0
        assert run.tunnels() == []
