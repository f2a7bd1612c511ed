"""`twinspan demo`: everything once, on a twin of its own that is thrown away at the end."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from twinspan import extras
from twinspan.cli.demo_figures import Figures
from twinspan.cli.demo_run import Demo
from twinspan.cli.options import DEFAULT_ENV, format_option, path_argument
from twinspan.cli.output import answers, print_json, print_whole, progress
from twinspan.cli.step_reporter import StepReporter
from twinspan.errors import DesignError
from twinspan.project.environment import Environment
from twinspan.project.terraform import Choice
from twinspan.signals import undone_on_signals
from twinspan.twin import lifecycle
from twinspan.twin.rundir import RunDir

STEPS = 12


@click.command()
@path_argument
@format_option
@click.option("--keep", is_flag=True, help="Leave the network up at the end, to play with.")
@click.option(
    "--providers",
    type=click.Choice(["auto", "real", "offline"]),
    default="auto",
    show_default=True,
    help="Which Terraform providers, as in `twinspan apply`.",
)
@click.option(
    "--get-kubernetes",
    is_flag=True,
    help="Get the Kubernetes programs meanwhile, as `make kubernetes` does; needs a clone.",
)
def demo(env: Path | None, fmt: str, providers: Choice, *, keep: bool, get_kubernetes: bool) -> None:
    """Build, check, break, measure and remove the whole network on this machine.

    Two clouds' APIs run here, on 127.0.0.1, and behind them the real thing in small: IPsec tunnels, BGP,
    route tables, filters. Terraform builds on them what it would build in AWS and Azure. Nothing leaves the
    machine, and nothing stays on it.

    \b
    Example: twinspan demo

    \b
    Exit codes: 0 all went well, 1 a check or the drill failed, 2 bad input, 3 the machine is not ready.
    """  # noqa: D301 - click needs the character itself
    extras.require("twin", by="the twin")
    env = env or DEFAULT_ENV
    environment = Environment.load(env)
    if environment.state is None:
        raise DesignError(
            where=str(env),
            problem="this is no environment of this project, which `demo` builds",
            remedy="Use `twinspan apply`, `verify` and `drill run` with it",
        )
    name = f"demo-{secrets.token_hex(3)}"
    reporter = StepReporter(total=STEPS - (2 if keep else 0))
    with undone_on_signals(), _cleaned_up(name):
        figures = Demo(
            environment=environment,
            path=env,
            name=name,
            providers=providers,
            reporter=reporter,
            get_kubernetes=get_kubernetes,
        ).run(keep=keep)
    if fmt == "json":
        print_json({"schema": "twinspan/demo/1", "steps": reporter.as_list(), "figures": asdict(figures)})
    else:
        _show(reporter, figures)
    if keep:
        _show_kept(name, env)
    else:
        progress.print(
            "Next: `twinspan demo --keep` leaves the network up, to look around and to break more."
        )
    if not figures.passed:
        raise click.exceptions.Exit(1)


@contextmanager
def _cleaned_up(name: str) -> Iterator[None]:
    """If the block fails, save the logs, remove the twin, and let the error go on."""
    try:
        yield
    except BaseException:
        run_dir = RunDir(name)
        if run_dir.path.exists():
            progress.print("\nStopped early; removing what was built.", style="yellow")
            logs = Path(tempfile.mkdtemp(prefix=f"twinspan-{name}-logs-"))
            shutil.copytree(run_dir.logs, logs, dirs_exist_ok=True)
            lifecycle.down(name, purge=True)
            progress.print(f"Nothing is left running. The logs are in {logs}", markup=False)
        raise


def _show(reporter: StepReporter, figures: Figures) -> None:
    answers.print()
    print_whole(reporter.table())
    answers.print()
    for line in figures.lines():
        answers.print(line, markup=False)


def _show_kept(name: str, env: Path) -> None:
    for line in (
        "",
        "The network is still up. Use it:",
        f'  eval "$(twinspan twin env --name {name})"     now terraform, aws and az talk to it in this shell',
        f"  twinspan verify {env} --name {name}",
        f"  twinspan probe ping {env} --name {name}",
        f"  twinspan probe ping {env} --name {name} --from pods",
        f"  twinspan drill run tunnel-down {env} --name {name} --tunnel unused",
        "Remove it:",
        f"  twinspan twin down --name {name} --purge",
    ):
        progress.print(line, markup=False, soft_wrap=True)
