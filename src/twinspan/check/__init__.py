"""Say what is wrong with a plan before anything exists, with a state, or with what exists."""

from twinspan.check.findings import Report
from twinspan.check.run import check
from twinspan.results import CheckResult, Finding, Outcome, Severity

__all__ = ["CheckResult", "Finding", "Outcome", "Report", "Severity", "check"]
