"""One check of `verify`: what it is about, and how it looks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from twinspan.results import Finding
from twinspan.verify.facts import Facts

Examine = Callable[[Facts], Iterable[Finding]]
Notes = Callable[[Facts], Iterable[str]]


def _always(facts: Facts) -> bool:
    del facts
    return True


def _no_notes(facts: Facts) -> Iterable[str]:
    del facts
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be true of every object of a kind.

    Attributes:
        id: Stable for ever: layer and number. A retired id is never given to another check.
        title: What must be true, in one phrase.
        section: The layer, as a heading.
        source: The public document the rule comes from.
        command: The command that shows what it looks at; each finding has it with all its arguments.
        examine: Yields one finding per object.
        after: Ids of the checks it stands on directly; a failure there explains a failure here.
        notes: Yields what looks wrong and is as it must be.
        applies: Whether a network has what it is about; it is left out of others.
    """

    id: str
    title: str
    section: str
    source: str
    command: str
    examine: Examine
    after: tuple[str, ...] = ()
    notes: Notes = _no_notes
    applies: Callable[[Facts], bool] = _always

    @property
    def explanation(self) -> str:
        """What the check does, in a sentence."""
        return " ".join((self.examine.__doc__ or "").split()).removeprefix(f"{self.id}: ")
