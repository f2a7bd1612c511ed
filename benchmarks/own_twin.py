"""Twins that the benchmarks make for themselves, through the command line, as a user would."""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TWINSPAN = str(Path(sys.executable).with_name("twinspan"))
NETWORK_ONLY = ("--var", "kubernetes_enabled=false")
"""Arguments of `apply` for benchmarks of the network, which have no use for clusters."""


def timed(*arguments: str) -> float:
    """Run a twinspan command and return how long it took, in seconds."""
    begin = time.monotonic()
    subprocess.run([TWINSPAN, *arguments], check=True, capture_output=True)
    return time.monotonic() - begin


@contextmanager
def own_twin() -> Iterator[tuple[str, float]]:
    """Start a twin of its own name; yield the name and how long the start took; remove it."""
    name = f"bench-{secrets.token_hex(3)}"
    try:
        yield name, timed("twin", "up", "--name", name)
    finally:
        timed("twin", "down", "--name", name, "--purge")
