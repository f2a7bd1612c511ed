"""The AWS API refuses what makes no sense, and answers everything: never 5xx, never nothing."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from aws_requests import OPERATIONS, AwsClient, AwsUnderTest
from aws_text_members import Sweep
from malformed_http import malformed
from robustness_runner import Sent, connection, run

from twinspan.twin.aws import http

SEED = 20261128
ENOUGH = 20_000
"""Requests in which each service has many."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("requests", [1_000, pytest.param(ENOUGH, marks=pytest.mark.slow)])
def test_requests_of_every_kind_are_answered(aws_api: AwsUnderTest, requests: int) -> None:
    report = run(aws_api, requests=requests, seed=SEED)
    assert report.requests == requests
    assert not report.kinds, "\n".join([str(report), *map(str, report.faults)])
    taken = sum(count for status, count in report.statuses.items() if status < 400)
    assert taken > requests // 10, f"too few are about what is there: {report}"
    refused = OPERATIONS.keys() - aws_api.taken.keys()
    assert requests < ENOUGH or not refused, f"nothing was asked rightly of {sorted(refused)}"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_text_that_makes_no_sense_is_answered_wherever_it_stands(aws_api: AwsUnderTest) -> None:
    sweep = Sweep(aws_api, ("", " ", "0", "-", ":"))
    report = run(sweep, requests=sweep.requests, seed=SEED)
    assert not report.kinds, "\n".join([str(report), *map(str, report.faults)])


def test_malformed_http_is_answered(aws_api: AwsUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, since what never ends is waited for, and its answer with it."""
    monkeypatch.setattr(http, "REQUEST_TIMEOUT_S", 5.0)
    cases = malformed(aws_api.port, "/")

    def status(case: str) -> int:
        with connection(aws_api) as opened:
            return opened.exchange(cases[case]).status

    with ThreadPoolExecutor(len(cases)) as clients:
        statuses = dict(zip(cases, clients.map(status, cases), strict=True))
    assert {case: got for case, got in statuses.items() if not 400 <= got < 500} == {}
    assert statuses["head cut in a header"] == 408


def test_a_body_that_does_not_arrive_is_waited_for_only_so_long(
    aws_api: AwsUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "REQUEST_TIMEOUT_S", 0.5)
    signed = aws_api.client(SEED).signed("s3", "PUT", "/bucket-a/key", {}, b"")
    lines = [f"{name}: {value}" for name, value in {**signed.headers, "Content-Length": "99"}.items()]
    raw = "\r\n".join(["PUT /bucket-a/key HTTP/1.1", *lines, "", ""]).encode()
    with connection(aws_api) as opened:
        reply = opened.exchange(raw)
    assert (reply.status, b"RequestTimeout" in reply.body) == (400, True)
    assert aws_api.problem(Sent(method="HEAD", target="/"), reply) is None


def test_a_connection_that_leaves_this_machine_is_a_fault(aws_api: AwsUnderTest) -> None:
    class Wanderer(AwsUnderTest):
        """Says that it connects elsewhere; nothing is sent."""

        def client(self, seed: int) -> AwsClient:
            for host in ("127.0.0.1", "198.51.100.1"):
                sys.audit("socket.connect", None, (host, 80))
            return super().client(seed)

    assert run(Wanderer(aws_api.api), requests=1, seed=SEED, clients=1).kinds == {
        "connects to ('198.51.100.1', 80)": 1
    }


def test_a_form_that_was_cut_may_ask_for_another_operation(aws_api: AwsUnderTest) -> None:
    client = aws_api.client(SEED)
    form = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Operation": "sns.ListSubscriptionsByTopic",
    }
    sent = client.signed("sns", "POST", "/", form, b"Action=ListSubscriptions")
    with connection(aws_api) as opened:
        reply = opened.ask(sent)
    assert (reply.status, aws_api.problem(sent, reply)) == (200, None)
