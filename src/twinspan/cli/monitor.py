"""`twinspan monitor`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from twinspan.cli.options import env_argument, format_option, place_options
from twinspan.cli.output import answers, print_json, print_whole, progress, step
from twinspan.cli.tables import TableOfNames
from twinspan.errors import DesignError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.monitor.model import Snapshot
from twinspan.monitor.read import Monitor
from twinspan.project.source import Source
from twinspan.signals import ending_on_signals, undone_on_signals
from twinspan.target.clusters import PodChoice, pods_of
from twinspan.target.hosts import hosts_of
from twinspan.target.place import Place
from twinspan.target.target import open_target

Command = TypeVar("Command", bound=Callable[..., Any])
_SHOWN_CHANGES = 8
_KILO = 1000.0


class _EnvOrCommand(click.Group):
    """A group whose first argument may be an environment folder instead of a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command `show` before arguments that name none."""
        if not any(arg in self.commands for arg in args) and not {"-h", "--help"} & set(args):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("monitor", cls=_EnvOrCommand)
def monitor() -> None:
    """Watch tunnels, BGP and throughput of both clouds, in the same words for both.

    `twinspan monitor [ENV]` is short for `twinspan monitor show [ENV]`.

    \b
    Example: twinspan monitor terraform/envs/dev
    """  # noqa: D301 - click needs the character itself


_interval = click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(min=0.5, max=3600),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause between two looks.",
)


def _latency_options(command: Command) -> Command:
    command = click.option(
        "--image", default=TOOLS_IMAGE, show_default=True, help="What the pods of --latency pods run."
    )(command)
    return click.option(
        "--latency",
        type=click.Choice(["hosts", "pods", "none"]),
        help="Who pings the other side at every look: throw-away hosts (twin only, and what it does if not"
        " told), pods of both clusters, or nobody (what --on cloud does if not told).",
    )(command)


@contextmanager
def _watching(env: Source, place: Place, *, latency: str | None, image: str) -> Iterator[Monitor]:
    """Return what takes snapshots; who pings for it is removed after the block, also after Ctrl-C."""
    target = open_target(env, place)
    if latency == "hosts" and not place.attaches_hosts:
        raise DesignError(
            where="--latency",
            problem="there are no throw-away hosts in the clouds",
            remedy="Use --latency pods, which pings between the EKS and the AKS cluster",
        )
    with undone_on_signals():
        if latency == "none":
            yield Monitor(target.endpoints)
        elif latency == "pods":
            with pods_of(target, PodChoice(image=image)) as (aws, azure):
                yield Monitor(target.endpoints, pairs=[(aws[0], azure[0])])
        else:
            with hosts_of(target, pairs=1) as hosts:
                for problem in hosts.problems:
                    progress.print(f"No round-trip times: {problem}")
                yield Monitor(target.endpoints, pairs=[(aws.host, azure.host) for aws, azure in hosts.pairs])


@monitor.command("show")
@env_argument
@place_options
@_latency_options
@_interval
@click.option("--once", is_flag=True, help="Look once and end.")
@format_option
def show(
    *,
    env: Source,
    place: Place,
    latency: str | None,
    image: str,
    interval_s: float,
    once: bool,
    fmt: str,
) -> None:
    """Show the network live until interrupted; in JSON one document for each look, or once.

    \b
    Example: twinspan monitor show --once --format json

    \b
    Exit codes: 0 ended by you, or with --once all is up; 1 with --once something is not; 2 bad input,
    3 an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    with _watching(env, place, latency=latency, image=image) as watched:
        with step(f"Reading {env.name}"):
            snapshot = watched.read()
        if once:
            _print(snapshot, fmt)
        else:
            _follow(watched, snapshot, interval_s=interval_s, fmt=fmt)
    if once and not snapshot.healthy:
        raise click.exceptions.Exit(1)


def _follow(watched: Monitor, snapshot: Snapshot, *, interval_s: float, fmt: str) -> None:
    """Show one snapshot after the other until interrupted."""
    with ending_on_signals() as ending:
        if fmt == "json" or not answers.is_terminal:
            _print(snapshot, fmt)
            while not ending.wait(interval_s):
                _print(watched.read(), fmt)
            return
        with Live(as_view(snapshot), console=answers, screen=True, auto_refresh=False) as live:
            while not ending.wait(interval_s):
                live.update(as_view(watched.read()), refresh=True)


