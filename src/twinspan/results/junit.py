"""A verdict as JUnit XML, which CI systems show."""

import re
from collections import Counter
from xml.etree import ElementTree as ET

from twinspan.results.finding import CheckResult
from twinspan.results.outcome import Outcome
from twinspan.results.verdict import Verdict

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped. Source: XML 1.0, section 2.2, production Char."""


def as_junit(verdict: Verdict, *, command: str, duration_s: float | None = None) -> str:
    """Return a verdict as one test suite with one test per check.

    What fails the whole is a failure or, if the plan or the cloud did not say, an error; what was not judged
    is skipped. Everything else is in `system-out`.

    Args:
        verdict: What was found.
        command: Which command of twinspan has found it.
        duration_s: How long it took, in seconds; None if nobody measured that.
    """
    kinds = [_kind(verdict, result) for result in verdict.results]
    suite = ET.Element(
        "testsuite",
        name=f"twinspan {command}",
        tests=str(len(kinds)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
    )
    if duration_s is not None:
        suite.set("time", f"{duration_s:.3f}")
    for kind, result in zip(kinds, verdict.results, strict=True):
        case = ET.SubElement(suite, "testcase", classname=f"{command}.{result.section or result.severity}")
        case.set("name", _xml(f"{result.id} {result.title}"))
        text = _xml("\n".join(_lines(result)))
        if kind:
            counts = Counter(finding.outcome.value for finding in result.findings)
            message = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
            ET.SubElement(case, kind, message=message).text = text
        elif text:
            ET.SubElement(case, "system-out").text = text
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _kind(verdict: Verdict, result: CheckResult) -> str:
    if verdict.counts(result):
        return "failure" if result.outcome is Outcome.FAIL else "error"
    return "skipped" if result.outcome is Outcome.SKIPPED else ""


def _lines(result: CheckResult) -> list[str]:
    return [
        line
        for finding in result.findings
        for line in (
            f"{finding.outcome.value}: {finding.subject}: {finding.evidence}",
            finding.fault and f"  fault: {finding.fault}",
            finding.bad and finding.command and f"  see: {finding.command}",
            finding.remedy and f"  fix: {finding.remedy}",
            finding.waiver and f"  waived: {finding.waiver}",
        )
        if line
    ]


def _xml(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
