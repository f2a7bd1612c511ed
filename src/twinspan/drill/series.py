"""Several runs of one drill: median, 90th percentile and maximum, and two series side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError

from twinspan.drill.report import SENDERS, DrillReport
from twinspan.errors import DesignError
from twinspan.probe.percentiles import percentile
from twinspan.results.document import Answer, Document, Thousandths, as_json, derived

FILE = "series.json"
Setting = str | float | int | None
_PHASES = ("detect", "converge", "restore")


class Spread(Document):
    """A figure over all runs; percentiles are nearest rank, always a value that was measured."""

    values: tuple[Thousandths, ...] = Field(description="In the order of the runs.")
    median: Thousandths
    p90: Thousandths
    max: Thousandths

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Return the spread of at least one value."""
        return cls(
            values=tuple(values), median=percentile(values, 50), p90=percentile(values, 90), max=max(values)
        )


class DirectionSeries(Document):
    """One direction over all runs. Phases are null where no run had them."""

    longest_gap_ms: Spread
    lost: Spread
    detect_s: Spread | None = None
    converge_s: Spread | None = None
    restore_s: Spread | None = None
    found_by: tuple[str, ...]
    label: str
    expected: str
    expected_at_most_s: float


class Series(Answer):
    """Several runs of one drill: what `drill run --repeat` prints with `--format json`, and keeps."""

    schema_: Literal["twinspan/drill-series/1"] = Field(default="twinspan/drill-series/1", alias="schema")
    drill: str
    runs: int
    passed: int
    settings: dict[str, str | float | int]
    directions: dict[str, DirectionSeries]
    whole_again_s: Spread | None

    @classmethod
    def of(cls, reports: Sequence[DrillReport]) -> Self:
        """Sum up runs of the same drill; at least one."""
        whole = [report.whole_again_s for report in reports if report.whole_again_s is not None]
        return cls(
            drill=reports[0].drill.name,
            runs=len(reports),
            passed=sum(report.passed for report in reports),
            settings=dict(reports[0].settings),
            directions={name: _direction(reports, name) for name in SENDERS},
            whole_again_s=Spread.of(whole) if whole else None,
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a series from its file, or from the folder that holds it.

        Raises:
            DesignError: There is none, or it is not one.
        """
        file = path / FILE if path.is_dir() else path
        try:
            return cls.model_validate_json(file.read_text())
        except OSError as error:
            problem = error.strerror or str(error)
        except (ValidationError, UnicodeDecodeError) as error:
            problem = f"it is no series of drills ({str(error).splitlines()[0]})"
        raise DesignError(
            where=str(file),
            problem=problem,
            remedy="Name a folder that `twinspan drill run --out` has written",
        )

    def save(self, folder: Path) -> None:
        """Write it beside its runs. Raises OSError."""
        (folder / FILE).write_text(as_json(self) + "\n")


def _direction(reports: Sequence[DrillReport], name: str) -> DirectionSeries:
    own = [report.direction(name) for report in reports]
    phases: dict[str, Spread | None] = {}
    for phase in _PHASES:
        lengths = [
            measured_phase.to_s - measured_phase.from_s
            for one in own
            for measured_phase in one.phases
            if measured_phase.name == phase
        ]
        phases[f"{phase}_s"] = Spread.of(lengths) if lengths else None
    return DirectionSeries(
        longest_gap_ms=Spread.of([direction.longest_gap_ms for direction in own]),
        lost=Spread.of([float(direction.measured.lost) for direction in own]),
        detect_s=phases["detect_s"],
        converge_s=phases["converge_s"],
        restore_s=phases["restore_s"],
        found_by=tuple(direction.detection.by if direction.detection else "" for direction in own),
        label=own[0].label.value,
        expected=own[0].expected.name,
        expected_at_most_s=own[0].expected.seconds,
    )


class Difference(Document):
    """One figure of two series; null in one that has none."""

    what: str = Field(description="Direction and figure, with its unit.")
    first: float | None
    second: float | None

    @derived
    def change(self) -> float | None:
        """Second minus first."""
        return None if self.first is None or self.second is None else self.second - self.first


class Comparison(Answer):
    """Two series side by side: the output of `twinspan drill compare --format json`."""

    schema_: Literal["twinspan/drill-comparison/1"] = Field(
        default="twinspan/drill-comparison/1", alias="schema"
    )
    settings: dict[str, tuple[Setting, Setting]] = Field(
        description="Values in the first and in the second series, where they differ; null if it has none."
    )
    figures: tuple[Difference, ...]
    shorter: Literal["first", "second", "equal"] = Field(
        description="Which has the smaller worst median outage."
    )


def compare(first: Series, second: Series) -> Comparison:
    """Return what differs between two series of the same drill.

    Raises:
        DesignError: They are of different drills.
    """
    if first.drill != second.drill:
        raise DesignError(
            where="drill compare",
            problem=f"one series is of {first.drill}, the other of {second.drill}",
            remedy="Compare two series of the same drill",
        )
    names = dict.fromkeys((*first.settings, *second.settings))
    pairs = {name: (first.settings.get(name), second.settings.get(name)) for name in names}
    worst = [
        max(direction.longest_gap_ms.median for direction in series.directions.values())
        for series in (first, second)
    ]
    return Comparison(
        settings={name: pair for name, pair in pairs.items() if pair[0] != pair[1]},
        figures=tuple(_figures(first, second)),
        shorter="equal" if worst[0] == worst[1] else "first" if worst[0] < worst[1] else "second",
    )


def _figures(first: Series, second: Series) -> list[Difference]:
    differences = []
    for name in SENDERS:
        one, other = first.directions[name], second.directions[name]
        spreads = [
            ("longest gap ms", one.longest_gap_ms, other.longest_gap_ms),
            ("lost packets", one.lost, other.lost),
            ("detect s", one.detect_s, other.detect_s),
            ("converge s", one.converge_s, other.converge_s),
            ("restore s", one.restore_s, other.restore_s),
        ]
        for figure, left, right in spreads:
            if left is None and right is None:
                continue
            for part in ("median", "p90", "max"):
                values = [getattr(side, part) if side else None for side in (left, right)]
                differences.append(
                    Difference(what=f"{name} {figure}, {part}", first=values[0], second=values[1])
                )
    return differences
