"""`twinspan probe ping|iperf|matrix`: packets between throw-away hosts of both clouds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import click

from twinspan.cli.options import env_argument, format_option, place_options
from twinspan.cli.output import print_json, print_whole, step
from twinspan.cli.probe_pods import (
    packets_table,
    pod_options,
    pods_as_dicts,
    refuse_subnets,
    sources_table,
)
from twinspan.cli.tables import TableOfNames
from twinspan.probe.crossing import Crossing, cross
from twinspan.probe.iperf import PORT, IperfResult, iperf
from twinspan.probe.ping import PingResult, ping, ping_matrix
from twinspan.project.source import Source
from twinspan.protocols import Host
from twinspan.signals import undone_on_signals
from twinspan.target.clusters import PodChoice, pods_of
from twinspan.target.hosts import hosts_by_network, hosts_in
from twinspan.target.place import Place
from twinspan.target.target import Target, open_target

Command = TypeVar("Command", bound=Callable[..., Any])
SCHEMA = "twinspan/probe/1"
"""Name and version of the JSON form."""
_BETWEEN_PODS = "Measuring between pods of both clusters"


@click.group()
def probe() -> None:
    """Send packets between the clouds and measure them.

    Throw-away hosts are attached to subnets of both sides (--from hosts, twin only), or test pods run in both
    clusters (--from pods, twin and cloud); they are always removed again.
    """


def _subnet_options(command: Command) -> Command:
    for side, word in (("azure", "subnet"), ("aws", "private subnet")):
        command = click.option(
            f"--{side}-subnet",
            f"{side}_subnet",
            metavar="ID",
            help=f"Subnet for the {side} host; if not given, the first {word} of Terraform's state, or of"
            " what is there.",
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
@place_options
@format_option
@pod_options
@_subnet_options
@_count_option
@_interval_option
@_loss_option
def ping_command(
    *,
    env: Source,
    place: Place,
    fmt: str,
    source: str,
    image: str,
    aws_cluster: str | None,
    azure_cluster: str | None,
    aws_subnet: str | None,
    azure_subnet: str | None,
    count: int,
    interval_s: float,
    limit_loss: float,
) -> None:
    """Ping from AWS to Azure and back: loss and round-trip times.

    From pods, also what becomes of packets larger than the tunnels carry, and the address that the remote
    side sees.

    \b
    Examples:
      twinspan probe ping terraform/envs/dev --count 100 --interval 0.01
      twinspan probe ping terraform/envs/dev --from pods

    \b
    Exit codes: 0 within the limit, 1 more loss, 2 bad input, 3 the twin or the machine is not ready.
    """  # noqa: D301 - click needs the character itself
    if source == "pods":
        refuse_subnets({"--aws-subnet": aws_subnet, "--azure-subnet": azure_subnet})
        choice = PodChoice(image=image, aws_cluster=aws_cluster, azure_cluster=azure_cluster)
        with (
            undone_on_signals(),
            step(_BETWEEN_PODS),
            pods_of(open_target(env, place), choice) as (one, other),
        ):
            crossing = cross(one, other, count=count, interval_s=interval_s)
            pods = pods_as_dicts([*one, *other])
        _show_crossing(crossing, pods, fmt=fmt, limit_loss=limit_loss)
        return
    place.host_leases()  # refuses real accounts, before anything is read
    target = open_target(env, place)
    with (
        undone_on_signals(),
        step(f"Pinging both ways, {count} times"),
        _pairs(target, aws_subnet, azure_subnet) as networks,
    ):
        results = tuple(
            ping(one, other, count=count, interval_s=interval_s)
            for (aws, *_), (azure, *_) in networks
            for one, other in ((aws, azure), (azure, aws))
        )
    _show_pings(results, fmt=fmt, limit_loss=limit_loss)


@contextmanager
def _pairs(
    target: Target, aws_subnet: str | None, azure_subnet: str | None
) -> Iterator[list[tuple[list[Host], list[Host]]]]:
    """Attach hosts in the subnets that are given; without any, a pair in each network that tunnels join."""
    if aws_subnet or azure_subnet:
        with hosts_in(target, [aws_subnet], [azure_subnet]) as pair:
            yield [pair]
    else:
        with hosts_by_network(target, limit=1) as networks:
            yield networks


@probe.command("matrix")
@env_argument
@place_options
@format_option
@pod_options
@_count_option
@_interval_option
@_loss_option
@click.option(
    "--iperf-seconds",
    type=click.IntRange(0, 3600),
    default=2,
    show_default=True,
    help="From pods: length of each pair's throughput test and way; 0 for none.",
)
def matrix_command(
    *,
    env: Source,
    place: Place,
    fmt: str,
    source: str,
    image: str,
    aws_cluster: str | None,
    azure_cluster: str | None,
    count: int,
    interval_s: float,
    limit_loss: float,
    iperf_seconds: int,
) -> None:
    """Ping both ways between every private AWS subnet and every Azure subnet; or between pods on every node.

    From pods, also throughput, packets larger than the tunnels carry, and the address the remote side sees.

    \b
    Examples:
      twinspan probe matrix terraform/envs/dev --count 20
      twinspan probe matrix terraform/envs/dev --from pods --format json

    \b
    Exit codes: 0 within the limit, 1 more loss in any pair, 2 bad input, 3 the twin is not ready.
    """  # noqa: D301 - click needs the character itself
    if source == "pods":
        choice = PodChoice(image=image, aws_cluster=aws_cluster, azure_cluster=azure_cluster)
        with (
            undone_on_signals(),
            step(_BETWEEN_PODS),
            pods_of(open_target(env, place), choice, every_node=True) as (one, other),
        ):
            crossing = cross(one, other, count=count, interval_s=interval_s, iperf_seconds=iperf_seconds)
            pods = pods_as_dicts([*one, *other])
        _show_crossing(crossing, pods, fmt=fmt, limit_loss=limit_loss)
        return
    place.host_leases()  # refuses real accounts, before anything is read
    target = open_target(env, place)
    with (
        undone_on_signals(),
        step("Pinging between all subnets of AWS and of Azure that tunnels join"),
        hosts_by_network(target) as networks,
    ):
        results = tuple(
            result
            for aws, azure in networks
            for result in ping_matrix(aws, azure, count=count, interval_s=interval_s)
        )
    _show_pings(results, fmt=fmt, limit_loss=limit_loss)


@probe.command("iperf")
@env_argument
@place_options
@format_option
@pod_options
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
    env: Source,
    place: Place,
    fmt: str,
    source: str,
    image: str,
    aws_cluster: str | None,
    azure_cluster: str | None,
    aws_subnet: str | None,
    azure_subnet: str | None,
    seconds: int,
    streams: int,
    port: int,
    limit_mbit_per_s: float,
) -> None:
    """Measure TCP throughput from AWS to Azure, then back, and the share of each tunnel.

    \b
    Examples:
      twinspan probe iperf terraform/envs/dev --seconds 10 --streams 8
      twinspan probe iperf terraform/envs/dev --from pods

    \b
    Exit codes: 0 measured, 1 below the limit, 2 bad input, 3 the twin or the machine is not ready.
    """  # noqa: D301 - click needs the character itself
    measure = partial(iperf, seconds=seconds, streams=streams, port=port)
    if source == "pods":
        refuse_subnets({"--aws-subnet": aws_subnet, "--azure-subnet": azure_subnet})
        choice = PodChoice(image=image, aws_cluster=aws_cluster, azure_cluster=azure_cluster)
        with (
            undone_on_signals(),
            step(_BETWEEN_PODS),
            pods_of(open_target(env, place), choice) as (one, other),
        ):
            result = measure(one[0], other[0])
    else:
        place.host_leases()  # refuses real accounts, before anything is read
        target = open_target(env, place)
        with (
            undone_on_signals(),
            step(f"Sending TCP for {seconds} s each way"),
            hosts_in(target, [aws_subnet], [azure_subnet]) as (aws, azure),
        ):
            result = measure(aws[0], azure[0], tunnel_bytes=place.tunnel_bytes(target.expected))
    passed = all(way.bits_per_s >= limit_mbit_per_s * 1e6 for way in result.directions)
    if fmt == "json":
        print_json({"schema": SCHEMA, "passed": passed, **result.as_dict()})
    else:
        print_whole(_iperf_table(result))
    if not passed:
        raise click.exceptions.Exit(1)


def _show_pings(results: Sequence[PingResult], *, fmt: str, limit_loss: float) -> None:
    passed = all(result.loss_ratio * 100 <= limit_loss for result in results)
    if fmt == "json":
        pings = [result.as_dict() for result in results]
        print_json({"schema": SCHEMA, "passed": passed, "limit_loss_percent": limit_loss, "pings": pings})
    else:
        print_whole(_ping_table(results))
    if not passed:
        raise click.exceptions.Exit(1)


def _show_crossing(
    crossing: Crossing, pods: Sequence[Mapping[str, str]], *, fmt: str, limit_loss: float
) -> None:
    passed = all(result.loss_ratio * 100 <= limit_loss for result in crossing.pings)
    if fmt == "json":
        head = {"schema": SCHEMA, "passed": passed, "limit_loss_percent": limit_loss, "pods": list(pods)}
        print_json({**head, **crossing.as_dict()})
    else:
        print_whole(_ping_table(crossing.pings))
        for result in crossing.iperf:
            print_whole(_iperf_table(result))
        print_whole(packets_table(crossing))
        print_whole(sources_table(crossing))
    if not passed:
        raise click.exceptions.Exit(1)


def _table(titles: Sequence[str], *, words: int) -> TableOfNames:
    """Return an empty table whose first `words` columns are text and whose others are figures."""
    return TableOfNames(*titles, names=titles[:2], right=titles[words:])


def _ping_table(results: Sequence[PingResult]) -> TableOfNames:
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


def _iperf_table(result: IperfResult) -> TableOfNames:
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
