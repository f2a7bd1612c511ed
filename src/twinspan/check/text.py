"""The last line of a report, and the catalogue as a page."""

from twinspan.check.catalogue import CATALOGUE, Check
from twinspan.check.findings import Report
from twinspan.results import Outcome


def summary(report: Report) -> str:
    """Return the verdict as one line."""
    held, waived = report.count(Outcome.PASS), report.findings(Outcome.WAIVED)
    counts = [
        f"{report.errors} errors",
        f"{report.warnings} warnings",
        f"{report.inconclusive} inconclusive",
        *([f"{waived} waived"] if waived else []),
    ]
    verdict = "good" if report.passed else "not good"
    return f"{report.plan}: {verdict}; {held} of {len(report.results)} checks hold, {', '.join(counts)}"


def explain(check: Check) -> str:
    """Return what a check is about."""
    return f"{check.id} ({check.severity}): {check.title}\n\n{check.explanation}\n\nSource: {check.source}\n"


def as_markdown() -> str:
    """Return `docs/checks.md`."""
    rows = [
        f"| {check.id} | {check.explanation.rstrip('.')} | {check.severity} | {check.source} |"
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

`--fail-on warning` is stricter. `--format json` is of the schema `twinspan/check/2`; `--junit FILE` is for
CI. Exit codes: 0 good, 1 a check failed, 2 bad input, 3 Terraform or a provider is missing.

Each check has a test in which a broken plan makes it speak, with the exact message.

| id | what must be true | severity | source | test |
|---|---|---|---|---|
"""
