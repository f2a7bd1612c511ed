"""Where twinspan keeps what outlives a command."""

import os
from pathlib import Path


def home() -> Path:
    """Return the folder of all twins: TWINSPAN_HOME, else `twinspan` in the XDG state folder."""
    own = os.environ.get("TWINSPAN_HOME")
    if own:
        return Path(own).absolute()
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "twinspan"
