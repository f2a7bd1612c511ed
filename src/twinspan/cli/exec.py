"""`twinspan exec`: run a command on a machine of either cloud."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinspan.cli.options import format_option, place_options
from twinspan.cli.output import print_json
from twinspan.cloud.reader import read_network
from twinspan.target.machines import find_machine

if TYPE_CHECKING:
    from twinspan.target.place import Place


@click.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("host")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A Terraform state file, by which HOST can be an address such as aws_instance.web[0].",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="After this time the command is ended.",
)
@click.option("--yes", is_flag=True, help="Do not ask before a command runs on a real machine.")
@place_options
@format_option
def exec_command(
    *,
    host: str,
    command: tuple[str, ...],
    state_file: Path | None,
    timeout_s: float,
    yes: bool,
    place: "Place",
    fmt: str,
) -> None:
    """Run COMMAND on the machine HOST, and end with its exit status.

    HOST is a machine's name or id in its cloud, or its address in a Terraform state. On real accounts AWS
    Systems Manager runs it; nothing is installed for it.

    \b
    Example: twinspan exec web -- ping -c 3 10.1.0.4

    \b
    Exit codes: the command's; 2 no such machine, 3 the twin is not up.
    """  # noqa: D301 - click needs the character itself
    network, _ = read_network(place.endpoints())
    machine = find_machine(network, host, state_file=state_file)
    if place.real and not yes:
        click.confirm(f"Run `{' '.join(command)}` on {machine.name} ({machine.id})?", abort=True, err=True)
    done = place.execute(machine, command, timeout_s=timeout_s)
    if fmt == "json":
        print_json(
            {
                "machine": machine.id,
                "exit_status": done.returncode,
                "stdout": done.stdout,
                "stderr": done.stderr,
            }
        )
    else:
        click.echo(done.stdout, nl=False)
        click.echo(done.stderr, nl=False, err=True)
    raise click.exceptions.Exit(done.returncode)
