"""A tunnel that loses its BGP session says so to its peer: routes move before a hold time is over."""

from dataclasses import replace

import pytest
from plane_harness import Plane
from reference_network import TUNNELS, reference_network, with_connection

pytestmark = pytest.mark.root

FIRST = TUNNELS[0]
CEASE = "Received: Peer de-configured"
"""BIRD's words for a NOTIFICATION with code 6 and subcode 3. Source: RFC 4486, section 3."""


def test_bgp_that_is_turned_off_on_a_connection_ends_with_a_cease(plane: Plane) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)

    plane.apply(with_connection(network, FIRST, bgp_enabled=False), secrets)

    down = plane.until_event(FIRST.aws_key, "bgp-down", timeout_s=5)
    assert CEASE in plane.log_file.read_text(), down
    assert "child-down" not in [event.kind for event in plane.events_of(FIRST.aws_key)]


def test_a_connection_that_is_deleted_ends_with_a_cease(plane: Plane) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)
    assert network.azure is not None
    left = tuple(
        connection
        for connection in network.azure.connections
        if not FIRST.azure_key.startswith(connection.id.lower())
    )
    assert len(left) == len(network.azure.connections) - 1

    plane.apply(replace(network, azure=replace(network.azure, connections=left)), secrets)

    kinds = [
        event.kind
        for event in (
            plane.until_event(FIRST.aws_key, "bgp-down", timeout_s=5),
            plane.until_event(FIRST.aws_key, "child-down", timeout_s=5),
        )
    ]
    assert kinds == ["bgp-down", "child-down"]
    assert CEASE in plane.log_file.read_text()
