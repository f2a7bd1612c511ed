"""Say what is wrong with what exists, from both clouds' answers and from packets."""

from twinspan.results import CheckResult, Finding, Outcome
from twinspan.rules.observed.expectation import Expectation
from twinspan.verify.findings import Verification
from twinspan.verify.run import verify

__all__ = ["CheckResult", "Expectation", "Finding", "Outcome", "Verification", "verify"]
