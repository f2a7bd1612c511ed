"""A tunnel that died comes back soon after its path does, once; the journal tells causes before effects."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from plane_harness import Plane
from reference_network import PUBLIC, TUNNELS, Wiring, reference_network, with_connection, with_tunnel

from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.spec import DeadPeer, EndSpec
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow]

FIRST, SECOND, THIRD, _FOURTH = TUNNELS


def _path(wiring: Wiring) -> FaultSpec:
    return FaultSpec(
        kind="path-cut",
        outside_ip_address=wiring.outside,
        public_ip_address=PUBLIC[wiring.instance],
    )


def _only(side: str, end: EndSpec) -> EndSpec:
    """One side's ends notice after 4 s, the other's not in this test."""
    dead_peer = DeadPeer(delay_s=1, probing_s=3, action=end.ike.dead_peer.action)
    slow = DeadPeer(delay_s=60, probing_s=60, action=end.ike.dead_peer.action)
    return replace(end, ike=replace(end.ike, dead_peer=dead_peer if end.side == side else slow))


@pytest.mark.parametrize("side", ["aws", "azure"])
def test_a_tunnel_is_back_soon_after_its_path_if_either_end_has_noticed(plane: Plane, side: str) -> None:
    plane.apply_ends(*reference_network(), lambda end: _only(side, end))
    plane.until_established(4)
    noticing, believing = FIRST.aws_key, FIRST.azure_key
    if side == "azure":
        noticing, believing = believing, noticing

    plane.client.inject(_path(FIRST))
    plane.until_event(noticing, "bgp-down")
    assert [event.kind for event in plane.events_of(believing)][-1] in {"child-up", "bgp-up"}
    healed_s = time.monotonic()
    plane.client.heal(_path(FIRST))

    back = [plane.until_event(key, "bgp-up", since_s=healed_s) for key in (noticing, believing)]
    assert max(event.at_s for event in back) - healed_s < 8
    assert [plane.ike_sas(key) for key in (noticing, believing)] == [["ESTABLISHED"], ["ESTABLISHED"]]
    plane.until_established(4)


def test_causes_are_journalled_before_what_they_cause(plane: Plane) -> None:
    plane.apply_ends(*reference_network(), lambda end: _only("azure", end))
    plane.until_established(4)
    cut_s = time.monotonic()

    for wiring in TUNNELS:
        plane.client.inject(_path(wiring))

    for wiring in TUNNELS:
        plane.until_event(wiring.azure_key, "bgp-down", since_s=cut_s)
        kinds = [event.kind for event in plane.events_of(wiring.azure_key, cut_s)]
        assert kinds[:4] == ["dpd-timeout", "ike-down", "child-down", "bgp-down"]


def test_a_tunnel_that_is_removed_closes_bgp_before_ike(plane: Plane) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)
    assert network.aws is not None

    plane.apply(replace(network, aws=replace(network.aws, vpn_connections=())), secrets)

    for wiring in TUNNELS:
        plane.until_event(wiring.aws_key, "child-down")
        kinds = [event.kind for event in plane.events_of(wiring.aws_key)]
        assert kinds[-3:] == ["bgp-down", "ike-down", "child-down"], wiring


def test_after_dpd_aws_dials_again_with_restart_and_does_not_with_clear(plane: Plane) -> None:
    network, secrets = reference_network()
    for wiring in (FIRST, SECOND):
        network = with_connection(network, wiring, connection_mode="ResponderOnly")
    network = with_tunnel(network, FIRST, dpd_timeout_action="clear")
    plane.apply_ends(network, secrets, lambda end: _only("aws", end))
    plane.until_established(4)
    for wiring in (FIRST, SECOND):
        plane.client.inject(_path(wiring))
    for wiring in (FIRST, SECOND):
        plane.until_event(wiring.aws_key, "bgp-down")  # the last that a lost tunnel tells
    healed_s = time.monotonic()

    plane.client.heal_all()

    plane.until_event(SECOND.aws_key, "bgp-up", since_s=healed_s)
    assert plane.events_of(FIRST.aws_key, healed_s) == []
    assert plane.ike_sas(FIRST.aws_key) == []


def test_an_end_that_only_responds_does_not_dial_after_dpd_either(plane: Plane) -> None:
    network, secrets = reference_network()
    network = with_connection(network, FIRST, connection_mode="ResponderOnly")
    plane.apply_ends(network, secrets, lambda end: _only("azure", end))
    plane.until_established(4)
    for wiring in (FIRST, SECOND):
        plane.client.inject(_path(wiring))
    for wiring in (FIRST, SECOND):
        plane.until_event(wiring.azure_key, "bgp-down")  # the last that a lost tunnel tells
    healed_s = time.monotonic()

    plane.client.heal_all()

    plane.until_event(SECOND.azure_key, "bgp-up", since_s=healed_s)
    assert plane.events_of(FIRST.azure_key, healed_s) == []


_SECOND_NEGOTIATION = """
connections {{
  again {{
    version = 2
    local_addrs = {local}
    remote_addrs = {remote}
    encap = yes
    mobike = no
    proposals = aes256gcm16-prfsha384-ecp384
    local {{
      auth = psk
      id = {local}
    }}
    remote {{
      auth = psk
      id = {remote}
    }}
    children {{
      again {{
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        esp_proposals = aes256gcm16-ecp384
      }}
    }}
  }}
}}
"""


def test_of_two_tunnels_that_were_negotiated_at_once_one_is_left(plane: Plane) -> None:
    plane.apply(*reference_network())
    plane.until_established(4)
    began_s = time.monotonic()
    text = _SECOND_NEGOTIATION.format(local=PUBLIC[THIRD.instance], remote=THIRD.outside)
    file = "/run/twinspan/again.conf"
    plane.client.run("internet", ["tee", file], timeout_s=5, stdin=text)
    plane.swanctl(THIRD.azure_key, "--load-conns", "--file", file)

    plane.swanctl(THIRD.azure_key, "--initiate", "--ike", "again", "--child", "again")

    wait_until(
        lambda: plane.ike_sas(THIRD.aws_key),
        lambda states: states == ["ESTABLISHED"],
        what="one IKE SA",
        timeout_s=5,
    )
    assert "beside IKE SA" in plane.log_file.read_text()
    assert plane.events_of(THIRD.aws_key, began_s) == []
    plane.until_established(4)


def _both_dial(plane: Plane, keys: tuple[str, str]) -> None:
    for key in keys:
        plane.swanctl(key, "--terminate", "--ike", "tunnel", "--force", "--timeout", "1")
    dials = [
        threading.Thread(target=plane.swanctl, args=(key, "--initiate", "--child", "inside")) for key in keys
    ]
    for dial in dials:
        dial.start()
    for dial in dials:
        dial.join()


def test_when_both_ends_dial_at_once_one_tunnel_is_left(plane: Plane) -> None:
    """Sometimes one end drops a tunnel for the other's INITIAL_CONTACT without a word: hence the rounds."""
    plane.apply(*reference_network())
    plane.until_established(4)
    keys = (THIRD.aws_key, THIRD.azure_key)
    began_s = time.monotonic()

    for _ in range(20):
        _both_dial(plane, keys)
        wait_until(
            lambda: [plane.ike_sas(key) for key in keys],
            lambda states: states == [["ESTABLISHED"]] * 2,
            what="one IKE SA at each end",
            timeout_s=10,
        )

    plane.until_established(4)
    assert "dpd-timeout" not in {event.kind for key in keys for event in plane.events_of(key, began_s)}


