"""What the provider made of the answers: the values in the state, and which of them a plan compares."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_documents import Tree, open_strings
from recording_placeholders import strings
from recording_walk import Resource

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NOISE = frozenset(
    {"disable", "disabled", "enable", "enabled", "id", "in", "is", "minutes", "of", "seconds", "the"}
)

Scalar = bool | int | float


def words(name: str) -> frozenset[str]:
    """Return the words of a member's or an attribute's name that carry its meaning."""
    return frozenset(word.lower() for word in _WORD.findall(name)) - _NOISE


@dataclass(slots=True)
class StateFacts:
    """The values of all attributes in all states.

    Attributes:
        hide: Puts placeholders into strings.
        settable: Strings of attributes that a configuration may set: a plan compares them.
        computed: Strings of the others.
        scalars: Words of an attribute's name -> its numbers and truth values, and whether it may be set.
    """

    hide: Callable[[str], str]
    settable: set[str] = field(default_factory=set)
    computed: set[str] = field(default_factory=set)
    scalars: dict[frozenset[str], set[tuple[Scalar, bool]]] = field(default_factory=dict)
    names: set[frozenset[str]] = field(default_factory=set)
    meeting: dict[str, list[tuple[Scalar, bool]]] = field(default_factory=dict)
    """What `scalar` has looked up: a member's name -> the values of attributes whose names meet it."""

    @classmethod
    def read(
        cls, snapshots: Iterable[Iterable[Resource]], schemas: dict[str, Any], hide: Callable[[str], str]
    ) -> "StateFacts":
        """Return the facts of some states; `hide` puts placeholders into strings."""
        facts = cls(hide=hide)
        for snapshot in snapshots:
            for resource in snapshot:
                facts._add_block(resource.values, schemas[resource.type]["block"])
        return facts

    def knows(self, name: str) -> bool:
        """Whether an attribute has this member's name, more or less."""
        return any(self._meets(words(name), known) for known in self.names)

    def scalar(self, name: str, value: Scalar) -> str:
        """Return what a number or truth value is to a plan: `compared`, `read`, or nothing to it."""
        if name not in self.meeting:
            self.meeting[name] = [
                pair
                for attribute, pairs in self.scalars.items()
                if self._meets(words(name), attribute)
                for pair in pairs
            ]
        # Providers turn some truth values round, e.g. `disableX` and `x_enabled`.
        truth = isinstance(value, bool)
        meets = [
            settable
            for known, settable in self.meeting[name]
            if isinstance(known, bool) == truth and (truth or known == value)
        ]
        return "compared" if any(meets) else "read" if meets else ""

    @staticmethod
    def _meets(one: frozenset[str], other: frozenset[str]) -> bool:
        return bool(one) and bool(other) and (one <= other or other <= one)

    def _add_block(self, values: Mapping[str, Any], block: Mapping[str, Any]) -> None:
        for name, attribute in block.get("attributes", {}).items():
            settable = bool(attribute.get("optional") or attribute.get("required"))
            self.names.add(words(name))
            self._add(name, open_strings(values.get(name)), settable=settable)
        for name, nested in block.get("block_types", {}).items():
            self.names.add(words(name))
            inner = values.get(name) or []
            for item in inner if isinstance(inner, list) else [inner]:
                self._add_block(item, nested["block"])

    def _add(self, name: str, value: Tree, *, settable: bool) -> None:
        if isinstance(value, dict):
            for inner, member in value.items():
                self._add(inner if name == "$document" else name, member, settable=settable)
        elif isinstance(value, list):
            for element in value:
                self._add(name, element, settable=settable)
        elif isinstance(value, str):
            (self.settable if settable else self.computed).update(
                self.hide(text) for text in strings(value) if text
            )
            if value in {"true", "false"} or value.isdigit():
                scalar: Scalar = value == "true" if value in {"true", "false"} else int(value)
                self.scalars.setdefault(words(name), set()).add((scalar, settable))
        elif value is not None:
            self.scalars.setdefault(words(name), set()).add((value, settable))
