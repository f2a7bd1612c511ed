"""Many runs as one: their spread, their files, and two series side by side."""

import csv
import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from test_drill_parts import direction, drill_report, event, flows

from twinspan.drill.document import RunDocument
from twinspan.drill.flow_analysis import Arrival, DirectionLog, analyse
from twinspan.drill.flows import Measurement
from twinspan.drill.phases import Phase
from twinspan.drill.recording import EVENTS, PACKETS, REPORT, prepare, record
from twinspan.drill.report import DrillReport
from twinspan.drill.run import Run
from twinspan.drill.series import Series, compare
from twinspan.errors import DesignError, HostError
from twinspan.results.document import as_json


def report(*, lost: int, detect_s: float = 1.0) -> DrillReport:
    there = direction(flows(lost_from=100, lost_until=100 + lost)) if lost else direction(flows())
    there = replace(there, phases=(Phase(name="detect", from_s=0.0, to_s=detect_s),))
    back = direction(flows(), "azure->aws", sender="azure")
    return replace(
        drill_report(), directions=(there, back), settings={"azure dead peer detection s": detect_s}
    )


def test_a_series_tells_median_and_worst_of_what_was_measured() -> None:
    series = Series.of([report(lost=count, detect_s=float(count)) for count in (3, 1, 2, 10)])

    there = series.directions["aws->azure"]
    assert (there.longest_gap_ms.median, there.longest_gap_ms.max) == (2000.0, 10_000.0)
    assert there.longest_gap_ms.values == (3000.0, 1000.0, 2000.0, 10_000.0)
    assert there.detect_s is not None
    assert there.detect_s.p90 == 10.0
    assert there.converge_s is None
    assert (series.runs, series.passed) == (4, 4)


def test_a_series_comes_back_from_its_folder(tmp_path: Path) -> None:
    series = Series.of([report(lost=3)])

    series.save(tmp_path)

    assert Series.load(tmp_path) == series


@pytest.mark.parametrize("text", [None, "", "{}", '{"drill": 1}', "\udcff"], ids=repr)
def test_what_is_no_series_is_refused_by_name(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "series.json").write_text(text, errors="surrogateescape")

    with pytest.raises(DesignError, match=r"series\.json"):
        Series.load(tmp_path)


def test_two_series_are_compared_figure_by_figure_with_the_settings_that_differ() -> None:
    slow, quick = Series.of([report(lost=30, detect_s=30)]), Series.of([report(lost=10, detect_s=10)])

    comparison = compare(slow, quick)

    assert comparison.settings == {"azure dead peer detection s": (30, 10)}
    assert comparison.shorter == "second"
    changes = {figure.what: figure.change for figure in comparison.figures}
    assert changes["aws->azure longest gap ms, median"] == -20_000.0
    assert changes["aws->azure detect s, max"] == -20.0


def test_series_of_different_drills_are_not_compared() -> None:
    one = Series.of([report(lost=1)])

    with pytest.raises(DesignError, match=r"tunnel-down, the other of idle"):
        compare(one, one.model_copy(update={"drill": "idle"}))


def run() -> Run:
    log = DirectionLog(
        flows=2,
        rate_hz=1.0,
        sent_s=[10.0, 11.0, 12.0],
        refused=(),
        arrivals=[Arrival(flow=0, sequence=0, at_s=10.5), Arrival(flow=0, sequence=1, at_s=12.5)],
        clocks_shared=True,
        ports=(4000, 4001),
    )
    measured = Measurement(directions={"aws->azure": analyse(log)}, logs={"aws->azure": log})
    return Run(
        report=drill_report(), measured=measured, events=(event(11.5, "bgp-down", "vpn-0a"),), cut_at_s=11.0
    )


def test_a_run_is_kept_with_every_packet_and_event_counted_from_the_cut(tmp_path: Path) -> None:
    record(run(), tmp_path / "run-001")

    folder = tmp_path / "run-001"
    assert json.loads((folder / REPORT).read_text())["drill"] == "tunnel-down"
    with gzip.open(folder / PACKETS, "rt", newline="") as packets:
        rows = [tuple(row.values()) for row in csv.DictReader(packets)]
    assert rows == [
        ("aws->azure", "0", "0", "-1.000000", "-0.500000"),
        ("aws->azure", "1", "0", "0.000000", ""),
        ("aws->azure", "0", "1", "1.000000", "1.500000"),
    ]
    with (folder / EVENTS).open(newline="") as events:
        assert next(csv.DictReader(events))["at_s"] == "0.5"


def test_a_folder_with_other_runs_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "run-001").mkdir()

    with pytest.raises(HostError, match="another series"):
        prepare(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(HostError, match=r"file/x.*--out"):
        prepare(tmp_path / "file" / "x")


def test_a_disk_that_is_full_is_named_and_what_fitted_is_kept(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from test_drill_series import run;"
        "from twinspan.drill.recording import record;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2);"
        "record(run(), Path(sys.argv[1]) / 'run-001')"
    )
    environment = {
        "PYTHONPATH": ":".join([str(Path(__file__).parent), *sys.path]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    size = len(as_json(RunDocument.of(drill_report()))) + 20
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(size - 100)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "HostError: the run cannot be recorded" in done.stderr
    assert (tmp_path / "run-001" / REPORT).exists()
