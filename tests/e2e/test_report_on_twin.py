"""A report of a real twin with a real drill, looked at in a real browser."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import verify_lab
from browser import Browser, Scheme, browser
from verify_lab import Lab

from twinspan.command import run
from twinspan.monitor.read import Monitor
from twinspan.report.document import ReportDocument
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]
SECTIONS = ("topology", "verify", "latency", "throughput", "drills", "alerts", "settings", "versions")
LOOKS: tuple[tuple[int, Scheme], ...] = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))
Twinspan = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A page, and the same report as JSON."""

    page: Path
    document: ReportDocument


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """dev without clusters on a twin of the module's own, whole."""
    home = tmp_path_factory.mktemp("report") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home))
        with verify_lab.lab(home, "kubernetes_enabled=false", up=("--metrics-period", "5")) as built:
            whole = built.verify(wait_s=verify_lab.SEEN_WITHIN_S)
            assert whole.passed, verify_lab.causes(whole)
            yield built


@pytest.fixture(scope="module")
def write(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Written]:
    """Run `twinspan report`, as a user would."""

    def written(*arguments: str, expect: int = 0) -> Written:
        page = tmp_path_factory.mktemp("page") / "report.html"
        argv = [
            "report",
            str(lab.env),
            "--name",
            lab.name,
            "--format",
            "json",
            "--out",
            str(page),
            *arguments,
        ]
        done = run([str(verify_lab.TWINSPAN), *argv], check=False, timeout_s=200)
        assert done.returncode == expect, done.stderr
        return Written(page=page, document=ReportDocument.model_validate_json(done.stdout))

    return written


