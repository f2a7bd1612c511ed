"""What packets meet on their way: equal paths, the segment size and the size of a packet."""

import os
import re
import signal
import threading

import pytest
from many_flows import FLOWS, SEND, address_of, tunnels_used
from plane_harness import Plane
from reference_network import AWS_PRIVATE, AZURE_ROUTED

from twinspan.command import Completed
from twinspan.twin.dataplane.wire import HostSpec

pytestmark = pytest.mark.root


def test_many_flows_from_azure_use_all_four_tunnels(full: Plane) -> None:
    from_azure, to_azure = tunnels_used(full, "azure-host", "aws-host")

    assert from_azure == 4
    assert to_azure <= 1


def test_many_flows_from_aws_use_one_tunnel(full: Plane) -> None:
    _from_azure, to_azure = tunnels_used(full, "aws-host", "azure-host")

    assert to_azure == 1


def test_packets_that_a_tunnel_cannot_take_are_counted_as_dropped(full: Plane) -> None:
    """A charon that stands still takes nothing out of its device's queue of 2,000 packets."""
    before = sum(end.dropped_out for end in full.client.observe().azure_tunnels)
    charons = [pid for role, pid in full.client.pids().items() if role.startswith("charon")]
    script = SEND.replace("ADDRESS", address_of(full, "aws-host")).replace("range(20)", "range(400)")
    for pid in charons:
        os.kill(pid, signal.SIGSTOP)
    try:
        done = full.client.run("azure-host", ["python3", "-"], timeout_s=20, stdin=script)
    finally:
        for pid in charons:
            os.kill(pid, signal.SIGCONT)

    assert done.returncode == 0, done.stderr
    full.until(
        lambda seen: sum(end.dropped_out for end in seen.azure_tunnels) > before + FLOWS,
        what="dropped packets",
    )
    full.until_established(4)


@pytest.mark.parametrize(("source", "destination"), [("aws-host", "azure-host"), ("azure-host", "aws-host")])
def test_packets_wait_for_a_gateway_that_gets_no_processor(
    full: Plane, source: str, destination: str
) -> None:
    """600 packets wait for the far ends' charons, which stand still for longer than those are sent."""
    full.until_reaches(source, address_of(full, destination))
    far = "charon vpn-" if source == "azure-host" else "charon /subscriptions"
    charons = [pid for role, pid in full.client.pids().items() if role.startswith(far)]
    assert charons

    def signal_all(what: signal.Signals) -> None:
        for pid in charons:
            os.kill(pid, what)

    signal_all(signal.SIGSTOP)
    going_on = threading.Timer(2.0, signal_all, [signal.SIGCONT])
    going_on.start()
    argv = ["ping", "-q", "-c", "600", "-l", "600", "-W", "5", address_of(full, destination)]
    done = full.client.run(source, argv, timeout_s=20)
    going_on.join()

    assert "600 received" in done.stdout, done.stdout


@pytest.mark.parametrize(("source", "destination"), [("aws-host", "azure-host"), ("azure-host", "aws-host")])
def test_the_far_host_sees_the_clamped_segment_size(full: Plane, source: str, destination: str) -> None:
    """A connection attempt to a port that nobody listens on is enough: its SYN carries the option."""
    done: list[Completed] = []
    capture = ["timeout", "15", "tcpdump", "-n", "-i", "eth0", "-c", "1", "tcp[tcpflags] & tcp-syn != 0"]
    thread = threading.Thread(target=lambda: done.append(full.client.run(destination, capture, timeout_s=20)))
    thread.start()
    connect = (
        "import socket\nfor _ in range(3):\n  try: socket.create_connection"
        f"(({address_of(full, destination)!r}, 22), timeout=0.5)\n  except OSError: continue\n"
    )
    while thread.is_alive():
        full.client.run(source, ["python3", "-"], timeout_s=10, stdin=connect)
    thread.join()

    assert re.findall(r"mss (\d+)", done[0].stdout) == ["1350"]


@pytest.mark.parametrize(("source", "destination"), [("aws-host", "azure-host"), ("azure-host", "aws-host")])
def test_packets_of_1400_bytes_pass_and_larger_ones_vanish_without_a_word(
    full: Plane, source: str, destination: str
) -> None:
    address = address_of(full, destination)

    def ping(payload: int) -> Completed:
        argv = ["ping", "-c", "3", "-i", "0.2", "-W", "1", "-M", "do", "-s", str(payload), address]
        return full.client.run(source, argv, timeout_s=10)

    assert ping(1372).returncode == 0
    for payload in (1373, 1472):
        lost = ping(payload)
        assert lost.returncode == 1
        assert "0 received" in lost.stdout
        assert "Frag" not in lost.stdout
        assert "mtu" not in lost.stdout + lost.stderr


@pytest.mark.parametrize(("sender", "receiver"), [("aws-host", "azure-host"), ("azure-host", "aws-host")])
def test_a_host_that_takes_over_an_address_is_reached_by_the_first_packet(
    full: Plane, sender: str, receiver: str
) -> None:
    addresses = {host: address_of(full, host) for host in (sender, receiver)}
    beside = {
        "aws-host": HostSpec(name="stays", side="aws", subnet_id=AWS_PRIVATE),
        "azure-host": HostSpec(name="stays", side="azure", subnet_id=AZURE_ROUTED),
    }
    full.client.attach(beside[receiver])
    full.until_reaches(sender, addresses[receiver])
    for host in addresses:
        full.client.detach(host)

    assert dict(zip(("aws-host", "azure-host"), full.attach_pair(), strict=True)) == addresses

    done = full.client.run(sender, ["ping", "-c", "1", "-W", "2", addresses[receiver]], timeout_s=10)
    full.client.detach("stays")
    assert done.returncode == 0, done.stdout
