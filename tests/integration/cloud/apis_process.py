"""Serve a twin's two APIs, without a data plane, until standard input closes; prints where they are."""

import sys
from pathlib import Path

from both_apis import serving, tell

from twinspan.twin.observed import ObservedState


def nothing() -> None:
    """No data plane follows."""


if __name__ == "__main__":
    with serving(Path(sys.argv[1]), ObservedState(), nothing) as told:
        tell(told)
