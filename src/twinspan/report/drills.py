"""Read what `drill run --out` has kept."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from twinspan.drill.catalogue import DRILLS
from twinspan.drill.document import RunDocument
from twinspan.drill.recording import EVENTS, PACKETS, REPORT
from twinspan.drill.report import DIRECTIONS, Direction
from twinspan.drill.series import Spread
from twinspan.errors import DesignError
from twinspan.report.document import DrillPart, EventPart, Loss, RunPart

BINS = 240
"""Columns of a timeline: about one for each two pixels of a wide screen."""
_RUNS = "run-*"


def read_drills(folder: Path) -> tuple[DrillPart, ...]:
    """Read a folder of `drill run --out`, or one that holds several of them, as `--all` makes.

    Raises:
        DesignError: There is no run in it.
    """
    folders = (
        [folder] if any(folder.glob(_RUNS)) else sorted({run.parent for run in folder.glob(f"*/{_RUNS}")})
    )
    drills = [part for run_folder in folders if (part := _read(run_folder)) is not None]
    if not drills:
        raise DesignError(
            where=f"--drills {folder}",
            problem="there is no recorded run of a drill",
            remedy="Name a folder that `twinspan drill run --out` has written",
        )
    return tuple(drills)


def _read(folder: Path) -> DrillPart | None:
    reports: dict[str, RunDocument] = {}
    problems: list[str] = []
    for run in sorted(folder.glob(_RUNS)):
        try:
            reports[run.name] = RunDocument.model_validate_json((run / REPORT).read_text(), extra="ignore")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{run.name}: {REPORT} cannot be read: {error}")
        except ValidationError as error:
            problems.append(f"{run.name}: {REPORT} is not that of a drill: {str(error).splitlines()[0]}")
    if not reports:
        return None
    first = next(iter(reports.values()))
    others = [name for name, report in reports.items() if report.drill != first.drill]
    problems += [f"{name}: it is of another drill, {reports[name].drill}" for name in others]
    runs = tuple(_run(name, report) for name, report in reports.items() if name not in others)
    shown = _median_run(runs)
    return DrillPart(
        drill=first.drill,
        breaks=next((drill.breaks for drill in DRILLS if drill.name == first.drill), ""),
        folder=folder.name,
        settings=first.settings,
        caveats=tuple(dict.fromkeys(d.expected_caveat for d in first.directions if d.expected_caveat)),
        runs=runs,
        gaps_ms=_gaps(runs),
        shown=shown,
        events=_events(folder / shown / EVENTS, problems),
        loss=_loss(folder / shown / PACKETS, problems),
        problems=tuple(problems),
    )


def _run(name: str, report: RunDocument) -> RunPart:
    return RunPart(
        name=name,
        passed=report.passed,
        target=report.target,
        whole_again_s=report.whole_again_s,
        directions=report.directions,
        alerts=report.alerts,
    )


def _gaps(runs: Sequence[RunPart]) -> dict[Direction, Spread]:
    gaps: dict[Direction, Spread] = {}
    for name in DIRECTIONS:
        values = [direction.longest_gap_ms for run in runs if (direction := run.direction(name))]
        if values:
            gaps[name] = Spread.of(values)
    return gaps


def _median_run(runs: Sequence[RunPart]) -> str:
    """Return the run whose longer outage is the median (the lower of two)."""
    ranked = sorted(runs, key=lambda run: max((d.longest_gap_ms for d in run.directions), default=0.0))
    return ranked[(len(ranked) - 1) // 2].name


def _events(file: Path, problems: list[str]) -> tuple[EventPart, ...]:
    try:
        with file.open(newline="") as lines:
            return tuple(
                EventPart(
                    at_s=float(row["at_s"]), kind=row["kind"], subject=row["subject"], detail=row["detail"]
                )
                for row in csv.DictReader(lines)
            )
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        problems.append(f"{file.parent.name}: {file.name} cannot be read: {error}")
        return ()


def _loss(file: Path, problems: list[str]) -> tuple[Loss, ...]:
    try:
        packets = list(_packets(file))
    except (OSError, EOFError, zlib.error, ValueError, IndexError, csv.Error) as error:
        problems.append(f"{file.parent.name}: {file.name} cannot be read: {error}")
        return ()
    losses = []
    for name in DIRECTIONS:
        own = [(sent_s, arrived) for direction, sent_s, arrived in packets if direction == name]
        if own:
            losses.append(_binned(name, own))
    return tuple(losses)


def _packets(file: Path) -> Iterator[tuple[str, float, bool]]:
    """Yield direction, when sent (seconds from the cut) and whether it arrived."""
    with gzip.open(file, "rt", newline="") as lines:
        rows = csv.reader(lines)
        next(rows, None)
        for direction, _, _, sent_s, arrived_s in rows:
            yield direction, float(sent_s), bool(arrived_s)


def _binned(name: Direction, packets: Sequence[tuple[float, bool]]) -> Loss:
    first, last = min(sent for sent, _ in packets), max(sent for sent, _ in packets)
    bin_s = max((last - first) / BINS, 1e-3)
    count = int((last - first) / bin_s) + 1
    sent, lost = [0] * count, [0] * count
    for sent_s, arrived in packets:
        number = int((sent_s - first) / bin_s)
        sent[number] += 1
        lost[number] += not arrived
    return Loss(
        direction=name, from_s=round(first, 6), bin_s=round(bin_s, 6), sent=tuple(sent), lost=tuple(lost)
    )
