"""What a report holds, as one model: the JSON form, and what the page is drawn from."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from twinspan.drill.alert_watch import FiredAlert
from twinspan.drill.document import DirectionDocument
from twinspan.drill.document import Settings as DrillSettings
from twinspan.drill.report import Direction
from twinspan.drill.series import Spread
from twinspan.report.network import Topology
from twinspan.results.document import Answer, Document
from twinspan.verify.findings import Verification


class Missing(Document):
    """A part that the report does not have."""

    part: str = Field(description="Which, e.g. `drills`.")
    reason: str = Field(description="Why not.")
    remedy: str = Field(description="The command or step that would provide it; may be empty.")


class Latency(Document):
    """Echo requests from one host to one of the other cloud."""

    direction: Direction
    source: str
    destination: str
    sent: int = Field(ge=1)
    times_ms: tuple[float, ...] = Field(description="Round-trip time of each answered request, ms.")
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    max_ms: float | None

    @property
    def lost(self) -> int:
        """Requests without an answer."""
        return self.sent - len(self.times_ms)


class Throughput(Document):
    """TCP in one direction."""

    direction: Direction
    streams: int = Field(ge=1)
    seconds: float
    bits_per_s: float = Field(description="Payload that arrived, as the receiver counts it.")
    retransmissions: int | None
    tunnel_share: dict[str, float] = Field(description="Tunnel -> share of the bytes sent, 0.0 to 1.0.")


class EventPart(Document):
    """What a daemon or an API told during a run; seconds from the cut."""

    at_s: float
    kind: str
    subject: str
    detail: str


class Loss(Document):
    """Packets of one direction, counted by when they were sent.

    Bin n holds what was sent from `from_s + n * bin_s` on, in seconds from the cut.
    """

    direction: Direction
    from_s: float
    bin_s: float = Field(gt=0)
    sent: tuple[int, ...]
    lost: tuple[int, ...]


class RunPart(Document):
    """One run of a drill."""

    name: str = Field(description="Its folder, e.g. `run-003`.")
    passed: bool
    target: str
    whole_again_s: float | None
    directions: tuple[DirectionDocument, ...]
    alerts: tuple[FiredAlert, ...] = Field(default=(), description="Those that the drill waited for.")

    def direction(self, name: Direction) -> DirectionDocument | None:
        """Return one direction; None if it was not measured."""
        return next((direction for direction in self.directions if direction.direction == name), None)


class DrillPart(Document):
    """All runs of one drill that one folder holds, and the course of one of them."""

    drill: str
    breaks: str = Field(description="What it breaks, in one sentence.")
    folder: str
    settings: DrillSettings
    caveats: tuple[str, ...] = Field(description="In what the timers differ from the clouds'.")
    runs: tuple[RunPart, ...] = Field(min_length=1)
    gaps_ms: dict[Direction, Spread] = Field(description="The longest silence of any flow, over all runs.")
    shown: str = Field(description="The run that events and loss are of: that with the median outage.")
    events: tuple[EventPart, ...]
    loss: tuple[Loss, ...] = Field(description="Empty if the packets of that run were not kept.")
    problems: tuple[str, ...] = Field(description="What could not be read.")

    @property
    def passed(self) -> int:
        """How many runs were within their limit and whole again."""
        return sum(run.passed for run in self.runs)

    @property
    def run(self) -> RunPart:
        """The run that is shown."""
        return next(run for run in self.runs if run.name == self.shown)

    @property
    def median_gap_s(self) -> float:
        """The median outage of the worse direction, in seconds."""
        return max((spread.median for spread in self.gaps_ms.values()), default=0.0) / 1000


class AlertTime(Document):
    """How long an alert took, from breaking the thing until it fired."""

    name: str = Field(description="What was broken, or which alert rang.")
    seconds: float = Field(ge=0, description="The median where several runs were made.")
    measured_by: Literal["drill", "test"] = "test"
    rang_in: int = Field(default=1, ge=1, description="Runs in which it rang.")
    runs: int = Field(default=1, ge=1, description="Runs in which alerts were waited for.")


class Setting(Document):
    """One setting of the network or of the measurement."""

    group: str
    name: str
    value: str


class ReportDocument(Answer):
    """The output of `twinspan report --format json`."""

    schema_: Literal["twinspan/report/1"] = Field(default="twinspan/report/1", alias="schema")
    environment: str
    on: Literal["twin", "cloud"]
    made_at: datetime = Field(description="UTC.")
    collect_s: float = Field(ge=0, description="How long reading and measuring took.")
    missing: tuple[Missing, ...]
    topology: Topology | None
    verification: Verification | None
    latency: tuple[Latency, ...]
    throughput: tuple[Throughput, ...]
    drills: tuple[DrillPart, ...]
    alerts: tuple[AlertTime, ...]
    settings: tuple[Setting, ...]
    versions: dict[str, str]

    @property
    def healthy(self) -> bool | None:
        """Whether `verify` is green and no tunnel is known to be down; None if it was not verified."""
        if self.verification is None:
            return None
        tunnels = self.topology.tunnels if self.topology else ()
        return self.verification.passed and all(tunnel.state == "up" for tunnel in tunnels)
