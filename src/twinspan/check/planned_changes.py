"""What a plan changes in place, of what no cloud lets anybody change."""

from collections.abc import Iterator

from twinspan.project.plan import Plan
from twinspan.rules.changes import FIXED
from twinspan.rules.parts import PlannedChange


def planned_changes(plan: Plan) -> Iterator[PlannedChange]:
    """Yield the changes of the arguments in `FIXED`, none of which is secret."""
    for kind, arguments in FIXED.items():
        for resource in plan.of(kind):
            for argument in arguments:
                if resource.changes(argument):
                    yield PlannedChange(
                        address=resource.address,
                        type=kind,
                        argument=argument,
                        before=str(resource.before[argument]),
                        after=str(resource.get(argument)),
                    )
