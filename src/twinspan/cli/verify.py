"""`twinspan verify`."""

from pathlib import Path

import click

from twinspan.cli.options import env_argument, format_option, junit_option, place_options, waivers_option
from twinspan.cli.output import answers, print_json, print_whole, step, write_junit
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.project.source import Source
from twinspan.results.junit import as_junit
from twinspan.signals import undone_on_signals
from twinspan.target.clusters_to_verify import clusters_to_verify
from twinspan.target.hosts import hosts_of
from twinspan.target.place import Place
from twinspan.target.target import open_target
from twinspan.verify.findings import Verification
from twinspan.verify.text import as_tree, summary


@click.command()
@env_argument
@place_options
@format_option
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="Look again until all is green, for at most this long.",
)
@click.option(
    "--pods/--no-pods",
    default=True,
    show_default=True,
    help="Run a test pod in each cluster: pings, source addresses, DNS. No effect without clusters.",
)
@click.option("--image", default=TOOLS_IMAGE, show_default=True, help="What the test pods run.")
@waivers_option
@junit_option
@click.option("--all", "every", is_flag=True, help="List what passed, too.")
def verify(
    *,
    env: Source,
    place: Place,
    fmt: str,
    wait_s: float,
    pods: bool,
    image: str,
    waivers: Path | None,
    junit: Path | None,
    every: bool,
) -> None:
    """Check the whole line of ENV: accounts, gateways, IKE, IPsec, BGP, routes, filters, packets, pods.

    Asks both clouds and compares with what Terraform built; on the twin it also pings both ways. If there
    are clusters, Kubernetes is asked, too, and test pods ping both ways; they are removed again. What is
    wrong is shown with the evidence, the command that shows the same, and the remedy. What follows from an
    earlier failure is skipped. What was changed past Terraform is listed as drift.

    \b
    Example: twinspan verify terraform/envs/dev --wait 60

    \b
    Exit codes: 0 all green, 1 something is not, 2 bad input, 3 an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    target = open_target(env, place, waivers=waivers)
    with (
        step(f"Verifying {env.name}"),
        undone_on_signals(),
        hosts_of(target, machines=True) as hosts,
        clusters_to_verify(target, pods=pods, image=image, wait_s=wait_s) as clusters,
    ):
        verification = target.verify(
            hosts=hosts.pairs, host_problems=hosts.problems, clusters=clusters, wait_s=wait_s
        )
    if junit is not None:
        write_junit(junit, as_junit(verification, command="verify", duration_s=verification.duration_s))
    show(verification, fmt=fmt, every=every)
    if not verification.passed:
        raise click.exceptions.Exit(1)


def show(verification: Verification, *, fmt: str, every: bool = False) -> None:
    """Print a verification in the wanted form."""
    if fmt == "json":
        print_json(verification)
        return
    print_whole(as_tree(verification, every=every))
    answers.print(summary(verification), style="bold green" if verification.passed else "bold red")
