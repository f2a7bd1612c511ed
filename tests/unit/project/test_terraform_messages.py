import json

import pytest

from twinspan.project.messages import Diagnostic, PlannedChange, ResourceEvent, Summary, parse

ADDRESS = 'module.aws_vpc.aws_subnet.private["us-east-1a"]'


def line(**fields: object) -> str:
    return json.dumps({"@level": "info", "@message": "text", "@module": "terraform.ui", **fields})


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("apply_start", "started"),
        ("apply_progress", "running"),
        ("apply_complete", "done"),
        ("apply_errored", "failed"),
    ],
)
def test_the_life_of_a_resource_is_reported(kind: str, state: str) -> None:
    event = parse(
        line(type=kind, hook={"resource": {"addr": ADDRESS}, "action": "create", "elapsed_seconds": 3})
    )
    assert event == ResourceEvent(address=ADDRESS, action="create", state=state, elapsed_s=3.0)  # type: ignore[arg-type]  # the literal comes from the parameter


def test_reading_a_resource_is_no_change() -> None:
    assert parse(line(type="refresh_start", hook={"resource": {"addr": ADDRESS}, "action": "read"})) is None


@pytest.mark.parametrize(("kind", "drift"), [("planned_change", False), ("resource_drift", True)])
def test_planned_changes_and_drift_are_told_apart(kind: str, drift: bool) -> None:
    event = parse(line(type=kind, change={"resource": {"addr": ADDRESS}, "action": "update"}))
    assert event == PlannedChange(address=ADDRESS, action="update", drift=drift)


def test_the_counts_are_reported() -> None:
    event = parse(
        line(type="change_summary", changes={"add": 51, "change": 2, "remove": 1, "operation": "plan"})
    )
    assert event == Summary(added=51, changed=2, removed=1)


def test_a_diagnostic_keeps_its_place_and_its_source() -> None:
    event = parse(
        line(
            type="diagnostic",
            diagnostic={
                "severity": "error",
                "summary": "Missing expression",
                "detail": "Expected\n  something.",
                "range": {"filename": "terraform.tfvars", "start": {"line": 47, "column": 1, "byte": 1}},
                "snippet": {"context": None, "code": "  name = [", "start_line": 47},
            },
        )
    )
    assert isinstance(event, Diagnostic)
    assert (event.file, event.line, event.snippet) == ("terraform.tfvars", 47, "name = [")
    assert event.as_line() == "terraform.tfvars:47: Missing expression: Expected something."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Initializing the backend...",
        "[1, 2]",
        '{"type": "version"}',
        '{"type": "apply_start", "hook": 7}',
    ],
)
def test_what_is_no_event_of_ours_is_left_out(text: str) -> None:
    assert parse(text) is None
