"""Which programs made a report."""

import platform
import re
from collections.abc import Mapping
from importlib.metadata import version

from twinspan.command import run
from twinspan.errors import TwinspanError

_DAEMONS: Mapping[str, tuple[str, ...]] = {
    "strongSwan": ("swanctl", "--version"),
    "BIRD": ("bird", "--version"),
    "iperf3": ("iperf3", "--version"),
    "Terraform": ("terraform", "version"),
}
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_WITHIN_S = 10.0


def versions(*, on: str) -> dict[str, str]:
    """Return program -> version; of the daemons only on a twin, whose tunnels they are."""
    found = {
        "twinspan": version("twinspan"),
        "Python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()}",
    }
    if on == "twin":
        found |= {name: _told(argv) for name, argv in _DAEMONS.items()}
    return found


def _told(argv: tuple[str, ...]) -> str:
    try:
        done = run(argv, timeout_s=_WITHIN_S, check=False)
    except TwinspanError:
        return "not found"
    number = _NUMBER.search(done.stdout + done.stderr)
    return number[0] if number else "unknown"
