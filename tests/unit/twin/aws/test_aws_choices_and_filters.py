"""What AWS chooses, and how its filters match."""

from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.ec2.exceptions import EC2ClientError

from twinspan.network.ranges import TWIN_AWS_OUTSIDE
from twinspan.twin.aws.ec2.choices import (
    choose_inside_cidr,
    choose_outside_addresses,
    choose_pre_shared_key,
)
from twinspan.twin.aws.ec2.filters import Filterable, select
from twinspan.twin.aws.ec2.tunnel_options import TunnelOptions, apply_request, parse_inside_cidr

EVERYTHING = frozenset(TWIN_AWS_OUTSIDE)
WORDS: Filterable[str] = Filterable(fields={"word": lambda word: [word]}, tags=lambda word: {"Is": word})


def test_addresses_of_deleted_connections_are_used_last() -> None:
    first = choose_outside_addresses(live=(), deleted=())
    second = choose_outside_addresses(live=(), deleted=first)
    again = choose_outside_addresses(live=first, deleted=EVERYTHING)
    assert [str(address) for address in first] == ["198.19.0.10", "198.19.0.11"]
    assert not set(first) & set(second)
    assert again == second


def test_when_all_addresses_are_live_there_is_no_connection() -> None:
    with pytest.raises(EC2ClientError, match="VpnConnectionLimitExceeded"):
        choose_outside_addresses(live=EVERYTHING, deleted=())


def test_every_chosen_pair_is_in_order_as_text() -> None:
    live: set[IPv4Address] = set()
    for _ in range(122):
        pair = choose_outside_addresses(live=live, deleted=())
        assert str(pair[0]) < str(pair[1])
        live.update(pair)


def test_what_aws_chooses_is_what_aws_accepts() -> None:
    taken: set[IPv4Network] = set()
    for _ in range(300):
        cidr = choose_inside_cidr(taken)
        assert parse_inside_cidr(str(cidr)) == cidr
        taken.add(cidr)
        base = TunnelOptions(
            outside_ip_address=TWIN_AWS_OUTSIDE[10], tunnel_inside_cidr=cidr, pre_shared_key="unused_1"
        )
        key = choose_pre_shared_key()
        assert apply_request(base, {"PreSharedKey": key}).pre_shared_key == key
    assert len(taken) == 300


def matches(value: str, pattern: str) -> bool:
    return select(WORDS, [value], [{"Name": "word", "Values": [pattern]}]) == [value]


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("vpn-1", "vpn-*", True),
        ("vpn-1", "VPN-*", False),
        ("vpn-1", "vpn-?", True),
        ("vpn-12", "vpn-?", False),
        ("a*b", "a\\*b", True),
        ("axb", "a\\*b", False),
        ("[x]", "[x]", True),
        ("x", "[x]", False),
        ("", "*", True),
        ("abcab", "*ab", True),
        ("abcab", "a*c*b", True),
        ("abcab", "a*c*c*b", False),
        ("ab", "ab*ab", False),
        ("aab", "*?b", True),
        ("a\nb", "a*b", True),
    ],
)
def test_wildcards_are_ec2s(value: str, pattern: str, expected: bool) -> None:
    assert matches(value, pattern) is expected


def test_no_value_takes_more_time_than_its_length_explains() -> None:
    assert not matches("a" * 5000, "*a" * 40 + "b")
    assert not matches("a" * 5000, "*" * 200 + "b")
    assert matches("a" * 5000 + "b", "*a" * 40 + "*b")


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_wildcards_match_what_they_do_for_files(pattern: str, value: str) -> None:
    assert matches(value, pattern) is fnmatchcase(value, pattern)


@given(st.text(alphabet="ab*?\\[].", max_size=8))
def test_an_escaped_value_matches_itself(value: str) -> None:
    escaped = "".join(f"\\{letter}" if letter in "*?\\" else letter for letter in value)
    assert matches(value, escaped)


def test_all_filters_must_match_and_one_value_of_each() -> None:
    filters = [{"Name": "word", "Values": ["a", "b"]}, {"Name": "tag:Is", "Values": ["b", "c"]}]
    assert select(WORDS, ["a", "b", "c"], filters) == ["b"]
    assert select(WORDS, ["a"], [{"Name": "tag-key", "Values": ["Is"]}]) == ["a"]
    assert select(WORDS, ["a"], [{"Name": "word"}]) == []


def test_the_key_is_in_no_representation_of_a_tunnel() -> None:
    tunnel = TunnelOptions(
        outside_ip_address=TWIN_AWS_OUTSIDE[10],
        tunnel_inside_cidr=IPv4Network("169.254.21.0/30"),
        pre_shared_key="very_secret_1",
    )
    assert "very_secret_1" not in repr(tunnel)
