"""Many flows between two hosts, and which tunnels carried them."""

from plane_harness import Plane

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


def address_of(plane: Plane, name: str) -> str:
    return str(next(host.address for host in plane.client.hosts() if host.name == name))


def send_flows(plane: Plane, source: str, destination: str) -> None:
    script = SEND.replace("ADDRESS", address_of(plane, destination))
    done = plane.client.run(source, ["python3", "-"], timeout_s=20, stdin=script)
    assert done.returncode == 0, done.stderr


def _carried(plane: Plane) -> dict[str, tuple[int, int]]:
    """Return (bytes from Azure, bytes to Azure) of each tunnel at its AWS end."""
    return {
        str(end.outside_ip_address): (end.bytes_in, end.bytes_out)
        for end in plane.client.observe().aws_tunnels
    }


def tunnels_used(plane: Plane, source: str, destination: str) -> tuple[int, int]:
    """Send the flows; return how many tunnels carried some from Azure, and to Azure."""
    before = _carried(plane)
    send_flows(plane, source, destination)
    readings = [before]

    def all_arrived() -> bool:
        readings.append(_carried(plane))
        return _rose(before, readings[-1]) != (0, 0) and _rose(readings[-2], readings[-1]) == (0, 0)

    plane.until(lambda _seen: all_arrived(), what="packets in a tunnel, and then no more")
    return _rose(before, readings[-1])


def _rose(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> tuple[int, int]:
    grown = [(after[key][0] - before[key][0], after[key][1] - before[key][1]) for key in before]
    return sum(g[0] >= FLOW_BYTES for g in grown), sum(g[1] >= FLOW_BYTES for g in grown)
