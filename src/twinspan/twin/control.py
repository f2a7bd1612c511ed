"""The control process of a twin: started by `twinspan twin up`, not by hand.

This module starts the agent first and gives up root's powers, then loads everything else: the two APIs'
libraries take a second or two, in which the agent gets ready.
"""

import argparse
import json
import logging
import os
import socket
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from twinspan.errors import HostError, TwinspanError
from twinspan.signals import ending_on_signals
from twinspan.twin.capabilities import drop_all
from twinspan.twin.error_codec import pack_error
from twinspan.twin.privileged_spawner import PrivilegedSpawner
from twinspan.twin.rundir import RunDir

LOG_BYTES = 2_000_000
LOG_FILES = 2
_LOG = logging.getLogger("twinspan.twin.control")


def main(arguments: Sequence[str]) -> int:
    """Run a twin until SIGTERM; return the exit status."""
    parser = argparse.ArgumentParser(prog="twinspan.twin.control")
    parser.add_argument("name")
    parser.add_argument("--ready-fd", type=int, required=True)
    parser.add_argument("--agent-fd", type=int)
    options = parser.parse_args(arguments)
    os.umask(0o077)
    run_dir = RunDir(options.name)
    os.chdir(run_dir.path)
    _log_to(run_dir.logs / "control.log")
    with os.fdopen(options.ready_fd, "w") as ready:
        try:
            _serve(run_dir, options.agent_fd, ready_fd=ready.fileno())
        except TwinspanError as error:
            _LOG.error("cannot start: %s", error)
            ready.write(json.dumps({"error": pack_error(error, operation="start")}) + "\n")
            return error.exit_code
    return 0


def _serve(run_dir: RunDir, agent_fd: int | None, *, ready_fd: int) -> None:
    spawner: PrivilegedSpawner | None = None
    if agent_fd is None:
        spawner = PrivilegedSpawner(run_dir)
        drop_all()
        _check_access(run_dir)
    with ending_on_signals() as ending:
        from twinspan.twin.control_process import ControlProcess  # noqa: PLC0415 - loads both APIs' libraries

        process = ControlProcess(run_dir, spawner=spawner)
        try:
            agent = spawner.launch() if spawner else socket.socket(fileno=agent_fd)
            process.start(agent)
            os.write(ready_fd, json.dumps({"ready": True}).encode() + b"\n")
            ending.wait()
            _LOG.info("going down")
        finally:
            process.stop()
            if spawner:
                spawner.close()


def _log_to(path: Path) -> None:
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("azure", "msal", "botocore", "urllib3", "werkzeug", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _check_access(run_dir: RunDir) -> None:
    """Check that root without its powers can still use the folder, which another user may own."""
    if not os.access(run_dir.path, os.R_OK | os.W_OK | os.X_OK):
        raise HostError(
            problem=f"{run_dir.path} belongs to another user, and the twin gives up root's powers",
            remedy="Set TWINSPAN_HOME to a folder that root owns, e.g. /var/lib/twinspan",
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
