import json
from pathlib import Path
from typing import Any

import pytest
from broken_plan import HERE, base, broken

from twinspan.check.catalogue import CATALOGUE
from twinspan.check.findings import CheckResult, Outcome, Report, Severity
from twinspan.check.run import check
from twinspan.check.text import finding_line
from twinspan.project.plan import read_plan

CASES = sorted((HERE / "cases").glob("*.json"))
INFORMATION = {each.id for each in CATALOGUE if each.severity is Severity.INFO}


def id_of(case: Path) -> str:
    return "-".join(case.stem.split("-")[:2]).upper()


def report_of(case: dict[str, Any]) -> Report:
    return check(read_plan(broken(case), where="the plan"), source="the plan")


def said(report: Report, about: str) -> list[str]:
    def wanted(result: CheckResult) -> bool:
        return result.severity > Severity.INFO or result.id == about

    return [
        finding_line(result, finding)
        for result in report.results
        if wanted(result)
        for finding in result.findings
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_broken_plan_is_explained_in_exactly_these_words(
    case: Path, request: pytest.FixtureRequest
) -> None:
    content = json.loads(case.read_text())
    report = report_of(content)
    found = said(report, id_of(case))
    if request.config.getoption("--update-golden", default=False):
        case.write_text(json.dumps({**content, "expected": found}, indent=2) + "\n")
        content["expected"] = found
    assert found == content["expected"]
    own = next(result for result in report.results if result.id == id_of(case))
    assert own.outcome in {Outcome.FAIL, Outcome.INCONCLUSIVE}
    if own.severity is Severity.ERROR:
        assert not report.passed


@pytest.mark.parametrize("check_id", [each.id for each in CATALOGUE])
def test_every_check_has_a_plan_that_breaks_it(check_id: str) -> None:
    assert [case.name for case in CASES if id_of(case) == check_id]


def test_the_plan_that_the_cases_change_is_good_and_holds_no_key() -> None:
    report = report_of({})
    assert report.passed
    assert said(report, "") == []
    text = json.dumps(base()["planned_values"])
    assert "preshared_key" not in text
    assert "shared_key" not in text


def test_most_cases_break_nothing_but_what_they_are_about() -> None:
    alone = [
        case
        for case in CASES
        if {line.split()[1] for line in json.loads(case.read_text())["expected"]} == {id_of(case)}
    ]
    assert len(alone) >= 30
