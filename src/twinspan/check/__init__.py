"""Say what is wrong with a plan, before anything exists."""

from twinspan.check.findings import CheckResult, Finding, Outcome, Report, Severity
from twinspan.check.run import check

__all__ = ["CheckResult", "Finding", "Outcome", "Report", "Severity", "check"]
