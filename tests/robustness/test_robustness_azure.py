"""The ARM API refuses what makes no sense, and answers everything: never 5xx, never nothing."""

from concurrent.futures import ThreadPoolExecutor

import azure_bodies
import pytest
from azure_requests import AzureUnderTest
from malformed_http import malformed
from robustness_runner import Sent, connection, run

from twinspan.twin.azure.types import RESOURCE_TYPES

REQUESTS = 20_000
SEED = 20261128


@pytest.mark.timeout(900)
def test_requests_of_every_kind_are_answered(azure_api: AzureUnderTest) -> None:
    report = run(azure_api, requests=REQUESTS, seed=SEED)
    assert report.requests == REQUESTS
    assert not report.kinds, "\n".join([str(report), *map(str, report.faults)])
    taken = sum(count for status, count in report.statuses.items() if status < 400)
    assert taken > REQUESTS // 4, f"too few are about what is there: {report}"


def test_every_type_has_a_body_to_start_from() -> None:
    assert set(azure_bodies.GOOD) == {each.type for each in RESOURCE_TYPES.values()}


def test_malformed_http_is_answered(azure_api: AzureUnderTest) -> None:
    """All at once, since what never ends is waited for, and its answer with it."""
    cases = malformed(azure_api.port, "/subscriptions?api-version=2025-01-01")

    def status(case: str) -> int:
        with connection(azure_api) as opened:
            return opened.exchange(cases[case]).status

    with ThreadPoolExecutor(len(cases)) as clients:
        statuses = dict(zip(cases, clients.map(status, cases), strict=True))
    assert {case: got for case, got in statuses.items() if not 400 <= got < 500} == {}
    assert statuses["length announced, nothing sent"] == 408
    assert statuses["head cut in a header"] == 408


def test_a_body_that_is_too_large_is_refused(azure_api: AzureUnderTest) -> None:
    body = b'{"location": "' + b"x" * 5_000_000 + b'"}'
    headers = {"Authorization": f"Bearer {azure_api.token}", "Content-Type": "application/json"}
    with connection(azure_api) as opened:
        reply = opened.ask(Sent(method="PUT", target="/subscriptions", headers=headers, body=body))
        assert (reply.status, azure_api.problem(Sent(method="PUT", target="/"), reply)) == (413, None)
