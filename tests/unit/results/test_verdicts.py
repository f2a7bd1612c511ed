"""A verdict over any findings, and its forms: JSON, JUnit, text."""

import io
import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from pydantic import ValidationError
from rich.console import Console
from verdicts import AnyVerdict, verdicts

from twinspan.results import CheckResult, Finding, Outcome, Severity
from twinspan.results.document import as_json
from twinspan.results.junit import as_junit
from twinspan.results.text import lines_of, summary_of, tree_of


def result(*outcomes: Outcome, severity: Severity = Severity.ERROR) -> CheckResult:
    findings = tuple(Finding(subject="it", outcome=outcome, evidence="as seen") for outcome in outcomes)
    return CheckResult(id="ANY-01", title="it is well", severity=severity, findings=findings)


@given(verdicts)
def test_a_verdict_passes_if_something_was_checked_and_nothing_is_bad(verdict: AnyVerdict) -> None:
    bad = [finding for check_result in verdict.results for finding in check_result.findings if finding.bad]

    assert verdict.passed is (bool(verdict.results) and not bad)


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ((), Outcome.PASS),
        ((Outcome.PASS, Outcome.SKIPPED), Outcome.SKIPPED),
        ((Outcome.SKIPPED, Outcome.WAIVED, Outcome.PASS), Outcome.WAIVED),
        ((Outcome.WAIVED, Outcome.INCONCLUSIVE), Outcome.INCONCLUSIVE),
        ((Outcome.INCONCLUSIVE, Outcome.FAIL, Outcome.PASS), Outcome.FAIL),
    ],
)
def test_a_check_ends_as_the_worst_of_its_findings(outcomes: tuple[Outcome, ...], worst: Outcome) -> None:
    assert result(*outcomes).outcome is worst


@given(verdicts)
def test_the_json_form_is_read_again_as_it_was_written(verdict: AnyVerdict) -> None:
    text = as_json(verdict)

    read = AnyVerdict.model_validate_json(text)

    assert as_json(read) == text
    assert read.passed is verdict.passed
    assert [check["outcome"] for check in json.loads(text)["checks"]] == [
        check_result.outcome.value for check_result in verdict.results
    ]


def test_what_only_the_evaluation_needs_is_no_part_of_the_json_form() -> None:
    finding = Finding(subject="it", evidence="as seen", branch="tunnel1", needs=frozenset({"subnet-1"}))

    assert {"branch", "needs"}.isdisjoint(json.loads(as_json(finding)))


def test_a_member_that_the_document_does_not_know_is_refused() -> None:
    document = {**json.loads(as_json(AnyVerdict(results=(result(),)))), "more": 1}

    with pytest.raises(ValidationError, match="more"):
        AnyVerdict.model_validate(document)


@given(verdicts)
def test_junit_is_xml_and_counts_right(verdict: AnyVerdict) -> None:
    suite = ET.fromstring(as_junit(verdict, command="any", duration_s=1.5))

    children = [child.tag for case in suite for child in case]
    assert suite.get("tests") == str(len(suite)) == str(len(verdict.results))
    for member, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(member) == str(children.count(tag))
    counted = children.count("failure") + children.count("error")
    assert counted == sum(check_result.outcome.bad for check_result in verdict.results)
    assert suite.get("time") == "1.500"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\ufffe"])
def test_junit_replaces_what_xml_cannot_hold(character: str) -> None:
    finding = Finding(subject="it", evidence=f"red{character}[0m")
    verdict = AnyVerdict(results=(result().model_copy(update={"findings": (finding,)}),))

    text = as_junit(verdict, command="any")

    assert "red\N{REPLACEMENT CHARACTER}[0m" in "".join(ET.fromstring(text.encode()).itertext())


def test_junit_groups_checks_by_section_or_else_by_severity() -> None:
    warning = result(severity=Severity.WARNING)
    verdict = AnyVerdict(results=(warning, warning.model_copy(update={"section": "Routes"})))

    suite = ET.fromstring(as_junit(verdict, command="any"))

    assert [case.get("classname") for case in suite] == ["any.warning", "any.Routes"]


@given(verdicts)
def test_every_finding_that_is_bad_is_in_both_forms_for_a_reader(verdict: AnyVerdict) -> None:
    console = Console(file=io.StringIO(), record=True, width=10_000)
    console.print(tree_of(verdict, headline="any", every=True))
    tree = console.export_text()

    assert len(list(lines_of(verdict))) == sum(check_result.total for check_result in verdict.results)
    for check_result in verdict.results:
        count = f"{check_result.passed}/{check_result.total}" if check_result.total else ""
        assert f"{check_result.id}  {count}" in tree


def test_what_is_worst_comes_first_and_what_holds_last() -> None:
    ended = [
        result(Outcome.FAIL, severity=Severity.INFO),
        result(Outcome.PASS),
        result(Outcome.WAIVED),
        result(Outcome.FAIL, severity=Severity.WARNING),
    ]
    lines = lines_of(AnyVerdict(results=tuple(ended)), every=True)

    assert [line.split()[0] for line in lines] == ["pass", "waived", "warning", "info", "pass"]


def test_the_summary_leaves_out_what_counts_nothing() -> None:
    verdict = AnyVerdict(results=(result(Outcome.PASS), result(Outcome.SKIPPED)))

    text = summary_of(verdict, duration_s=0.94, parts=((1, "skipped"), (0, "to repair")))

    assert text == "green: 1 of 2 checks passed in 0.9 s, 1 skipped"
