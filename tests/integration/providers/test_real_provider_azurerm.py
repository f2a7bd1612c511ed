"""Terraform's own Azure provider, unmodified, with nothing and with everything set, on the twin's API."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_clouds import ClusterClouds
from provider_workspace import Workspace, workspace_for

_CONFIGURATIONS = Path(__file__).parent / "configurations"

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(3600)]


@pytest.fixture
def real_workspace(tmp_path: Path, cluster_clouds: ClusterClouds) -> Workspace:
    mirror = os.environ.get("TWINSPAN_PROVIDER_MIRROR")
    if not mirror or not list(Path(mirror).rglob("terraform-provider-azurerm_v5.2.0*")):
        pytest.skip("no provider: put a mirror with hashicorp/azurerm 5.2.0 in TWINSPAN_PROVIDER_MIRROR")
    config = tmp_path / "terraformrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    # The provider looks ten times at a metric alert, 15 seconds apart, before it believes in it.
    return replace(workspace_for(tmp_path, cluster_clouds.clouds, config), timeout_s=1500)


def _imports(workspace: Workspace) -> str:
    """Return an `import` block for everything in the state."""
    return "".join(
        f'import {{\n  to = {item["address"]}\n  id = "{item["values"]["id"]}"\n}}\n'
        for item in workspace.resources()
        if item["mode"] == "managed"
    )


def test_what_nobody_set_is_not_planned_again(real_workspace: Workspace) -> None:
    real_workspace.write((_CONFIGURATIONS / "azurerm_least.tf").read_text())
    real_workspace.init()
    real_workspace.apply()
    assert real_workspace.changes() == {}
    real_workspace.apply("-destroy")


def test_what_is_set_is_kept_changed_in_place_imported_and_destroyed(real_workspace: Workspace) -> None:
    configuration = (_CONFIGURATIONS / "azurerm_everything.tf").read_text()
    real_workspace.write(configuration)
    real_workspace.init()
    real_workspace.apply()
    assert real_workspace.changes() == {}

    second = "-var=second=true"
    changes = real_workspace.changes(second)
    assert len(changes) >= 18
    assert {tuple(actions) for actions in changes.values()} == {("update",)}
    real_workspace.apply(second)
    assert real_workspace.changes(second) == {}

    real_workspace.write(configuration + _imports(real_workspace))
    (real_workspace.folder / "terraform.tfstate").unlink()
    assert real_workspace.changes(second) == {}, "what is imported would be changed"
    real_workspace.apply(second)
    real_workspace.apply(second, "-destroy")
