"""What a run of Terraform did, from what it reported."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from twinspan.project.messages import Diagnostic, Event, PlannedChange, ResourceEvent, Summary

Providers = Literal["real", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run did, or would do.

    Attributes:
        operation: `plan`, `apply` or `destroy`.
        providers: `offline` if one of them at least is twinspan's own.
        summary: Counts.
        changes: The planned changes; with each, what happened to the same resource outside Terraform.
        resources: What was changed, each with how long it took.
        warnings: One line each.
        duration_s: Of the whole run, in seconds.
    """

    operation: str
    providers: Providers
    summary: Summary
    changes: tuple[PlannedChange, ...]
    resources: tuple[ResourceEvent, ...]
    warnings: tuple[str, ...]
    duration_s: float


@dataclass(slots=True)
class Heard:
    """All that Terraform reported, in order."""

    events: list[Event] = field(default_factory=list)

    def of(self, severity: str) -> list[Diagnostic]:
        """Return the errors, or the warnings."""
        return [
            event for event in self.events if isinstance(event, Diagnostic) and event.severity == severity
        ]

    @property
    def applying(self) -> bool:
        """Whether it has begun to change a resource; data sources are read for a plan, too."""
        return any(isinstance(event, ResourceEvent) and event.action != "read" for event in self.events)


def changes_of(events: Sequence[Event]) -> tuple[PlannedChange, ...]:
    """Return the planned changes without drift that asks for none, e.g. a VNet that learned of subnets."""
    planned = [event for event in events if isinstance(event, PlannedChange)]
    touched = {change.address for change in planned if not change.drift}
    return tuple(change for change in planned if change.address in touched)