@monitor.command("serve")
@env_argument
@place_options
@_latency_options
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9798, show_default=True, help="TCP port; 0: a free one."
)
@format_option
def serve(*, env: Source, place: Place, latency: str | None, image: str, port: int, fmt: str) -> None:
    """Serve both clouds to Prometheus on 127.0.0.1 until interrupted.

    Every scrape reads both clouds; on real accounts scrape once a minute or less often. `twinspan init`
    writes a dashboard for Grafana and rules for Prometheus, too, into the project's folder `monitoring`.

    \b
    Example: twinspan monitor serve terraform/envs/dev --port 9798

    \b
    Exit codes: 0 ended by you, 2 bad input, 3 the port or an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    from twinspan.monitor import prometheus  # noqa: PLC0415 - only this command needs it

    watching = _watching(env, place, latency=latency, image=image)
    with watching as watched, ending_on_signals() as ending:
        server, thread = prometheus.serve(watched, port=port)
        url = f"http://{prometheus.ADDRESS}:{server.server_port}/metrics"
        progress.print(url)
        if fmt == "json":
            print_json({"url": url})
        ending.wait()
        server.shutdown()
        server.server_close()
        thread.join()


def as_view(snapshot: Snapshot) -> RenderableType:
    """Return a snapshot as tables: tunnels with throughput, sessions, round trips, last changes."""
    verdict = Text("all up", "bold green") if snapshot.healthy else Text("not all is up", "bold red")
    head = Text(f"{snapshot.at:%Y-%m-%d %H:%M:%S} UTC, read in {snapshot.read_s:.1f} s, ").append(verdict)
    titles = ("tunnel", "seen by", "state", "why", "AWS end", "Azure end", "in kbit/s", "out kbit/s")
    tunnels = TableOfNames(*titles, names=("tunnel",))
    for tunnel_view in sorted(snapshot.tunnels, key=lambda tunnel: (tunnel.name, tunnel.cloud)):
        tunnels.add_row(
            escape(tunnel_view.name),
            tunnel_view.cloud,
            "[dim]spare" if tunnel_view.spare else _state(tunnel_view.up),
            escape(tunnel_view.reason),
            str(tunnel_view.aws_address or "-"),
            str(tunnel_view.azure_address or "-"),
            _kilobits(tunnel_view.receive_bytes_per_s),
            _kilobits(tunnel_view.transmit_bytes_per_s),
        )
    sessions = TableOfNames(
        "BGP over", "seen by", "neighbour", "state", "learned", "advertised", names=("BGP over",)
    )
    for session in sorted(snapshot.sessions, key=lambda bgp_session: (bgp_session.tunnel, bgp_session.cloud)):
        sent = session.routes_advertised
        sessions.add_row(
            escape(session.tunnel),
            session.cloud,
            str(session.neighbor),
            f"[{'green' if session.up else 'red'}]{escape(session.state)}",
            str(session.routes_learned),
            "-" if sent is None else str(sent),
        )
    trips = TableOfNames("ping", "median ms", "max ms", "answered", names=())
    for trip in snapshot.round_trips:
        trips.add_row(
            f"{trip.cloud} to {trip.towards}",
            _milliseconds(trip.median_s),
            _milliseconds(trip.max_s),
            f"[{'green' if trip.received == trip.sent else 'red'}]{trip.received} of {trip.sent}",
        )
    pings = (trips, Text()) if snapshot.round_trips else ()
    changes = [
        Text(f"{change.at:%H:%M:%S}  {change.cloud:<5}  {change.subject}: {change.what}")
        for change in snapshot.changes[:_SHOWN_CHANGES]
    ]
    problems = [Text(problem, "yellow") for problem in snapshot.problems]
    routing = Text("no BGP: every tunnel has static routes") if snapshot.without_bgp else sessions
    return Group(head, *problems, Text(), tunnels, Text(), routing, Text(), *pings, *changes)


def _print(snapshot: Snapshot, fmt: str) -> None:
    if fmt == "json":
        print_json(snapshot.as_dict())
    else:
        print_whole(as_view(snapshot))


def _state(up: bool | None) -> str:
    return "[yellow]unknown" if up is None else "[green]up" if up else "[red]down"


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * _KILO:.2f}"


def _kilobits(bytes_per_s: float | None) -> str:
    return "-" if bytes_per_s is None else f"{bytes_per_s * 8 / _KILO:.1f}"
