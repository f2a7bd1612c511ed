"""What the real Terraform providers sent is sent again, and every answer has what they need."""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from contract_clouds import contract_clouds
from contract_documents import Tree
from contract_exchange import FOLDER, Exchange, load
from contract_expectation import CONTAINS, KINDS, Bindings, differences, fill
from contract_replay import Answer, Replay, Shortfall, compare

TERRAFORM = Path(__file__).parents[2] / "terraform"
RECORDINGS = sorted(FOLDER.glob("*.jsonl.gz"))
SAMPLES: Mapping[str, Tree] = dict(zip(KINDS, ("text", 1, True, "2026-11-28T08:00:00Z"), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A recording that was played to the APIs.

    Attributes:
        shortfall: The first answer that a provider would not survive.
        answers: What was compared: the request, its last answer, and what stood for placeholders before it.
    """

    shortfall: Shortfall | None
    answers: list[tuple[Exchange, Answer, Bindings]]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Played]:
    """Return what plays a recording, each once."""
    known: dict[Path, Played] = {}

    def once(path: Path) -> Played:
        if path not in known:
            known[path] = _play(path, tmp_path_factory.mktemp("apis"))
        return known[path]

    return once


def _play(path: Path, folder: Path) -> Played:
    answers: dict[int, tuple[Exchange, Answer, Bindings]] = {}
    with contract_clouds(folder) as clouds, closing(Replay(clouds=clouds)) as replay:

        def keep(exchange: Exchange, answer: Answer) -> Answer:
            answers[id(exchange)] = (exchange, answer, dict(replay.bindings))
            return answer

        replay.change = keep
        recording = load(path)
        shortfall = replay.run(recording)
    return Played(shortfall=shortfall, answers=list(answers.values()))


def _named(path: Path) -> str:
    return path.name.partition(".")[0]


@pytest.mark.parametrize("path", RECORDINGS, ids=_named)
def test_a_real_provider_survives_every_answer(path: Path, play: Callable[[Path], Played]) -> None:
    shortfall = play(path).shortfall
    assert shortfall is None, str(shortfall)


def body(old: str, new: str) -> Callable[[Answer], Answer]:
    """Return a change of an answer's body: a pattern becomes something else."""
    return lambda answer: replace(answer, body=re.sub(old, new, answer.body.decode()).encode())


def status(number: int) -> Callable[[Answer], Answer]:
    """Return a change of an answer's status."""
    return lambda answer: replace(answer, status=number)


def without(header: str) -> Callable[[Answer], Answer]:
    """Return a change that takes a header away."""
    return lambda answer: replace(answer, headers={n: v for n, v in answer.headers.items() if n != header})


CHANGES: Mapping[str, tuple[str, Callable[[Answer], Answer]]] = {
    "an alert is answered with 201": (r"PUT  .*/metricAlerts/", status(201)),
    "deleted workspaces cannot be listed": (r"GET  .*/deletedWorkspaces", status(404)),
    "a default is echoed": (r"GET  .*/connections/[^/]+\?", body(r'("dpdTimeoutSeconds"): *\d+', r"\1:45")),
    "a number has become text": (r"GET  .*/virtualNetworkGateways/", body(r'("asn"): *(\d+)', r'\1:"\2"')),
    "a state has another name": (r"GET  .*/publicIPAddresses/", body("provisioningState", "state")),
    "a member has another name": (r"GET  .*/localNetworkGateways/", body("gatewayIpAddress", "ipAddress")),
    "a tag is lost": (r"GET  .*/userAssignedIdentities/", body('"project"', '"projekt"')),
    "an operation cannot be followed": (r"PUT  .*/virtualNetworkGateways/", without("azure-asyncoperation")),
    "an operation never ends": (r"GET  .*/operations/", body("Succeeded", "InProgress")),
    "a kubeconfig has no server": (r"POST  .*/listCluster", body(r'"value": *"[^"]+"', '"value":"YXBpVg=="')),
    "a workbook loses its charts": (r"GET  .*/workbooks/", body(r"MetricsItem", "Metrics")),
    "an element has another name": (r"POST ec2 DescribeVpcs", body(r"cidrBlock>", "cidr>")),
    "a timer is not the one sent": (
        r"POST ec2 DescribeVpnConnections",
        body(r"(TimeoutSeconds>)\d+", r"\g<1>31"),
    ),
    "an id changes": (r"POST ec2 DescribeVpnGateways", body(r"vgw-", "vpg-")),
    "a route too much": (r"POST ec2 DescribeRouteTables", body(r"(<routeSet>)(<item>.*?</item>)", r"\1\2\2")),
    "another code": (r"POST ec2 Describe", body(r"<Code>\w+\.NotFound", "<Code>NotFound")),
    "a policy is changed": (r"POST iam GetRole", body(r"sts%3AAssumeRole", "sts%3AAssume")),
    "an alarm loses a dimension": (r"POST monitoring DescribeAlarms", body(r"TunnelIpAddress", "Address")),
    "a node group has another size": (
        r"GET eks .*/node-groups/",
        body(r'"desiredSize": *\d', '"desiredSize":7'),
    ),
    "encryption is forgotten": (r"GET s3 .*\?encryption", body("AES256", "none")),
}
"""What became of an API -> on which requests it shows, and how."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_a_real_provider_would_not_survive_is_found(
    change: str, play: Callable[[Path], Played]
) -> None:
    requests, changed = CHANGES[change]
    affected = [
        (exchange, answer, bindings)
        for path in RECORDINGS
        for exchange, answer, bindings in play(path).answers
        if re.search(requests, exchange.name) and changed(answer) != answer
    ]
    assert affected, f"nothing recorded is like {requests}"
    assert any(compare(exchange, changed(answer), dict(bindings)) for exchange, answer, bindings in affected)


def test_every_member_that_is_needed_is_missed_when_it_is_gone() -> None:
    needs = {
        re.sub(r"\.\d+\}", ".1}", json.dumps(exchange.answer)): exchange.name
        for path in RECORDINGS
        for exchange in load(path).exchanges
    }
    assert needs
    for need, name in needs.items():
        for expected, poorer in _without_one_member(json.loads(need)):
            assert differences(expected, poorer, {}), f"{name}: {poorer}"


def _example(expected: Tree) -> Tree:
    """Return the least that fulfils an expectation."""
    if isinstance(expected, dict):
        return (
            _example(expected[CONTAINS])
            if CONTAINS in expected
            else {name: _example(value) for name, value in expected.items()}
        )
    if isinstance(expected, list):
        return [_example(value) for value in expected]
    if isinstance(expected, str):
        return SAMPLES[expected] if expected in KINDS else fill(expected, _Anything())
    return expected


class _Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.replace(".", "-")


def _without_one_member(expected: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield each object and each list of objects within, and what lacks one of their members."""
    if isinstance(expected, dict):
        yield from ((expected, poorer) for poorer in _poorer(expected))
        for value in expected.values():
            yield from _without_one_member(value)
    elif isinstance(expected, list):
        whole = [_example(value) for value in expected]
        for index, value in enumerate(expected):
            for poorer in _poorer(value):
                yield expected, [*whole[:index], poorer, *whole[index + 1 :]]
            yield from _without_one_member(value)


def _poorer(expected: Tree) -> Iterator[Tree]:
    example = _example(expected)
    if isinstance(example, dict):
        for name in example:
            yield {inner: value for inner, value in example.items() if inner != name}


def test_every_type_in_the_tree_is_recorded() -> None:
    declared = {
        kind
        for path in TERRAFORM.rglob("*.tf")
        for kind in re.findall(r'^(?:resource|data) "(\w+)"', path.read_text(), re.MULTILINE)
    }
    assert declared
    assert declared <= {kind for path in RECORDINGS for kind in load(path).types}


@pytest.mark.parametrize("path", RECORDINGS, ids=_named)
def test_a_recording_holds_nothing_of_the_twin_it_was_made_with(path: Path) -> None:
    text = gzip.decompress(path.read_bytes()).decode()
    assert not re.search(r"PRIVATE KEY|BEGIN CERT|\beyJ[\w-]{20}|Bearer |127\.0\.0\.1:\d|localhost:\d", text)
    assert not re.search(r'"(?:\w*[pP]assword|\w*[sS]haredKey|client_secret)":"(?!\$\{|<|Example)\w', text)
