"""ping and iperf3, really run between two namespaces."""

import pytest
from wire_hosts import CUT, NamespaceHost, Wire, fault

from twinspan.errors import CommandError, HostError
from twinspan.probe.iperf import iperf
from twinspan.probe.ping import ping, ping_matrix

pytestmark = pytest.mark.root

LOSE_EVERY_SECOND = fault("icmp type echo-request numgen inc mod 2 == 0 drop")
REFUSE_TCP = fault("meta l4proto tcp drop")
SLOW_FROM_AZURE = fault('iifname "azure0" meta length > 200 limit rate over 500 kbytes/second drop')


def test_every_answer_is_timed(wire: Wire) -> None:
    result = ping(wire.aws, wire.azure, count=20, interval_s=0.01)
    assert (result.sent, result.received, result.loss_ratio) == (20, 20, 0.0)
    assert 0 < min(result.times_ms) <= (result.percentile_ms(50) or 0) <= max(result.times_ms) < 100


def test_loss_is_counted(wire: Wire) -> None:
    wire.router.load(LOSE_EVERY_SECOND)
    result = ping(wire.aws, wire.azure, count=20, interval_s=0.01)
    assert (result.sent, result.received, result.loss_ratio) == (20, 10, 0.5)


def test_a_dead_path_is_a_result_and_no_error(wire: Wire) -> None:
    wire.router.load(CUT)
    result = ping(wire.aws, wire.azure, count=2, interval_s=0.01)
    assert (result.received, result.loss_ratio, result.percentile_ms(50)) == (0, 1.0, None)
    assert result.as_dict()["min_ms"] is None


def test_a_host_without_a_route_is_an_error_that_says_so(wire: Wire) -> None:
    wire.aws.run(("ip", "route", "delete", "default"), timeout_s=5)
    with pytest.raises(CommandError, match="unreachable"):
        ping(wire.aws, wire.azure, count=1)


def test_the_matrix_has_both_ways_of_every_pair(wire: Wire) -> None:
    results = ping_matrix([wire.aws, wire.aws], [wire.azure], count=2, interval_s=0.01)
    assert [(r.source_side, r.destination_side) for r in results] == [("aws", "azure"), ("azure", "aws")] * 2
    assert all(result.loss_ratio == 0 for result in results)


def test_iperf_measures_both_directions_and_the_share_of_each_tunnel(wire: Wire) -> None:
    def counters(side: str) -> dict[str, int]:
        sent = wire.aws if side == "aws" else wire.azure
        text = sent.run(("cat", "/sys/class/net/eth0/statistics/tx_bytes"), timeout_s=5).stdout
        return {"tunnel1": int(text), "tunnel2": 5}

    result = iperf(wire.aws, wire.azure, seconds=1, tunnel_bytes=counters)
    assert [way.source_side for way in result.directions] == ["aws", "azure"]
    for way in result.directions:
        assert way.bits_per_s == pytest.approx(way.received_bytes * 8 / way.seconds, rel=0.1)
        assert way.received_bytes > 1_000_000
        assert way.retransmissions is not None
        assert way.tunnel_share == {"tunnel1": 1.0, "tunnel2": 0.0}


def test_each_direction_is_measured_by_itself(wire: Wire) -> None:
    wire.router.load(SLOW_FROM_AZURE)
    there, back = iperf(wire.aws, wire.azure, seconds=1).directions
    assert back.bits_per_s < there.bits_per_s / 4
    assert (back.retransmissions or 0) > 0


def test_a_filter_that_drops_tcp_is_named_in_the_error(wire: Wire) -> None:
    wire.router.load(REFUSE_TCP)
    with pytest.raises(HostError, match="admit TCP port 5201"):
        iperf(wire.aws, wire.azure, seconds=1)


def test_a_port_that_is_taken_on_the_server_is_refused(wire: Wire, busy_port: int) -> None:
    with pytest.raises(HostError, match=f"TCP port {busy_port} on .* is taken"):
        iperf(wire.aws, wire.azure, seconds=1, port=busy_port)


@pytest.fixture
def busy_port(wire: Wire, start_server: object) -> int:
    assert callable(start_server)
    program = (
        "import signal, socket, sys\n"
        "end = socket.create_server(('', int(sys.argv[4])))\n"
        "print('listening', flush=True)\n"
        "signal.pause()\n"
    )
    host: NamespaceHost = wire.azure
    start_server(program, host, "tcp", 5333)
    return 5333
