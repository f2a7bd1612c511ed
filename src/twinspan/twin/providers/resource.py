# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""What a resource type and a data source must be able to do."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.values import Value

Cloud = TypeVar("Cloud")
Record = Callable[[str], None]
"""Told the id as soon as the object exists: a failure after that leaves it tainted, not lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A diagnostic for the user.

    Attributes:
        summary: One line.
        detail: What is wrong and what to do.
        path: Dotted path of the attribute it is about; empty for the whole.
        warning: Whether the run may go on.
    """

    summary: str
    detail: str
    path: str = ""
    warning: bool = False


Rule = Callable[[Value], str]
"""Says what is wrong with a known value; an empty text if nothing is."""


def one_of(*allowed: Value) -> Rule:
    """Return a rule: the value is one of `allowed`, in that very spelling."""

    def rule(value: Value) -> str:
        names = ", ".join(str(item) for item in allowed)
        return "" if value in allowed else f"expected one of {names}, got {value}"

    return rule


def between(low: int, high: int) -> Rule:
    """Return a rule: the number lies from `low` to `high`."""

    def rule(value: Value) -> str:
        return "" if low <= value <= high else f"expected a number from {low} to {high}, got {value}"

    return rule


def matches(pattern: str, meaning: str) -> Rule:
    """Return a rule: the whole text fits `pattern`; the value itself is not repeated, it may be secret."""
    compiled = re.compile(pattern)

    def rule(value: Value) -> str:
        return "" if compiled.fullmatch(value) else f"expected {meaning}"

    return rule


def each(inner: Rule) -> Rule:
    """Return a rule: `inner` holds for every element."""

    def rule(value: Value) -> str:
        return next((text for item in value if isinstance(item, str | int) and (text := inner(item))), "")

    return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change being planned: the states as they are known now."""

    prior: State | None
    planned: State
    config: State

    def differs(self, *names: str) -> bool:
        """Whether one of these attributes is planned to change on an existing object."""
        return self.prior is not None and any(self.prior[name] != self.planned[name] for name in names)


class Resource(Generic[Cloud]):
    """One resource type: how it is made, read, changed and removed through the cloud's API.

    After `create` and `update` the object is read, so that the state holds what the API says. What `read`
    leaves out keeps its planned or earlier value. All methods raise CloudError if the API refuses.
    """

    type_name: ClassVar[str]
    facts: ClassVar[Facts] = Facts()
    rules: ClassVar[Mapping[str, Rule]] = {}
    """Dotted path -> what its value must be like."""

    def validate(self, config: State) -> Iterator[Problem]:
        """Yield what is wrong with a configuration beyond `rules`; parts of it may be unknown."""
        yield from ()

    def adjust(self, cloud: Cloud, change: Change) -> State:
        """Return the planned state after what only this type knows."""
        return change.planned

    def create(self, cloud: Cloud, planned: State, record: Record) -> str:
        """Make the object and return its id."""
        raise NotImplementedError

    def read(self, cloud: Cloud, state: State) -> State | None:
        """Return what the API says of the object `state` describes; None if it is gone."""
        raise NotImplementedError

    def update(self, cloud: Cloud, prior: State, planned: State) -> State:
        """Change the object in place and return what in `planned` is different after it, e.g. a new id."""
        raise NotImplementedError

    def delete(self, cloud: Cloud, state: State) -> None:
        """Remove the object and wait until it is gone; no error if it is gone already."""
        raise NotImplementedError

    def import_state(self, cloud: Cloud, import_id: str) -> State:
        """Return what `read` needs to find an object by the id given to `terraform import`.

        Raises:
            ValueError: The id has not the form this type wants; the text says which form.
        """
        return {"id": import_id}


class DataSource(Generic[Cloud]):
    """One data source."""

    type_name: ClassVar[str]

    def read(self, cloud: Cloud, config: State) -> State:
        """Return what the API says; attributes left out keep the configured value."""
        raise NotImplementedError
