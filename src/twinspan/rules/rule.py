"""One rule: what must be true, how bad it is otherwise, and how much must be known to judge it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from twinspan.results import Finding, Severity
from twinspan.rules.sections import Section

T = TypeVar("T")


class Depth(StrEnum):
    """How much must be known to judge a rule, from the least to the most."""

    CONFIGURATION = "configuration"
    """A plan is enough; a state and what exists will do as well."""
    TELEMETRY = "telemetry"
    """A cloud or a cluster must answer."""
    PACKETS = "packets"
    """Packets must be sent."""


def _always(of: object) -> bool:
    del of
    return True


def _no_notes(of: object) -> Iterable[str]:
    del of
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[T]):
    """One thing that must be true of every object of a kind.

    Attributes:
        id: Stable for ever: subject and number. A retired id is never given to another rule.
        title: What must be true, in one phrase.
        section: The layer, as a heading.
        source: The public document the rule comes from.
        examine: Yields findings. Of configuration: what does not hold; else one finding per object.
        needs: What must be known to judge it.
        severity: How bad it is if it does not hold.
        command: The command that shows what it looks at; each finding has it with all its arguments. Empty:
            the configuration.
        after: Ids of the rules it stands on directly; a failure there explains a failure here.
        notes: Yields what looks wrong and is as it must be.
        applies: Whether a network has what it is about; it is left out of others.
        whole: Judged once over everything, and not for each of several networks that no tunnel joins.
    """

    id: str
    title: str
    section: Section
    source: str
    examine: Callable[[T], Iterable[Finding]]
    needs: Depth
    severity: Severity = Severity.ERROR
    command: str = ""
    after: tuple[str, ...] = ()
    notes: Callable[[T], Iterable[str]] = _no_notes
    applies: Callable[[T], bool] = _always
    whole: bool = False

    @property
    def explanation(self) -> str:
        """What the rule demands, in a sentence."""
        return " ".join((self.examine.__doc__ or "").split()).removeprefix(f"{self.id}: ")
