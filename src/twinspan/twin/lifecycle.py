"""Start, stop and ask a twin."""

import json
import os
import select
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from twinspan.command import run
from twinspan.errors import CommandError, HostError, TwinspanError, WaitTimeoutError
from twinspan.home import home
from twinspan.twin import requirements
from twinspan.twin.client import TwinClient
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.dataplane.launch import launch_agent
from twinspan.twin.environment import environment
from twinspan.twin.error_codec import unpack_error
from twinspan.twin.processes import Process
from twinspan.twin.rundir import RunDir
from twinspan.twin.settings import BgpHold, TwinSettings
from twinspan.twin.status import Status

__all__ = ["Status", "down", "environment", "status", "up"]

START_LIMIT_S = 300.0
"""How long the control process may take until it serves, in seconds."""
END_GRACE_S = 20.0
"""How long it may take to save its state and end, in seconds; then it is killed."""
REBUILT_WITHIN_S = 60.0
"""How long the data plane may take to become again what the APIs remember, in seconds."""
_SUDO_WITHIN_S = 20.0
_PASSWORD_WITHIN_S = 120.0
_LOG_LIMIT_BYTES = 5_000_000
_KEPT_VARIABLES = frozenset(
    {
        "HOME",
        "LANG",
        "LOGNAME",
        "PATH",
        "TMPDIR",
        "TWINSPAN_HOME",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
        "XDG_CACHE_HOME",
        "XDG_DATA_DIRS",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
    }
)


def up(
    name: str,
    *,
    aws_port: int = 0,
    azure_port: int = 0,
    azure_bgp_hold: BgpHold | None = None,
    metrics_period_s: int | None = None,
) -> Status:
    """Start the twin `name`, or find it running; what it held before is still there, and built again.

    Args:
        name: Which twin.
        aws_port: Port of the AWS API; 0: the one it had before, else a free one.
        azure_port: Port of the Azure API; 0 likewise.
        azure_bgp_hold: `negotiated`: both ends use the lower hold time, 30 s (RFC 4271); `fixed`: 180 s,
            as Azure's own. None: as before, else `negotiated`.
        metrics_period_s: Grain of both clouds' metrics, in seconds. None: as before, else 10.

    Raises:
        DesignError: The name is not possible.
        HostError: No right to make namespaces, a package is missing, a port is taken, it runs with
            other settings, or it does not start.
    """
    run_dir = RunDir(name)
    requirements.check_right()
    requirements.check_packages()
    run_dir.create()
    with run_dir.locked():
        if _running(run_dir) is not None:
            _refuse_other_settings(run_dir, aws_port, azure_port, azure_bgp_hold, metrics_period_s)
            return TwinClient(name).status()
        _clean(run_dir)
        cgroups.remove_abandoned()
        _prepare_settings(run_dir, aws_port, azure_port, azure_bgp_hold, metrics_period_s)
        kept = run_dir.aws_state.exists() or run_dir.azure_state.exists()
        _start(run_dir)
    if kept:
        # What does not come back in time is told by `status` and `verify`.
        with suppress(WaitTimeoutError):
            TwinClient(name).settled(REBUILT_WITHIN_S)
    return TwinClient(name).status()


def down(name: str, *, purge: bool = False) -> bool:
    """Stop the twin `name` and remove what a crash may have left; tell whether it ran.

    Args:
        name: Which twin.
        purge: Remove all it keeps too: API objects, ports, credentials, logs.

    Raises:
        DesignError: The name is not possible.
    """
    run_dir = RunDir(name)
    if not run_dir.path.exists():
        return False
    with run_dir.locked():
        process = _running(run_dir)
        if process is not None:
            process.end(grace_s=END_GRACE_S)
        _clean(run_dir)
        if purge:
            shutil.rmtree(run_dir.path)
    return process is not None


def status(name: str) -> Status:
    """Return how the twin `name` is; one that does not run is `down`, which is no error.

    Raises:
        DesignError: The name is not possible.
    """
    run_dir = RunDir(name)
    process = _running(run_dir)
    if process is None:
        return Status(name=name, state="down", run_directory=str(run_dir.path))
    try:
        return TwinClient(name).status()
    except TwinspanError as error:
        return Status(
            name=name,
            state="degraded",
            run_directory=str(run_dir.path),
            pids={"control": process.pid},
            problems=(f"the control process runs but does not answer: {error}",),
        )


def _running(run_dir: RunDir) -> Process | None:
    """Return the control process if it runs; a pid that another process has now is not it."""
    process = Process.load(run_dir.process)
    return process if process is not None and process.alive else None


def _refuse_other_settings(
    run_dir: RunDir,
    aws_port: int,
    azure_port: int,
    azure_bgp_hold: BgpHold | None,
    metrics_period_s: int | None,
) -> None:
    settings = TwinSettings.load(run_dir.settings)
    if settings is None:
        return
    asked = {
        "--aws-port": (aws_port, settings.aws_port),
        "--azure-port": (azure_port, settings.azure_port),
        "--azure-bgp-hold": (azure_bgp_hold, settings.azure_bgp_hold),
        "--metrics-period": (metrics_period_s, settings.metrics_period_s),
    }
    for option, (requested, current) in asked.items():
        if requested and requested != current:
            raise HostError(
                problem=f"the twin {run_dir.name!r} is already up with {option} {current}, not {requested}",
                remedy=f"Run `twinspan twin down --name {run_dir.name}` first; it keeps what it holds",
            )


