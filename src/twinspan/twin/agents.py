"""The data plane's agent as the control process sees it: there, or on its way back."""

import logging
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable

from twinspan.command import run
from twinspan.errors import HostError
from twinspan.twin.dataplane.client import AgentClient
from twinspan.twin.dataplane.launch import launch_agent
from twinspan.twin.rundir import RunDir

_LOG = logging.getLogger(__name__)


Launcher = Callable[[], socket.socket]
"""Starts an agent and returns the socket that commands it; HostError if it cannot."""


class SudoLauncher:
    """Starts agents through sudo, where that needs no password: nobody is there to type one."""

    def __init__(self, run_dir: RunDir) -> None:
        self._run_dir = run_dir
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> socket.socket:
        """Start one."""
        if shutil.which("sudo") is None or run(["sudo", "-n", "true"], check=False).returncode != 0:
            raise HostError(
                problem="the data-plane agent has died, and starting it again needs a password",
                remedy=f"Run `twinspan twin down --name {self._run_dir.name}` and `twinspan twin up` again",
            )
        if self._process is not None:
            self._process.poll()
        self._process, commands = launch_agent(
            self._run_dir.data_plane, log_file=self._run_dir.logs / "dataplane.log"
        )
        return commands


class AgentSlot:
    """Holds the one agent, and replaces it when it has died.

    Args:
        launch: Starts another one.
        on_replaced: Called after a new agent took the place of a dead one; it knows nothing yet.
    """

    def __init__(self, launch: Launcher, *, on_replaced: Callable[[], None]) -> None:
        self._launch = launch
        self._on_replaced = on_replaced
        self._lock = threading.Lock()
        self._client: AgentClient | None = None
        self._problem = "the data-plane agent has not been started"

    def start(self, commands: socket.socket) -> None:
        """Take the first agent."""
        with self._lock:
            self._adopt(commands)

    @property
    def client(self) -> AgentClient:
        """The agent. HostError while there is none."""
        with self._lock:
            if self._client is None:
                raise HostError(
                    problem=f"the data plane is down: {self._problem}",
                    remedy="Run `twinspan twin down` and `twinspan twin up`",
                )
            return self._client

    @property
    def problem(self) -> str:
        """Why there is no agent; empty if there is one."""
        with self._lock:
            return "" if self._client is not None else self._problem

    def revive(self) -> bool:
        """Replace the agent if it has died; tell whether there is one now."""
        with self._lock:
            if self._client is not None and not self._client.ended:
                return True
            if self._client is not None:
                _LOG.error("the data-plane agent has died; starting another one")
                self._drop("it has died")
            try:
                self._adopt(self._launch())
            except HostError as error:
                _LOG.error("the data-plane agent cannot be started: %s", error)
                self._problem = str(error)
                return False
            _LOG.info("a new data-plane agent runs")
        self._on_replaced()
        return True

    def close(self) -> None:
        """End the agent and all it made."""
        with self._lock:
            self._drop("the twin is going down")

    def _adopt(self, commands: socket.socket) -> None:
        self._client = AgentClient(commands)

    def _drop(self, why: str) -> None:
        if self._client is not None:
            self._client.close()
        self._client, self._problem = None, why
