"""Which route packets take, if not all is known of the routes; the kernel decides the rest."""

from ipaddress import IPv4Network

from twinspan.network.model import AwsRoute, AwsRouteTable
from twinspan.network.routes import (
    LOCAL,
    PROPAGATED,
    USER_ORIGIN,
    VIRTUAL_NETWORK_GATEWAY,
    Route,
    Source,
    aws_routes,
    azure_routes,
    best,
    ways,
)
from twinspan.network.unknown import UNKNOWN

REMOTE, PART = IPv4Network("10.1.0.0/16"), IPv4Network("10.1.64.0/18")


def route(destination: IPv4Network | None, target: str | None, source: Source = Source.USER) -> Route:
    return Route(destination=destination, target=target, source=source)


def test_a_range_is_split_where_a_more_specific_route_takes_a_part() -> None:
    wide, narrow = route(REMOTE, "vgw-1", Source.LEARNED), route(PART, "nat-1")
    assert list(ways([wide, narrow], REMOTE)) == [
        (IPv4Network("10.1.0.0/18"), (wide,)),
        (PART, (narrow,)),
        (IPv4Network("10.1.128.0/17"), (wide,)),
    ]


def test_no_route_is_an_answer() -> None:
    assert list(ways([], REMOTE)) == [(REMOTE, (None,))]


def test_the_users_route_comes_before_a_learned_one_to_the_same_prefix() -> None:
    learned, static = route(REMOTE, "vgw-1", Source.LEARNED), route(REMOTE, "nat-1")
    assert best([learned, static], PART) == (static,)


def test_a_network_keeps_its_own_addresses_from_a_learned_route_and_not_from_a_static_one() -> None:
    local, learned = route(REMOTE, LOCAL, Source.SYSTEM), route(PART, "vgw-1", Source.LEARNED)
    assert best([local, learned], PART) == (local,)
    assert best([local, learned, route(PART, "eni-1")], PART)[0] == route(PART, "eni-1")


def test_a_route_with_an_unknown_destination_may_take_any_packet() -> None:
    known, unknown = route(REMOTE, "vgw-1"), route(None, "nat-1")
    assert best([known, unknown], PART) == (unknown, known)


def test_a_route_that_may_not_be_there_counts_only_if_it_would_win() -> None:
    known = route(PART, "vgw-1")
    maybe = Route(destination=REMOTE, target="nat-1", source=Source.USER, known=False)
    assert best([known, maybe], PART) == (known,)
    assert best([maybe], PART) == (maybe, None)


def test_private_ranges_that_azure_does_not_know_lead_nowhere() -> None:
    routes = azure_routes([], address_space=[PART], learned=[IPv4Network("10.2.0.0/16")])
    hops = {text: best(routes, IPv4Network(text)) for text in ("10.2.1.1/32", "10.9.0.1/32", "8.8.8.8/32")}
    assert [hop[0].target for hop in hops.values() if hop[0]] == [
        VIRTUAL_NETWORK_GATEWAY,
        "None",
        "Internet",
    ]


def test_what_a_plan_does_not_tell_of_a_route_leaves_open_where_packets_go() -> None:
    planned = AwsRouteTable(
        id="rtb-1",
        name="",
        vpc_id=UNKNOWN,
        main=False,
        subnet_ids=(),
        propagating_vgw_ids=(),
        routes=(
            AwsRoute(destination=REMOTE, target="vgw-1", state="active", origin=PROPAGATED),
            AwsRoute(destination=UNKNOWN, target=UNKNOWN, state="active", origin=USER_ORIGIN),
        ),
    )
    open_, learned = best(aws_routes(planned), REMOTE)

    assert open_
    assert learned
    assert (open_.target, learned.target) == (None, "vgw-1")
