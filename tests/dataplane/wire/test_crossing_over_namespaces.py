"""Large packets and source addresses, really observed between two namespaces."""

from ipaddress import IPv4Address

import pytest
from wire_hosts import CUT, Wire

from twinspan.errors import HostError
from twinspan.probe.crossing import cross
from twinspan.probe.sizes import large_packets
from twinspan.probe.source import source_seen

pytestmark = pytest.mark.root

HIDDEN = IPv4Address("10.1.1.11")
MASQUERADE = """
table ip hide {
  chain post { type nat hook postrouting priority srcnat; oifname "azure0" masquerade; }
}
"""


def narrow(wire: Wire, mtu: int) -> None:
    for host, device in ((wire.router, "azure0"), (wire.azure, "eth0")):
        done = host.run(("ip", "link", "set", device, "mtu", str(mtu)), timeout_s=5)
        assert done.returncode == 0, done.stderr


def test_packets_that_fit_arrive_either_way(wire: Wire) -> None:
    apart, whole = large_packets(wire.aws, wire.azure, packet_bytes=1400)
    assert (apart.received, whole.received, whole.path_mtu_bytes) == (3, 3, None)
    assert (apart.dont_fragment, whole.dont_fragment) == (False, True)


def test_a_packet_larger_than_the_path_is_taken_apart_or_refused_with_the_size_that_fits(wire: Wire) -> None:
    narrow(wire, 1300)
    apart, whole = large_packets(wire.aws, wire.azure)
    assert (apart.received, whole.received) == (3, 0)
    assert whole.path_mtu_bytes == 1300
    assert "message too long" in whole.said.lower() or "mtu" in whole.said


def test_a_size_that_the_sender_itself_refuses_comes_with_the_size_that_fits(wire: Wire) -> None:
    narrow(wire, 1300)
    large_packets(wire.aws, wire.azure)  # its kernel knows the path from now on
    _, learned = large_packets(wire.aws, wire.azure)
    wire.aws.run(("ip", "link", "set", "eth0", "mtu", "1280"), timeout_s=5)
    _, own = large_packets(wire.aws, wire.azure)
    assert (learned.path_mtu_bytes, own.path_mtu_bytes) == (1300, 1280)
    assert "message too long" in learned.said.lower()
    assert (learned.received, own.received) == (0, 0)


@pytest.mark.parametrize("size", [27, 65536])
def test_a_size_that_no_packet_has_is_refused(wire: Wire, size: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        large_packets(wire.aws, wire.azure, packet_bytes=size)


def test_the_far_side_says_from_where_the_connection_came(wire: Wire) -> None:
    seen = source_seen(wire.aws, wire.azure)
    assert (seen.seen_address, seen.kept) == (wire.aws.address, True)


def test_an_address_that_is_changed_on_the_way_is_found_out(wire: Wire) -> None:
    wire.router.load(MASQUERADE)
    seen = source_seen(wire.aws, wire.azure)
    assert (seen.own_address, seen.seen_address, seen.kept) == (wire.aws.address, HIDDEN, False)


def test_a_far_side_that_cannot_be_reached_is_an_error_that_says_so(wire: Wire) -> None:
    wire.router.load(CUT)
    with pytest.raises(HostError, match="iperf3 from"):
        source_seen(wire.aws, wire.azure)


def test_everything_of_a_pair_is_measured_both_ways(wire: Wire) -> None:
    crossing = cross([wire.aws], [wire.azure], count=2, interval_s=0.01, iperf_seconds=1)
    form = crossing.as_dict()
    assert [len(rows) for rows in form.values() if isinstance(rows, list)] == [2, 4, 2, 1]
    assert [seen.source_side for seen in crossing.sources] == ["aws", "azure"]
