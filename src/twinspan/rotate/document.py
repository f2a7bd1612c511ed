"""The answer of `twinspan rotate`."""

from typing import Literal

from pydantic import Field

from twinspan.drill.report import Moment
from twinspan.results.document import Answer, Document, Thousandths, derived
from twinspan.rotate.loss import Loss

Outcome = Literal["rotated", "rolled back", "repaired", "unfinished", "not reached"]


class TimelineMoment(Document):
    """Something that happened."""

    at_s: Thousandths = Field(description="Seconds since the rotation began.")
    what: str


class TunnelRotation(Document):
    """One tunnel of a rotation."""

    tunnel: str
    label: str
    outcome: Outcome = Field(
        description="`repaired`: what a rotation had left half done is whole again. `unfinished`: neither the"
        " new key nor the old one could be set; `twinspan rotate --resume` tries again."
    )
    seconds: Thousandths = 0.0
    packets: dict[str, Loss] = Field(
        default_factory=dict,
        description="Direction -> packets while the tunnel was rotated; empty if uncounted.",
    )
    problem: str = ""
    timeline: tuple[TimelineMoment, ...] = ()


class Rotation(Answer):
    """A rotation: the output of `twinspan rotate --format json`."""

    schema_: Literal["twinspan/rotation/1"] = Field(default="twinspan/rotation/1", alias="schema")
    place: str
    tunnels: tuple[TunnelRotation, ...]
    packets: dict[str, Loss] = Field(
        description="Direction -> packets from before the first change until all was whole after the last."
    )
    seconds: Thousandths
    whole: bool = Field(description="Whether the last verification was green.")
    counted: bool = Field(
        description="Whether both hosts sent until the end; if not, one of them counts packets as lost that"
        " nobody was there to receive. True if nothing was to be counted."
    )

    @derived
    def passed(self) -> bool:
        """Whether every tunnel has its new key, or is repaired, and all is whole."""
        return self.whole and all(tunnel.outcome in {"rotated", "repaired"} for tunnel in self.tunnels)


def timeline_of(moments: list[Moment]) -> tuple[TimelineMoment, ...]:
    """Return moments in their JSON form."""
    return tuple(TimelineMoment(at_s=moment.at_s, what=moment.what) for moment in moments)
