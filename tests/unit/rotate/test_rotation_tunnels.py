"""Which tunnels are rotated, in which order, and which not."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "verify"))  # the builder of networks

from healthy_network import down, healthy, with_tunnel

from twinspan.errors import DesignError, HostError
from twinspan.rotate.tunnels import choose_tunnels, link_of, needs_another, state_of, tunnel_of


def test_the_tunnel_in_use_comes_last() -> None:
    links = healthy().links()

    tunnels = choose_tunnels(links, (), carrying=links[1].key)

    assert len(tunnels) == len(links)
    assert tunnels[-1].key == links[1].key


def test_named_tunnels_are_chosen_once_and_in_their_order() -> None:
    links = healthy().links()
    named = (links[2].key, links[0].key, links[2].key)

    assert [tunnel.key for tunnel in choose_tunnels(links, named, carrying="")] == [
        links[2].key,
        links[0].key,
    ]


def test_a_tunnel_that_is_not_there_is_refused() -> None:
    with pytest.raises(DesignError) as refused:
        choose_tunnels(healthy().links(), ("tunnel9",), carrying="")

    assert refused.value.where == "--tunnel"
    assert "tunnel9" in refused.value.problem


def test_without_tunnels_there_is_nothing_to_rotate() -> None:
    with pytest.raises(DesignError):
        choose_tunnels((), (), carrying="")


def test_a_tunnel_without_an_end_has_no_keys_to_change() -> None:
    link = replace(healthy().links()[0], azure_connection=None)

    with pytest.raises(HostError):
        tunnel_of(link)


def test_the_only_tunnel_that_is_up_cannot_be_taken_off() -> None:
    facts = healthy()
    keys = [link.key for link in facts.links()]
    for key in keys[1:]:
        facts = with_tunnel(facts, key, telemetry=down("IPSEC IS DOWN"))
    links = facts.links()

    assert list(needs_another(links, choose_tunnels(links, (), carrying=""))) == [keys[0]]


def test_a_tunnel_is_found_again_by_its_ends() -> None:
    links = healthy().links()
    tunnel = tunnel_of(links[3])

    assert link_of(links, tunnel) is links[3]
    assert state_of(links[3]).startswith("AWS: UP")
    with pytest.raises(HostError):
        link_of(links[:3], tunnel)
