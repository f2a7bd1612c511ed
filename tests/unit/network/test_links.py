"""The links of whole networks: what meets what is known from how they are made."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from twinspan.network.links import (
    TunnelLink,
    bgp_address,
    spare_links,
    tunnel_links,
)
from twinspan.network.model import (
    AwsNetwork,
    AzureConnection,
    AzureNetwork,
    CustomerGateway,
    GatewayInstance,
    LocalNetworkGateway,
    Network,
    Phase,
    VirtualNetworkGateway,
    VpnConnection,
    VpnTunnel,
)


@dataclass(frozen=True, kw_only=True)
class Vpn:
    """An AWS connection to one instance of one gateway, of whose tunnels some are used."""

    gateway: int
    instance: int
    used: tuple[int, ...]
    static: bool


def tunnel(vpn: int, number: int) -> VpnTunnel:
    phase = Phase(lifetime_seconds=3600)
    return VpnTunnel(
        outside_ip_address=IPv4Address(f"203.0.113.{2 * vpn + number}"),
        inside_cidr=IPv4Network(f"169.254.21.{8 * vpn + 4 * number}/30"),
        ike_versions=("ikev2",),
        phase1=phase,
        phase2=phase,
        dpd_timeout_seconds=30,
        dpd_timeout_action="clear",
        startup_action="add",
        rekey_margin_time_seconds=270,
        rekey_fuzz_percentage=100,
        replay_window_size=1024,
    )


def connection(vpn: int, number: int, what: Vpn) -> AzureConnection:
    return AzureConnection(
        id=f"connection{vpn}-{number}",
        name=f"to-{vpn}-{number}",
        virtual_network_gateway_id=f"gateway{what.gateway}",
        local_network_gateway_id=f"local{vpn}-{number}",
        connection_type="IPsec",
        connection_protocol="IKEv2",
        connection_mode="Default",
        bgp_enabled=not what.static,
        custom_bgp_addresses={},
        ipsec_policy=None,
        dpd_timeout_seconds=45,
        routing_weight=0,
        provisioning_state="Succeeded",
    )


def gateway(number: int, instances: int) -> VirtualNetworkGateway:
    return VirtualNetworkGateway(
        id=f"gateway{number}",
        name=f"gateway{number}",
        location=("westeurope", "northeurope")[number % 2],
        sku="VpnGw2AZ",
        generation="Generation2",
        active_active=instances > 1,
        bgp_enabled=True,
        asn=65000 + number,
        provisioning_state="Succeeded",
        instances=tuple(
            GatewayInstance(
                ip_configuration_id=f"instance{number}-{own}",
                ip_configuration_name=f"instance{own}",
                subnet_id="",
                public_ip_address=IPv4Address(f"198.51.100.{10 * number + own}"),
                default_bgp_ip_address=IPv4Address(f"10.{number}.0.{4 + own}"),
                custom_bgp_ip_addresses=(),
            )
            for own in range(instances)
        ),
    )


def network(vpns: Sequence[Vpn], *, sizes: Sequence[int] = (2, 2)) -> Network:
    """Return a network with one gateway for each of `sizes`, its number of instances."""
    used = [(vpn, number, what) for vpn, what in enumerate(vpns) for number in what.used]
    return Network(
        aws=AwsNetwork(
            account_id="123456789012",
            region="eu-west-1",
            customer_gateways=tuple(
                CustomerGateway(
                    id=f"cgw-{vpn}",
                    name="",
                    state="available",
                    ip_address=IPv4Address(f"198.51.100.{10 * what.gateway + what.instance}"),
                    bgp_asn=65000,
                )
                for vpn, what in enumerate(vpns)
            ),
            vpn_connections=tuple(
                VpnConnection(
                    id=f"vpn-{vpn}",
                    name="",
                    state="available",
                    customer_gateway_id=f"cgw-{vpn}",
                    vpn_gateway_id="vgw-0",
                    static_routes_only=what.static,
                    tunnels=(tunnel(vpn, 0), tunnel(vpn, 1)),
                )
                for vpn, what in enumerate(vpns)
            ),
        ),
        azure=AzureNetwork(
            subscription_id="",
            virtual_network_gateways=tuple(gateway(number, size) for number, size in enumerate(sizes)),
            local_network_gateways=tuple(
                LocalNetworkGateway(
                    id=f"local{vpn}-{number}",
                    name=f"local{vpn}-{number}",
                    gateway_ip_address=tunnel(vpn, number).outside_ip_address,
                    asn=None if what.static else 64512,
                    bgp_peering_address=None if what.static else tunnel(vpn, number).aws_inside_address,
                )
                for vpn, number, what in used
            ),
            connections=tuple(connection(*arguments) for arguments in used),
        ),
    )


@st.composite
def vpns(draw: st.DrawFn) -> tuple[tuple[Vpn, ...], tuple[int, ...]]:
    """One to eight tunnels in use, at one or two gateways of one or two instances each."""
    sizes = tuple(draw(st.lists(st.integers(1, 2), min_size=1, max_size=2)))
    made = []
    for _ in range(draw(st.integers(1, 4))):
        number = draw(st.integers(0, len(sizes) - 1))
        made.append(
            Vpn(
                gateway=number,
                instance=draw(st.integers(0, sizes[number] - 1)),
                used=tuple(draw(st.lists(st.sampled_from([0, 1]), min_size=1, unique=True))),
                static=draw(st.booleans()),
            )
        )
    return tuple(made), sizes


def shown(link: TunnelLink) -> tuple[str, str, str]:
    """Return what a link joins: outside address, Azure's connection, and gateway and instance."""
    return (
        str(link.tunnel.outside_ip_address) if link.tunnel else "",
        link.azure_connection.name if link.azure_connection else "",
        f"{link.gateway.name} {link.instance.ip_configuration_name}"
        if link.gateway and link.instance
        else "",
    )


