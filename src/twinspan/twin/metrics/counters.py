"""Growth of counters that may begin again at zero."""

from collections.abc import Iterator
from contextlib import contextmanager


class Counters:
    """Remembers each counter's last value; counters that no longer exist are forgotten."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, ...], int] = {}
        self._now: dict[tuple[str, ...], int] = {}
        self._at_s = 0.0
        self.elapsed_s = 1.0
        """Time between the last two rounds, in seconds."""

    @contextmanager
    def turn(self, now_s: float) -> Iterator[None]:
        """Take one round of readings at `now_s`, seconds since 1970."""
        self._now = {}
        if self._at_s and now_s > self._at_s:
            self.elapsed_s = now_s - self._at_s
        self._at_s = now_s
        yield
        self._before = self._now

    def growth(self, key: tuple[str, ...], value: int) -> int:
        """Return by how much a counter grew since the last turn.

        The first reading counts as no growth; a smaller value means that the counter began again.
        """
        self._now[key] = value
        before = self._before.get(key, value)
        return value - before if value >= before else value
