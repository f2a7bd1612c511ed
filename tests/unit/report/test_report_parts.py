"""What a report reads and draws: recorded drills, times to alert, marks, charts."""

import gzip
import struct
from dataclasses import replace
from pathlib import Path

import healthy_network as vn
import pytest
import reported
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from twinspan.drill.alert_watch import FiredAlert
from twinspan.errors import DesignError, HostError
from twinspan.report.alerts import alerts_of, read_alerts
from twinspan.report.diagram import narrow, wide
from twinspan.report.document import AlertTime, EventPart
from twinspan.report.drills import BINS, _binned, read_drills
from twinspan.report.marks import marks_of
from twinspan.report.plots import BAD, latency_plot, plots_of, save
from twinspan.report.topology import settings_of, topology_of
from twinspan.report.topology_plot import topology_plot


def test_a_recorded_series_is_read_with_the_course_of_its_median_run(tmp_path: Path) -> None:
    (drill,) = read_drills(reported.record(tmp_path, [3000.0, 1000.0, 2000.0]))

    assert (drill.drill, len(drill.runs), drill.passed, drill.shown) == ("tunnel-down", 3, 3, "run-003")
    assert drill.gaps_ms["aws->azure"].median == 2000.0
    assert drill.gaps_ms["azure->aws"].max == 1500.0
    assert [(sum(loss.sent), sum(loss.lost)) for loss in drill.loss] == [(400, 100), (400, 100)]
    assert drill.breaks
    assert drill.problems == ()


def test_loss_is_where_the_packets_were_lost(tmp_path: Path) -> None:
    (drill,) = read_drills(reported.record(tmp_path, [1000.0]))
    loss = drill.loss[0]

    bins = [loss.from_s + n * loss.bin_s for n, lost in enumerate(loss.lost) if lost]

    assert min(bins) == pytest.approx(0.0, abs=loss.bin_s)
    assert max(bins) == pytest.approx(1.0, abs=2 * loss.bin_s)


@given(st.lists(st.tuples(st.floats(-5, 500), st.booleans()), min_size=1))
def test_no_packet_is_counted_twice_or_left_out(packets: list[tuple[float, bool]]) -> None:
    loss = _binned("aws->azure", packets)

    assert sum(loss.sent) == len(packets)
    assert sum(loss.lost) == sum(not arrived for _, arrived in packets)
    assert len(loss.sent) <= BINS + 1


def test_folders_of_several_drills_are_all_read(tmp_path: Path) -> None:
    reported.record(tmp_path / "one", [1000.0])
    reported.record(tmp_path / "other", [2000.0], drill="tunnel-deleted")

    assert [drill.drill for drill in read_drills(tmp_path)] == ["tunnel-down", "tunnel-deleted"]


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="no recorded run of a drill"):
        read_drills(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:40]), id="cut off"),
        pytest.param(lambda file: file.write_text("no gzip"), id="no gzip"),
        pytest.param(lambda file: file.unlink(), id="gone"),
        pytest.param(lambda file: file.write_bytes(gzip.compress(b"a,b\n1,2\n")), id="other columns"),
    ],
)
def test_packets_that_cannot_be_read_are_told_and_the_rest_is_kept(tmp_path: Path, damage: object) -> None:
    folder = reported.record(tmp_path, [1000.0])
    assert callable(damage)
    damage(folder / "run-001" / "packets.csv.gz")

    (drill,) = read_drills(folder)

    assert drill.loss == ()
    assert len(drill.events) == 4
    assert "packets.csv.gz cannot be read" in drill.problems[0]


def test_a_run_whose_report_is_damaged_is_told_and_left_out(tmp_path: Path) -> None:
    folder = reported.record(tmp_path, [1000.0, 2000.0])
    (folder / "run-002" / "report.json").write_text("{")

    (drill,) = read_drills(folder)

    assert [run.name for run in drill.runs] == ["run-001"]
    assert drill.problems[0].startswith("run-002: report.json is not that of a drill")


def test_what_happens_at_the_same_time_is_one_mark() -> None:
    def event(at_s: float, kind: str, subject: str) -> EventPart:
        return EventPart(at_s=at_s, kind=kind, subject=subject, detail="said")

    marks = marks_of(
        [
            event(5.0, "unheard-of", ""),
            event(1.2, "bgp-down", "/subscriptions/a/b"),
            event(1.0, "bgp-down", "vpn-1/203.0.113.1"),
            event(1.1, "fault-injected", "a b"),
        ]
    )

    assert [(mark.number, mark.at_s, mark.what, mark.details) for mark in marks] == [
        (1, 1.0, "broken; BGP down (AWS and Azure)", ("said",)),
        (2, 5.0, "unheard-of", ("said",)),
    ]


def test_times_to_alert_are_read_from_junit(tmp_path: Path) -> None:
    file = tmp_path / "alerts.xml"
    file.write_text(
        '<testsuites><testsuite><testcase name="test_a_cut_path_rings"><properties>'
        '<property name="time_to_alert_s" value="30.8"/><property name="other" value="x"/>'
        '</properties></testcase><testcase name="test_other"/></testsuite></testsuites>'
    )

    assert read_alerts(file) == (AlertTime(name="a cut path rings", seconds=30.8),)


