"""Runs every check on a plan."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from twinspan.check.catalogue import CATALOGUE
from twinspan.check.design import Design
from twinspan.check.findings import Report
from twinspan.check.waivers import Waiver, apply_waivers
from twinspan.project.plan import Plan
from twinspan.results import CheckResult, Severity

if TYPE_CHECKING:
    from twinspan.check.design import Manifests


def check(
    plan: Plan,
    *,
    source: str,
    waivers: Sequence[Waiver] = (),
    fail_on: Severity = Severity.ERROR,
    allow_inconclusive: bool = False,
    today: date | None = None,
    manifests: "Manifests | None" = None,
) -> Report:
    """Return what is wrong with a plan.

    Args:
        plan: Of any project that has VPN resources of AWS or Azure.
        source: Its name, for the report.
        waivers: Findings to let pass.
        fail_on: From which severity on a finding fails the whole.
        allow_inconclusive: Let pass what the plan does not tell.
        today: For the ends of waivers; today in UTC if None.
        manifests: `aws` and `azure` -> the objects of an application that is to run there; None for none.

    Raises:
        DesignError: The plan has no VPN resource.
    """
    design = Design.of(plan, where=source, manifests=manifests)
    results = tuple(
        CheckResult(id=each.id, title=each.title, severity=each.severity, findings=tuple(each.rule(design)))
        for each in CATALOGUE
    )
    waived = apply_waivers(results, waivers, today=today or datetime.now(UTC).date())
    return Report(
        plan=source,
        results=waived.results,
        fail_on=fail_on,
        allow_inconclusive=allow_inconclusive,
        notes=waived.notes,
    )