@pytest.fixture(scope="module")
def drilled(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recorded runs of a drill that the network notices at once, and both clouds' alerts soon."""
    folder = tmp_path_factory.mktemp("drills") / "tunnel-deleted"
    argv = ["drill", "run", "tunnel-deleted", str(lab.env), "--name", lab.name]
    run(
        [str(verify_lab.TWINSPAN), *argv, "--repeat", "2", "--out", str(folder), "--until-alert", "60"],
        timeout_s=200,
    )
    return folder


@pytest.fixture(scope="module")
def whole(write: Callable[..., Written], drilled: Path) -> Written:
    return write("--quick", "--drills", str(drilled), "--check")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running_browser:
        yield running_browser


def states(page: Browser) -> Any:
    """The states of the tunnels, as the picture that is visible has them, by their keys."""
    return page.tell(
        """Object.fromEntries([...document.querySelectorAll('figure.topology')]
          .filter(figure => figure.getBoundingClientRect().height > 0)
          .flatMap(figure => [...figure.querySelectorAll('g.sign')].map(sign => {
            const at = sign.getBoundingClientRect();
            const names = [...figure.querySelectorAll('text.strong')]
              .filter(text => /^tunnel\\d$/.test(text.textContent))
              .map(text => [text.textContent, text.getBoundingClientRect()])
              .map(([name, box]) => [name, Math.hypot(box.x - at.x, box.y - at.y)])
              .sort((one, other) => one[1] - other[1]);
            return [names[0][0], [sign.classList[1], getComputedStyle(sign).color]];
          })))"""
    )


def test_the_report_has_what_was_measured(whole: Written) -> None:
    document = whole.document

    assert document.healthy
    assert document.topology
    assert (document.topology.up, len(document.topology.tunnels)) == (4, 4)
    assert {end.routes_learned for t in document.topology.tunnels for end in (t.aws, t.azure) if end} == {1}
    assert len(document.latency) == 8
    assert all(len(measurement.times_ms) > 0 for measurement in document.latency)
    assert [measurement.bits_per_s > 1e6 for measurement in document.throughput] == [True, True]
    (drill,) = document.drills
    assert len(drill.runs) == 2
    assert all(sum(loss.sent) > 1000 for loss in drill.loss)
    assert {event.kind for event in drill.events} >= {"ike-down", "bgp-down", "bgp-up", "fault-healed"}
    assert {alert.name.split("'s ")[0] for alert in document.alerts} == {
        "tunnel-deleted: AWS",
        "tunnel-deleted: Azure",
    }
    assert {(alert.measured_by, alert.runs) for alert in document.alerts} == {("drill", 2)}
    assert {gap.part for gap in document.missing} == {"clusters"}


def test_no_key_of_the_network_is_in_it(lab: Lab, whole: Written) -> None:
    keys = {lab.key_of(f"tunnel{number}") for number in range(1, 5)}
    assert len(keys) == 4
    assert [key for key in keys if key in whole.page.read_text() + whole.document.model_dump_json()] == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_is_laid_out_in_every_window(
    chromium: Browser, whole: Written, width: int, scheme: Scheme, tmp_path: Path
) -> None:
    chromium.open(whole.page, width=width, scheme=scheme)

    address = whole.page.resolve().as_uri()
    assert address in chromium.requests
    assert set(chromium.requests) <= {address, "data:,"}
    assert chromium.complaints == []
    assert chromium.tell("document.documentElement.scrollWidth") == width
    outside = (
        "[...document.querySelectorAll('main *, header *')].filter(e => {const b = e.getBoundingClientRect();"
    )
    outside += (
        f" return b.width > 0 && (b.right > {width} + 1 || b.left < -1)}}).map(e => e.outerHTML.slice(0, 99))"
    )
    assert chromium.tell(outside) == []
    heights = "Object.fromEntries([...document.querySelectorAll('section')].map(e => [e.id, e.offsetHeight]))"
    assert {name: height > 60 for name, height in chromium.tell(heights).items()} == dict.fromkeys(
        SECTIONS, True
    )
    ground = chromium.tell("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(244, 246, 248)", "dark": "rgb(13, 18, 24)"}[scheme]
    drawn = "[...document.querySelectorAll('figure svg')].filter(e => e.getBoundingClientRect().height > 60)"
    assert chromium.tell(f"{drawn}.length") == 6
    chromium.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 100_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(chromium: Browser, whole: Written, scheme: Scheme) -> None:
    chromium.open(whole.page, width=1280, scheme=scheme)
    faint = chromium.tell(
        """(() => {
          const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
          const light = c => c.slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
          const ground = e => {
            for (; e; e = e.parentElement) {
              const c = rgb(getComputedStyle(e).backgroundColor);
              if (c.length === 3 || c[3] > 0) return c;
            }
            return [255, 255, 255];
          };
          return [...document.querySelectorAll('main *, header *, nav *')]
            .filter(e => !e.closest('svg') && e.getBoundingClientRect().height > 0)
            .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
            .map(e => {
              const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
              return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim().slice(0, 50)];
            })
            .filter(([ratio]) => ratio < 4.5);
        })()"""
    )
    assert faint == []


def test_a_tunnel_that_is_really_cut_is_red_in_the_next_report(
    chromium: Browser, lab: Lab, whole: Written, write: Callable[..., Written]
) -> None:
    outside = lab.tunnel("tunnel2").outside_ip_address
    monitor = Monitor(lab.target.endpoints)
    views = [tunnel for tunnel in monitor.read().tunnels if tunnel.aws_address == outside]
    assert views[0].azure_address
    fault = FaultSpec(kind="path-cut", outside_ip_address=outside, public_ip_address=views[0].azure_address)

    with lab.broken(lambda: lab.twin.inject(fault), lambda: lab.twin.heal(fault)):
        wait_until(
            lambda: [tunnel.up for tunnel in monitor.read().tunnels if tunnel.aws_address == outside],
            lambda up: False in up,
            what="a tunnel that is down",
            timeout_s=verify_lab.SEEN_WITHIN_S,
        )
        cut = write("--no-probe", "--check", expect=1)

    for width in (1280, 390):
        chromium.open(whole.page, width=width, scheme="light")
        assert {key: state for key, (state, _) in states(chromium).items()} == {
            f"tunnel{n}": "up" for n in range(1, 5)
        }
        chromium.open(cut.page, width=width, scheme="light")
        tunnel_states = states(chromium)
        assert {key: state for key, (state, _) in tunnel_states.items()} == {
            "tunnel1": "up",
            "tunnel2": "down",
            "tunnel3": "up",
            "tunnel4": "up",
        }
        assert tunnel_states["tunnel2"][1] == "rgb(200, 32, 29)"
    assert {gap.part for gap in cut.document.missing} >= {"latency", "throughput", "drills"}
    assert json.loads(cut.document.model_dump_json())["verification"]["passed"] is False
