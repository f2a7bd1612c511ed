"""Run a user's command in a namespace, and kill all of it when its time is over."""

import os
import signal
import subprocess
from collections.abc import Sequence

from twinspan.command import Completed
from twinspan.errors import CommandError, HostError
from twinspan.host import SYSTEM_PATH
from twinspan.twin.dataplane.namespaces import inside_argv

_ENVIRONMENT = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8"}


def run_inside(
    namespace: str,
    argv: Sequence[str],
    *,
    timeout_s: float,
    stdin: str | None,
    capture: bool,
    never_root: bool = False,
) -> Completed:
    """Run a command in a namespace as the user who started the agent through sudo, else as root.

    `command.run` kills only the command itself; here its whole process group must go.

    Args:
        namespace: Where.
        argv: What.
        timeout_s: Limit in seconds.
        stdin: Text for its standard input.
        capture: Let a user who is not root capture packets (CAP_NET_RAW, in that namespace only).
        never_root: Run it as nobody in place of root: the namespace has this machine's files.

    Raises:
        CommandError: The limit passed (status -9).
        HostError: No such program.
    """
    process = subprocess.Popen(
        inside_argv(namespace, [*_as_user(capture=capture, never_root=never_root), *argv]),
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        out, err = process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise CommandError(argv, -9, f"no end within {timeout_s:g} s") from error
    if process.returncode == _NOT_FOUND and f"failed to execute {argv[0]}" in err:
        raise HostError(
            problem=f"the program {argv[0]} is not installed",
            remedy="Run `make install`, or install its package",
        )
    return Completed(argv=tuple(argv), returncode=process.returncode, stdout=out, stderr=err)


_NOT_FOUND = 127
"""Exit status of `nsenter` and `setpriv` when there is no such program."""


_NOBODY = "65534"


def _as_user(*, capture: bool, never_root: bool) -> list[str]:
    user, group = os.environ.get("SUDO_UID", "0"), os.environ.get("SUDO_GID", "0")
    if user == "0" and not never_root:
        return []
    if user == "0":
        user = group = _NOBODY
    keep = ["--inh-caps=+net_raw", "--ambient-caps=+net_raw"] if capture else []
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *keep, "--"]
