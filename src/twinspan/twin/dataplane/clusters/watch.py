"""All objects of one kind in a cluster, kept up to date by a watch.

Source: Kubernetes, API concepts, "Efficient detection of changes".
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from twinspan.errors import CloudRefusedError, CloudUnreachableError
from twinspan.twin.dataplane.clusters.api import ApiClient, Json, items
from twinspan.twin.loops import RETRY_S, Loop

T = TypeVar("T")


class Watch(Generic[T]):
    """Follows a kind from a thread of its own until it is ended; keeps what it knew while no server answers.

    Args:
        api: The cluster's API server.
        path: Of the kind, in all namespaces.
        read: Returns what is kept of an object; None: nothing.
        changed: Called after a change of what is kept.
    """

    def __init__(
        self,
        api: ApiClient,
        path: str,
        read: Callable[[Json], T | None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._api = api
        self._path = path
        self._read = read
        self._changed = changed
        self._lock = threading.Lock()
        self._kept: dict[str, T] | None = None
        self._version = ""
        self._loop = Loop(f"watch of {path}", self._turn)

    @property
    def kept(self) -> tuple[T, ...] | None:
        """What there is; None before the first answer."""
        with self._lock:
            return None if self._kept is None else tuple(self._kept.values())

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def end(self) -> None:
        """Take no more in; returns at once."""
        self._loop.end()

    def _turn(self) -> float | None:
        try:
            if not self._version:
                self._list()
            for event in self._api.watch(self._path, self._version):
                if self._loop.ending:
                    break
                self._take(event)
        except CloudUnreachableError:
            return RETRY_S  # the server is away: its objects stay as they were
        except CloudRefusedError:
            self._version = ""  # most likely it no longer knows the version: list everything again
            return RETRY_S
        return None

    def _list(self) -> None:
        answer = self._api.get(self._path)
        entries = {item["metadata"]["uid"]: self._read(item) for item in items(answer)}
        kept = {uid: entry for uid, entry in entries.items() if entry is not None}
        with self._lock:
            same = kept == self._kept
            self._kept = kept
        self._version = answer["metadata"]["resourceVersion"]
        if not same:
            self._changed()

    def _take(self, event: Json) -> None:
        item = event["object"]
        if event["type"] == "ERROR":
            raise CloudRefusedError(
                operation=f"watch {self._path}", code=str(item.get("code")), message=item.get("message", "")
            )
        uid = item["metadata"]["uid"]
        new = None if event["type"] == "DELETED" else self._read(item)
        with self._lock:
            kept = self._kept if self._kept is not None else {}
            same = kept.get(uid) == new
            if new is None:
                kept.pop(uid, None)
            else:
                kept[uid] = new
        self._version = item["metadata"]["resourceVersion"]
        if not same:
            self._changed()
