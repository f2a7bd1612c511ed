from datetime import date
from pathlib import Path

import pytest

from twinspan.check.findings import Report
from twinspan.errors import DesignError
from twinspan.results import CheckResult, Finding, Outcome, Severity, unclear
from twinspan.rules.waivers import Waiver, apply_waivers, load_waivers

TODAY = date(2026, 11, 22)
REASON = "the remote side has one zone"


def result(*findings: Finding, severity: Severity = Severity.ERROR) -> CheckResult:
    return CheckResult(id="RED-03", title="several zones", severity=severity, findings=findings)


def finding(where: str = 'azurerm_public_ip.this["instance0"] zones') -> Finding:
    return Finding(subject=where, evidence="one zone", remedy="Use three")


def waive(*results: CheckResult, **fields: object) -> Report:
    waiver = Waiver.model_validate({"id": "RED-03", "reason": REASON, **fields})
    done = apply_waivers(results, [waiver], today=TODAY)
    return Report(plan="x", results=done.results, notes=done.notes)


def test_a_waived_finding_passes_and_keeps_the_reason() -> None:
    report = waive(result(finding()))
    assert report.passed
    assert report.results[0].outcome is Outcome.WAIVED
    assert report.results[0].findings[0].waiver == REASON
    assert report.notes == ()


def test_brackets_in_a_pattern_stand_for_themselves() -> None:
    assert waive(result(finding()), where='*.this["instance0"] *').passed


def test_only_what_the_pattern_meets_is_waived() -> None:
    report = waive(result(finding(), finding("azurerm_public_ip.other zones")), where="*instance0*")
    assert not report.passed
    assert [result_finding.outcome for result_finding in report.results[0].findings] == [
        Outcome.WAIVED,
        Outcome.FAIL,
    ]


def test_another_check_is_not_waived_and_the_unused_waiver_is_named() -> None:
    report = waive(result(finding()), id="RED-02")
    assert not report.passed
    assert report.notes == ("the waiver of RED-02 for * meets nothing; remove it",)


def test_a_waiver_holds_on_its_last_day_and_not_on_the_next() -> None:
    assert waive(result(finding()), expires=TODAY).passed
    late = waive(result(finding()), expires=date(2026, 11, 21))
    assert not late.passed
    assert late.notes == ("the waiver of RED-03 for * ended on 2026-11-21",)


def test_what_the_plan_does_not_tell_cannot_be_waived() -> None:
    assert not waive(result(unclear("a", "not told"))).passed


def test_inconclusive_fails_whatever_the_severity_unless_it_is_allowed() -> None:
    open_ = result(unclear("a", "not told"), severity=Severity.INFO)
    assert not Report(plan="x", results=(open_,)).passed
    assert Report(plan="x", results=(open_,), allow_inconclusive=True).passed


@pytest.mark.parametrize("fail_on", Severity)
@pytest.mark.parametrize("severity", Severity)
def test_findings_fail_from_the_chosen_severity_on(severity: Severity, fail_on: Severity) -> None:
    report = Report(plan="x", results=(result(finding(), severity=severity),), fail_on=fail_on)
    assert report.passed == (not severity.at_least(fail_on))


def test_no_result_at_all_is_not_good() -> None:
    assert not Report(plan="x", results=()).passed


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "checks.toml"
    file.write_text(f'[[waiver]]\nid = "red-03"\nreason = "{REASON}"\nexpires = 2027-01-31\n')
    (waiver,) = load_waivers(file)
    assert (waiver.id, waiver.where, waiver.expires) == ("RED-03", "*", date(2027, 1, 31))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[waiver]]\nid = "RED-03"\n', "Field required"),
        ('[[waiver]]\nid = "RED-03"\nreason = "so"\n', "at least 10 characters"),
        ('[[waiver]]\nid = "NOPE-1"\nreason = "because I say so"\n', "there is no rule NOPE-1"),
        ('[[waiver]]\nid = "RED-03"\nreason = "because I say so"\nuntil = 3\n', "Extra inputs"),
        ("[[waiver", "this is no TOML"),
        ("waiver = 3\n", "valid list"),
    ],
)
def test_a_bad_file_is_refused_with_the_form_to_write(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "checks.toml"
    file.write_text(text)
    with pytest.raises(DesignError) as caught:
        load_waivers(file)
    assert problem in caught.value.problem
    assert str(file) in caught.value.where
    assert "[[waiver]]" in caught.value.remedy


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="cannot be read"):
        load_waivers(tmp_path / "none.toml")
