"""`twinspan rotate`."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.table import Table

from twinspan.cli.drill_text import show_moment
from twinspan.cli.options import env_argument, format_option, place_options, sender_options
from twinspan.cli.output import answers, print_json, print_whole, progress, step
from twinspan.drill.environment import DrillEnvironment
from twinspan.drill.flows import MAX_RATE_HZ, RATE_HZ
from twinspan.drill.senders import LONG_S, Sender, with_hosts, with_pods, without_senders
from twinspan.project.source import Source
from twinspan.rotate.clouds import Clouds
from twinspan.rotate.document import Rotation
from twinspan.rotate.journal import Journal
from twinspan.rotate.run import Rotator
from twinspan.rotate.tunnels import Tunnel, choose_tunnels
from twinspan.signals import undone_on_signals
from twinspan.target.clusters import PodChoice
from twinspan.target.place import Place
from twinspan.target.target import Target, open_target

_ARROWS = {"aws->azure": "AWS → Azure", "azure->aws": "Azure → AWS"}


@click.command()
@env_argument
@place_options
@format_option
@click.option(
    "--tunnel",
    "tunnels",
    metavar="NAME",
    multiple=True,
    help="Only this one; can be repeated. `drill tunnels` lists names.",
)
@sender_options(
    "Whose packets are counted: throw-away hosts' (the default, twin only), test pods', or nobody's (the"
    " default on real accounts)."
)
@click.option("--rate-hz", type=click.FloatRange(1, MAX_RATE_HZ), default=RATE_HZ, show_default=True)
@click.option("--resume", is_flag=True, help="Finish a rotation that was broken off.")
@click.option(
    "--only-repair", is_flag=True, help="With --resume: repair what is half done, rotate nothing more."
)
@click.option(
    "--tag",
    "tagged",
    is_flag=True,
    help="Have a tag of AWS's VPN connection say since when each key is, for `check` (KEY-06). Terraform"
    " removes it unless its provider ignores tags that begin with `twinspan:`.",
)
@click.option("--dry-run", is_flag=True, help="Show which tunnels would be rotated; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before changing real accounts.")
def rotate(
    *,
    env: Source,
    place: Place,
    fmt: str,
    tunnels: tuple[str, ...],
    source: Sender | None,
    image: str,
    aws_cluster: str | None,
    azure_cluster: str | None,
    rate_hz: float,
    resume: bool,
    only_repair: bool,
    tagged: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Give the tunnels of ENV new pre-shared keys, one after the other, while the others carry the traffic.

    A tunnel is taken off the routes of both clouds, gets its key at AWS and then at Azure, and is put back;
    the next one has its turn when all is green. If that fails, the old key is put back.

    \b
    Examples: twinspan rotate terraform/envs/dev
              twinspan rotate --tunnel 203.0.113.10 --dry-run
              twinspan rotate --on cloud --from pods
              twinspan rotate --resume

    \b
    Exit codes: 0 all rotated and whole, 1 not, 2 bad input, 3 the network is not whole or cannot be read.
    """  # noqa: D301 - click needs the character itself
    if only_repair and not resume:
        raise click.UsageError("--only-repair goes with --resume")
    target = open_target(env, place)
    if dry_run:
        _show_plan(choose_tunnels(target.links(), tunnels, carrying=""), fmt=fmt)
        return
    if place.real and not yes:
        click.confirm("Change the keys of these real accounts now?", abort=True, err=True)
    kind = source or ("hosts" if place.attaches_hosts else "none")
    pods = PodChoice(image=image, aws_cluster=aws_cluster, azure_cluster=azure_cluster)
    name = _place_name(target)
    journal = Journal.at(name)
    with journal.held(), undone_on_signals(), step("Rotate keys"):
        journal = Journal.at(name)  # as the one before us has left it
        with _senders(kind, target, pods, rate_hz=rate_hz) as environment:
            rotator = Rotator(
                place=name,
                environment=environment,
                clouds=Clouds(endpoints=target.endpoints),
                journal=journal,
                tell=show_moment,
                tagged=tagged,
                on_tunnel=lambda tunnel: progress.print(tunnel.label, markup=False),
            )
            rotation = rotator.resume(only_repair=only_repair) if resume else rotator.rotate(tunnels)
    _show(rotation, fmt=fmt)
    if not rotation.passed:
        raise click.exceptions.Exit(1)


@contextmanager
def _senders(kind: Sender, target: Target, pods: PodChoice, *, rate_hz: float) -> Iterator[DrillEnvironment]:
    if kind == "hosts":
        with with_hosts(target, rate_hz=rate_hz, max_s=LONG_S) as environment:
            yield environment
    elif kind == "pods":
        with with_pods(target, pods, rate_hz=rate_hz) as environment:
            yield environment
    else:
        with without_senders(target) as environment:
            yield environment


def _place_name(target: Target) -> str:
    """Return the name of the place and of the accounts: a rotation is looked for by it."""
    azure, aws = target.endpoints.azure, target.endpoints.aws
    parts = (target.place.label, azure.subscription_id if azure else "", aws.region if aws else "")
    return " ".join(part for part in parts if part)


def _show_plan(tunnels: tuple[Tunnel, ...], *, fmt: str) -> None:
    if fmt == "json":
        print_json([tunnel.model_dump(mode="json") for tunnel in tunnels])
        return
    for tunnel in tunnels:
        answers.print(
            f"{tunnel.label}: {tunnel.vpn_connection_id}, {tunnel.azure_connection_id}", markup=False
        )


def _show(rotation: Rotation, *, fmt: str) -> None:
    if fmt == "json":
        print_json(rotation)
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("tunnel")
    table.add_column("outcome")
    for arrow in _ARROWS.values():
        table.add_column(f"{arrow} lost", justify="right")
    table.add_column("seconds", justify="right")
    for tunnel in rotation.tunnels:
        counts = [tunnel.packets.get(name) for name in _ARROWS]
        table.add_row(
            tunnel.label,
            tunnel.outcome,
            *(f"{count.lost:,} of {count.sent:,}" if count else "-" for count in counts),
            f"{tunnel.seconds:,.1f}",
            style=None if tunnel.outcome in {"rotated", "repaired"} else "red",
        )
    totals = [rotation.packets.get(name) for name in _ARROWS]
    table.add_section()
    table.add_row(
        "all, from before the first to after the last",
        "whole" if rotation.whole else "NOT whole",
        *(f"{count.lost:,} of {count.sent:,}" if count else "-" for count in totals),
        f"{rotation.seconds:,.1f}",
        style="bold",
    )
    print_whole(table)
    if not rotation.counted:
        answers.print(
            "a host stopped sending and receiving before the end: losses are not known", style="red"
        )
    for tunnel in rotation.tunnels:
        if tunnel.problem:
            answers.print(f"{tunnel.label}: {tunnel.problem}", style="red", markup=False)
