"""`twinspan explain`."""

from collections.abc import Mapping

import click

from twinspan.check.catalogue import CATALOGUE as CHECKS
from twinspan.cli.options import format_option
from twinspan.cli.output import answers, print_json
from twinspan.doctor.run import CHECKS as NEEDS
from twinspan.errors import DesignError
from twinspan.verify.catalogue import CATALOGUE as VERIFIED


@click.command()
@click.argument("check_id", metavar="ID")
@format_option
def explain(check_id: str, fmt: str) -> None:
    """Say what a check of `check`, `verify` or `doctor` is about, and what it rests on.

    The commands have catalogues of their own: an id such as GW-01 may be in two of them.

    \b
    Example: twinspan explain RTE-01

    \b
    Exit codes: 0 explained, 2 there is no such check.
    """  # noqa: D301 - click needs the character itself
    found = [each for each in explanations() if each["id"] == check_id.upper()]
    if not found:
        raise DesignError(
            where=check_id,
            problem="no command has such a check",
            remedy=f"Choose one of: {', '.join(sorted({each['id'] for each in explanations()}))}",
        )
    if fmt == "json":
        print_json(found)
        return
    for number, each in enumerate(found):
        text = [
            *([""] if number else []),
            f"twinspan {each['command']}, {each['id']}: {each['title']}",
            *([each["explanation"]] if each["explanation"] else []),
            *([f"Shown by: {each['shown_by']}"] if each["shown_by"] else []),
            f"Source: {each['source']}",
        ]
        answers.print("\n".join(text), markup=False)


def explanations() -> list[Mapping[str, str]]:
    """Return every check of every command."""
    planned = [
        {
            "command": "check",
            "id": each.id,
            "title": each.title,
            "explanation": each.explanation,
            "shown_by": "",
            "source": each.source,
        }
        for each in CHECKS
    ]
    verified = [
        {
            "command": "verify",
            "id": check.id,
            "title": check.title,
            "explanation": check.explanation,
            "shown_by": check.command,
            "source": check.source,
        }
        for check in VERIFIED
    ]
    needed = [
        {
            "command": "doctor",
            "id": need.id,
            "title": need.title,
            "explanation": "",
            "shown_by": "",
            "source": need.source,
        }
        for need in NEEDS
    ]
    return [*planned, *verified, *needed]