@pytest.mark.parametrize(
    "text",
    [
        "no xml",
        "<testsuites/>",
        '<t><testcase name="a"><property name="time_to_alert_s" value="soon"/></testcase></t>',
        '<t><testcase name="a"><property name="time_to_alert_s" value="-1"/></testcase></t>',
    ],
)
def test_a_file_without_times_to_alert_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "alerts.xml"
    file.write_text(text)
    with pytest.raises(DesignError, match="--alerts"):
        read_alerts(file)


def test_each_chart_is_written_as_png(tmp_path: Path) -> None:
    report = reported.report(drills=reported.drills(tmp_path / "drills"))

    files = save(tuple(plots_of(report)), tmp_path / "plots")

    assert [file.name for file in files] == [
        "latency.png",
        "throughput.png",
        "drill-1-tunnel-down-timeline.png",
        "drill-1-tunnel-down-spread.png",
        "alerts.png",
    ]
    for file in files:
        head = file.read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">I", head[16:20])[0] > 1400


@pytest.mark.parametrize(("lost", "red"), [(False, False), (True, True)])
def test_the_topology_is_a_picture_in_which_a_lost_tunnel_is_red(
    tmp_path: Path, *, lost: bool, red: bool
) -> None:
    facts = vn.healthy()
    seen = reported.snapshot(facts, down=("tunnel2",) if lost else ())
    topology = reported.report(facts, seen).topology
    assert topology

    (file,) = save((topology_plot(topology),), tmp_path)

    assert file.name == "topology.png"
    pixels = (imread(file)[:, :, :3] * 255).round().astype(int)
    assert pixels.shape[1] > 1400
    expected_colour = tuple(bytes.fromhex(BAD.removeprefix("#")))
    assert bool((pixels == expected_colour).all(axis=2).sum() > 200) is red


def test_plots_that_cannot_be_written_are_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match="plots cannot be written"):
        save((latency_plot(reported.latency(1.0)),), tmp_path / "file")


@pytest.mark.parametrize("draw", [wide, narrow], ids=["wide", "narrow"])
def test_a_name_that_does_not_fit_is_cut_in_the_picture_and_kept_whole_beside_it(draw: object) -> None:
    name = "a-very-long-name-" * 8
    topology = reported.report(reported.renamed(vn.healthy(), name)).topology
    assert callable(draw)
    diagram = draw(topology)

    cut = [text for text in diagram.texts if text.whole]

    assert {text.whole for text in cut} >= {name}
    assert all(text.text.endswith("…") for text in cut)
    assert all(0 <= text.x <= diagram.width for text in diagram.texts)


def test_what_all_tunnels_have_in_common_is_told_once() -> None:
    groups = [setting.group for setting in settings_of(vn.healthy())]

    assert groups.count("Every tunnel") > 5
    assert groups.count("tunnel1") < 3


def test_times_to_alert_are_the_medians_of_the_runs_that_waited_for_them(tmp_path: Path) -> None:
    down = FiredAlert(cloud="aws", name="tunnel-down", about="", rang_after_s=30.0, cleared_after_s=None)
    lost = FiredAlert(
        cloud="azure", name="bgp-down", about="169.254.21.1", rang_after_s=20.0, cleared_after_s=70.0
    )
    for number, seconds in enumerate((30.0, 50.0, 34.0), start=1):
        alerts = (down.model_copy(update={"rang_after_s": seconds}), *[lost] * (number == 2))
        reported.record(tmp_path / f"{number}", [1000.0], alerts=alerts)
        (tmp_path / f"{number}" / "run-001").rename(tmp_path / f"run-{number:03}")
    reported.record(tmp_path / "silent", [1000.0])

    alert_times = alerts_of((*read_drills(tmp_path), *read_drills(tmp_path / "silent")))

    assert [
        (alert_time.name, alert_time.seconds, alert_time.rang_in, alert_time.runs, alert_time.measured_by)
        for alert_time in alert_times
    ] == [
        ("tunnel-down: Azure's bgp-down (169.254.21.1)", 20.0, 1, 3, "drill"),
        ("tunnel-down: AWS's tunnel-down", 34.0, 3, 3, "drill"),
    ]


@pytest.mark.parametrize("draw", [wide, narrow])
def test_the_version_that_the_api_says_and_the_one_that_runs_are_both_drawn(draw: object) -> None:
    assert callable(draw)
    facts = vn.healthy()
    readings = tuple(replace(reading, version="1.35.4") for reading in facts.kubernetes.readings)
    facts = replace(facts, kubernetes=replace(facts.kubernetes, readings=readings))
    topology = topology_of(facts, reported.snapshot(facts))

    texts = [text.whole or text.text for text in draw(topology).texts]

    assert topology.aws
    asked = topology.aws.clusters[0].version
    assert f"ACTIVE, Kubernetes asked for {asked}, runs 1.35.4" in texts
