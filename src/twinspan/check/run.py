"""Runs every check on a design."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from twinspan.check.findings import Report
from twinspan.results import CheckResult, Severity
from twinspan.rules.catalogue import CONFIGURATION
from twinspan.rules.design import Design
from twinspan.rules.judging import examined
from twinspan.rules.waivers import Waiver, apply_waivers


def check(
    design: Design,
    *,
    source: str,
    waivers: Sequence[Waiver] = (),
    fail_on: Severity = Severity.ERROR,
    allow_inconclusive: bool = False,
    today: date | None = None,
) -> Report:
    """Return what is wrong with a design.

    Args:
        design: A plan, a state or what exists, of any project that has VPN resources of AWS or Azure.
        source: Its name, for the report.
        waivers: Findings to let pass.
        fail_on: From which severity on a finding fails the whole.
        allow_inconclusive: Let pass what is not known.
        today: For the ends of waivers; today in UTC if None.

    Raises:
        DesignError: There is no VPN in it.
    """
    design.require_vpn(where=source)
    results = tuple(
        CheckResult(
            id=rule.id,
            title=rule.title,
            section=rule.section,
            severity=rule.severity,
            findings=examined(rule, design, design.parts),
        )
        for rule in CONFIGURATION
    )
    waived = apply_waivers(results, waivers, today=today or datetime.now(UTC).date())
    return Report(
        plan=source,
        results=waived.results,
        fail_on=fail_on,
        allow_inconclusive=allow_inconclusive,
        notes=waived.notes,
    )
