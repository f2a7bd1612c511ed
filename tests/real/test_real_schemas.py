"""What the offline providers serve of machines, against the schemas that the real providers tell."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "integration" / "providers"))

from schema_differences import COMPARED_WITH_THE_PROVIDERS, differences, is_settled

from twinspan.command import environment, run
from twinspan.twin.providers.mirror import write_mirror

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(600)]

_PROVIDERS = ("aws", "azurerm")
_KINDS = ("resource_schemas", "data_source_schemas")
_SETTLED = [
    "region",
    "network_card_index",
    "aws_ami.allow_unsafe_filter",
    "aws_instance.cpu_core_count",
    "aws_instance.cpu_threads_per_core",
    "aws_instance.force_destroy",
    "aws_instance.placement_group_id",
    "aws_instance.primary_network_interface",
    "aws_instance.user_data",
]
"""What came or went between hashicorp/aws 5.100.0 and the version whose schema is served."""
_NEWER = {"aws_instance"}
"""Types whose states have a newer version in hashicorp/aws 6."""


def schemas(folder: Path, config: Path) -> dict[str, Any]:
    """Return provider name -> what the providers of a Terraform CLI configuration say of themselves."""
    folder.mkdir()
    required = "".join(f'    {name} = {{\n      source = "hashicorp/{name}"\n    }}\n' for name in _PROVIDERS)
    (folder / "main.tf").write_text(f"terraform {{\n  required_providers {{\n{required}  }}\n}}\n")
    variables = environment(TF_CLI_CONFIG_FILE=str(config), HOME=str(folder))
    for arguments in (["init"], ["providers", "schema", "-json"]):
        done = run(["terraform", *arguments], cwd=folder, env=variables, timeout_s=300)
    shown = json.loads(done.stdout)["provider_schemas"]
    return {name.rsplit("/", 1)[1]: schema for name, schema in shown.items()}


def lines(served: dict[str, Any], real: dict[str, Any]) -> Iterator[str]:
    for provider, kind in ((provider, kind) for provider in _PROVIDERS for kind in _KINDS):
        for name in sorted(COMPARED_WITH_THE_PROVIDERS & served[provider][kind].keys()):
            ours, theirs = served[provider][kind][name], real[provider][kind][name]
            if ours["version"] != theirs["version"] and name not in _NEWER:
                yield f"{name}.version is {ours['version']} for {theirs['version']}"
            yield from differences(ours["block"], theirs["block"], name)


def test_machines_have_the_real_schemas(tmp_path: Path, provider_config: Path) -> None:
    real = schemas(tmp_path / "real", provider_config)
    served = schemas(tmp_path / "offline", write_mirror(tmp_path / "mirror"))

    left = [line for line in lines(served, real) if not is_settled(line.split()[0], _SETTLED)]
    assert left == [], "\n".join(left)
