from collections.abc import Mapping
from typing import Any

import pytest

from twinspan.errors import DesignError
from twinspan.project.foreign_providers import override, refuse_provisioners, refused_providers

AWS = "registry.terraform.io/hashicorp/aws"
DATADOG = "registry.terraform.io/datadog/datadog"
SCHEMA: Mapping[str, Any] = {
    "attributes": {
        "region": {},
        "profile": {},
        "secret_key": {},
        "a_new_way_to_sign_in": {},
        "skip_credentials_validation": {},
    },
    "block_types": {"default_tags": {}, "assume_role": {}, "endpoints": {}},
}


@pytest.mark.parametrize("name", ["http", "local", "null", "random", "time", "tls", "aws", "azurerm"])
def test_the_clouds_and_the_harmless_ones_run(name: str) -> None:
    assert refused_providers([f"registry.terraform.io/hashicorp/{name}"], allowed=()) == ()


def test_what_is_built_into_terraform_runs() -> None:
    assert refused_providers(["terraform.io/builtin/terraform"], allowed=()) == ()


@pytest.mark.parametrize(
    "name", ["hashicorp/external", "hashicorp/kubernetes", "somebody/aws", "datadog/datadog"]
)
def test_all_others_are_refused_by_name(name: str) -> None:
    assert refused_providers([f"registry.terraform.io/{name}"], allowed=()) == (name,)


@pytest.mark.parametrize("allowed", ["datadog", "datadog/datadog", DATADOG])
def test_what_is_allowed_runs(allowed: str) -> None:
    assert refused_providers([DATADOG], allowed=(allowed,)) == ()


def test_all_but_a_short_list_is_taken_back() -> None:
    assert override(AWS, SCHEMA, alias="west", anonymous=False) == {
        "alias": "west",
        "profile": None,
        "secret_key": None,
        "a_new_way_to_sign_in": None,
        "skip_credentials_validation": None,
        "dynamic": {name: {"for_each": [], "content": {}} for name in ("assume_role", "endpoints")},
    }


def test_without_an_account_nobody_is_asked_who_it_is() -> None:
    assert override(AWS, SCHEMA, alias="", anonymous=True)["skip_credentials_validation"] is True


def test_a_provider_without_blocks_needs_none_removed() -> None:
    assert "dynamic" not in override(AWS, {"attributes": {}}, alias="", anonymous=False)


def test_a_provisioner_is_found_in_any_module() -> None:
    resource = {"address": "null_resource.x", "provisioners": [{"type": "remote-exec"}]}
    inner = {"module_calls": {"b": {"module": {"resources": [resource]}}}}
    plan = {"configuration": {"root_module": {"module_calls": {"a": {"module": inner}}}}}
    with pytest.raises(
        DesignError, match=r"dev module\.a\.module\.b\.null_resource\.x: its provisioner remote-exec"
    ):
        refuse_provisioners(plan, allowed=(), where="dev")
    refuse_provisioners(plan, allowed={"remote-exec"}, where="dev")
    refuse_provisioners({}, allowed=(), where="dev")
