"""Offline providers are there in the versions that designs ask for."""

import json
import re
from pathlib import Path

import pytest

from twinspan.twin.providers.mirror import add_versions, write_mirror
from twinspan.twin.providers.versions import KNOWN, version_meeting, versions_asked_for

OFFLINE = ["registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/azurerm"]


@pytest.mark.parametrize(
    ("constraints", "version"),
    [
        (">= 5.0", "6.25.0"),
        (">= 6.28.0", "6.28.0"),
        (">= 6.28.0, < 7.0.0", "6.28.0"),
        ("~> 6.30", "6.30.0"),
        ("~> 6.30.2", "6.30.2"),
        ("= 4.2.1", "4.2.1"),
        ("4.2.1", "4.2.1"),
        ("~> 5", "5.100.0"),
        ("~> 5.0", "5.100.0"),
        ("> 5.100.0, < 6.0.0", "5.100.1"),
        (">= 4.0, != 6.25.0, < 6.25.1", "5.100.0"),
        ("< 4.0.0", "3.76.1"),
        ("> 5.0, < 5.0", None),
        ("~> x", None),
        ("> 5.0, >> 4", None),
    ],
)
def test_a_version_is_found_if_there_can_be_one(constraints: str, version: str | None) -> None:
    assert version_meeting("aws", constraints) == version


def test_what_terraform_misses_is_read_from_its_error() -> None:
    error = (
        "Failed to query available provider packages: Could not retrieve the list of available versions for"
        " provider hashicorp/azurerm: no available releases match the given constraints ~> 4.50, >= 4.1.0 To"
        " see which modules are currently depending on hashicorp/azurerm, run the following command"
    )

    assert versions_asked_for(error) == {"azurerm": "4.50.0"}
    assert versions_asked_for(error.replace("azurerm", "random")) == {}
    assert versions_asked_for(error.replace("~> 4.50", "< 4.0")) == {}


def test_versions_are_added_to_a_mirror(tmp_path: Path) -> None:
    config = write_mirror(tmp_path)
    wrappers = "mirror/registry.terraform.io/hashicorp/{}/{}/*/terraform-provider-{}_v{}"

    add_versions(config, {"aws": "6.28.0"})

    for version in (*KNOWN["aws"], "6.28.0"):
        assert len([*tmp_path.glob(wrappers.format("aws", version, "aws", version))]) == 1


def test_other_providers_are_found_as_terraform_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "${home}"
    (home / ".terraform.d/plugins/registry.terraform.io/hashicorp/random/3.7.2").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "none"))

    text = write_mirror(tmp_path / "mirror").read_text()

    assert [json.loads(listed) for listed in re.findall(r"exclude = (\[.*\])", text)] == [
        OFFLINE,
        [*OFFLINE, "registry.terraform.io/hashicorp/random"],
    ]
    assert '$${home}/.terraform.d/plugins"' in text
