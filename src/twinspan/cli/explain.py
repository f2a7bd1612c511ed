"""`twinspan explain`."""

from collections.abc import Mapping

import click

from twinspan.cli.options import format_option
from twinspan.cli.output import answers, print_json
from twinspan.doctor.run import CHECKS as NEEDS
from twinspan.errors import DesignError
from twinspan.results import Severity
from twinspan.rules.catalogue import CATALOGUE
from twinspan.rules.rule import Depth


@click.command()
@click.argument("rule_id", metavar="ID")
@format_option
def explain(rule_id: str, fmt: str) -> None:
    """Say what a rule of `check` and `verify`, or a need of `doctor`, is about, and what it rests on.

    \b
    Example: twinspan explain RTE-01

    \b
    Exit codes: 0 explained, 2 there is no such rule.
    """  # noqa: D301 - click needs the character itself
    explanation = next(
        (explanation for explanation in explanations() if explanation["id"] == rule_id.upper()), None
    )
    if explanation is None:
        raise DesignError(
            where=rule_id,
            problem="there is no such rule",
            remedy=f"Choose one of: {', '.join(sorted(explanation['id'] for explanation in explanations()))}",
        )
    if fmt == "json":
        print_json(explanation)
        return
    text = [
        f"twinspan {explanation['command']}, {explanation['id']}: {explanation['title']}",
        *([explanation["explanation"]] if explanation["explanation"] else []),
        *(
            [f"Needs: {explanation['needs']}; {explanation['severity']} if it does not hold"]
            if explanation["needs"]
            else []
        ),
        *([f"Shown by: {explanation['shown_by']}"] if explanation["shown_by"] else []),
        f"Source: {explanation['source']}",
    ]
    answers.print("\n".join(text), markup=False)


def explanations() -> list[Mapping[str, str]]:
    """Return every rule, and everything that `doctor` needs."""
    ruled = [
        {
            "command": "check, verify" if rule.needs is Depth.CONFIGURATION else "verify",
            "id": rule.id,
            "title": rule.title,
            "explanation": rule.explanation,
            "needs": rule.needs,
            "severity": rule.severity,
            "shown_by": rule.command,
            "source": rule.source,
        }
        for rule in CATALOGUE
    ]
    needed = [
        {
            "command": "doctor",
            "id": need.id,
            "title": need.title,
            "explanation": "",
            "needs": "",
            "severity": Severity.ERROR,
            "shown_by": "",
            "source": need.source,
        }
        for need in NEEDS
    ]
    return [*ruled, *needed]
