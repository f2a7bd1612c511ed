"""The real providers, if this machine has them."""

import os
from pathlib import Path

import pytest

VERSIONS = {"aws": "5.100.0", "azurerm": "5.2.0"}


@pytest.fixture(scope="session")
def provider_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Terraform CLI configuration that takes both real providers from TWINSPAN_PROVIDER_MIRROR."""
    mirror = os.environ.get("TWINSPAN_PROVIDER_MIRROR", "")
    missing = [
        f"hashicorp/{name} {version}"
        for name, version in VERSIONS.items()
        if not mirror or not list(Path(mirror).glob(f"registry.terraform.io/hashicorp/{name}/{version}/*/*"))
    ]
    if missing:
        pytest.skip(f"TWINSPAN_PROVIDER_MIRROR must hold {' and '.join(missing)}; see CONTRIBUTING.md")
    config = tmp_path_factory.mktemp("providers") / "terraformrc"
    config.write_text(
        "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
        f'    path = "{mirror}"\n  }}\n}}\n'
    )
    return config
