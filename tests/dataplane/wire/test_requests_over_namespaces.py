"""Requests to services over a real path that is really cut, and to a service that is really away."""

import sys
import time
from collections.abc import Callable, Mapping

import pytest
from wire_hosts import CUT, HEAL, Forgetful, NamespaceHost, Wire

from twinspan.drill.request_agent import ANSWER_WITHIN_S
from twinspan.drill.requests import REQUEST_FLOWS, REQUEST_RATE_HZ, RequestMeter
from twinspan.protocols import ServiceAddress
from twinspan.wait import pause, wait_until

pytestmark = pytest.mark.root

PORT = 8080
INTERVAL_S = REQUEST_FLOWS / REQUEST_RATE_HZ
SERVER = """
import http.server, sys
class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404)
        self.end_headers()
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # not 5: a SYN beyond is dropped, and TCP repeats it when a second has passed
server = Server((sys.argv[3], int(sys.argv[4])), Quiet)
print("listening", flush=True)
server.serve_forever()
"""
Start = Callable[[str, NamespaceHost, str, int], None]


def services(wire: Wire) -> Mapping[str, ServiceAddress]:
    return {host.side: ServiceAddress(address=host.address, port=PORT) for host in (wire.aws, wire.azure)}


def all_heard(meter: RequestMeter) -> None:
    wait_until(
        meter.progress,
        lambda ways: len(ways) == 2 and all(len(way.silent_s) == REQUEST_FLOWS for way in ways.values()),
        what="an answer of every flow",
        timeout_s=20,
    )


def test_a_cut_path_is_a_time_without_answers_and_not_longer(wire: Wire, start_server: Start) -> None:
    for host in (wire.aws, wire.azure):
        start_server(SERVER, host, "http", PORT)
    with RequestMeter(wire.aws, wire.azure, services=services(wire)) as meter:
        all_heard(meter)
        began_s = time.monotonic()
        wire.router.load(CUT)
        pause(2.0)
        wire.router.load(HEAL)
        wait_until(
            meter.progress,
            lambda ways: all(
                silent_s < ANSWER_WITHIN_S for way in ways.values() for silent_s in way.silent_s.values()
            ),
            what="steady answers to every flow after the cut",
            timeout_s=20,
        )
        ended_s = time.monotonic()
        measured = meter.stop()

    assert set(measured.directions) == {"aws->azure", "azure->aws"}
    for direction in measured.directions.values():
        assert direction.flows_hit == REQUEST_FLOWS
        assert direction.recovered
        # What began before the cut may be answered after it; what began in it is lost.
        assert 2.0 - 2 * INTERVAL_S <= direction.longest_gap_s <= ended_s - began_s + 2 * INTERVAL_S


def test_a_service_that_is_not_there_is_lost_on_its_side_alone(wire: Wire, start_server: Start) -> None:
    start_server(SERVER, wire.aws, "http", PORT)
    with RequestMeter(wire.aws, wire.azure, services=services(wire)) as meter:
        wait_until(
            meter.progress,
            lambda ways: ways["azure->aws"].received >= 20,
            what="answers of AWS's service",
            timeout_s=20,
        )
        measured = meter.stop()

    there, back = measured.directions["aws->azure"], measured.directions["azure->aws"]
    assert there.lost == there.sent > 0
    assert there.refused == there.sent
    assert back.lost == 0


def test_an_answer_that_is_lost_is_asked_for_again(wire: Wire, start_server: Start) -> None:
    for host in (wire.aws, wire.azure):
        start_server(SERVER, host, "http", PORT)
    forgetful = Forgetful(wire.aws)
    with RequestMeter(forgetful, wire.azure, services=services(wire)) as meter:
        all_heard(meter)
        measured = meter.stop()

    assert forgetful.lost == ["ready", "send", "progress", "hush", "end"]
    assert all(direction.sent > 0 for direction in measured.directions.values())


def test_an_agent_ends_when_nobody_asks_it_any_more(wire: Wire) -> None:
    argv = (sys.executable, "-I", str(RequestMeter.script), "serve", "nobody", "60", "0", "1.0")
    done = wire.aws.run(argv, timeout_s=20)
    assert done.returncode == 0, done.stderr
    assert '"sent_us"' in done.stdout
