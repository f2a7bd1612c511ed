"""What packets meet on their way: equal paths, the segment size and the size of a packet."""

import os
import re
import signal
import threading
import time

import pytest
from plane_harness import Plane

from twinspan.command import Completed

pytestmark = pytest.mark.root

FLOWS = 64
SEND = f"""
import socket
for port in range(20000, 20000 + {FLOWS}):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("", port))
        for _ in range(20):
            sender.sendto(bytes(1000), ("ADDRESS", 9))
"""
FLOW_BYTES = 20 * 1028
"""Bytes of one flow inside a tunnel; BGP's own messages stay below that."""


def _address(plane: Plane, name: str) -> str:
    return str(next(host.address for host in plane.client.hosts() if host.name == name))


def _send(plane: Plane, source: str, destination: str) -> None:
    script = SEND.replace("ADDRESS", _address(plane, destination))
    done = plane.client.run(source, ["python3", "-"], timeout_s=20, stdin=script)
    assert done.returncode == 0, done.stderr


def _carried(plane: Plane) -> dict[str, tuple[int, int]]:
    """Return (bytes from Azure, bytes to Azure) of each tunnel at its AWS end."""
    return {
        str(end.outside_ip_address): (end.bytes_in, end.bytes_out)
        for end in plane.client.observe().aws_tunnels
    }


def _used(plane: Plane, source: str, destination: str) -> tuple[int, int]:
    """Send the flows; return how many tunnels carried some from Azure, and to Azure."""
    before = _carried(plane)
    _send(plane, source, destination)
    plane.until(lambda _seen: _rose(before, _carried(plane)) != (0, 0), what="packets in a tunnel")
    time.sleep(0.5)
    return _rose(before, _carried(plane))


def _rose(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> tuple[int, int]:
    grown = [(after[key][0] - before[key][0], after[key][1] - before[key][1]) for key in before]
    return sum(g[0] >= FLOW_BYTES for g in grown), sum(g[1] >= FLOW_BYTES for g in grown)


def test_many_flows_from_azure_use_all_four_tunnels(full: Plane) -> None:
    from_azure, to_azure = _used(full, "azure-host", "aws-host")

    assert from_azure == 4
    assert to_azure <= 1


def test_many_flows_from_aws_use_one_tunnel(full: Plane) -> None:
    _from_azure, to_azure = _used(full, "aws-host", "azure-host")

    assert to_azure == 1


def test_packets_that_a_tunnel_cannot_take_are_counted_as_dropped(full: Plane) -> None:
    """A charon that stands still takes nothing out of its device's queue of 2,000 packets."""
    before = sum(end.dropped_out for end in full.client.observe().azure_tunnels)
    charons = [pid for role, pid in full.client.pids().items() if role.startswith("charon")]
    script = SEND.replace("ADDRESS", _address(full, "aws-host")).replace("range(20)", "range(400)")
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
def test_the_far_host_sees_the_clamped_segment_size(full: Plane, source: str, destination: str) -> None:
    """A connection attempt to a port that nobody listens on is enough: its SYN carries the option."""
    done: list[Completed] = []
    capture = ["timeout", "4", "tcpdump", "-n", "-i", "eth0", "-c", "1", "tcp[tcpflags] & tcp-syn != 0"]
    thread = threading.Thread(target=lambda: done.append(full.client.run(destination, capture, timeout_s=10)))
    thread.start()
    time.sleep(0.7)
    connect = (
        "import socket\nfor _ in range(3):\n  try: socket.create_connection"
        f"(({_address(full, destination)!r}, 22), timeout=0.5)\n  except OSError: continue\n"
    )
    full.client.run(source, ["python3", "-"], timeout_s=10, stdin=connect)
    thread.join()

    assert re.findall(r"mss (\d+)", done[0].stdout) == ["1350"]


@pytest.mark.parametrize(("source", "destination"), [("aws-host", "azure-host"), ("azure-host", "aws-host")])
def test_packets_of_1400_bytes_pass_and_larger_ones_vanish_without_a_word(
    full: Plane, source: str, destination: str
) -> None:
    address = _address(full, destination)

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
