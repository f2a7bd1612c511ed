"""What verify, monitor and doctor say of an API that refuses, stammers or is silent: never "all is well"."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dev_network
import pytest
from sick_server import SICKNESSES, Sickness, sick_server

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws import client as aws_client
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.azure import client as azure_client
from twinspan.cloud.endpoints import Endpoints
from twinspan.doctor.run import Accounts, diagnose
from twinspan.errors import CloudError
from twinspan.kubernetes import api as kubernetes_api
from twinspan.kubernetes.api import ClusterApi
from twinspan.kubernetes.endpoint import ClusterEndpoint
from twinspan.monitor.read import Monitor
from twinspan.twin.azure.tls import ensure_tls
from twinspan.verify import Outcome, verify
from twinspan.verify.clusters import read_cluster


@pytest.fixture(scope="module")
def healthy(endpoints: Endpoints) -> Endpoints:
    """Both APIs, with the network of the dev environment in them."""
    dev_network.build(endpoints)
    return endpoints


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a silent server a second at a time, instead of twenty or thirty."""
    monkeypatch.setattr(aws_client, "READ_TIMEOUT_S", 1)
    monkeypatch.setattr(azure_client, "READ_TIMEOUT_S", 1)
    monkeypatch.setattr(kubernetes_api, "ANSWER_WITHIN_S", 1)


@pytest.fixture(params=SICKNESSES)
def sickness(request: pytest.FixtureRequest) -> Sickness:
    requested_sickness: Sickness = request.param
    return requested_sickness


@pytest.fixture
def sick_aws(healthy: Endpoints, sickness: Sickness) -> Iterator[AwsEndpoint]:
    assert healthy.aws
    with sick_server(sickness) as server:
        yield replace(healthy.aws, endpoint_url=f"http://127.0.0.1:{server.server_port}")
        assert server.asked


@pytest.fixture
def sick_azure(healthy: Endpoints, sickness: Sickness, tmp_path: Path) -> Iterator[AzureEndpoint]:
    """ARM is sick; the sign-in is not."""
    assert healthy.azure
    tls = ensure_tls(tmp_path / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    with sick_server(sickness, tls=context) as server:
        url = f"https://localhost:{server.server_port}"
        yield replace(
            healthy.azure, resource_manager_url=url, authority=url, ca_certificate=tls.ca_certificate
        )
        assert server.asked


def test_verify_judges_the_other_cloud_and_calls_this_one_inconclusive(
    sick_aws: AwsEndpoint, healthy: Endpoints
) -> None:
    verification = verify(Endpoints(aws=sick_aws, azure=healthy.azure))

    assert not verification.passed
    assert verification.result("ACC-01").outcome is Outcome.INCONCLUSIVE
    assert verification.result("ACC-01").findings[0].evidence
    assert verification.result("ACC-02").outcome is Outcome.PASS
    assert verification.result("VPN-03").passed == 0


def test_verify_judges_aws_when_azure_is_sick(sick_azure: AzureEndpoint, healthy: Endpoints) -> None:
    verification = verify(Endpoints(aws=healthy.aws, azure=sick_azure))

    assert not verification.passed
    assert verification.result("ACC-02").outcome is Outcome.INCONCLUSIVE
    assert verification.result("ACC-02").findings[0].evidence
    assert verification.result("ACC-01").outcome is Outcome.PASS


def test_without_any_cloud_that_answers_verify_says_so(sick_aws: AwsEndpoint) -> None:
    with pytest.raises(CloudError, match=r"\w+"):
        verify(Endpoints(aws=sick_aws, azure=None))


def test_monitor_shows_the_cloud_that_answers_and_why_the_other_does_not(
    sick_aws: AwsEndpoint, healthy: Endpoints
) -> None:
    snapshot = Monitor(Endpoints(aws=sick_aws, azure=healthy.azure)).read()

    assert snapshot.answered == {"aws": False, "azure": True}
    assert not snapshot.healthy
    assert snapshot.problems


def test_doctor_never_calls_a_sick_aws_well(sick_aws: AwsEndpoint) -> None:
    accounts = Accounts(endpoints=Endpoints(aws=sick_aws, azure=None), azure_reason="not asked")

    diagnosis = diagnose(host=(), accounts=accounts, needs=None, built=False)

    assert not diagnosis.passed
    (finding, *_) = diagnosis.result("AWS-01").findings
    assert finding.bad
    assert finding.evidence
    assert finding.remedy


def test_doctor_never_calls_a_sick_azure_well(sick_azure: AzureEndpoint) -> None:
    accounts = Accounts(endpoints=Endpoints(aws=None, azure=sick_azure), aws_reason="not asked")

    diagnosis = diagnose(host=(), accounts=accounts, needs=None, built=False)

    assert not diagnosis.passed
    bad_findings = [finding for result in diagnosis.results for finding in result.findings if finding.bad]
    assert all(bad_finding.evidence and bad_finding.remedy for bad_finding in bad_findings)


def test_a_sick_kubernetes_api_is_a_problem_in_words_and_not_an_empty_cluster(sickness: Sickness) -> None:
    with sick_server(sickness) as server:
        endpoint = ClusterEndpoint(
            name="sick",
            side="aws",
            server=f"http://127.0.0.1:{server.server_port}",
            certificate_authority="",
            token=lambda: "token",
        )
        with ClusterApi(endpoint) as api:
            reading = read_cluster(api)
    assert reading.problem
    assert "aws sick" in reading.problem
    assert not reading.nodes
