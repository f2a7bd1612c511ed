"""The kubectl that kustomizations are built with."""

import shutil
from pathlib import Path

from twinspan.errors import HostError


def kubectl() -> Path | None:
    """Return the user's kubectl or, without one, the twin's own."""
    path = shutil.which("kubectl")
    if path:
        return Path(path)
    from twinspan.twin.kubernetes.programs import find_programs  # noqa: PLC0415 - only without kubectl

    try:
        return find_programs().folder / "kubectl"
    except HostError:
        return None
