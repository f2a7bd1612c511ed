"""The rule of a composite alarm. Source: CloudWatch API, PutCompositeAlarm, AlarmRule."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from twinspan.twin.aws.alarms.evaluation import AlarmState

_TOKEN = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[^\s()\"]+))\s*\)"
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<mark>[()]))"
)
Test = Callable[[Mapping[str, AlarmState]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was read: whether it holds for the states of other alarms, and which these are."""

    holds: Test
    names: frozenset[str]


def parse(text: str) -> Rule:
    """Read a rule such as `ALARM(one) AND NOT OK("two")`; an alarm may be named by its ARN.

    Raises:
        ValueError: It is none; says where.
    """
    reader = _Reader(text=text.strip())
    holds = reader.either()
    if reader.place < len(reader.text):
        raise ValueError(f"unexpected {reader.text[reader.place :][:20]!r}")
    return Rule(holds=holds, names=frozenset(reader.names))


@dataclass(slots=True, kw_only=True)
class _Reader:
    text: str
    place: int = 0
    names: set[str] = field(default_factory=set)

    def either(self) -> Test:
        parts = [self._both()]
        while self._take("word", "OR"):
            parts.append(self._both())
        return lambda states: any(part(states) for part in parts)

    def _both(self) -> Test:
        parts = [self._one()]
        while self._take("word", "AND"):
            parts.append(self._one())
        return lambda states: all(part(states) for part in parts)

    def _one(self) -> Test:
        if self._take("word", "NOT"):
            inner = self._one()
            return lambda states: not inner(states)
        if self._take("mark", "("):
            inner = self.either()
            if not self._take("mark", ")"):
                raise ValueError("a parenthesis is not closed")
            return inner
        for word, value in (("TRUE", True), ("FALSE", False)):
            if self._take("word", word):
                return lambda _, value=value: value  # type: ignore[misc]
        return self._state()

    def _state(self) -> Test:
        found = _TOKEN.match(self.text, self.place)
        if found is None or not found["state"]:
            raise ValueError(f"a state of an alarm is expected at {self.text[self.place :][:20]!r}")
        self.place = found.end()
        wanted = found["state"]
        name = (found["quoted"] or found["plain"]).rpartition(":alarm:")[2]
        self.names.add(name)
        return lambda states: states.get(name) == wanted

    def _take(self, kind: str, value: str) -> bool:
        found = _TOKEN.match(self.text, self.place)
        if found is None or found[kind] != value:
            return False
        self.place = found.end()
        return True
