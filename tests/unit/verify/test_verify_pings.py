"""How pings are judged worth repeating: a busy machine loses one now and then, a closed path loses all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

import pytest

from twinspan.command import Completed
from twinspan.rules.observed.ping_facts import Ping
from twinspan.verify.pings import COUNT, HostInSubnet, large_ping, ping

AWS, AZURE = IPv4Address("10.2.1.4"), IPv4Address("10.1.0.4")
SNMP = "Icmp: InMsgs InEchos\nIcmp: 0 0\n"


@dataclass
class Source:
    """A host whose pings get so many replies, one number a command; it answers in iputils' words."""

    replies: list[int]
    name: str = "aws0"
    side: str = "aws"
    address: IPv4Address = AWS
    asked: list[Sequence[str]] = field(default_factory=list)

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        assert timeout_s > 0
        assert stdin is None
        if "ping" not in argv:
            return Completed(argv=tuple(argv), returncode=0, stdout=SNMP, stderr="")
        self.asked.append(argv)
        sent = int(argv[argv.index("-c") + 1])
        received = min(self.replies.pop(0), sent)
        lines = [f"64 bytes from 10.1.0.4: icmp_seq={n} ttl=60 time=1.00 ms" for n in range(1, received + 1)]
        lost = 100 - 100 * received // sent
        lines.append(f"{sent} packets transmitted, {received} received, {lost}% packet loss, time 200ms")
        return Completed(argv=tuple(argv), returncode=int(not received), stdout="\n".join(lines), stderr="")


def asked(replies: list[int], send: Callable[[HostInSubnet, HostInSubnet], Ping]) -> tuple[Ping, int]:
    """Return what was found, and how many commands it took."""
    source = Source(list(replies))
    far = Source([], name="azure0", side="azure", address=AZURE)
    sent_ping = send(HostInSubnet(host=source, subnet_id="a"), HostInSubnet(host=far, subnet_id="b"))
    return sent_ping, len(source.asked)


@pytest.mark.parametrize("send", [ping, large_ping])
@pytest.mark.parametrize(
    ("replies", "received", "commands"),
    [([3], 3, 1), ([2, 3], 3, 2), ([1, 2], 2, 2)],
    ids=["all answered", "one lost once", "some lost twice"],
)
def test_what_is_lost_in_part_is_sent_once_more(
    send: Callable[[HostInSubnet, HostInSubnet], Ping], replies: list[int], received: int, commands: int
) -> None:
    sent_ping, took = asked(replies, send)
    assert (sent_ping.sent, sent_ping.received, took) == (COUNT, received, commands)


def test_a_path_that_takes_small_packets_only_is_measured() -> None:
    limit = [0, 3, 0, 1, 0, 1, 0, 1, 0]
    sent_ping, _ = asked(limit, large_ping)
    assert sent_ping.received == 0
    assert sent_ping.largest_bytes is not None
    assert 576 < sent_ping.largest_bytes < 1400
