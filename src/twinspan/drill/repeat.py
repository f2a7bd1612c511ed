"""Runs of one drill, one after the other, kept in a folder."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from twinspan.drill.environment import DrillEnvironment
from twinspan.drill.recording import prepare, record
from twinspan.drill.report import DrillReport, Moment
from twinspan.drill.run import run_drill
from twinspan.drill.series import Series
from twinspan.errors import HostError
from twinspan.faults.definition import IN_USE, Drill

Step = Callable[[str], AbstractContextManager[object]]
"""Shows what is being done while a block runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOptions:
    """How often and how a drill is run; see `twinspan drill run --help`.

    Attributes:
        tunnel: `in-use`, `unused` or a tunnel's key.
        repeat: How many times.
        limit_s: Longest outage allowed, seconds; None for what the drill allows.
        force: Run even if the network is not whole.
        out: Folder for all raw data; None to keep none.
    """

    tunnel: str = IN_USE
    repeat: int = 1
    limit_s: float | None = None
    force: bool = False
    out: Path | None = None


def run_series(
    drill: Drill,
    environment_of: Callable[[], AbstractContextManager[DrillEnvironment]],
    options: SeriesOptions,
    reports: list[DrillReport],
    *,
    several: bool = False,
    step: Step = nullcontext,
    on_moment: Callable[[Moment], None] = lambda _: None,
) -> None:
    """Run a drill as often as asked for; what was measured is kept even if a later run fails.

    Args:
        drill: Which one.
        environment_of: Makes what it works with.
        options: How.
        reports: Gets the report of each run as soon as it is there.
        several: Whether other drills share the folder.
        step: Entered around each run.
        on_moment: Called as things happen.

    Raises:
        TwinspanError: The network is not whole, cannot be broken or measured, or the folder not be written.
    """
    folder = options.out and (options.out / drill.name if several else options.out)
    if folder:
        prepare(folder)
    try:
        with environment_of() as environment:
            for number in range(1, options.repeat + 1):
                with step(f"Drill {drill.name}, run {number} of {options.repeat}"):
                    run = run_drill(
                        drill,
                        environment,
                        tunnel=options.tunnel,
                        limit_s=options.limit_s,
                        force=options.force,
                        on_moment=on_moment,
                    )
                reports.append(run.report)
                if folder:
                    record(run, folder / f"run-{number:03}")
    finally:
        if folder and reports:
            _save(Series.of(reports), folder)


def _save(series: Series, folder: Path) -> None:
    try:
        series.save(folder)
    except OSError as error:
        raise HostError(
            problem=f"the series cannot be written to {folder}: {error.strerror or error}",
            remedy="Free some space there, or choose another folder with --out",
        ) from error
