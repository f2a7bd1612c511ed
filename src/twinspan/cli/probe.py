"""`twinspan probe ping|iperf|matrix`: packets between throw-away hosts of both clouds."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.table import Table

from twinspan.cli.output import (
    env_argument,
    format_option,
    name_option,
    on_option,
    print_json,
    print_whole,
    step,
)
from twinspan.cli.target import Target, open_target
from twinspan.drill.timers import Side
from twinspan.errors import DesignError, HostError
from twinspan.probe.iperf import PORT, IperfResult, TunnelBytes, iperf
from twinspan.probe.ping import PingResult, ping, ping_matrix
from twinspan.protocols import Host

Command = TypeVar("Command", bound=Callable[..., Any])
SCHEMA = "twinspan/probe/1"
"""Name and version of the JSON form."""


@click.group()
def probe() -> None:
    """Send packets between the clouds and measure them.

    Throw-away hosts are attached to subnets of both sides and always removed again.
    """


def _subnet_options(command: Command) -> Command:
    for side, word in (("azure", "subnet"), ("aws", "private subnet")):
        command = click.option(
            f"--{side}-subnet",
            f"{side}_subnet",
            metavar="ID",
            help=f"Subnet for the {side} host; the first {word} of the Terraform outputs if not given.",
        )(command)
    return command


_count_option = click.option(
    "--count", type=click.IntRange(1, 100_000), default=10, show_default=True, help="Echo requests each way."
)
_interval_option = click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(0.002, 60),
    default=0.2,
    show_default=True,
    help="Seconds between two requests.",
)
_loss_option = click.option(
    "--limit-loss",
    "limit_loss",
    type=click.FloatRange(0, 100),
    default=0.0,
    show_default=True,
    help="Loss allowed, per cent.",
)


@probe.command("ping")
@env_argument
@on_option
@name_option
@format_option
@_subnet_options
@_count_option
@_interval_option
@_loss_option
def ping_command(
    *,
    env: Path,
    on: str,
    name: str,
    fmt: str,
    aws_subnet: str | None,
    azure_subnet: str | None,
    count: int,
    interval_s: float,
    limit_loss: float,
) -> None:
    """Ping from AWS to Azure and back: loss and round-trip times.

    \b
    Example: twinspan probe ping terraform/envs/dev --count 100 --interval 0.01

    \b
    Exit codes: 0 within the limit, 1 more loss, 2 bad input, 3 the twin or the machine is not ready.
    """  # noqa: D301 - click needs the character itself
    _refuse_cloud(on)
    target = open_target(env, on=on, name=name)
    with (
        step(f"Pinging both ways, {count} times"),
        _hosts(target, [aws_subnet], [azure_subnet]) as (aws, azure),
    ):
        results = tuple(
            ping(a, b, count=count, interval_s=interval_s)
            for a, b in ((aws[0], azure[0]), (azure[0], aws[0]))
        )
    _show_pings(results, fmt=fmt, limit_loss=limit_loss)


@probe.command("matrix")
@env_argument
@on_option
@name_option
@format_option
@_count_option
@_interval_option
@_loss_option
def matrix_command(
    *, env: Path, on: str, name: str, fmt: str, count: int, interval_s: float, limit_loss: float
) -> None:
    """Ping both ways between every private AWS subnet and every Azure subnet.

    \b
    Example: twinspan probe matrix terraform/envs/dev --count 20

    \b
    Exit codes: 0 within the limit, 1 more loss in any pair, 2 bad input, 3 the twin is not ready.
    """  # noqa: D301 - click needs the character itself
    _refuse_cloud(on)
    target = open_target(env, on=on, name=name)
    expected = target.expected
    aws_subnets = expected.private_subnet_ids if expected else ()
    azure_subnets = expected.azure_subnet_ids if expected else ()
    with (
        step(f"Pinging between {len(aws_subnets)} AWS and {len(azure_subnets)} Azure subnets"),
        _hosts(target, aws_subnets or [None], azure_subnets or [None]) as (aws, azure),
    ):
        results = ping_matrix(aws, azure, count=count, interval_s=interval_s)
    _show_pings(results, fmt=fmt, limit_loss=limit_loss)


@probe.command("iperf")
@env_argument
@on_option
@name_option
@format_option
@_subnet_options
@click.option(
    "--seconds", type=click.IntRange(1, 3600), default=5, show_default=True, help="Length of each direction."
)
@click.option(
    "--streams",
    type=click.IntRange(1, 128),
    default=1,
    show_default=True,
    help="Parallel TCP connections; each stays on one tunnel.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="TCP port.")
@click.option(
    "--limit-mbit",
    "limit_mbit_per_s",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Least throughput allowed in each direction, Mbit/s.",
)
def iperf_command(
    *,
    env: Path,
    on: str,
    name: str,
    fmt: str,
    aws_subnet: str | None,
    azure_subnet: str | None,
    seconds: int,
    streams: int,
    port: int,
    limit_mbit_per_s: float,
) -> None:
    """Measure TCP throughput from AWS to Azure, then back, and the share of each tunnel.

    \b
    Example: twinspan probe iperf terraform/envs/dev --seconds 10 --streams 8

    \b
    Exit codes: 0 measured, 1 below the limit, 2 bad input, 3 the twin or the machine is not ready.
    """  # noqa: D301 - click needs the character itself
    _refuse_cloud(on)
    target = open_target(env, on=on, name=name)
    with (
        step(f"Sending TCP for {seconds} s each way"),
        _hosts(target, [aws_subnet], [azure_subnet]) as (aws, azure),
    ):
        counts = _tunnel_bytes(target)
        result = iperf(aws[0], azure[0], seconds=seconds, streams=streams, port=port, tunnel_bytes=counts)
    passed = all(way.bits_per_s >= limit_mbit_per_s * 1e6 for way in result.directions)
    if fmt == "json":
        print_json({"schema": SCHEMA, "passed": passed, **result.as_dict()})
    else:
        print_whole(_iperf_table(result))
    if not passed:
        raise click.exceptions.Exit(1)


def _refuse_cloud(on: str) -> None:
    if on == "cloud":
        raise HostError(
            problem="probes on real accounts need hosts there, and twinspan attaches hosts to a twin only;"
            " in the clouds they will be pods, which need the clusters that this version does not build",
            remedy="Use --on twin, or run ping and iperf3 yourself on machines of both sides",
        )


@contextmanager
def _hosts(
    target: Target, aws_subnets: Sequence[str | None], azure_subnets: Sequence[str | None]
) -> Iterator[tuple[list[Host], list[Host]]]:
    """Attach one host per subnet while the block runs; None stands for the first of the outputs."""
    from twinspan.twin.client import TwinClient, TwinHost  # noqa: PLC0415 - the cloud's way needs no twin
    from twinspan.twin.dataplane.wire import HostSpec  # noqa: PLC0415

    expected = target.expected
    aws = [_subnet(each, "aws", expected.private_subnet_ids if expected else ()) for each in aws_subnets]
    azure = [_subnet(each, "azure", expected.azure_subnet_ids if expected else ()) for each in azure_subnets]
    group = expected.workload_security_group_id if expected else ""
    client = TwinClient(target.name)
    mark = secrets.token_hex(3)
    made: dict[Side, list[Host]] = {"aws": [], "azure": []}
    sides: tuple[tuple[Side, list[str]], ...] = (("aws", aws), ("azure", azure))
    with ExitStack() as stack:
        for side, subnets in sides:
            for number, subnet_id in enumerate(subnets):
                spec = HostSpec(
                    name=f"p{mark}-{side}{number}",
                    side=side,
                    subnet_id=subnet_id,
                    security_group_ids=(group,) if group and side == "aws" else (),
                )
                # Before attaching: an interrupt may come between the two, and detaching nothing is fine.
                stack.callback(client.detach, spec.name)
                made[side].append(TwinHost(client, client.attach(spec)))
        yield made["aws"], made["azure"]


def _subnet(given: str | None, side: Side, known: Sequence[str]) -> str:
    if given:
        return given.lower() if side == "azure" else given
    if not known:
        raise DesignError(
            where=f"--{side}-subnet",
            problem="no subnet is given, and the environment has no Terraform outputs yet",
            remedy="Run `twinspan apply` first, or name the subnet",
        )
    return known[0]


def _tunnel_bytes(target: Target) -> TunnelBytes:
    from twinspan.twin.client import TwinClient  # noqa: PLC0415 - the cloud's way needs no twin

    client = TwinClient(target.name)
    tunnels = target.expected.tunnels if target.expected else ()
    by_address = {tunnel.outside_ip_address: tunnel.key for tunnel in tunnels}
    by_connection = {tunnel.azure_connection_name.lower(): tunnel.key for tunnel in tunnels}

    def read(side: str) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        observed = client.observe()
        if side == "aws":
            ends = [
                (by_address.get(end.outside_ip_address, str(end.outside_ip_address)), end.bytes_out)
                for end in observed.aws_tunnels
            ]
        else:
            names = [end.connection_id.rpartition("/")[2].lower() for end in observed.azure_tunnels]
            ends = [
                (by_connection.get(name, name), end.bytes_out)
                for name, end in zip(names, observed.azure_tunnels, strict=True)
            ]
        # A connection has an end at every instance of the gateway; one of them carries the tunnel.
        for key, count in ends:
            counts[key] = counts.get(key, 0) + count
        return counts

    return read


def _show_pings(results: Sequence[PingResult], *, fmt: str, limit_loss: float) -> None:
    passed = all(result.loss_ratio * 100 <= limit_loss for result in results)
    if fmt == "json":
        pings = [result.as_dict() for result in results]
        print_json({"schema": SCHEMA, "passed": passed, "limit_loss_percent": limit_loss, "pings": pings})
    else:
        print_whole(_ping_table(results))
    if not passed:
        raise click.exceptions.Exit(1)


def _table(titles: Sequence[str], *, words: int) -> Table:
    """Return an empty table whose first `words` columns are text and whose others are figures."""
    table = Table(box=None, pad_edge=False)
    for number, title in enumerate(titles):
        table.add_column(title, justify="left" if number < words else "right", overflow="fold")
    return table


def _ping_table(results: Sequence[PingResult]) -> Table:
    titles = ("from", "to", "sent", "lost", "min ms", "p50 ms", "p90 ms", "p99 ms", "max ms")
    table = _table(titles, words=2)
    for result in results:
        figures = [min(result.times_ms, default=None), *(result.percentile_ms(p) for p in (50, 90, 99))]
        figures.append(max(result.times_ms, default=None))
        table.add_row(
            f"{result.source_side} {result.source}",
            f"{result.destination_side} {result.destination} ({result.address})",
            str(result.sent),
            f"{result.sent - result.received} ({result.loss_ratio:.1%})",
            *("-" if figure is None else f"{figure:.2f}" for figure in figures),
        )
    return table


def _iperf_table(result: IperfResult) -> Table:
    titles = ("from", "to", "share of each tunnel", "Mbit/s", "seconds", "retransmissions")
    table = _table(titles, words=3)
    for way in result.directions:
        shares = sorted(way.tunnel_share.items())
        table.add_row(
            f"{way.source_side} {way.source}",
            f"{way.destination_side} {way.destination}",
            ", ".join(f"{tunnel} {share:.0%}" for tunnel, share in shares),
            f"{way.bits_per_s / 1e6:.1f}",
            f"{way.seconds:.1f}",
            "-" if way.retransmissions is None else str(way.retransmissions),
        )
    return table
