"""What a rotation is doing, in a file of the user's own: a killed one is finished or taken back from it.

No key is in it. Both clouds hold one key each, and AWS's is changed first; so where the two differ, AWS has
the new one, and Azure is given that.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError

from twinspan.errors import HostError
from twinspan.home import home
from twinspan.results.document import Document, as_json
from twinspan.rotate.tunnels import Tunnel

_FOLDER = "rotations.d"


class Entry(Document):
    """One tunnel of a rotation.

    `open`: it may be off the routes, and its two keys may differ.
    """

    tunnel: Tunnel
    state: Literal["pending", "open", "done"] = "pending"
    saved: dict[str, Any] = Field(default_factory=dict)
    """What is put back when the tunnel carries traffic again, as the clouds showed it; without keys."""


class Record(Document):
    """A rotation that has not ended."""

    place: str
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class Journal:
    """The file of one rotation at one place; written to the disk before each change of a cloud.

    Attributes:
        path: The file, 0600 in a folder 0700.
        record: What is in it; None if no rotation is under way.
    """

    path: Path
    record: Record | None = None

    @classmethod
    def at(cls, place: str) -> Self:
        """Read the journal of a place, e.g. `twin default` or the ids of two accounts.

        Raises:
            HostError: It cannot be read.
        """
        path = home() / _FOLDER / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', place)}.json"
        try:
            return cls(path, Record.model_validate_json(path.read_text()))
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValidationError) as error:
            raise HostError(
                problem=f"the journal {path} of a rotation cannot be read: {error}",
                remedy="Compare both clouds' keys with `twinspan verify`, then remove the file",
            ) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other rotations away while the block runs; the kernel lets go of a killed one's.

        Raises:
            HostError: Another process rotates here.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(self.path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HostError(
                    problem="another rotation is under way here", remedy="Wait until it has ended"
                ) from error
            yield

    def begin(self, place: str, tunnels: tuple[Tunnel, ...]) -> None:
        """Start a rotation of these tunnels."""
        self._write(Record(place=place, entries=tuple(Entry(tunnel=tunnel) for tunnel in tunnels)))

    def mark(
        self,
        tunnel: Tunnel,
        state: Literal["pending", "open", "done"],
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        """Note the state of a tunnel, and what has to be put back."""
        if self.record is None:
            raise AssertionError("callers begin first")
        entries = tuple(
            Entry(tunnel=entry.tunnel, state=state, saved=dict(saved or {}))
            if entry.tunnel.key == tunnel.key
            else entry
            for entry in self.record.entries
        )
        self._write(Record(place=self.record.place, entries=entries))

    def end(self) -> None:
        """Forget the rotation: nothing of it is left to be done."""
        self.path.unlink(missing_ok=True)
        self.record = None

    def _write(self, record: Record) -> None:
        fresh = self.path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(as_json(json.loads(record.model_dump_json())))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        self.record = record