def expected(made: Sequence[Vpn]) -> set[tuple[str, str, str]]:
    return {
        (
            f"203.0.113.{2 * vpn + number}",
            f"to-{vpn}-{number}" if number in what.used else "",
            f"gateway{what.gateway} instance{what.instance}",
        )
        for vpn, what in enumerate(made)
        for number in (0, 1)
    }


def aws_of(given_network: Network) -> AwsNetwork:
    assert given_network.aws is not None
    return given_network.aws


def azure_of(given_network: Network) -> AzureNetwork:
    assert given_network.azure is not None
    return given_network.azure


@given(vpns())
def test_each_tunnel_of_a_network_meets_its_connection_at_the_instance_that_aws_calls(
    given_vpns: tuple[tuple[Vpn, ...], tuple[int, ...]],
) -> None:
    made, sizes = given_vpns
    links = tunnel_links(network(made, sizes=sizes))
    assert {shown(link) for link in links} == expected(made)
    assert [link.joined for link in links] == [link.azure_connection is not None for link in links]
    assert all(link.mutual for link in links if link.joined)
    assert [link.static for link in links if link.joined] == [
        what.static for what in made for _ in sorted(what.used)
    ]


@given(vpns(), st.randoms(use_true_random=False))
def test_a_network_with_halves_missing_keeps_the_links_of_the_others(
    given_vpns: tuple[tuple[Vpn, ...], tuple[int, ...]], order: random.Random
) -> None:
    made, sizes = given_vpns
    whole = network(made, sizes=sizes)
    connections, vpn_connections = list(azure_of(whole).connections), list(aws_of(whole).vpn_connections)
    order.shuffle(connections)
    order.shuffle(vpn_connections)
    lost = {connections.pop().name for _ in range(order.randint(0, len(connections)))}
    gone = {vpn_connections.pop().id for _ in range(order.randint(0, len(vpn_connections)))}
    links = tunnel_links(
        Network(
            aws=replace(aws_of(whole), vpn_connections=tuple(vpn_connections)),
            azure=replace(azure_of(whole), connections=tuple(connections)),
        )
    )
    kept = {
        (f"203.0.113.{2 * vpn + number}", name if number in what.used and name not in lost else "")
        for vpn, what in enumerate(made)
        for number in (0, 1)
        for name in (f"to-{vpn}-{number}",)
        if f"vpn-{vpn}" not in gone
    }
    alone = {
        ("", f"to-{vpn}-{number}")
        for vpn, what in enumerate(made)
        for number in what.used
        if f"vpn-{vpn}" in gone and f"to-{vpn}-{number}" not in lost
    }
    assert {shown(link)[:2] for link in links} == kept | alone


