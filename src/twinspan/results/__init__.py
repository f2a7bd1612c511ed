"""Findings, outcomes and verdicts of all commands, and their forms: JSON, JUnit and text."""

from twinspan.results.finding import CheckResult, Finding, unclear
from twinspan.results.outcome import Outcome, Severity
from twinspan.results.verdict import Verdict

__all__ = ["CheckResult", "Finding", "Outcome", "Severity", "Verdict", "unclear"]
