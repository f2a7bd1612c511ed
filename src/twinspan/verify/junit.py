"""A verification as JUnit XML, which CI systems show."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from twinspan.verify.findings import CheckResult, Outcome, Verification

_KINDS = {Outcome.FAIL: "failure", Outcome.INCONCLUSIVE: "error", Outcome.SKIPPED: "skipped"}


def as_junit(verification: Verification) -> str:
    """Return the verification as `junit_of` writes it."""
    return junit_of(verification.results, command="verify", duration_s=verification.duration_s)


def junit_of(results: Sequence[CheckResult], *, command: str, duration_s: float) -> str:
    """Return results as one test suite with one test per check.

    What failed is a failure, what the clouds did not tell an error, what follows from an earlier failure
    skipped. What passed is in `system-out`.

    Args:
        results: In their order.
        command: Which command of twinspan has found them.
        duration_s: How long it took, in seconds.
    """
    outcomes = [result.outcome for result in results]
    suite = ET.Element(
        "testsuite",
        name=f"twinspan {command}",
        tests=str(len(outcomes)),
        failures=str(outcomes.count(Outcome.FAIL)),
        errors=str(outcomes.count(Outcome.INCONCLUSIVE)),
        skipped=str(outcomes.count(Outcome.SKIPPED)),
        time=f"{duration_s:.3f}",
    )
    for result in results:
        case = ET.SubElement(suite, "testcase", classname=f"{command}.{result.section}")
        case.set("name", f"{result.id} {result.title}")
        lines = _lines(result)
        if result.outcome is Outcome.PASS:
            ET.SubElement(case, "system-out").text = lines
        else:
            message = f"{result.passed_count} of {len(result.findings)} passed"
            ET.SubElement(case, _KINDS[result.outcome], message=message).text = lines
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _lines(result: CheckResult) -> str:
    return "\n".join(
        "\n".join(
            [
                f"{each.outcome.value}: {each.subject}: {each.evidence}",
                *([f"  fault: {each.fault}"] if each.fault else []),
                *([f"  see: {each.command}"] if each.command and each.bad else []),
                *([f"  fix: {each.remedy}"] if each.remedy else []),
            ]
        )
        for each in result.findings
    )
