"""A node's machine: processes in namespaces and a control group of their own, which end together."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from twinspan.command import Completed, run
from twinspan.errors import HostError
from twinspan.host import SYSTEM_PATH, architecture
from twinspan.twin.dataplane import namespaces
from twinspan.twin.dataplane.clusters import cgroups, init

_ENVIRONMENT = {
    "PATH": f"/opt/kubernetes:{SYSTEM_PATH}",
    "HOME": "/root",
}
_UNSHARE = ("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child=SIGKILL", "--")
SETTINGS = "etc/twinspan"
"""Folder in a node with what the agent writes for it."""


class Machine:
    """Starts and ends a machine. Programs run in it with `argv` or `run`.

    Args:
        namespace: Its network namespace; must exist before `start`.
        hostname: Its name.
        folder: Private folder of this machine; `folder/etc` shows in it as `/etc/twinspan`.
        control_group: Its control group, e.g. `twinspan-0a/node`.
        binds: More folders that show in it, read-only: target -> source.
    """

    def __init__(
        self, *, namespace: str, hostname: str, folder: Path, control_group: str, binds: Mapping[str, Path]
    ) -> None:
        self.namespace = namespace
        self.control_group = control_group
        self.settings = folder / "etc"
        self._hostname = hostname
        self._folder = folder
        self._binds = dict(binds)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment of its programs."""
        return dict(_ENVIRONMENT)

    @property
    def pid(self) -> int | None:
        """Process that holds it; None if it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start it, empty.

        Raises:
            HostError: This machine does not allow it.
        """
        cgroups.make(self.control_group)
        root = self._folder / "root"
        for folder in (root, self.settings):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        plan = {
            "root": str(root),
            "hostname": self._hostname,
            "pivot_root": architecture().pivot_root,
            "binds": {
                SETTINGS: str(self.settings),
                **{target: str(source) for target, source in self._binds.items()},
            },
            "writable": [SETTINGS],
        }
        process = subprocess.Popen(
            namespaces.inside_argv(
                self.namespace,
                [*_UNSHARE, sys.executable, "-I", "-S", str(Path(init.__file__)), json.dumps(plan)],
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
        )
        self._process = process
        assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - asked for above
        said = process.stdout.readline()
        process.stdout.close()
        if said != b"ready\n":
            problem = process.stderr.read().decode(errors="replace").strip()
            raise HostError(
                problem=f"the node {self._hostname} cannot be started: {problem}",
                remedy="It needs root with CAP_SYS_ADMIN, overlayfs and writable control groups",
            )

    def stop(self) -> None:
        """End it and everything in it at once, as a power cut does."""
        process = self._process
        if process is None:
            return
        self._process = None
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
        cgroups.remove(self.control_group)

    def argv(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` inside and ends it with itself.

        Raises:
            HostError: The machine does not run.
        """
        if self._process is None:
            raise HostError(problem=f"the node {self._hostname} is off", remedy="Start it again")
        of = f"/proc/{self._process.pid}/ns"
        joined = [f"--mount={of}/mnt", f"--uts={of}/uts", f"--ipc={of}/ipc", f"--pid={of}/pid_for_children"]
        # Only the waiting `nsenter` is our child: what it has started must not outlive it.
        return ["nsenter", *joined, "--", "setpriv", "--pdeathsig", "KILL", "--", *argv]

    def run(self, argv: Sequence[str], *, timeout_s: float = 60.0) -> Completed:
        """Run a command inside to its end.

        Raises:
            CommandError: It failed, or did not end in time.
        """
        whole = namespaces.inside_argv(self.namespace, self.argv(argv))
        return run(whole, env=self.environment, timeout_s=timeout_s)
