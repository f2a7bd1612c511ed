"""The process beside a drill: it undoes what a dead drill left, and nothing else."""

import signal
import socket
import subprocess
import sys

import pytest

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import CloudError, HostError
from twinspan.faults.api_changes import CHANGE, ENDPOINTS, ApiChange, perform
from twinspan.faults.api_fault import ApiFault, UndoWatchdog
from twinspan.faults.undo_watchdog import watch

SECRET = "a-secret-of-this-test"


def endpoints() -> Endpoints:
    """An AWS where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    aws = AwsEndpoint(
        region="us-west-2",
        endpoint_url=f"http://127.0.0.1:{port}",
        access_key_id="AKIATEST",
        secret_access_key=SECRET,
    )
    return Endpoints(aws=aws, azure=None)


UNDO = ApiChange(fault="propagation-off", act="on", target="vgw-1", also={"tables": ["rtb-1"]})


def lines(*more: str) -> list[str]:
    return [ENDPOINTS.dump_json(endpoints()).decode(), CHANGE.dump_json(UNDO).decode(), *more]


def test_a_drill_that_has_undone_all_leaves_nothing_to_do() -> None:
    assert watch(lines("done")) == 0
    assert watch([]) == 0


def test_what_a_dead_drill_left_is_tried_and_its_failure_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(lines()) == 3

    output = capsys.readouterr().err
    assert "cannot be undone" in output
    assert SECRET not in output


def test_no_secret_is_in_its_command_line_and_a_signal_of_the_terminal_does_not_end_it() -> None:
    with UndoWatchdog(endpoints()) as watchdog:
        process = watchdog._process
        with open(f"/proc/{process.pid}/cmdline") as file:  # noqa: PTH123 - a kernel file
            assert SECRET not in file.read()
        session = subprocess.run(
            ["ps", "-o", "sid=", "-p", str(process.pid)], capture_output=True, text=True, check=True
        )
        assert int(session.stdout) == process.pid
    assert process.returncode == 0


def test_it_loads_no_library_of_a_cloud_while_there_is_nothing_to_undo() -> None:
    """They cost seconds of a busy machine, in which the drill that it watches would wait for its end."""
    code = "import sys, twinspan.faults.undo_watchdog as u; u.watch(['x', 'done']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"boto3", "botocore", "azure", "pydantic"}.isdisjoint(loaded.split())


def test_a_process_that_does_not_end_holds_up_no_drill() -> None:
    watchdog = UndoWatchdog(endpoints(), ends_within_s=0.1)
    watchdog._process.send_signal(signal.SIGSTOP)

    watchdog.release()

    assert watchdog._process.returncode == -signal.SIGKILL


def test_a_process_that_died_fails_no_drill_that_has_undone_all() -> None:
    watchdog = UndoWatchdog(endpoints())
    watchdog._process.kill()
    watchdog._process.wait()

    ApiFault(endpoints(), "nothing", breaks=(), undoes=(), watchdog=watchdog).heal()

    assert watchdog._process.returncode == -signal.SIGKILL


def test_nothing_is_broken_without_the_process_that_would_undo_it() -> None:
    watchdog = UndoWatchdog(endpoints())
    watchdog._process.kill()
    watchdog._process.wait()

    with pytest.raises(HostError, match="would undo the fault"):
        watchdog.register(UNDO)


def test_without_credentials_a_change_is_refused_in_words() -> None:
    with pytest.raises(HostError, match="no credentials for AWS"):
        perform(UNDO, Endpoints(aws=None, azure=None))


def test_a_cloud_that_does_not_answer_is_told() -> None:
    with pytest.raises(CloudError):
        perform(UNDO, endpoints())
