"""What becomes of an exception that nobody foresaw: one line for the user, the traceback in a file."""

import os
import select
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from twinspan.home import home

SHOW = "TWINSPAN_TRACEBACK"
"""Environment variable that has the traceback printed, too."""
READER_LEFT = 141
"""Exit status when whoever read our output has gone: 128 + SIGPIPE, as other programs end then."""
_LIMIT_BYTES = 1_000_000
_WORDS = 300


def described(error: BaseException) -> str:
    """Keep the traceback of a defect of ours; return one line to print, after the traceback if asked for."""
    text = "".join(traceback.format_exception(error))
    first = next(iter(str(error).splitlines()), "")[:_WORDS]
    words = f"{type(error).__name__}: {first}" if first else type(error).__name__
    shown = f"{text}\n" if os.environ.get(SHOW) else ""
    return f"{shown}error: unexpected {words}. {_kept(text)}"


def reader_left() -> bool:
    """Return whether nobody reads our output any longer; if so, what is left to write goes nowhere."""
    gone = [stream.fileno() for stream in (sys.stdout, sys.stderr) if _unread(stream.fileno())]
    for descriptor in gone:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    return bool(gone)


def _unread(descriptor: int) -> bool:
    """Return whether a descriptor is a pipe without a reader. Source: poll(2), POLLERR."""
    look = select.poll()
    look.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in look.poll(0))


def _kept(text: str) -> str:
    """Append a traceback to the file of them; return a sentence that says where it is."""
    path = home() / "errors.log"
    asked = f"set {SHOW}=1 to see it printed"
    try:
        _append(
            path, f"{datetime.now(UTC).isoformat(timespec='seconds')} {' '.join(sys.argv[1:2])}\n{text}\n"
        )
    except OSError as error:
        return f"This is a defect in twinspan; {path} cannot be written ({error.strerror}), so {asked}."
    return f"This is a defect in twinspan; please report it with its traceback, in {path} ({asked})."


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "a") as file:
        if file.tell() > _LIMIT_BYTES:
            file.truncate(0)
        file.write(text)
