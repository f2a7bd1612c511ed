"""The real aws and az, set up for a twin."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from verify_lab import Lab

from twinspan.twin import lifecycle


def program(variable: str, name: str) -> Path:
    path = os.environ.get(variable) or shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} CLI: put `{name}` on PATH or its path in {variable} (`make test-slow` does)")
    return Path(path)


def environment_of(lab: Lab, folder: Path, path: Path) -> dict[str, str]:
    return {
        "PATH": f"{path.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        **{name: value for name, value in lifecycle.environment(lab.name).items() if value is not None},
        "AWS_REGION": lab.region,
        "AWS_DEFAULT_REGION": lab.region,
        "AWS_PAGER": "",
    }


def signed_in(lab: Lab, folder: Path, az: Path) -> dict[str, str]:
    """Return the environment of an az that is signed in to the lab's twin."""
    azure = lab.target.endpoints.azure
    assert azure
    environment = {
        **environment_of(lab, folder, az),
        "REQUESTS_CA_BUNDLE": str(azure.ca_certificate),
        "AZURE_CONFIG_DIR": str(folder / "az"),
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
    }
    sign_in = f"az login --service-principal --tenant {azure.tenant_id} --username={azure.client_id}"
    for line in (
        f"az cloud register -n Twin --endpoint-resource-manager {azure.resource_manager_url}",
        "az cloud set -n Twin",
        f"{sign_in} --password={azure.client_secret}",
    ):
        done = subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, check=False, env=environment, timeout=120
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
    return environment
