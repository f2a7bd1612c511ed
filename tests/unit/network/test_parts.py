"""Networks that no tunnel joins, in one configuration."""

import dataclasses
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "verify"))  # the builder of networks

from healthy_network import aws_network, azure_network

from twinspan.network.merged import merged
from twinspan.network.model import AwsNetwork, AzureNetwork, Network
from twinspan.network.parts import joined_parts
from twinspan.network.regions import in_further_region, region_of, regions_of
from twinspan.network.subscriptions import subscription_of, subscriptions_of
from twinspan.rules.observed.expectation import from_network

_IDS = ("vpn-", "vgw-", "vpc-", "rtb-", "subnet-", "sg-", "acl-", "cgw-")
SECOND = "22222222-2222-4222-8222-222222222222"


def another(value: Any) -> Any:  # noqa: PLR0911 - a case each
    """Return the same network again, with ids, subscription and addresses of its own."""
    if isinstance(value, IPv4Address) and not value.is_link_local:
        return value + 64
    if isinstance(value, str):
        if value.startswith("/subscriptions/"):
            return "/".join(("", "subscriptions", SECOND, *value.split("/")[3:]))
        return f"{value}b" if value.startswith(_IDS) else value
    if isinstance(value, tuple):
        return tuple(map(another, value))
    if isinstance(value, dict):
        return {another(key): another(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{member.name: another(getattr(value, member.name)) for member in dataclasses.fields(value)},
        )
    return value


@pytest.fixture(scope="module")
def one() -> Network:
    return Network(aws=aws_network(), azure=azure_network())


@pytest.fixture(scope="module")
def two(one: Network) -> Network:
    assert one.aws
    assert one.azure
    aws: AwsNetwork = replace(another(one.aws), region="us-east-1")
    azure: AzureNetwork = another(one.azure)
    return Network(aws=merged([one.aws, in_further_region(aws)]), azure=merged([one.azure, azure]))


def test_a_network_that_tunnels_join_is_whole(one: Network) -> None:
    assert joined_parts(one) == (one,)


def test_two_networks_are_apart_and_nothing_is_lost(one: Network, two: Network) -> None:
    first, second = joined_parts(two)
    assert first == one
    assert second.aws
    assert second.azure
    assert {subnet.id for subnet in second.aws.subnets} == {
        f"{subnet.id}b" for subnet in aws_network().subnets
    }
    assert {subscription_of(connection.id) for connection in second.azure.connections} == {SECOND}
    assert len(second.azure.public_ip_addresses) == len(azure_network().public_ip_addresses)


def test_gateways_that_no_tunnel_joins_are_one_more_network(two: Network) -> None:
    assert two.azure
    lost = replace(two.azure, local_network_gateways=two.azure.local_network_gateways[:4])
    customers = [customer.id for customer in two.aws.customer_gateways] if two.aws else []
    aws = two.aws and replace(
        two.aws,
        customer_gateways=tuple(
            customer for customer in two.aws.customer_gateways if not customer.id.endswith("b")
        ),
    )
    assert len(customers) == 4
    first, second = joined_parts(Network(aws=aws, azure=lost))
    assert second.aws
    assert second.azure
    assert all(connection.id.endswith("b") for connection in second.aws.vpn_connections)
    assert {subscription_of(connection.id) for connection in second.azure.connections} == {SECOND}
    assert first.aws
    assert len(first.aws.vpn_connections) == 2


def test_each_network_implies_its_own_tunnels(one: Network, two: Network) -> None:
    alone = from_network(one)
    both = from_network(two)
    assert alone.parts == ()
    assert [part.tunnel_count for part in both.parts] == [alone.tunnel_count] * 2
    assert both.tunnel_count == 2 * alone.tunnel_count


def test_every_object_has_its_region(two: Network) -> None:
    assert two.aws
    assert regions_of(two.aws) == (two.aws.region, "us-east-1")
    for objects in (two.aws.vpcs, two.aws.subnets, two.aws.route_tables, two.aws.vpn_connections):
        regions = {item.id.endswith("b"): region_of(two.aws, item.id) for item in objects}
        assert regions == {False: two.aws.region, True: "us-east-1"}
    assert region_of(two.aws, "vpc-of-nobody") == two.aws.region


def test_every_subscription_is_found(two: Network) -> None:
    assert two.azure
    assert subscriptions_of(two.azure)[1:] == (SECOND,)
    assert subscription_of("module.x.azurerm_virtual_network.y") == ""
