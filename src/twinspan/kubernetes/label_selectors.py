"""Label selectors. Pure. Source: Kubernetes, Labels and Selectors; API reference, LabelSelector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Labels = Mapping[str, str]
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What one label must be: `operator` is `In`, `NotIn`, `Exists` or `DoesNotExist`."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def met_by(self, labels: Labels) -> bool:
        """Return whether these labels are so; a label that is missing is not in any values."""
        there = self.key in labels
        if self.operator in {"In", "NotIn"}:
            return (there and labels[self.key] in self.values) == (self.operator == "In")
        return there == (self.operator == "Exists")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Requirements that must all be met; none: everything is selected."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> bool:
        """Return whether it selects what has these labels."""
        return all(requirement.met_by(labels) for requirement in self.requirements)


def selector_of(selector: Mapping[str, Any]) -> Selector:
    """Return a selector as an object says it.

    Raises:
        ValueError: It has an operator that does not exist.
    """
    exact = (
        Requirement(key=key, operator="In", values=frozenset({value}))
        for key, value in (selector.get("matchLabels") or {}).items()
    )
    return Selector(requirements=(*exact, *map(_requirement, selector.get("matchExpressions") or ())))


def _requirement(expression: Mapping[str, Any]) -> Requirement:
    if expression["operator"] not in _OPERATORS:
        raise ValueError(f"{expression['operator']} is no operator of label selectors")
    return Requirement(
        key=expression["key"],
        operator=expression["operator"],
        values=frozenset(expression.get("values") or ()),
    )