def _clean(run_dir: RunDir) -> None:
    """Remove what belongs to a run, after a crash too; the kernel has removed the data plane itself."""
    for file in (run_dir.process, run_dir.socket):
        file.unlink(missing_ok=True)
    cgroups.remove(cgroups.root_name(run_dir.data_plane), wait=False)  # the kernel does not
    shutil.rmtree(run_dir.data_plane, ignore_errors=True)
    run_dir.data_plane.mkdir(mode=0o700, exist_ok=True)


def _prepare_settings(
    run_dir: RunDir,
    aws_port: int,
    azure_port: int,
    azure_bgp_hold: BgpHold | None,
    metrics_period_s: int | None,
) -> None:
    """Write the settings for this run; a port that was only ever found is given up if it is taken now."""
    for port, option in ((aws_port, "--aws-port"), (azure_port, "--azure-port")):
        if port:
            requirements.check_port(port, option=option)
    settings = TwinSettings.load(run_dir.settings) or TwinSettings.generate()
    before = {"aws_port": settings.aws_port, "azure_port": settings.azure_port}
    free = {key: 0 if port and requirements.port_problem(port) else port for key, port in before.items()}
    settings.model_copy(
        update={
            "aws_port": aws_port or free["aws_port"],
            "azure_port": azure_port or free["azure_port"],
            "azure_bgp_hold": azure_bgp_hold or settings.azure_bgp_hold,
            "metrics_period_s": metrics_period_s or settings.metrics_period_s,
        }
    ).save(run_dir.settings)


def _start(run_dir: RunDir) -> None:
    """Start the control process and wait until it serves; nothing is left if it does not."""
    for log in run_dir.logs.glob("*.log"):
        if log.stat().st_size > _LOG_LIMIT_BYTES:
            log.rename(log.with_suffix(".log.1"))
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as ready:
        try:
            process = _spawn(run_dir, writer)
        finally:
            os.close(writer)
        try:
            _wait_until_ready(run_dir, ready)
        except TwinspanError:
            process.end(grace_s=END_GRACE_S)
            _clean(run_dir)
            raise


def _spawn(run_dir: RunDir, ready: int) -> Process:
    """Start the control process, detached from this one, and write down which it is."""
    argv = [sys.executable, "-I", "-m", "twinspan.twin.control", run_dir.name, "--ready-fd", str(ready)]
    os.set_inheritable(ready, True)
    with _agent_by_sudo(run_dir) as agent:
        if agent is not None:
            agent.set_inheritable(True)
            argv += ["--agent-fd", str(agent.fileno())]
        pid = os.posix_spawn(
            sys.executable,
            argv,
            control_environment(),
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (
                    os.POSIX_SPAWN_OPEN,
                    1,
                    str(run_dir.logs / "control-output.log"),
                    os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                    0o600,
                ),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
        )
    process = Process.of(pid)
    if process is None:
        raise _not_started(run_dir)
    process.save(run_dir.process)
    return process


@contextmanager
def _agent_by_sudo(run_dir: RunDir) -> Iterator[socket.socket | None]:
    """Start the agent from here where sudo may have to ask for a password; root's spawner needs no help."""
    if os.geteuid() == 0:
        yield None
        return
    _authenticate()
    _, commands = launch_agent(run_dir.data_plane, log_file=run_dir.logs / "dataplane.log")
    with commands:
        yield commands


def _authenticate() -> None:
    """Let sudo ask for the password now, on the terminal, if it needs one.

    Where only some of a user's rules ask for a password `--validate` asks too, so it is the second question.

    Raises:
        HostError: sudo does not let this user become root, or there is no terminal to ask on.
    """
    if run(["sudo", "--non-interactive", "true"], check=False, timeout_s=_SUDO_WITHIN_S).returncode == 0:
        return
    prompt = "twinspan needs root to make network namespaces. Password for %p: "
    try:
        run(["sudo", "--validate", "--prompt", prompt], timeout_s=_PASSWORD_WITHIN_S)
    except CommandError as error:
        raise HostError(
            problem=f"sudo does not let you become root: {error.stderr.strip()}",
            remedy="Run the command in a terminal as a user who may use sudo, or as root",
        ) from error


def control_environment() -> dict[str, str]:
    """Return what the control process may know of this process's environment: no credentials, no proxies."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES}
    return kept | {"TWINSPAN_HOME": str(home())}


def _wait_until_ready(run_dir: RunDir, ready: BinaryIO) -> None:
    """Wait for the control process's one line.

    Raises:
        TwinspanError: What kept it from starting.
    """
    if not select.select([ready], [], [], START_LIMIT_S)[0]:
        raise HostError(
            problem=f"the control process does not serve after {START_LIMIT_S:g} s",
            remedy=f"Look at {run_dir.logs}",
        )
    line = ready.readline()
    if not line:
        raise _not_started(run_dir)
    answer = json.loads(line)
    if "error" in answer:
        raise unpack_error(answer["error"])


def _not_started(run_dir: RunDir) -> HostError:
    output = run_dir.logs / "control-output.log"
    lines = output.read_text(errors="replace").strip().splitlines() if output.exists() else []
    return HostError(
        problem=f"the control process ended at its start: {lines[-1] if lines else 'it said nothing'}",
        remedy=f"Look at {run_dir.logs}; if it is a defect of twinspan, please report it",
    )
