"""A report as lines of text, and the catalogue as a page."""

from collections.abc import Iterator

from twinspan.check.catalogue import CATALOGUE, Check
from twinspan.check.findings import CheckResult, Finding, Outcome, Report, Severity


def lines(report: Report, *, every: bool = False) -> Iterator[str]:
    """Yield the report: what is wrong first, what is merely worth knowing last.

    Args:
        report: The report.
        every: Name the checks that hold, too.
    """
    for severity in sorted(Severity, reverse=True):
        for result in report.results:
            if result.severity is severity:
                for finding in result.findings:
                    yield finding_line(result, finding)
    if every:
        for result in report.results:
            if result.outcome is Outcome.PASS:
                yield f"pass {result.id} {result.title}"
    for note in report.notes:
        yield f"note: {note}"


def finding_line(result: CheckResult, finding: Finding) -> str:
    """Return one finding as one line."""
    word = result.severity.word if finding.outcome is Outcome.FAIL else finding.outcome.value
    text = f"{word} {result.id} {finding.where}: {finding.problem}."
    if finding.outcome is Outcome.WAIVED:
        return f"{text} Waived: {finding.waiver}"
    return f"{text} {finding.remedy}." if finding.remedy else text


def summary(report: Report) -> str:
    """Return the verdict as one line."""
    held = sum(result.outcome is Outcome.PASS for result in report.results)
    waived = sum(each.outcome is Outcome.WAIVED for result in report.results for each in result.findings)
    counts = [
        f"{report.total(Severity.ERROR)} errors",
        f"{report.total(Severity.WARNING)} warnings",
        f"{report.inconclusive} inconclusive",
        *([f"{waived} waived"] if waived else []),
    ]
    verdict = "good" if report.passed else "not good"
    return f"{report.source}: {verdict}; {held} of {len(report.results)} checks hold, {', '.join(counts)}"


def explain(check: Check) -> str:
    """Return what a check is about."""
    return (
        f"{check.id} ({check.severity.word}): {check.title}\n\n{check.explanation}\n\n"
        f"Source: {check.source}\n"
    )


def as_markdown() -> str:
    """Return `docs/checks.md`."""
    rows = [
        f"| {check.id} | {check.explanation.rstrip('.')} | {check.severity.word} | {check.source} |"
        f" `tests/golden/check/cases/{check.id.lower()}*.json` |"
        for check in CATALOGUE
    ]
    return "\n".join((_HEAD.rstrip("\n"), *rows, ""))


_HEAD = """\
# What `twinspan check` looks at

Written by `pytest tests/golden --update-golden` from the catalogue; do not edit.

`twinspan check [ENV]` plans an environment in a copy, with a local backend and without any account, and
looks at the plan before anything exists. `twinspan check --plan FILE` takes `terraform show -json` of any
project (`-`: standard input). An `error` cannot be built or will carry no traffic; a `warning` works, but
worse than it could; `info` is worth knowing. What a plan does not tell is `inconclusive` and fails too
unless `--allow-inconclusive` is given; it cannot be waived. Waivers are in `checks.toml` of the environment,
or in the file that `--waivers` names:

```toml
[[waiver]]
id = "RED-03"
where = "*instance0*"       # optional: a pattern for what stands before the colon
reason = "zone 1 is all that this region has"
expires = 2027-06-30        # optional
```

`--fail-on warning` is stricter. `--format json` is of the schema `twinspan/check/1`; `--junit FILE` is for
CI. Exit codes: 0 good, 1 a check failed, 2 bad input, 3 Terraform or a provider is missing.

Each check has a test in which a broken plan makes it speak, with the exact message.

| id | what must be true | severity | source | test |
|---|---|---|---|---|
"""
