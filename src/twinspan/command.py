"""The only module that runs commands on the host."""

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import CommandError, HostError, WaitTimeoutError


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a finished command left behind."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout_s: float | None = None,
    check: bool = True,
) -> Completed:
    """Run a command to its end and return what it printed.

    Secrets go in through `stdin` or `env`, never through `argv`.

    Args:
        argv: Program and arguments; no shell is involved.
        cwd: Working folder.
        env: Whole environment; this process's when None.
        stdin: Text for standard input; closed when None.
        timeout_s: Limit in seconds; the command is killed when it passes.
        check: Raise on a non-zero status.

    Raises:
        CommandError: Non-zero status with `check`, or the time limit passed (status -9).
        HostError: The program does not exist.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            env=dict(env) if env is not None else None,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise _not_installed(argv) from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(argv, -9, f"no end within {timeout_s:g} s") from error
    if check and done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr or done.stdout)
    return Completed(argv=tuple(argv), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def ask(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], begin_s: float, timeout_s: float
) -> Completed:
    """Run a command whose answer is worth so much time only, however slowly the machine starts programs.

    When time is over, the command and whatever it has started are killed.

    Args:
        argv: Program and arguments; no shell is involved.
        cwd: Working folder.
        env: Whole environment.
        begin_s: How long it may take to print anything, in seconds.
        timeout_s: How long it may take from there, in seconds, besides as long again as it took to begin.

    Returns:
        How it ended; a non-zero status is not raised.

    Raises:
        WaitTimeoutError: It never began.
        CommandError: It has begun, but not ended in time (status -9).
        HostError: The program does not exist.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise _not_installed(argv) from error
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for above
    started_s = time.monotonic()
    with process, _killed_if_given_up(process):
        if not select.select([process.stdout], [], [], begin_s)[0]:
            raise WaitTimeoutError(what=f"first word of {argv[0]}", timeout_s=begin_s, last="nothing")
        limit_s = timeout_s + time.monotonic() - started_s
        try:
            stdout, stderr = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise CommandError(argv, -9, f"no end within {limit_s:g} s") from error
    return Completed(argv=tuple(argv), returncode=process.returncode, stdout=stdout, stderr=stderr)


@contextmanager
def _killed_if_given_up(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill a process, which leads a session of its own, and all in that session if the block fails."""
    try:
        yield
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise


def stream(
    argv: Sequence[str],
    *,
    on_line: Callable[[str], None],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a command to its end, handing over each line of its standard output as it is written.

    An interrupt from the keyboard reaches the command too (one process group); it is left to end by itself,
    so that it can put its things in order.

    Args:
        argv: Program and arguments; no shell is involved.
        on_line: Called with each line, without its end.
        cwd: Working folder.
        env: Whole environment; this process's when None.

    Returns:
        How it ended; a non-zero status is not raised. `stdout` is empty: the lines went to `on_line`.

    Raises:
        HostError: The program does not exist.
    """
    with tempfile.TemporaryFile(mode="w+") as errors:
        try:
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env) if env is not None else None,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        except FileNotFoundError as error:
            raise _not_installed(argv) from error
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for two lines above
        try:
            for line in process.stdout:
                on_line(line.rstrip("\n"))
        finally:
            process.stdout.close()
            returncode = process.wait()
        errors.seek(0)
        return Completed(argv=tuple(argv), returncode=returncode, stdout="", stderr=errors.read())


def _not_installed(argv: Sequence[str]) -> HostError:
    return HostError(
        problem=f"the program {argv[0]} is not installed",
        remedy="Run `make install`, or put it on PATH",
    )


def environment(**changes: str | None) -> dict[str, str]:
    """Return this process's environment with `changes`; None removes a name."""
    merged = {name: value for name, value in os.environ.items() if name not in changes}
    merged.update({name: value for name, value in changes.items() if value is not None})
    return merged