OPENS_A_NEGOTIATION = """
import secrets, socket, sys, time
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
def part(following, body):
    return bytes([following, 0]) + (4 + len(body)).to_bytes(2, "big") + body
def transform(following, kind, number, attributes=b""):
    return part(following, bytes([kind, 0, 0, number]) + attributes)
source, target, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
point = ec.generate_private_key(ec.SECP384R1()).public_key()
key = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
transforms = transform(3, 1, 20, bytes([0x80, 14, 1, 0])) + transform(3, 2, 6) + transform(0, 4, 20)
proposal = part(0, bytes([1, 1, 0, 3]) + transforms)  # AES-256-GCM-16, SHA-384, ECP-384
payloads = part(34, proposal) + part(40, bytes([0, 20, 0, 0]) + key) + part(0, secrets.token_bytes(32))
header = secrets.token_bytes(8) + bytes(8) + bytes([33, 0x20, 34, 8]) + bytes(4)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((source, 0))
ends = time.monotonic() + seconds
while time.monotonic() < ends:
    udp.sendto(header + (28 + len(payloads)).to_bytes(4, "big") + payloads, (target, 500))
    time.sleep(0.001)
"""


def test_a_negotiation_that_its_peer_has_given_up_keeps_no_end_from_dialling(plane: Plane) -> None:
    """The first thing that AWS's end gets, just started, opens one (RFC 7296, 1.2) that never goes on."""
    source, target = str(PUBLIC[FIRST.instance]), str(FIRST.outside)
    agent = str(plane.client.pids()["agent"])
    end = short_name("end", FIRST.azure_key)
    inside = ["nsenter", "-t", agent, "-m", "-n", "--", "ip", "netns", "exec", end]
    plane.apply(*reference_network())
    plane.until_established(4)
    killed_s = time.monotonic()
    os.kill(plane.client.pids()[f"charon {FIRST.aws_key}"], signal.SIGKILL)
    peer = [sys.executable, "-c", OPENS_A_NEGOTIATION, source, target, "3"]
    subprocess.run([*inside, *peer], check=True, timeout=20)

    plane.until_event(FIRST.aws_key, "bgp-up", since_s=killed_s)
