"""What counts as a difference between two sets of providers, and what does not."""

from typing import Any

import pytest
from compared import changed, differences, planned


def found(real: dict[str, Any], offline: dict[str, Any]) -> list[str]:
    return [place for _, place, *_ in differences({"aws_vpc.a": real}, {"aws_vpc.a": offline})]


@pytest.mark.parametrize(
    ("real", "offline"),
    [
        ({"id": "vpc-0123456789abcdef0"}, {"id": "vpc-fedcba9876543210f"}),
        ({"id": "i-0123456789abcdef0"}, {"id": "i-fedcba9876543210f"}),
        ({"name": ""}, {"name": None}),
        ({"options": [{"kept": 1, "old": ""}]}, {"options": [{"kept": 1, "new": 0}]}),
        ({"policy": '{"a": 1, "b": 2}'}, {"policy": '{"b":2,"a":1}'}),
        ({"zones": ["b", "a"]}, {"zones": ["a", "b"]}),
        ({"shared_key": "one"}, {"shared_key": "other"}),
        ({"id": "a", "only_of_aws_5": "x"}, {"id": "a"}),
    ],
)
def test_what_differs_from_run_to_run_or_by_schema_is_no_difference(
    real: dict[str, Any], offline: dict[str, Any]
) -> None:
    assert found(real, offline) == []


@pytest.mark.parametrize(
    ("real", "offline", "place"),
    [
        ({"id": "vpc-0123456789abcdef0"}, {"id": "subnet-0123456789abcdef0"}, "id"),
        ({"name": "a"}, {"name": None}, "name"),
        ({"enabled": True}, {"enabled": None}, "enabled"),
        ({"options": [{"kept": 1}]}, {"options": [{"kept": 2}]}, "options.kept"),
        ({"options": [{"kept": 1}]}, {"options": []}, "options"),
        ({"policy": '{"a": 1}'}, {"policy": '{"a": 2}'}, "policy"),
        ({"shared_key": "one"}, {"shared_key": ""}, "shared_key"),
    ],
)
def test_a_difference_is_found_with_its_place(
    real: dict[str, Any], offline: dict[str, Any], place: str
) -> None:
    assert found(real, offline) == [place]


def test_an_object_that_only_one_of_them_has_is_a_difference() -> None:
    assert list(differences({"aws_vpc.a": {}}, {})) == [("aws_vpc.a", "", True, False)]


def test_what_a_plan_cannot_know_stands_where_it_will_be() -> None:
    change = {
        "after": {"name": "a", "subnet_ids": [None], "block": [{"kept": 1}], "tags": {}},
        "after_unknown": {"id": True, "subnet_ids": [True], "block": [{"made": True}], "tags": {"x": True}},
    }
    document = {"resource_changes": [{"address": "aws_vpc.a", "mode": "managed", "change": change}]}
    assert planned(document) == {
        "aws_vpc.a": {
            "name": "a",
            "id": "<unknown>",
            "subnet_ids": "<unknown>",
            "block": [{"kept": 1, "made": "<unknown>"}],
            "tags": "<unknown>",
        }
    }


def test_a_change_is_named_to_the_member() -> None:
    before = {"pool": [{"name": "a", "rotating": None}], "tags": {"a": "b"}}
    after = {"pool": [{"name": "a", "rotating": "b"}], "tags": {"a": "b"}}
    assert list(changed(before, after)) == ["pool.0.rotating"]
    assert list(changed({"zones": []}, {"zones": ["a"]})) == ["zones"]
