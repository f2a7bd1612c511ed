"""Throughput between two hosts, measured by iperf3 on both; and how it spread over the tunnels."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from twinspan.command import Completed
from twinspan.errors import CommandError, HostError
from twinspan.protocols import Host
from twinspan.wait import wait_until

PORT = 5201
"""iperf3's own port."""
TunnelBytes = Callable[[str], Mapping[str, int]]
"""Given the sending side (`aws` or `azure`): tunnel -> bytes that side has sent into it so far."""
_CONNECT_S = 5
_IDLE_S = 15
"""After this long without a client, the one-off server ends by itself."""


class _Sum(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    seconds: float
    bytes: int
    bits_per_second: float
    retransmits: int | None = None


class _End(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    sum_sent: _Sum | None = None
    sum_received: _Sum | None = None


class _Accepted(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    host: str


class _Start(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    accepted_connection: _Accepted | None = None


class Report(BaseModel):
    """What iperf3 -J prints. Source: iperf3, iperf_api.c, JSON_read and iperf_json_start."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    start: _Start = _Start()
    """Of the server: who connected to it."""
    end: _End
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IperfDirection:
    """TCP from one host to the other.

    Attributes:
        source: Name of the sending host.
        source_side: `aws` or `azure`.
        destination: Name of the receiving host.
        destination_side: `aws` or `azure`.
        seconds: How long it sent, in seconds.
        received_bytes: What arrived.
        bits_per_s: What arrived, per second.
        retransmissions: TCP segments sent again; None if the sender's system does not tell.
        tunnel_share: Tunnel -> share of the bytes the sending side put into tunnels meanwhile, 0.0 to 1.0;
            empty if it was not asked for.
    """

    source: str
    source_side: str
    destination: str
    destination_side: str
    seconds: float
    received_bytes: int
    bits_per_s: float
    retransmissions: int | None
    tunnel_share: Mapping[str, float]

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "source": self.source,
            "source_side": self.source_side,
            "destination": self.destination,
            "destination_side": self.destination_side,
            "seconds": round(self.seconds, 3),
            "received_bytes": self.received_bytes,
            "bits_per_s": round(self.bits_per_s),
            "retransmissions": self.retransmissions,
            "tunnel_share": {tunnel: round(share, 4) for tunnel, share in self.tunnel_share.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IperfResult:
    """Both directions, one after the other.

    Attributes:
        streams: Parallel TCP connections in each.
        directions: From the first host to the second, then back.
    """

    streams: int
    directions: tuple[IperfDirection, IperfDirection]

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "streams": self.streams,
            "directions": [direction.as_dict() for direction in self.directions],
        }


def iperf(
    a: Host,
    b: Host,
    *,
    seconds: int = 5,
    streams: int = 1,
    port: int = PORT,
    tunnel_bytes: TunnelBytes | None = None,
) -> IperfResult:
    """Send TCP from `a` to `b`, then from `b` to `a`, as fast as it goes.

    `a` opens the connections both times, so only `b` needs to admit them.

    Args:
        a: The client.
        b: The server, for one test each time.
        seconds: Length of each direction.
        streams: Parallel connections; one stays on one tunnel.
        port: TCP port of the server.
        tunnel_bytes: Reads byte counters, so that the share of each tunnel can be told.

    Raises:
        ValueError: A number out of range.
        HostError: The port is taken, or the server does not answer.
        CommandError: iperf3 failed otherwise.
        TwinspanError: A host cannot be reached, or has no iperf3.
    """
    if seconds < 1 or not 1 <= streams <= 128 or not 1 <= port <= 65535:  # noqa: PLR2004 - iperf3's limits
        raise ValueError(f"seconds={seconds}, streams={streams} or port={port} is out of range")
    one, other = (
        _direction(a, b, back=back, seconds=seconds, streams=streams, port=port, tunnel_bytes=tunnel_bytes)
        for back in (False, True)
    )
    return IperfResult(streams=streams, directions=(one, other))


def tunnel_share(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, float]:
    """Return each tunnel's share of the growth between two readings; all 0.0 if nothing grew.

    A counter that is missing from the first reading counts from zero; one that went back (its tunnel was
    built again meanwhile) counts what it shows now.
    """
    growth = {
        tunnel: count - before.get(tunnel, 0) if count >= before.get(tunnel, 0) else count
        for tunnel, count in after.items()
    }
    whole = sum(growth.values())
    return {tunnel: grown / whole if whole else 0.0 for tunnel, grown in growth.items()}


def _direction(
    a: Host,
    b: Host,
    *,
    back: bool,
    seconds: int,
    streams: int,
    port: int,
    tunnel_bytes: TunnelBytes | None,
) -> IperfDirection:
    sender, receiver = (b, a) if back else (a, b)
    before = tunnel_bytes(sender.side) if tunnel_bytes else {}
    end = _run(a, b, back=back, seconds=seconds, streams=streams, port=port)
    after = tunnel_bytes(sender.side) if tunnel_bytes else {}
    if end.sum_sent is None or end.sum_received is None:
        raise HostError(
            problem=f"iperf3 between {a.name} and {b.name} ended without a result",
            remedy="Run `twinspan verify` to see whether the path is up, then try again",
        )
    return IperfDirection(
        source=sender.name,
        source_side=sender.side,
        destination=receiver.name,
        destination_side=receiver.side,
        seconds=end.sum_sent.seconds,
        received_bytes=end.sum_received.bytes,
        bits_per_s=end.sum_received.bits_per_second,
        retransmissions=end.sum_sent.retransmits,
        tunnel_share=tunnel_share(before, after),
    )


def _run(a: Host, b: Host, *, back: bool, seconds: int, streams: int, port: int) -> _End:
    options = ("-t", str(seconds), "-P", str(streams), *(("-R",) if back else ()))
    ran, _ = one_test(a, b, options, port=port, limit_s=seconds + _CONNECT_S + 2 * _IDLE_S)
    return parse_report(a, ran).end


def one_test(
    a: Host, b: Host, options: Sequence[str], *, port: int, limit_s: float
) -> tuple[Completed, Completed]:
    """Run iperf3 as a server on `b` and, once it listens, as its client on `a`; one test.

    Args:
        a: The client.
        b: The server.
        options: The client's, beyond server, port and form of the output (JSON).
        port: TCP port of the server.
        limit_s: For each of the two programs, seconds.

    Returns:
        The client's and the server's own account.

    Raises:
        HostError: The port is taken, or the server does not answer.
        CommandError: iperf3 failed otherwise.
        TwinspanError: A host cannot be reached, or has no iperf3.
    """
    serve = ("iperf3", "-s", "-1", "-J", "-p", str(port), "--idle-timeout", str(_IDLE_S))
    ask = ("iperf3", "-c", str(b.address), "-J", "-p", str(port), *options)
    ask = (*ask, "--connect-timeout", str(_CONNECT_S * 1000))
    if port in _listening(b):
        raise _taken(b, port)
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="iperf3-server")
    try:
        server = pool.submit(b.run, serve, timeout_s=limit_s)
        wait_until(
            lambda: server.done() or port in _listening(b),
            bool,
            what=f"iperf3 listening on TCP port {port} of {b.name}",
            timeout_s=_CONNECT_S,
        )
        if server.done():
            raise _failed_server(b, server.result(), port)
        ran = a.run(ask, timeout_s=limit_s)
        report = parse_report(a, ran)
        if report.error:
            raise HostError(
                problem=f"iperf3 from {a.name} to {b.name} ({b.address} port {port}): {report.error}",
                remedy="Run `twinspan verify`, and see whether security groups and NSGs"
                f" admit TCP port {port}",
            )
        return ran, server.result()
    finally:
        # Not waited for after a failure: a server that nobody reached ends after its idle time-out.
        pool.shutdown(wait=False)


def _listening(host: Host) -> set[int]:
    """Return the TCP ports on which somebody listens there."""
    # Fields: number, local address:port in hexadecimal, remote, state; 0A is LISTEN.
    # Source: Linux, Documentation/networking/proc_net_tcp.rst.
    text = host.run(("cat", "/proc/net/tcp", "/proc/net/tcp6"), timeout_s=10).stdout
    rows = (line.split() for line in text.splitlines())
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3:4] == ["0A"]}


def _taken(b: Host, port: int) -> HostError:
    return HostError(
        problem=f"TCP port {port} on {b.name} is taken",
        remedy="End what listens there, or give another port",
    )


def _failed_server(b: Host, done: Completed, port: int) -> HostError | CommandError:
    report = parse_report(b, done)
    if "Address already in use" in report.error:
        return _taken(b, port)
    return CommandError(done.argv, done.returncode, f"on {b.name}: {report.error or 'ended at once'}")


def parse_report(host: Host, done: Completed) -> Report:
    """Return what iperf3 printed.

    Raises:
        CommandError: It is no report of iperf3.
    """
    try:
        return Report.model_validate_json(done.stdout)
    except ValidationError as error:
        words = done.stderr.strip() or done.stdout.strip()[:200] or "no word"
        raise CommandError(done.argv, done.returncode, f"on {host.name}: {words}") from error
