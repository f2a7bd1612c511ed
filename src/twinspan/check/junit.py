"""A report as JUnit XML, which CI systems show."""

from xml.etree import ElementTree as ET

from twinspan.check.findings import CheckResult, Outcome, Report


def as_junit(report: Report) -> str:
    """Return the report as one test suite with one test per check.

    A finding that fails the whole is a failure, what the plan does not tell an error. The rest is in
    `system-out`.
    """
    counted = [result for result in report.results if report.counts(result)]
    failures = [result for result in counted if result.outcome is Outcome.FAIL]
    suite = ET.Element(
        "testsuite",
        name="twinspan check",
        tests=str(len(report.results)),
        failures=str(len(failures)),
        errors=str(len(counted) - len(failures)),
    )
    for result in report.results:
        case = ET.SubElement(suite, "testcase", classname=f"check.{result.severity.word}")
        case.set("name", f"{result.id} {result.title}")
        text = "\n".join(_line(result))
        if report.counts(result):
            kind = "failure" if result.outcome is Outcome.FAIL else "error"
            ET.SubElement(case, kind, message=f"{len(result.findings)} findings").text = text
        elif text:
            ET.SubElement(case, "system-out").text = text
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _line(result: CheckResult) -> list[str]:
    return [
        f"{each.outcome.value}: {each.where}: {each.problem}. {each.remedy}".strip()
        for each in result.findings
    ]
