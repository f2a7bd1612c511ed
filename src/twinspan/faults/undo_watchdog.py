"""A process beside a drill that takes back its API changes if the drill dies, even by `kill -9`.

It reads lines from its standard input: first the endpoints, then each change that would undo what the drill
is about to do. A last line `done` means that the drill has undone all itself. If the input ends without it,
the drill is dead, and this process undoes what was registered, the newest first.

Only then does it load the clouds' libraries: they cost seconds of a busy machine, and the drill that is
measured beside it needs the processor.
"""

import json
import sys
from collections.abc import Iterable

DONE = "done"


def watch(lines: Iterable[str]) -> int:
    """Read what the drill says, and undo what it left behind; return the exit status."""
    texts = [line.strip() for line in lines]
    if not texts or texts[-1] == DONE:
        return 0
    return _undo(texts)


def _undo(texts: list[str]) -> int:
    from twinspan.errors import TwinspanError  # noqa: PLC0415 - as above
    from twinspan.faults.api_changes import (  # noqa: PLC0415 - loads both clouds' libraries
        CHANGE,
        ENDPOINTS,
        perform,
    )

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
