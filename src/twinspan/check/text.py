"""The last line of a report."""

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
