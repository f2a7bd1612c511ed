"""What a real provider needs in an answer, and how an answer falls short of it.

An expectation is a tree in which

- an object has the members that the provider needs; more of them in the answer do no harm,
- a list has as many elements as the answer's, in any order; `{"$contains": [...]}`: at least those,
- `${vpc.1}` in a string is something that the twin made up: whatever is there first, the same from then on,
- `<string>`, `<number>`, `<boolean>`, `<time>` is any value of that kind,
- everything else is itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contract_documents import Object, Tree

CONTAINS = "$contains"
PLACEHOLDER = re.compile(r"\$\{([a-z0-9-]+(?:\.\d+)?)\}")
KINDS = ("<string>", "<number>", "<boolean>", "<time>")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_PASSING = ("status", "state")

Bindings = dict[str, str]
"""What stands for each placeholder in this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that a provider would miss."""

    at: str
    expected: str
    actual: str

    @property
    def may_pass(self) -> bool:
        """Whether a provider would ask again: what it waits for is a state."""
        return self.at.rpartition(".")[2].lower().endswith(_PASSING)

    def __str__(self) -> str:
        return f"{self.at}: expected {self.expected}, got {self.actual}"


def kind_of(value: Tree) -> str:
    """Return the kind of a value; XML has strings only, so theirs is what they look like."""
    if isinstance(value, bool) or value in {"true", "false"}:
        return "<boolean>"
    if isinstance(value, int | float):
        return "<number>"
    if not isinstance(value, str) or not value:
        return "nothing"
    if _NUMBER.fullmatch(value):
        return "<number>"
    return "<time>" if _is_time(value) else "<string>"


def fill(text: str, bindings: Mapping[str, str]) -> str:
    """Return a text with what stands for its placeholders.

    Raises:
        KeyError: No answer has given one of them.
    """
    return PLACEHOLDER.sub(lambda match: bindings[match[1]], text)


def differences(
    expected: Tree, actual: Tree, bindings: Bindings, at: str = "answer"
) -> tuple[Difference, ...]:
    """Return how an answer differs from what is needed; binds the placeholders that it gives."""
    if isinstance(expected, dict):
        if CONTAINS in expected:
            return _elements(expected[CONTAINS], actual, bindings, at, all_of_them=False)
        return _members(expected, actual, bindings, at)
    if isinstance(expected, list):
        return _elements(expected, actual, bindings, at, all_of_them=True)
    if isinstance(expected, str):
        good = isinstance(actual, str | int | float) and _text(expected, actual, bindings)
    else:
        good = type(expected) is type(actual) and expected == actual
    return () if good else (_difference(at, expected, actual),)


def _text(expected: str, actual: str | float, bindings: Bindings) -> bool:
    if expected in KINDS:
        kind = kind_of(actual)
        return kind == expected or (expected == "<string>" and isinstance(actual, str) and actual != "")
    if not isinstance(actual, str):
        return False
    names = dict.fromkeys(PLACEHOLDER.findall(expected))
    if not names:
        return expected == actual
    unbound = [name for name in names if name not in bindings]
    match = _pattern(expected, {name: bindings[name] for name in names if name in bindings}).fullmatch(actual)
    if match is None:
        return False
    for number, name in enumerate(unbound, start=1):
        bindings[name] = match[number]
    return True


def _pattern(expected: str, bindings: Mapping[str, str]) -> re.Pattern[str]:
    """Return what a string with placeholders must look like: each unbound one is a group, once."""
    seen, parts = list[str](), list[str]()
    for index, part in enumerate(PLACEHOLDER.split(expected)):
        if index % 2 == 0:
            parts.append(re.escape(part))
        elif part in bindings:
            parts.append(re.escape(bindings[part]))
        elif part in seen:
            parts.append(f"(?:\\{seen.index(part) + 1})")
        else:
            seen.append(part)
            parts.append(r"([\w.:-]+)")
    return re.compile("".join(parts))


def _members(expected: Object, actual: Tree, bindings: Bindings, at: str) -> tuple[Difference, ...]:
    if not isinstance(actual, dict):
        return (_difference(at, expected, actual),)
    mismatches: list[Difference] = []
    for template, value in expected.items():
        name = PLACEHOLDER.sub(lambda match: bindings.get(match[1], match[0]), template)
        if name in actual:
            mismatches += differences(value, actual[name], bindings, f"{at}.{name}")
        else:
            mismatches.append(_difference(f"{at}.{name}", value, None))
    return tuple(mismatches)


def _elements(
    expected: Tree, actual: Tree, bindings: Bindings, at: str, *, all_of_them: bool
) -> tuple[Difference, ...]:
    if not isinstance(expected, list) or not isinstance(actual, list):
        return (_difference(at, expected, actual),)
    if all_of_them and len(expected) != len(actual):
        sizes = f"{len(expected)} elements", f"{len(actual)} elements"
        return (Difference(at=f"{at}[]", expected=sizes[0], actual=f"{sizes[1]}: {_short(actual)}"),)
    mismatches: list[Difference] = []
    left = list(range(len(actual)))
    for number, element in enumerate(expected):
        place = f"{at}[{number}]"
        fits = _first_that_fits(element, actual, left, bindings)
        if fits is not None:
            left.remove(fits)
        elif left:
            mismatches += differences(element, actual[left[0]], dict(bindings), place)
        else:
            mismatches.append(_difference(place, element, None))
    return tuple(mismatches)


def _first_that_fits(expected: Tree, actual: list[Tree], left: list[int], bindings: Bindings) -> int | None:
    for index in left:
        trial = dict(bindings)
        if not differences(expected, actual[index], trial):
            bindings.update(trial)
            return index
    return None


def _difference(at: str, expected: Tree, actual: Tree) -> Difference:
    return Difference(at=at, expected=_short(expected), actual=_short(actual))


def _short(value: Tree) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _is_time(text: str) -> bool:
    if not re.match(r"\d{4}-\d{2}-\d{2}T", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
