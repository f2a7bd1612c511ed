"""Rules for values, tunnel options and the order of tunnels, without Terraform."""

from itertools import permutations
from typing import Any

import pytest

from twinspan.network.ranges import AWS_RESERVED_INSIDE
from twinspan.twin.providers import azurerm
from twinspan.twin.providers.aws import definition as aws_definition
from twinspan.twin.providers.aws import tunnel
from twinspan.twin.providers.aws.tunnel import TunnelInfo, ordered, tunnels_of
from twinspan.twin.providers.provider import Definition
from twinspan.twin.providers.resource import between, each, matches, one_of
from twinspan.twin.providers.schema import Block, load


def _tunnel(outside: str, inside: str, key: str) -> TunnelInfo:
    return TunnelInfo(
        outside_address=outside,
        cgw_inside_address="",
        vgw_inside_address=inside,
        bgp_asn="64512",
        bgp_hold_time=30,
        pre_shared_key=key,
    )


_FIRST = _tunnel("203.0.113.9", "169.254.21.1", "key.of.first")
_SECOND = _tunnel("203.0.113.10", "169.254.22.1", "key.of.second")


@pytest.mark.parametrize("tunnels", list(permutations((_FIRST, _SECOND))))
def test_tunnel_one_is_found_by_key_then_by_inside_range_then_by_address(
    tunnels: tuple[TunnelInfo, ...],
) -> None:
    by_key = ordered(tunnels, key="key.of.second", inside_cidr="169.254.21.0/30")
    by_range = ordered(tunnels, key="", inside_cidr="169.254.21.0/30")
    by_address = ordered(tunnels, key="", inside_cidr="")

    assert by_key == [_SECOND, _FIRST]
    assert by_range == [_FIRST, _SECOND]
    assert by_address == [_SECOND, _FIRST]  # as text, .10 comes before .9


def test_a_key_of_no_tunnel_leaves_the_order_of_the_document() -> None:
    assert ordered([_SECOND, _FIRST], key="unknown.key", inside_cidr="") == [_SECOND, _FIRST]


def test_no_configuration_document_means_no_tunnels() -> None:
    assert tunnels_of(" ") == []


def test_a_configuration_document_is_read() -> None:
    document = """<?xml version="1.0"?><vpn_connection id="vpn-1"><ipsec_tunnel>
      <customer_gateway><tunnel_inside_address><ip_address>169.254.21.2</ip_address></tunnel_inside_address>
      </customer_gateway><vpn_gateway>
      <tunnel_outside_address><ip_address>203.0.113.9</ip_address></tunnel_outside_address>
      <tunnel_inside_address><ip_address>169.254.21.1</ip_address></tunnel_inside_address>
      <bgp><asn>64512</asn><hold_time>30</hold_time></bgp></vpn_gateway>
      <ike><pre_shared_key>a.secret_key</pre_shared_key></ike></ipsec_tunnel></vpn_connection>"""

    (only,) = tunnels_of(document)

    assert only == TunnelInfo(
        outside_address="203.0.113.9",
        cgw_inside_address="169.254.21.2",
        vgw_inside_address="169.254.21.1",
        bgp_asn="64512",
        bgp_hold_time=30,
        pre_shared_key="a.secret_key",
    )


def test_a_rule_names_what_is_allowed() -> None:
    assert one_of("a", "b")("c") == "expected one of a, b, got c"
    assert between(1, 3)(4) == "expected a number from 1 to 3, got 4"
    assert each(one_of("a"))(["a", "x"]) == "expected one of a, got x"


def test_a_rule_for_a_secret_does_not_repeat_it() -> None:
    said = tunnel.RULES["preshared_key"]("0secret-thing")

    assert said
    assert "0secret-thing" not in said
    assert matches("x+", "many x")("y") == "expected many x"


@pytest.mark.parametrize("cidr", sorted(map(str, AWS_RESERVED_INSIDE)))
def test_every_reserved_inside_range_is_refused(cidr: str) -> None:
    assert "reserved" in tunnel.RULES["inside_cidr"](cidr)


@pytest.mark.parametrize("cidr", ["169.254.6.1/30", "169.254.6.0/29", "10.0.0.0/30", "fd00::/126", "x"])
def test_an_inside_range_of_another_shape_is_refused(cidr: str) -> None:
    assert tunnel.RULES["inside_cidr"](cidr)


def _paths(block: Block, prefix: str = "") -> set[str]:
    paths = {prefix + name for name in block.attributes} | {prefix + name for name in block.block_types}
    for name, nested in block.block_types.items():
        paths |= _paths(nested.block, f"{prefix}{name}.")
    return paths


@pytest.mark.parametrize("definition", [aws_definition(), azurerm.definition()], ids=["aws", "azurerm"])
def test_every_fact_and_rule_names_something_in_the_schema(definition: Definition[Any]) -> None:
    for name, resource in definition.resources.items():
        paths = _paths(definition.schema.resources[name])
        named = {
            *resource.facts.defaults,
            *resource.facts.force_new,
            *resource.facts.computed_blocks,
            *resource.facts.unset_as,
            *resource.rules,
        }
        assert named <= paths, name


@pytest.mark.parametrize("provider", ["aws", "azurerm"])
def test_every_served_resource_type_can_be_applied(provider: str) -> None:
    definition: Definition[Any] = aws_definition() if provider == "aws" else azurerm.definition()

    assert set(definition.resources) == set(load(provider).resources)
    assert set(definition.data_sources) == set(load(provider).data_sources)
