"""The page: what is on it, what it asks for, and what cannot get into it."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import broken_networks
import healthy_network as vn
import healthy_static as vs
import pytest
import reported

from twinspan.report.collect import NETWORK, Collector, Sources
from twinspan.report.document import Missing, ReportDocument
from twinspan.report.drills import read_drills
from twinspan.report.network import EndPart, State, state_of
from twinspan.report.page import as_html, tiles_of
from twinspan.target.twin import TwinPlace

SECTIONS = ("topology", "verify", "latency", "throughput", "drills", "alerts", "settings", "versions")
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)></style>$\\frac{1}$"
LINKS = {"src", "href", "xlink:href", "action", "data", "poster", "srcset", "formaction", "background"}


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.rows: dict[str, str] = {}
        self.words: dict[str, str] = {}
        self._section = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        attributes = {name: value or "" for name, value in attrs}
        if tag == "section":
            self._section = attributes["id"]
        if "data-tunnel" in attributes:
            self.rows[attributes["data-tunnel"]] = attributes["data-state"]
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [value for name, value in attributes.items() if name in LINKS]
        self.handlers += [name for name in attributes if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words[self._section] = self.words.get(self._section, "") + data


@pytest.fixture
def whole(tmp_path: Path) -> ReportDocument:
    return reported.report(drills=reported.drills(tmp_path / "drills"))


def test_a_whole_report_has_every_part_and_lacks_none(whole: ReportDocument) -> None:
    text = as_html(whole)
    page = Page(text)

    assert all(page.words[name].strip() for name in SECTIONS)
    assert "Not in this report" not in text
    assert "What is not in this report" not in text
    assert "All is well" in text
    checks = len(whole.verification.results) if whole.verification else 0
    held = checks - 1  # its subnets are all in one zone
    assert f"{held} of {checks} checks passed" in page.words["verify"]
    assert page.rows == {f"tunnel{n}": "up" for n in range(1, 5)}
    assert page.tags["figure"] == 2 + 5


def test_the_summary_has_the_figures_of_its_parts(whole: ReportDocument) -> None:
    tiles = {tile.name: (tile.value, tile.state) for tile in tiles_of(whole)}
    checks = len(whole.verification.results) if whole.verification else 0
    held = checks - 1  # its subnets are all in one zone

    assert tiles == {
        "Tunnels up": ("4 of 4", "good"),
        "Checks passed": (f"{held} of {checks}", "good"),
        "Round trip": ("0.60 ms", ""),
        "Throughput": ("300 Mbit/s", ""),
        "Longest outage": ("2.0 s", ""),
    }


def test_a_lost_echo_and_a_failed_drill_are_marked(tmp_path: Path) -> None:
    folder = reported.record(tmp_path / "drills", [40_000.0], passed=False)
    report = reported.report(latency=reported.latency(0.5, lost=1), drills=read_drills(folder))

    states = {tile.name: tile.state for tile in tiles_of(report)}

    assert states["Round trip"] == "bad"
    assert states["Longest outage"] == "bad"
    assert "0 of 1 runs within the limit" in as_html(report)


def test_a_tunnel_that_is_down_is_red_in_both_pictures_and_in_the_table() -> None:
    facts = vn.healthy()
    text = as_html(reported.report(facts, reported.snapshot(facts, down=["tunnel2"])))

    assert Page(text).rows == {"tunnel1": "up", "tunnel2": "down", "tunnel3": "up", "tunnel4": "up"}
    assert len(re.findall(r'class="wire down"', text)) == 4
    assert len(re.findall(r'<g class="sign down">', text)) == 2
    assert "tunnel2 from" in text
    assert "Not all is well" in text


def test_a_network_with_static_routes_is_up_without_bgp_and_nothing_says_otherwise() -> None:
    report = reported.report(vs.static())
    page = Page(as_html(report))

    assert report.healthy
    assert set(page.rows.values()) == {"up"}
    assert tiles_of(report)[0].note == "up at both ends, static routes"
    assert "every route is static, so no BGP runs over it" in page.words["topology"]
    assert "BGP routes" not in page.words["topology"]
    assert "BGP routes" in Page(as_html(reported.report(vn.healthy()))).words["topology"]


def test_a_failed_check_is_shown_with_evidence_command_and_remedy() -> None:
    report = reported.report(broken_networks.other_key(vn.healthy()))
    text = as_html(report)
    finding = next(
        candidate
        for check in (report.verification.results if report.verification else [])
        for candidate in check.findings
        if candidate.outcome == "fail"
    )

    words = Page(text).words["verify"]

    assert finding.evidence in words
    assert finding.command in words
    assert "Remedy:" in words


def test_no_name_or_word_of_a_cloud_becomes_markup(tmp_path: Path) -> None:
    facts = reported.renamed(vn.healthy(), HOSTILE)
    seen = reported.snapshot(facts)
    seen = replace(seen, tunnels=tuple(replace(tunnel, reason=HOSTILE) for tunnel in seen.tunnels))
    folder = reported.record(tmp_path / HOSTILE.replace("/", ""), [1000.0], target=HOSTILE, drill=HOSTILE)
    text = as_html(
        reported.report(
            facts,
            seen,
            environment=HOSTILE,
            drills=read_drills(folder),
            alerts=[{"name": HOSTILE, "seconds": 1.0}],
            versions={HOSTILE: HOSTILE},
            missing=[Missing(part=HOSTILE, reason=HOSTILE, remedy=HOSTILE)],
        )
    )
    page = Page(text)

    assert page.tags["script"] == page.tags["img"] == 0
    assert page.tags["style"] == 1 + text.count("<style type")
    assert page.handlers == []
    assert HOSTILE in page.words["topology"]
    assert HOSTILE in page.words["versions"]


def test_the_page_asks_nobody_for_anything(whole: ReportDocument) -> None:
    text = as_html(whole)
    page = Page(text)

    assert [link for link in page.links if not link.startswith("#") and link != "data:,"] == []
    assert [url for url in re.findall(r"url\(\s*['\"]?([^)'\"]*)", text) if not url.startswith("#")] == []
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_every_id_is_unique_and_every_reference_leads_to_one(whole: ReportDocument) -> None:
    text = as_html(whole)
    page = Page(text)

    assert [element_id for element_id, count in Counter(page.ids).items() if count > 1] == []
    referenced_ids = {link[1:] for link in page.links if link.startswith("#")} | set(
        re.findall(r"url\(#([^)]*)\)", text)
    )
    assert referenced_ids - set(page.ids) == set()


def test_no_key_reaches_page_or_json() -> None:
    facts = vn.healthy()
    keys = {*facts.secrets.aws.values(), *facts.secrets.azure.values()}
    report = reported.report(facts)
    text = as_html(report) + report.model_dump_json(by_alias=True)

    assert keys
    assert [key for key in keys if key in text] == []


def test_without_any_network_every_part_says_what_is_missing_and_why() -> None:
    lacking = Missing(part=NETWORK, reason="no twin is up", remedy="Run `twinspan twin up`")
    sources = Sources(environment="dev", place=TwinPlace(), endpoints=None, missing=(lacking,))
    report = Collector(sources).collect(drills=(), alerts=())
    page = Page(as_html(report))

    assert report.healthy is None
    for name in ("topology", "verify", "latency", "throughput"):
        assert "Not in this report: no twin is up" in page.words[name]
    assert "twinspan drill run tunnel-down --repeat 10 --out" in page.words["drills"]
    assert "Not in this report" in page.words["alerts"]
    assert "Not verified" in page.words[""]


def test_a_cloud_that_did_not_answer_is_drawn_as_such() -> None:
    facts = broken_networks.aws_unreadable(vn.healthy())
    facts = replace(facts, network=replace(facts.network, aws=None))
    seen = reported.snapshot(vn.healthy())
    seen = replace(seen, tunnels=tuple(tunnel for tunnel in seen.tunnels if tunnel.cloud == "azure"))
    seen = replace(seen, sessions=tuple(session for session in seen.sessions if session.cloud == "azure"))
    text = as_html(reported.report(facts, seen))

    assert "did not answer" in Page(text).words["topology"]
    assert "not there" not in Page(text).words["topology"]
    assert set(Page(text).rows.values()) == {"unknown"}


def end(up: bool | None = True, *, bgp_up: bool | None = True) -> EndPart:
    return EndPart(
        up=up,
        reason="",
        bgp="",
        bgp_up=bgp_up,
        routes_learned=None,
        receive_bytes_per_s=None,
        transmit_bytes_per_s=None,
    )


@pytest.mark.parametrize(
    ("aws", "azure", "state"),
    [
        (end(), end(), "up"),
        (end(up=False), end(), "down"),
        (end(), end(up=False), "down"),
        (None, end(up=False), "down"),
        (end(), end(bgp_up=False), "partial"),
        (end(up=None), end(bgp_up=False), "partial"),
        (end(up=None), end(), "unknown"),
        (None, end(), "unknown"),
        (None, None, "unknown"),
    ],
)
def test_the_state_of_a_tunnel_is_the_worse_of_what_both_say(
    aws: EndPart | None, azure: EndPart | None, state: State
) -> None:
    assert state_of(aws, azure) == state
