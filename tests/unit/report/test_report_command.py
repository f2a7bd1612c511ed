"""`twinspan report` where there is little or nothing to report, and where it cannot write."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import reported
from click.testing import CliRunner, Result

from twinspan.cli.report import report
from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import DesignError, HostError, TwinspanError
from twinspan.target.twin import TwinPlace

DEV = Path(__file__).parents[3] / "terraform" / "envs" / "dev"
Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in a folder of its own, where no twin is up."""
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "twins"))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(report, arguments)


def test_without_a_twin_the_page_is_written_and_says_so(command: Command, tmp_path: Path) -> None:
    done = command(str(DEV))

    assert done.exit_code == 0, done.exception
    assert "twinspan twin up" in (tmp_path / "report.html").read_text()


def test_check_fails_if_nothing_could_be_verified(command: Command) -> None:
    assert command(str(DEV), "--check").exit_code == 1


def test_recorded_drills_are_shown_without_any_network_the_worst_first(
    command: Command, tmp_path: Path
) -> None:
    reported.record(tmp_path / "a", [1000.0])
    reported.record(tmp_path / "b", [2000.0], drill="tunnel-deleted")

    done = command(str(DEV), "--drills", "a", "--drills", "b", "--format", "json", "--plots", "plots")

    document = json.loads(done.stdout)
    assert [drill["drill"] for drill in document["drills"]] == ["tunnel-deleted", "tunnel-down"]
    assert document["schema"] == "twinspan/report/1"
    assert len(list((tmp_path / "plots").glob("*.png"))) == 4
    assert not (tmp_path / "report.html").exists()


def test_a_cloud_that_does_not_answer_is_a_part_of_the_report(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        aws = AwsEndpoint(
            region="us-west-2", endpoint_url=url, access_key_id="AKIAONE", secret_access_key="hidden-secret"
        )
        monkeypatch.setattr(TwinPlace, "endpoints", lambda _: Endpoints(aws=aws, azure=None))
        done = command(str(DEV), "--format", "json", "--out", "report.html")

    assert done.exit_code == 0, done.exception
    document = json.loads(done.stdout)
    reasons = {missing_part["part"]: missing_part["reason"] for missing_part in document["missing"]}
    assert url in reasons["Terraform's state"]
    assert url in reasons["verify"]
    assert url in reasons["latency"]
    assert "hidden-secret" not in done.stdout + (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nowhere",), DesignError),
        ((str(DEV), "--drills", "."), DesignError),
        ((str(DEV), "--alerts", "text"), DesignError),
        ((str(DEV), "--out", "text/report.html"), HostError),
        ((str(DEV), "--plots", "text/plots"), HostError),
    ],
    ids=["no environment", "no drills", "no alerts", "page not writable", "plots not writable"],
)
def test_bad_input_is_explained(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], error: type[TwinspanError]
) -> None:
    (tmp_path / "text").write_text("text")
    reported.record(tmp_path / "drills" / "one", [1.0])
    if "--plots" in arguments:
        arguments = (*arguments, "--drills", "drills")

    assert isinstance(command(*arguments).exception, error)


def test_bad_input_leaves_no_empty_page(command: Command, tmp_path: Path) -> None:
    command("nowhere")

    assert not (tmp_path / "report.html").exists()


def test_a_page_that_was_there_is_kept_when_the_input_is_bad(command: Command, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")

    command("nowhere")

    assert (tmp_path / "report.html").read_text() == "old"
