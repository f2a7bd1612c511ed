"""The drills that exist: what each breaks, what it may be aimed at, and what its figures mean."""

from dataclasses import dataclass

from twinspan.drill.in_use import IN_USE, UNUSED
from twinspan.drill.timers import Label
from twinspan.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One thing that can be broken on purpose.

    Attributes:
        name: As typed: `twinspan drill run NAME`.
        breaks: What happens, in one sentence.
        targets: What it may be aimed at, the first by default; `tunnelN` stands for a tunnel's key.
        ended_by: What ends the outage.
        label: Whether the measured figure holds in the clouds.
    """

    name: str
    breaks: str
    targets: tuple[str, ...]
    ended_by: str
    label: Label

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "breaks": self.breaks,
            "targets": list(self.targets),
            "ended_by": self.ended_by,
            "label": self.label.value,
        }


TUNNEL_DOWN = Drill(
    name="tunnel-down",
    breaks="The path of one tunnel goes silent: every packet between its two public addresses is dropped.",
    targets=(IN_USE, UNUSED, "tunnelN"),
    ended_by="on each side, dead peer detection or the BGP hold timer, whichever fires first",
    label=Label.PROTOCOL,
)

DRILLS = (TUNNEL_DOWN,)


def named(name: str) -> Drill:
    """Return the drill of that name.

    Raises:
        DesignError: There is none.
    """
    for drill in DRILLS:
        if drill.name == name:
            return drill
    raise DesignError(
        where="drill run",
        problem=f"there is no drill {name}",
        remedy=f"Choose one of: {', '.join(drill.name for drill in DRILLS)}",
    )
