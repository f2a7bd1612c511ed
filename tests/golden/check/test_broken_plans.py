import json
from pathlib import Path
from typing import Any

import pytest
from broken_plan import HERE, PLANS, base, broken, nested

from twinspan.check.designs import design_of
from twinspan.check.findings import Report
from twinspan.check.run import check
from twinspan.deploy.source import read_objects
from twinspan.project.plan import read_plan
from twinspan.results import CheckResult, Outcome, Severity
from twinspan.results.text import finding_line
from twinspan.rules.catalogue import CONFIGURATION

CASES = sorted((HERE / "cases").glob("*.json"))
INFORMATION = {rule.id for rule in CONFIGURATION if rule.severity is Severity.INFO}


def id_of(case: Path) -> str:
    return "-".join(case.stem.split("-")[:2]).upper()


def report_of(case: dict[str, Any], *, module: str = "") -> Report:
    plan = nested(broken(case), module) if module else broken(case)
    manifests = {
        side: tuple(read_objects(text, where="app.yaml")) for side, text in case.get("manifests", {}).items()
    }
    return check(design_of(read_plan(plan, where="the plan"), manifests=manifests), source="the plan")


def said(report: Report, about: str) -> list[str]:
    def wanted(result: CheckResult) -> bool:
        return result.severity is not Severity.INFO or result.id == about

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
    lines = said(report, id_of(case))
    if request.config.getoption("--update-golden", default=False):
        case.write_text(json.dumps({**content, "expected": lines}, indent=2) + "\n")
        content["expected"] = lines
    assert lines == content["expected"]
    own = next(result for result in report.results if result.id == id_of(case))
    assert own.outcome in {Outcome.FAIL, Outcome.INCONCLUSIVE}
    if own.severity is Severity.ERROR:
        assert not report.passed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_module_around_the_network_changes_nothing_but_addresses(case: Path) -> None:
    content = json.loads(case.read_text())
    lines = said(report_of(content, module="network"), id_of(case))
    assert [line.split()[:2] for line in lines] == [line.split()[:2] for line in content["expected"]]


@pytest.mark.parametrize("check_id", [rule.id for rule in CONFIGURATION])
def test_every_check_has_a_plan_that_breaks_it(check_id: str) -> None:
    assert [case.name for case in CASES if id_of(case) == check_id]


@pytest.mark.parametrize("name", PLANS)
def test_the_plans_that_the_cases_change_are_good_and_hold_no_key(name: str) -> None:
    report = report_of({"plan": name})
    assert report.passed
    assert said(report, "") == []
    text = json.dumps(base(name)["planned_values"])
    assert "preshared_key" not in text
    assert "shared_key" not in text


@pytest.mark.parametrize(
    "check_id",
    [rule.id for rule in CONFIGURATION if rule.id.startswith(("STA", "SEL", "LNG-01", "RED-06", "RTE-02"))],
)
def test_a_fault_of_a_static_design_is_named_by_one_check_alone(check_id: str) -> None:
    assert [case.name for case in CASES if id_of(case) == check_id and named_alone(case)]


def named_alone(case: Path) -> bool:
    expected = json.loads(case.read_text())["expected"]
    return {line.split()[1] for line in expected} == {id_of(case)}


def test_most_cases_break_nothing_but_what_they_are_about() -> None:
    assert sum(map(named_alone, CASES)) >= 80
