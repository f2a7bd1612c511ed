"""`twinspan init`."""

import shlex
from pathlib import Path

import click

from twinspan import extras
from twinspan.cli.options import format_option
from twinspan.cli.output import answers, print_json
from twinspan.project.starter import Project, write_project


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files that differ from those of this version.")
@click.option("--dry-run", "dry_run", is_flag=True, help="Say what would be written; write nothing.")
@format_option
def init(*, folder: Path, force: bool, dry_run: bool, fmt: str) -> None:
    """Write the Terraform project into DIR: modules, the environments dev and prod, the state's bucket.

    With it come the application that drills of clusters ask (examples/hello), and rules for Prometheus and a
    dashboard for Grafana (monitoring). Run again, it writes what is missing. If a file there differs, e.g.
    because you have edited it, nothing is written without --force.

    \b
    Example: twinspan init terraform && twinspan check terraform/envs/dev

    \b
    Exit codes: 0 written, or there already; 2 files differ, or DIR is no folder; 3 it cannot be written.
    """  # noqa: D301 - click needs the character itself
    project = write_project(folder, force=force, dry_run=dry_run)
    steps = _next(project)
    if fmt == "json":
        print_json(
            {
                "folder": project.folder,
                "dry_run": dry_run,
                "new": project.new,
                "replaced": project.replaced,
                "unchanged": project.unchanged,
                "next": list(steps),
            }
        )
        return
    counts = f"{len(project.new)} new, {len(project.replaced)} replaced, {len(project.unchanged)} as before"
    answers.print(f"{project.folder}: {counts}{', nothing written' * dry_run}", markup=False)
    answers.print("Next:")
    width = max(map(len, steps))
    for command, what in steps.items():
        answers.print(f"  {command:<{width}}  {what}", markup=False)


def _next(project: Project) -> dict[str, str]:
    """Return command -> what it does, in order, for what is installed here."""
    env = shlex.quote(str(project.environment))
    accounts = {
        f"twinspan doctor {env} --on cloud": "what both accounts lack",
        f"twinspan plan {env} --on cloud": f"after the bucket: {project.folder / 'README.md'}",
    }
    if extras.missing("twin"):
        return {f"twinspan check {env} --providers real": "design rules on its plan", **accounts}
    return {
        f"twinspan check {env}": "design rules on its plan; needs no account",
        "twinspan twin up": "both clouds on this machine",
        f"twinspan apply {env}": "build it there",
        **accounts,
    }
