import re
from typing import Any

import pytest
from azure.mgmt.network import models
from azure.mgmt.network._utils.model_base import Model

from twinspan.twin.azure import schema
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.types import RESOURCE_TYPES
from twinspan.twin.azure.types.described_type import DescribedType

NAMES = sorted({kind.model for kind in RESOURCE_TYPES.values() if not isinstance(kind, DescribedType)})
OTHERS = ["TagsObject", "ConnectionSharedKey", "ConnectionResetSharedKey"]


@pytest.mark.parametrize("name", NAMES + OTHERS)
def test_every_model_and_all_it_holds_still_resolves(name: str) -> None:
    waiting = [schema.model_class(name)]
    seen: set[type] = set()
    while waiting:
        model = waiting.pop()
        seen.add(model)
        for member in schema.members(model).values():
            shape = member.shape
            while isinstance(shape, (schema.ListOf, schema.MapOf)):
                shape = shape.item
            if isinstance(shape, type) and issubclass(shape, Model) and shape not in seen:
                waiting.append(shape)
    assert all(schema.members(model) for model in seen)


def test_a_model_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(LookupError, match="has no model Teapot"):
        schema.model_class("Teapot")


def test_required_read_only_and_enumerated_members_are_known() -> None:
    members = schema.members(models.IpsecPolicy)
    assert all(member.required for member in members.values())
    connection = schema.members(models.VirtualNetworkGatewayConnectionPropertiesFormat)
    assert connection["connectionStatus"].read_only
    assert not connection["sharedKey"].required
    assert connection["connectionType"].required


def test_every_problem_of_a_body_is_told_with_its_path() -> None:
    body: dict[str, object] = {
        "colour": "red",
        "properties": {
            "nextHopType": "Teleport",
            "addressPrefix": 10,
            "hasBgpOverride": "read-only, so it does not matter",
        },
    }
    with pytest.raises(ArmError) as refused:
        schema.clean("Route", body)  # type: ignore[arg-type]  # as a client might send it
    message = " ".join(detail.message for detail in refused.value.details)
    paths = re.findall(r"Path '([^']*)'", message)
    assert paths == ["colour", "properties.nextHopType", "properties.addressPrefix"]
    assert "VirtualAppliance" in message


@pytest.mark.parametrize(
    ("value", "fits"), [(True, False), (1, True), ("1", False), (1.5, False), ([], False), ({}, False)]
)
def test_numbers_are_whole_and_not_booleans(value: object, fits: bool) -> None:
    body = {"properties": {"priority": value, "access": "Allow", "direction": "Inbound", "protocol": "*"}}
    try:
        schema.clean("SecurityRule", body)  # type: ignore[arg-type]  # as a client might send it
    except ArmError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**300])
def test_a_number_that_no_api_can_hold_is_refused(number: int) -> None:
    body: Any = {"properties": {"idleTimeoutInMinutes": number}}
    with pytest.raises(ArmError, match=r"Path 'properties\.idleTimeoutInMinutes'"):
        schema.clean("PublicIPAddress", body)


@pytest.mark.parametrize(("written", "kept"), [("true", True), ("false", False), (True, True)])
def test_a_truth_value_may_be_written_as_text(written: Any, kept: bool) -> None:
    assert schema.clean("RouteTablePropertiesFormat", {"disableBgpRoutePropagation": written}) == {
        "disableBgpRoutePropagation": kept
    }


@pytest.mark.parametrize("written", ["yes", 1, ["true"], {"true": True}])
def test_nothing_else_is_a_truth_value(written: Any) -> None:
    with pytest.raises(ArmError, match="bool"):
        schema.clean("RouteTablePropertiesFormat", {"disableBgpRoutePropagation": written})


def test_a_size_that_the_sdk_does_not_list_is_for_the_type_to_check() -> None:
    assert schema.clean("compute.HardwareProfile", {"vmSize": "Standard_D2s_v5"}) == {
        "vmSize": "Standard_D2s_v5"
    }
