"""The list of expected failures, and what it makes of upstream's JUnit file."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from twinspan.errors import DesignError

ROOT = Path(__file__).parents[4]
sys.path.append(str(ROOT / "tools"))

from conformance import ALL, EXPECTED, SHORT  # noqa: E402
from conformance_images import names_of  # noqa: E402
from conformance_results import Expected, by_reason, judge, read_expected, read_junit  # noqa: E402

DNS = "[sig-network] DNS should provide DNS for services [Conformance]"
JOB = "[sig-apps] Job should delete a job [Conformance]"
POLICY = (
    "[sig-network] Netpol NetworkPolicy between server and client should support a 'default-deny-all' policy"
)
NO_DNS = Expected(clusters=frozenset({"eks"}), test=r"\] DNS should", reason="there is no DNS")
JUNIT = f"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="Kubernetes e2e suite">
<testcase name="[SynchronizedBeforeSuite]" status="passed" time="1"/>
<testcase name="[It] {DNS}" status="failed" time="2"><failure type="failed">no answer</failure></testcase>
<testcase name="[It] {JOB}" status="passed" time="3"/>
<testcase name="[It] [sig-storage] Volumes" status="skipped" time="0"><skipped message="skipped"/></testcase>
<testcase name="[It] [sig-apps] later" status="pending" time="0"><skipped message="pending"/></testcase>
</testsuite></testsuites>
"""


def listed(tmp_path: Path, text: str) -> tuple[Expected, ...]:
    path = tmp_path / "expected.txt"
    path.write_text(text)
    return read_expected(path)


def problems(ended: Mapping[str, str], *expected: Expected, whole: bool = True) -> tuple[str, ...]:
    return judge("eks", ended, expected, whole=whole, took_s=60).problems


def test_the_list_that_we_have_can_be_read() -> None:
    lines = [line for line in EXPECTED.read_text().splitlines() if line and not line.startswith("#")]
    assert len(read_expected(EXPECTED)) == len(lines)


def test_a_line_of_the_list_has_clusters_a_test_and_a_reason(tmp_path: Path) -> None:
    (entry,) = listed(tmp_path, "# a remark\n\neks, aks :: a|b :: because\n")
    assert entry == Expected(clusters=frozenset({"eks", "aks"}), test="a|b", reason="because")


@pytest.mark.parametrize("line", ["eks :: a test", "gke :: a :: b", "eks ::  :: b", "eks :: [ :: b"])
def test_a_line_of_another_form_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(DesignError, match="line 2"):
        listed(tmp_path, f"# a remark\n{line}\n")


@pytest.mark.parametrize("test", [DNS, r"DNS should provide .* services"])
def test_a_line_fits_a_full_name_or_a_regular_expression(test: str) -> None:
    line = Expected(clusters=frozenset({"eks"}), test=test, reason="")
    assert line.fits(DNS)
    assert not line.fits(JOB)


def test_only_tests_that_ran_are_read_from_junit(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(JUNIT)
    assert read_junit(path) == {DNS: "failed", JOB: "passed"}


def test_a_suite_that_could_not_be_prepared_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(JUNIT.replace('Suite]" status="passed"', 'Suite]" status="failed"'))
    assert read_junit(path)["[SynchronizedBeforeSuite]"] == "failed"


def test_a_failure_that_is_listed_is_counted_with_its_reason() -> None:
    verdict = judge("eks", {DNS: "failed", JOB: "passed"}, [NO_DNS], whole=True, took_s=60)
    assert (verdict.run, verdict.passed, verdict.listed, verdict.problems) == (2, 1, (DNS,), ())
    assert by_reason(verdict, [NO_DNS]) == {"there is no DNS": 1}
    assert verdict.line == "eks: 2 run, 1 passed, 1 failed as listed, 0 problems, 1.0 minutes"


def test_a_failure_that_is_not_listed_is_a_problem() -> None:
    assert problems({DNS: "failed", JOB: "timedout"}, NO_DNS) == (f"timedout: {JOB}",)


def test_a_listed_test_that_passes_is_a_problem() -> None:
    assert problems({DNS: "passed"}, NO_DNS) == (f"passed, though it is listed: {DNS}",)


def test_a_line_holds_for_its_clusters_only() -> None:
    assert judge("aks", {DNS: "failed"}, [NO_DNS], whole=True, took_s=60).problems == (f"failed: {DNS}",)


def test_a_line_that_fits_no_test_is_a_problem_of_a_whole_run_only() -> None:
    assert problems({JOB: "passed"}, NO_DNS, whole=False) == ()
    assert len(problems({JOB: "passed"}, NO_DNS)) == 1


def test_a_run_without_tests_is_a_problem() -> None:
    assert problems({}, whole=False) == ("no test ran",)


def test_the_short_run_is_a_part_of_the_whole_one() -> None:
    names = (DNS, JOB, f"{POLICY} [Feature:NetworkPolicy]")
    assert [bool(re.search(ALL, name)) for name in names] == [True, True, True]
    assert [bool(re.search(SHORT, name)) for name in names] == [True, True, False]


def test_images_go_by_all_tags_of_the_public_registry_and_by_no_other() -> None:
    asked = (
        "registry.k8s.io/e2e-test-images/agnhost:2.59",
        "registry.k8s.io/e2e-test-images/agnhost:2.55",
        "gcr.io/k8s-authenticated-test/agnhost:2.6",
        "registry.k8s.io/pause:3.10.1",
    )
    assert names_of("agnhost", asked) == asked[1::-1]
    assert names_of("pause", asked) == asked[3:]
