"""What Systems Manager answers of a command's end."""

from typing import Any

import pytest

from twinspan.cloud.aws.commands import completed
from twinspan.errors import CommandError


def _answer(**members: Any) -> dict[str, Any]:
    answer = {"ResponseCode": 0, "StandardOutputContent": "out", "StandardErrorContent": ""}
    return {"Status": "Success", "StatusDetails": "Success", **answer, **members}


def test_a_command_that_failed_is_returned() -> None:
    done = completed(["ping"], _answer(Status="Failed", StatusDetails="Failed", ResponseCode=1), timeout_s=5)

    assert (done.returncode, done.stdout) == (1, "out")


@pytest.mark.parametrize(
    ("status", "details", "code"),
    [("TimedOut", "Execution Timed Out", -9), ("Failed", "Undeliverable", -1), ("Cancelled", "Canceled", -1)],
)
def test_a_command_that_did_not_end_or_run_is_an_error(status: str, details: str, code: int) -> None:
    """Source: Systems Manager, GetCommandInvocation: -1 if the command has not started on the node."""
    with pytest.raises(CommandError) as raised:
        completed(["ping"], _answer(Status=status, StatusDetails=details, ResponseCode=-1), timeout_s=5)

    assert raised.value.returncode == code