TWO = (
    Vpn(gateway=0, instance=0, used=(0, 1), static=False),
    Vpn(gateway=1, instance=1, used=(0, 1), static=True),
)


def test_a_data_centre_at_the_other_end_of_either_cloud_meets_nothing() -> None:
    both = network(TWO)
    azure = azure_of(both)
    elsewhere = replace(azure.local_network_gateways[0], gateway_ip_address=IPv4Address("192.0.2.7"))
    links = tunnel_links(
        Network(
            aws=both.aws,
            azure=replace(azure, local_network_gateways=(elsewhere, *azure.local_network_gateways[1:])),
        )
    )
    assert [shown(link) for link in links if not link.joined] == [
        ("203.0.113.0", "", "gateway0 instance0"),
        ("", "to-0-0", ""),
    ]
    assert not any(link.maybe for link in links)


def test_a_customer_gateway_with_an_address_of_no_gateway_has_no_instance() -> None:
    both = network(TWO)
    aws = aws_of(both)
    elsewhere = replace(aws.customer_gateways[0], ip_address=IPv4Address("192.0.2.7"))
    links = tunnel_links(
        Network(aws=replace(aws, customer_gateways=(elsewhere, *aws.customer_gateways[1:])), azure=both.azure)
    )
    assert [shown(link) for link in links[:2]] == [
        ("203.0.113.0", "to-0-0", ""),
        ("203.0.113.1", "to-0-1", ""),
    ]
    assert [link.joined and not link.mutual for link in links] == [True, True, False, False]
    assert links[0].azure_address == IPv4Address("192.0.2.7")


def test_an_instance_of_another_gateway_is_named_and_the_ends_are_not_mutual() -> None:
    both = network(TWO)
    aws = aws_of(both)
    crossed = tuple(
        replace(vpn_connection, customer_gateway_id=f"cgw-{1 - number}")
        for number, vpn_connection in enumerate(aws.vpn_connections)
    )
    links = tunnel_links(Network(aws=replace(aws, vpn_connections=crossed), azure=both.azure))
    assert [shown(link)[1:] for link in links[::2]] == [
        ("to-0-0", "gateway1 instance1"),
        ("to-1-0", "gateway0 instance0"),
    ]
    assert not any(link.mutual for link in links)


def test_of_two_gateways_with_a_connection_to_one_tunnel_that_one_meets_it_which_aws_calls() -> None:
    both = network(TWO)
    azure = azure_of(both)
    rival = replace(azure.connections[0], id="a rival", name="a-rival", virtual_network_gateway_id="gateway1")
    links = tunnel_links(Network(aws=both.aws, azure=replace(azure, connections=(rival, *azure.connections))))
    assert links[0].azure_connection == azure.connections[0]
    assert [claim.name for claim in links[0].claims] == ["to-0-0", "a-rival"]
    assert [link.name for link in links if link.tunnel is None] == ["a-rival"]


def test_of_two_tunnels_with_one_outside_address_the_bgp_peer_tells_which_is_meant() -> None:
    same = network([replace(TWO[0], used=(0,)), replace(TWO[0], used=(0,))])
    aws, azure = aws_of(same), azure_of(same)
    outside = tunnel(0, 0).outside_ip_address
    second = aws.vpn_connections[1]
    twice = replace(
        second, tunnels=(replace(second.tunnels[0], outside_ip_address=outside), second.tunnels[1])
    )
    locals_ = tuple(
        replace(local_gateway, gateway_ip_address=outside) for local_gateway in azure.local_network_gateways
    )
    links = tunnel_links(
        Network(
            aws=replace(aws, vpn_connections=(twice, aws.vpn_connections[0])),
            azure=replace(azure, local_network_gateways=locals_),
        )
    )
    assert [(link.vpn_connection.id, link.name) for link in links if link.joined and link.vpn_connection] == [
        ("vpn-1", "to-1-0"),
        ("vpn-0", "to-0-0"),
    ]


