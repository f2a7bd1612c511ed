"""The designs in `examples/` by the real providers, and that the offline ones keep the same of them."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "e2e"))

from compared import differences
from example_runs import ExampleRun, applied, check_verify_drill_and_destroy

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(3600)]


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
    assert list(differences(real, offline)) == []
