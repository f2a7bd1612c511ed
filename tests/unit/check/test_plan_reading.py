import json
from typing import Any

import pytest

from twinspan.check.designs import design_of
from twinspan.check.run import check
from twinspan.errors import DesignError
from twinspan.network.unknown import UNKNOWN
from twinspan.project.joins import joined
from twinspan.project.plan import load_plan, module_path, read_plan


def document(**changes: Any) -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": []}}, **changes}


def refused(text: str) -> DesignError:
    with pytest.raises(DesignError) as caught:
        load_plan(text, where="plan.json")
    return caught.value


def test_a_truncated_document_is_named_with_the_place_where_it_ends() -> None:
    error = refused(json.dumps(document())[:-5])
    assert error.where.startswith("plan.json line 1 column ")
    assert "no complete JSON document" in error.problem
    assert "terraform show -json" in error.remedy


def test_an_empty_document_is_refused() -> None:
    assert "no complete JSON document" in refused("").problem


@pytest.mark.parametrize("text", ["[]", "3", "null", '"plan"', "{}"])
def test_json_that_is_no_plan_is_refused(text: str) -> None:
    assert "no Terraform plan" in refused(text).problem


def test_a_newer_format_is_named_with_what_is_understood() -> None:
    error = refused(json.dumps(document(format_version="2.0")))
    assert error.where == "plan.json format_version"
    assert error.problem == "format 2.0 is not understood, only 1.x"


def test_a_newer_minor_format_is_read() -> None:
    assert load_plan(json.dumps(document(format_version="1.99", novelty={})), where="x").resources == ()


def test_a_state_is_told_from_a_plan() -> None:
    assert "this is a state" in refused('{"format_version": "1.0", "values": {}}').problem


def test_a_plan_that_terraform_could_not_finish_is_refused() -> None:
    assert "could not finish" in refused(json.dumps(document(errored=True))).problem


def test_a_malformed_resource_is_named_by_its_place() -> None:
    broken = document(planned_values={"root_module": {"resources": [{"type": 3}]}})
    assert refused(json.dumps(broken)).where == "plan.json planned_values.root_module.resources.0.address"


def test_a_plan_without_vpn_resources_is_refused_and_not_called_good() -> None:
    bucket = {"address": "aws_s3_bucket.a", "type": "aws_s3_bucket", "name": "a"}
    plan = read_plan(document(planned_values={"root_module": {"resources": [bucket]}}), where="plan.json")
    with pytest.raises(DesignError, match="there is no VPN in it"):
        check(design_of(plan), source="plan.json")


def test_what_is_known_after_apply_only_is_neither_set_nor_unset() -> None:
    plan = read_plan(
        document(
            planned_values={
                "root_module": {
                    "resources": [
                        {
                            "address": "t.a",
                            "type": "t",
                            "name": "a",
                            "values": {"one": 1, "list": [{"x": 1}]},
                        },
                        {"address": "data.t.a", "mode": "data", "type": "t", "name": "a"},
                    ]
                }
            },
            resource_changes=[
                {"address": "t.a", "change": {"after_unknown": {"two": True, "list": [{"y": True}]}}}
            ],
        ),
        where="x",
    )
    (resource,) = plan.resources
    assert resource.get("one") == 1
    assert resource.get("two") is UNKNOWN
    assert resource.get("two", 0, "deeper") is UNKNOWN
    assert resource.get("three") is None
    assert resource.get("list", 0, "x") == 1
    assert resource.get("list", 0, "y") is UNKNOWN
    assert resource.get("list", 5, "y") is None


def test_values_are_never_part_of_what_is_printed_of_a_resource() -> None:
    secret = {"address": "t.a", "type": "t", "name": "a", "values": {"shared_key": "not.a.real.key"}}
    plan = read_plan(document(planned_values={"root_module": {"resources": [secret]}}), where="x")
    assert "not.a.real.key" not in repr(plan)


def test_module_addresses_are_taken_apart() -> None:
    assert module_path('module.a["x.y"].module.b[0].module.c') == (("a", "x.y"), ("b", "0"), ("c", ""))


def references(*names: str) -> dict[str, object]:
    return {"references": list(names)}


def flat(expression: dict[str, object], *, count: int = 1) -> Any:
    """A connection that refers to one of `count` gateways by `expression`, ids unknown."""
    gateways = [
        {"address": f"aws_vpn_gateway.g{n}", "type": "aws_vpn_gateway", "name": f"g{n}"} for n in range(count)
    ]
    connection = {"address": "aws_vpn_connection.c", "type": "aws_vpn_connection", "name": "c"}
    return read_plan(
        document(
            planned_values={"root_module": {"resources": [*gateways, connection]}},
            resource_changes=[
                {"address": "aws_vpn_connection.c", "change": {"after_unknown": {"vpn_gateway_id": True}}}
            ],
            configuration={
                "root_module": {
                    "resources": [
                        {
                            "type": "aws_vpn_connection",
                            "name": "c",
                            "expressions": {"vpn_gateway_id": expression},
                        }
                    ]
                }
            },
        ),
        where="x",
    )


def gateway_of(plan: Any) -> object:
    gateway = joined(plan, plan.of("aws_vpn_connection")[0], "vpn_gateway_id", "aws_vpn_gateway")
    return getattr(gateway, "address", gateway)


def test_a_direct_reference_is_followed() -> None:
    plan = flat(references("aws_vpn_gateway.g1.id", "aws_vpn_gateway.g1"), count=2)
    assert gateway_of(plan) == "aws_vpn_gateway.g1"


def test_what_may_be_one_of_two_stays_open() -> None:
    plan = flat(references("aws_vpn_gateway.g0.id", "aws_vpn_gateway.g1.id"), count=2)
    assert gateway_of(plan) is UNKNOWN


@pytest.mark.parametrize(
    "name", ["local.gateway", "data.aws_vpn_gateway.g0.id", "var.gateway", "module.no.id"]
)
def test_what_leads_out_of_the_plan_stays_open(name: str) -> None:
    assert gateway_of(flat(references(name))) is UNKNOWN


def test_a_reference_in_a_block_is_followed() -> None:
    public = [
        {"address": f"azurerm_public_ip.p{n}", "type": "azurerm_public_ip", "name": f"p{n}"} for n in (0, 1)
    ]
    gateway = {
        "address": "g.g",
        "type": "g",
        "name": "g",
        "values": {"ip_configuration": [{"name": "one"}, {"name": "two"}]},
    }
    blocks = [{"public_ip_address_id": references(f"azurerm_public_ip.p{n}.id")} for n in (1, 0)]
    unknown = {"ip_configuration": [{"public_ip_address_id": True}, {"public_ip_address_id": True}]}
    plan = read_plan(
        document(
            planned_values={"root_module": {"resources": [*public, gateway]}},
            resource_changes=[{"address": "g.g", "change": {"after_unknown": unknown}}],
            configuration={
                "root_module": {
                    "resources": [{"type": "g", "name": "g", "expressions": {"ip_configuration": blocks}}]
                }
            },
        ),
        where="x",
    )
    public_ips = [
        joined(plan, plan.of("g")[0], f"ip_configuration.{n}.public_ip_address_id", "azurerm_public_ip")
        for n in (0, 1, 2)
    ]
    assert [getattr(public_ip, "address", public_ip) for public_ip in public_ips] == [
        "azurerm_public_ip.p1",
        "azurerm_public_ip.p0",
        None,
    ]
