"""Which programs made a report."""

import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from twinspan.command import run
from twinspan.errors import TwinspanError

_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_WITHIN_S = 10.0


def versions(programs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return program -> version, of this one and of those that make the network: name -> command."""
    program_versions = {
        "twinspan": version("twinspan"),
        "Python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()}",
    }
    return program_versions | {name: _told(argv) for name, argv in programs.items()}


def _told(argv: Sequence[str]) -> str:
    try:
        done = run(argv, timeout_s=_WITHIN_S, check=False)
    except TwinspanError:
        return "not found"
    number = _NUMBER.search(done.stdout + done.stderr)
    return number[0] if number else "unknown"
