"""A process beside a drill that takes back its API changes if the drill dies, even by `kill -9`.

It reads lines from its standard input: first the endpoints, then each change that would undo what the drill
is about to do. A last line `done` means that the drill has undone all itself. If the input ends without it,
the drill is dead, and this process undoes what was registered, the newest first.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from twinspan.cloud.endpoints import Endpoints
from twinspan.drill.api_changes import CHANGE, ENDPOINTS, Change, perform
from twinspan.errors import TwinspanError

_DONE = "done"
_ENDS_WITHIN_S = 10.0


class Guardian:
    """The drill's side of it; a context manager."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "twinspan.drill.guardian"],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C at the terminal must not end it too
        )
        self._tell(ENDPOINTS.dump_json(endpoints).decode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def register(self, undo: Change) -> None:
        """Have a change made if this process dies; call it before what it undoes."""
        self._tell(CHANGE.dump_json(undo).decode())

    def release(self) -> None:
        """Let it go: everything has been undone."""
        if self._process.stdin and not self._process.stdin.closed:
            self._tell(_DONE)
            self._process.stdin.close()
        self._process.wait(timeout=_ENDS_WITHIN_S)

    def _tell(self, line: str) -> None:
        if self._process.stdin:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


@dataclass(slots=True)
class ApiFault:
    """Breaks something through a cloud's API, and takes it back; a `protocols.Fault`.

    Attributes:
        endpoints: Both clouds.
        description: What it breaks.
        breaks: What to ask for, in this order.
        mends: What undoes it, in this order; empty if it mends itself.
    """

    endpoints: Endpoints
    description: str
    breaks: tuple[Change, ...]
    mends: tuple[Change, ...] = ()
    guardian: Guardian | None = None

    def inject(self) -> None:
        """Break it."""
        if self.mends:
            self.guardian = Guardian(self.endpoints)
            for change in reversed(self.mends):
                self.guardian.register(change)
        for change in self.breaks:
            perform(change, self.endpoints)

    def heal(self) -> None:
        """Mend it."""
        if self.guardian is None:
            return
        for change in self.mends:
            perform(change, self.endpoints)
        self.guardian.release()
        self.guardian = None


def watch(lines: Iterable[str]) -> int:
    """Read what the drill says, and undo what it left behind; return the exit status."""
    texts = [line.strip() for line in lines]
    if not texts or texts[-1] == _DONE:
        return 0
    endpoints = ENDPOINTS.validate_python(json.loads(texts[0]))
    status = 0
    for text in reversed(texts[1:]):
        try:
            perform(CHANGE.validate_json(text), endpoints)
        except TwinspanError as error:
            sys.stderr.write(f"twinspan: a drill died, and its change cannot be undone: {error}\n")
            status = error.exit_code
    return status


if __name__ == "__main__":
    sys.exit(watch(sys.stdin))
