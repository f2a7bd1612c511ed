"""Nothing that a request sets is dropped in silence, and nothing is echoed that the cloud does not echo.

Each member of the input of each operation that makes or changes something is sent once. It is then shown as
it was sent, or the request was refused with words that name it; or `tests/contract/aws_members.json` says why
not.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from aws_answers import problems
from aws_calls import Caller
from aws_members import TABLE, Trial, subjects
from aws_twin import Twin

from twinspan.twin.aws.ec2 import connection_views
from twinspan.twin.aws.eks.backend import ACTIONS
from twinspan.twin.aws.requests.served import SERVED

pytestmark = pytest.mark.slow
pytest_plugins = ("aws_fixtures",)

_SETTING = (
    "Add",
    "Allocate",
    "Assign",
    "Associate",
    "Attach",
    "Authorize",
    "Change",
    "Complete",
    "Confirm",
    "Copy",
    "Create",
    "Enable",
    "Import",
    "Modify",
    "Monitor",
    "Publish",
    "Put",
    "Replace",
    "Replicate",
    "Run",
    "Schedule",
    "Send",
    "Set",
    "Subscribe",
    "Tag",
    "Update",
    "Upload",
)
"""Verbs of operations that set something; the others read, take something away, or have no settings."""
_TAKING_AWAY = (
    "Abort",
    "Cancel",
    "Delete",
    "Detach",
    "Disable",
    "Disassociate",
    "Purge",
    "Release",
    "Remove",
    "Reboot",
    "Restore",
    "Retire",
    "Revoke",
    "Start",
    "Stop",
    "Terminate",
    "Unassign",
    "Unmonitor",
    "Unsubscribe",
    "Untag",
)
_READING = (
    "Assume",
    "Decrypt",
    "Describe",
    "Encrypt",
    "Filter",
    "Generate",
    "Get",
    "Head",
    "List",
    "Receive",
    "Simulate",
)
_REFUSED = 300
SUBJECTS = subjects()


@pytest.fixture
def caller(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """What the table's calls refer to is there; connections are ready at once."""
    monkeypatch.setattr(connection_views, "PROVISIONING_LIMIT", timedelta(0))
    made = Caller(twin)
    for call in TABLE["site"]:
        made.run(call)
    yield made
    made.close()


def test_every_operation_that_sets_something_is_tried() -> None:
    served = {f"{service}.{name}" for service, names in {**SERVED, "eks": ACTIONS}.items() for name in names}
    verbs = {name: name.partition(".")[2] for name in served}
    assert [
        name for name, verb in verbs.items() if not verb.startswith(_SETTING + _TAKING_AWAY + _READING)
    ] == []
    setting = {name for name, verb in verbs.items() if verb.startswith(_SETTING)}
    assert setting == {subject.name for subject in SUBJECTS} | TABLE["no settings"].keys()


@pytest.mark.parametrize("service", sorted({subject.call[0] for subject in SUBJECTS}))
def test_every_member_is_shown_or_refused_by_name(caller: Caller, service: str) -> None:
    tried = [subject for subject in SUBJECTS if subject.call[0] == service]
    wrong = [text for subject in tried for text in Trial(caller, subject).verdicts()]
    for answer in caller.answers:
        if answer.status < _REFUSED:
            wrong += [f"{answer.name} {problem}" for problem in problems(answer)]
    assert "\n".join(dict.fromkeys(wrong)) == ""
