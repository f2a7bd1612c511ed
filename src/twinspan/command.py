"""The only module that runs commands on the host."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import CommandError, HostError


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
        raise HostError(
            problem=f"the program {argv[0]} is not installed",
            remedy="Run `make install`, or put it on PATH",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(argv, -9, f"no end within {timeout_s:g} s") from error
    if check and done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr or done.stdout)
    return Completed(argv=tuple(argv), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


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
            raise HostError(
                problem=f"the program {argv[0]} is not installed",
                remedy="Run `make install`, or put it on PATH",
            ) from error
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for two lines above
        try:
            for line in process.stdout:
                on_line(line.rstrip("\n"))
        finally:
            process.stdout.close()
            returncode = process.wait()
        errors.seek(0)
        return Completed(argv=tuple(argv), returncode=returncode, stdout="", stderr=errors.read())


def environment(**changes: str | None) -> dict[str, str]:
    """Return this process's environment with `changes`; None removes a name."""
    merged = {name: value for name, value in os.environ.items() if name not in changes}
    merged.update({name: value for name, value in changes.items() if value is not None})
    return merged
