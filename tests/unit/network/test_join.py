"""The join of tunnels and connections of which a part is known: any shape, halves missing, values unknown."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from twinspan.network.links import (
    AwsEnd,
    AzureEnd,
    Instance,
    Link,
    Names,
    join,
)

OUTSIDE = [IPv4Address(f"203.0.113.{last}") for last in range(4)]
PUBLIC = [IPv4Address(f"198.51.100.{last}") for last in range(4)]
INSIDE = [IPv4Network(f"169.254.21.{4 * number}/30") for number in range(4)]
UNKNOWN: Names = frozenset()


def known(*names: IPv4Address | str) -> Names:
    return frozenset(names)


def names_of(addresses: Sequence[IPv4Address], kind: str) -> st.SearchStrategy[Names]:
    """Few addresses, so that several ends have the same; known by itself, by reference, by both, or not."""
    which = st.integers(0, len(addresses) - 1)
    as_given = st.builds(
        lambda number, how: frozenset(
            ({addresses[number]} if how & 1 else set()) | ({f"{kind}{number}"} if how & 2 else set())
        ),
        which,
        st.integers(0, 3),
    )
    return st.one_of(which.map(lambda number: known(addresses[number])), as_given)


def maybe(values: Sequence[IPv4Network]) -> st.SearchStrategy[IPv4Network | None]:
    return st.one_of(st.none(), st.sampled_from(values))


@dataclass(frozen=True)
class Ends:
    """What `join` is given."""

    tunnels: tuple[AwsEnd, ...]
    connections: tuple[AzureEnd, ...]
    instances: tuple[Instance, ...]

    @property
    def joined(self) -> tuple[Link, ...]:
        return join(self.tunnels, self.connections, self.instances)

    def shuffled(self, seed: int) -> "Ends":
        order = random.Random(seed)

        def mixed(ends: tuple[object, ...]) -> tuple[object, ...]:
            return tuple(order.sample(ends, len(ends)))

        return Ends(mixed(self.tunnels), mixed(self.connections), mixed(self.instances))  # type: ignore[arg-type]


@st.composite
def ends(draw: st.DrawFn) -> Ends:
    return Ends(
        tunnels=tuple(
            AwsEnd(
                id=f"tunnel{number}",
                names=draw(names_of(OUTSIDE, "outside")),
                calls=draw(names_of(PUBLIC, "public")),
                inside=draw(maybe(INSIDE)),
            )
            for number in range(draw(st.integers(0, 8)))
        ),
        connections=tuple(
            AzureEnd(
                id=f"connection{number}",
                gateway=draw(st.sampled_from(["gateway0", "gateway1", ""])),
                calls=draw(names_of(OUTSIDE, "outside")),
                peer=cidr[1] if (cidr := draw(maybe(INSIDE))) else None,
            )
            for number in range(draw(st.integers(0, 8)))
        ),
        instances=tuple(
            Instance(
                id=f"instance{number}", gateway=f"gateway{number % 2}", names=draw(names_of(PUBLIC, "public"))
            )
            for number in range(draw(st.integers(0, 4)))
        ),
    )


@given(ends())
def test_every_half_is_in_one_link_or_alone_and_nothing_is_lost(given_ends: Ends) -> None:
    links = given_ends.joined
    assert sorted(link.tunnel for link in links if link.tunnel) == [
        tunnel_end.id for tunnel_end in given_ends.tunnels
    ]
    assert sorted(link.connection for link in links if link.connection) == [
        connection_end.id for connection_end in given_ends.connections
    ]


@given(ends(), st.integers())
def test_the_order_of_what_is_given_decides_nothing(given_ends: Ends, seed: int) -> None:
    assert set(given_ends.shuffled(seed).joined) == set(given_ends.joined)


@given(ends())
def test_what_meets_is_known_to_by_address_else_by_bgp_peer(given_ends: Ends) -> None:
    tunnels = {tunnel_end.id: tunnel_end for tunnel_end in given_ends.tunnels}
    connections = {connection_end.id: connection_end for connection_end in given_ends.connections}
    for link in given_ends.joined:
        for claim in link.claims:
            tunnel, connection = tunnels[link.tunnel or ""], connections[claim]
            peers = bool(tunnel.inside and connection.peer and connection.peer in tunnel.inside)
            assert tunnel.names & connection.calls or peers
        for doubt in link.maybe:
            tunnel, connection = tunnels[link.tunnel or ""], connections[doubt]
            assert not tunnel.names & connection.calls
            assert tunnel.inside is None or connection.peer is None


@given(ends())
def test_no_tunnel_and_connection_that_could_meet_are_both_left_alone(given_ends: Ends) -> None:
    links = given_ends.joined
    alone = {link.connection for link in links if link.tunnel is None}
    for link in links:
        if link.tunnel and link.connection:
            assert link.claims[0] == link.connection
        else:
            assert not alone & set(link.claims)


@given(ends(), st.booleans())
def test_another_vpn_changes_nothing(given_ends: Ends, bgp: bool) -> None:
    inside = IPv4Network("169.254.22.0/30") if bgp else None
    other = Ends(
        tunnels=(
            AwsEnd(
                id="another",
                names=known(IPv4Address("192.0.2.1"), "another"),
                calls=known(IPv4Address("192.0.2.2"), "its"),
                inside=inside or IPv4Network("169.254.30.0/30"),
            ),
        ),
        connections=(
            AzureEnd(
                id="another connection",
                gateway="another gateway",
                calls=known(IPv4Address("192.0.2.1"), "another"),
                peer=inside[1] if inside else IPv4Address("10.0.0.1"),
            ),
        ),
        instances=(
            Instance(id="its", gateway="another gateway", names=known(IPv4Address("192.0.2.2"), "its")),
        ),
    )
    whole = Ends(
        other.tunnels + given_ends.tunnels,
        other.connections + given_ends.connections,
        other.instances + given_ends.instances,
    )
    mine = {link for link in whole.joined if link.tunnel != "another"}
    assert mine == set(given_ends.joined)
    (own,) = [link for link in whole.joined if link.tunnel == "another"]
    assert (own.connection, own.instance, own.claims) == (
        "another connection",
        "its",
        ("another connection",),
    )


def test_tunnels_of_two_regions_meet_the_connections_of_one_subscription() -> None:
    regions = {
        region: AwsEnd(id=f"{region} vpn-1/1", names=known(address), calls=known(PUBLIC[0]), inside=None)
        for region, address in zip(("eu-west-1", "us-east-1"), OUTSIDE, strict=False)
    }
    connections = [
        AzureEnd(id=region, gateway="gateway0", calls=end.names, peer=None) for region, end in regions.items()
    ]
    instance = Instance(id="instance0", gateway="gateway0", names=known(PUBLIC[0]))
    links = join(tuple(regions.values()), connections, [instance])
    assert [(link.tunnel, link.connection, link.instance) for link in links] == [
        ("eu-west-1 vpn-1/1", "eu-west-1", "instance0"),
        ("us-east-1 vpn-1/1", "us-east-1", "instance0"),
    ]