def test_an_address_that_is_not_known_is_made_up_for_by_the_bgp_peer_or_left_open() -> None:
    both = network(TWO)
    azure = azure_of(both)
    unknown = tuple(
        replace(local_gateway, gateway_ip_address=None) for local_gateway in azure.local_network_gateways
    )
    links = tunnel_links(Network(aws=both.aws, azure=replace(azure, local_network_gateways=unknown)))
    assert [shown(link)[:2] for link in links if link.joined] == [
        ("203.0.113.0", "to-0-0"),
        ("203.0.113.1", "to-0-1"),
    ]
    assert [[candidate.name for candidate in link.maybe] for link in links] == [
        [],
        [],
        *[["to-1-0", "to-1-1"]] * 2,
        [],
        [],
    ]


def test_a_local_network_gateway_without_a_connection_and_a_deleted_vpn_connection_are_no_ends() -> None:
    both = network(TWO)
    aws, azure = aws_of(both), azure_of(both)
    deleted = tuple(replace(vpn_connection, state="deleted") for vpn_connection in aws.vpn_connections[1:])
    links = tunnel_links(
        Network(
            aws=replace(aws, vpn_connections=(aws.vpn_connections[0], *deleted)),
            azure=replace(azure, connections=azure.connections[1:]),
        )
    )
    assert [shown(link)[:2] for link in links] == [
        ("203.0.113.0", ""),
        ("203.0.113.1", "to-0-1"),
        ("", "to-1-0"),
        ("", "to-1-1"),
    ]


def test_one_cloud_alone_has_its_own_halves() -> None:
    both = network(TWO)
    assert [shown(link)[0] for link in tunnel_links(Network(aws=both.aws, azure=None))] == [
        f"203.0.113.{last}" for last in range(4)
    ]
    assert [shown(link)[1] for link in tunnel_links(Network(aws=None, azure=both.azure))] == [
        "to-0-0",
        "to-0-1",
        "to-1-0",
        "to-1-1",
    ]


def test_an_instance_speaks_bgp_from_the_connections_address_else_its_first_apipa_else_its_own() -> None:
    own = connection(0, 0, TWO[0])
    local = azure_of(network(TWO)).local_network_gateways[0]
    first, second = IPv4Address("169.254.21.2"), IPv4Address("169.254.21.6")
    instance = replace(gateway(0, 1).instances[0], custom_bgp_ip_addresses=(first, second))
    chosen = replace(own, custom_bgp_addresses={instance.ip_configuration_id: second})
    routed = replace(local, bgp_peering_address=IPv4Address("10.9.0.1"))
    assert [
        bgp_address(chosen, instance, local),
        bgp_address(own, instance, local),
        bgp_address(own, instance, routed),
        bgp_address(own, gateway(0, 1).instances[0], local),
    ] == [second, first, IPv4Address("10.0.0.4"), IPv4Address("10.0.0.4")]


@given(vpns())
def test_spare_is_the_tunnel_whose_sibling_alone_is_used(
    drawn: tuple[tuple[Vpn, ...], tuple[int, ...]],
) -> None:
    made, sizes = drawn
    spare = spare_links(tunnel_links(network(made, sizes=sizes)))
    unused = {
        f"203.0.113.{2 * vpn + number}" for vpn, what in enumerate(made) for number in {0, 1} - {*what.used}
    }

    assert {str(link.outside_address) for link in spare} == unused


def test_no_tunnel_is_spare_while_a_connection_meets_none() -> None:
    whole = network([Vpn(gateway=0, instance=0, used=(0,), static=False)])
    missed = replace(azure_of(whole).connections[0], id="missed", local_network_gateway_id="gone")
    azure = replace(azure_of(whole), connections=(*azure_of(whole).connections, missed))

    assert spare_links(tunnel_links(whole))
    assert spare_links(tunnel_links(replace(whole, azure=azure))) == ()
