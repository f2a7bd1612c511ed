"""Where a network is: its state says so, wherever the state is kept; before that, its plan does."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from twinspan.doctor.needs import needs_of
from twinspan.network.unknown import UNKNOWN
from twinspan.project.network import network_of
from twinspan.project.plan import load_plan
from twinspan.project.state import State, StateResource

PLANS = Path(__file__).parents[2] / "golden" / "check"


def state(*resources: tuple[str, Mapping[str, object]]) -> State:
    return State(
        resources=tuple(
            StateResource(address=f"{kind}.n{number}", type=kind, values=values)
            for number, (kind, values) in enumerate(resources)
        )
    )


def region_of(given_state: State) -> object:
    aws = network_of(given_state.plan).aws
    assert aws
    return aws.region


def arn(region: str, resource: str) -> dict[str, object]:
    return {"arn": f"arn:aws:ec2:{region}:123456789012:{resource}"}


def test_a_networks_region_is_that_of_its_vpn_connections() -> None:
    given_state = state(
        ("aws_sns_topic", {"arn": "arn:aws:sns:us-east-1:123456789012:alarms"}),
        ("aws_vpc", arn("us-east-1", "vpc/vpc-1")),
        ("aws_vpn_connection", arn("eu-west-1", "vpn-connection/vpn-1")),
    )

    assert region_of(given_state) == "eu-west-1"


def test_without_a_connection_its_vpc_says_where_it_is() -> None:
    assert region_of(state(("aws_vpc", arn("cn-north-1", "vpc/vpc-1")))) == "cn-north-1"


@pytest.mark.parametrize("values", [{}, {"arn": None}, {"arn": ""}, {"arn": "arn:aws:ec2"}])
def test_what_has_no_arn_says_nothing(values: Mapping[str, object]) -> None:
    assert region_of(state(("aws_vpc", values))) is UNKNOWN


@pytest.mark.parametrize(("plan", "region"), [("base", "us-west-2"), ("static", "eu-west-1")])
def test_a_plan_says_in_which_region_it_will_build(plan: str, region: str) -> None:
    text = (PLANS / f"{plan}.json").read_text()

    assert needs_of(load_plan(text, where=plan)).region == region


def test_a_plan_without_subnets_names_no_region() -> None:
    text = json.dumps({"format_version": "1.2", "planned_values": {"root_module": {}}})

    assert needs_of(load_plan(text, where="empty")).region == ""
