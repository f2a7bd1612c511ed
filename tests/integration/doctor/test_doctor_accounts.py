"""What `doctor` says of accounts, asked from the twin's two real APIs; each check also where it fails."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import boto3
import pytest

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.doctor import aws, azure
from twinspan.doctor.needs import Needs
from twinspan.doctor.run import Accounts, diagnose
from twinspan.results import CheckResult, Outcome
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.observed import ObservedState

KEY_ID, SECRET = "AKIAEXAMPLEEXAMPLEEX", "example-secret"
NEEDS = Needs(
    counts=Counter(
        aws_vpc=1,
        aws_vpn_gateway=1,
        aws_customer_gateway=2,
        aws_vpn_connection=2,
        azurerm_virtual_network=1,
        azurerm_virtual_network_gateway=1,
        azurerm_public_ip=2,
    ),
    region="us-west-2",
    location="West US 2",
    instance_types=frozenset({"t3.medium"}),
    vm_sizes=frozenset({"Standard_D2s_v5"}),
    gateway_skus=frozenset({"VpnGw1AZ"}),
    eks_versions=frozenset(),
    aks_versions=frozenset(),
)


@dataclass(frozen=True, slots=True)
class Clouds:
    aws: AwsEndpoint
    azure: AzureEndpoint


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clouds]:
    folder = tmp_path_factory.mktemp("clouds")
    board = ObservedState()
    credentials = ArmCredentials.generate()
    tls = ensure_tls(folder / "tls")
    amazon = AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws",
        on_change=lambda: None,
    )
    arm = ArmApi(
        board=board, credentials=credentials, tls=tls, state_file=folder / "arm", on_change=lambda: None
    )
    amazon.start()
    arm.start()
    yield Clouds(
        AwsEndpoint(
            region="us-west-2", endpoint_url=amazon.url, access_key_id=KEY_ID, secret_access_key=SECRET
        ),
        AzureEndpoint(
            subscription_id=credentials.subscription_id,
            resource_manager_url=arm.url,
            authority=arm.url,
            tenant_id=credentials.tenant_id,
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            ca_certificate=tls.ca_certificate,
        ),
    )
    arm.stop()
    amazon.stop()


def _by_id(results: tuple[CheckResult, ...]) -> dict[str, CheckResult]:
    return {result.id: result for result in results}


def _client(endpoint: AwsEndpoint, service: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - boto3 makes clients at run time
    session = boto3.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, region_name="us-west-2")
    return session.client(service, endpoint_url=endpoint.endpoint_url)  # type: ignore[call-overload]


def test_nothing_is_missing_in_accounts_that_have_everything(clouds: Clouds) -> None:
    results_by_id = _by_id(
        (
            *aws.account(clouds.aws, NEEDS, built=False),
            *azure.account(clouds.azure, NEEDS, built=False),
        )
    )

    assert set(results_by_id) == {check.id for check in (*aws.CHECKS, *azure.CHECKS)}
    assert {key for key, result in results_by_id.items() if result.outcome is not Outcome.PASS} == {"AZ-02"}
    assert [f.subject for f in results_by_id["AZ-02"].findings if f.outcome is Outcome.PASS] == [
        "Microsoft.Network"
    ]
    assert {f.outcome for f in results_by_id["AZ-02"].findings} == {Outcome.PASS, Outcome.SKIPPED}


def test_a_wrong_key_is_found_first_and_nothing_else_is_judged(clouds: Clouds) -> None:
    results = _by_id(aws.account(replace(clouds.aws, secret_access_key="wrong"), NEEDS, built=False))

    assert results["AWS-01"].findings[0].bad
    assert "aws configure" in results["AWS-01"].findings[0].remedy
    assert {result.outcome for key, result in results.items() if key != "AWS-01"} == {Outcome.SKIPPED}


def test_a_wrong_client_secret_is_found_first_and_nothing_else_is_judged(clouds: Clouds) -> None:
    results = _by_id(azure.account(replace(clouds.azure, client_secret="wrong"), NEEDS, built=False))

    assert results["AZ-01"].findings[0].bad
    assert "az login" in results["AZ-01"].findings[0].remedy
    assert {result.outcome for key, result in results.items() if key != "AZ-01"} == {Outcome.SKIPPED}


def test_an_api_that_is_not_there_is_named(clouds: Clouds) -> None:
    results = aws.account(replace(clouds.aws, endpoint_url="http://127.0.0.1:1"), NEEDS, built=False)

    assert results[0].outcome is Outcome.FAIL
    assert "no answer" in results[0].findings[0].evidence


def test_rights_that_a_policy_does_not_give_are_named_by_step(clouds: Clouds) -> None:
    iam = _client(clouds.aws, "iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="network-only", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    statements = [
        {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ec2:DeleteVpc", "Resource": "*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="network-only", PolicyName="p", PolicyDocument=policy)
    session = role["Arn"].replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/me"

    findings = {finding.subject: finding for finding in aws._rights(clouds.aws, session)}

    assert findings["VPN"].outcome is Outcome.PASS
    assert findings["network"].evidence == "not allowed: ec2:DeleteVpc"
    assert findings["clusters"].outcome is Outcome.FAIL
    assert role["Arn"] in findings["clusters"].remedy
    assert "eks:CreateCluster" in findings["clusters"].command


def test_a_quota_that_is_used_up_is_found_and_one_s_own_resources_do_not_count(clouds: Clouds) -> None:
    ec2 = _client(clouds.aws, "ec2")
    made = [ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"] for _ in range(5)]

    short = _by_id(aws.account(clouds.aws, NEEDS, built=False))["AWS-04"]
    built = _by_id(aws.account(clouds.aws, NEEDS, built=True))["AWS-04"]
    for gateway in made:
        ec2.delete_vpn_gateway(VpnGatewayId=gateway)
    again = _by_id(aws.account(clouds.aws, NEEDS, built=False))["AWS-04"]

    (failed,) = [finding for finding in short.findings if finding.bad]
    assert failed.subject == "Virtual private gateways per region"
    assert failed.evidence == "5 of 5 in use, and 1 more are needed"
    assert "request-service-quota-increase" in failed.remedy
    assert built.outcome is again.outcome is Outcome.PASS


def test_what_is_not_offered_is_named(clouds: Clouds) -> None:
    wrong = replace(NEEDS, instance_types=frozenset({"z9.tiny"}), vm_sizes=frozenset({"Standard_Z9"}))

    results_by_id = _by_id(
        (
            *aws.account(clouds.aws, wrong, built=False),
            *azure.account(clouds.azure, wrong, built=False),
        )
    )

    assert [f.subject for f in results_by_id["AWS-05"].findings if f.bad] == ["z9.tiny"]
    assert [f.subject for f in results_by_id["AZ-06"].findings if f.bad] == ["Standard_Z9"]


@pytest.mark.parametrize(
    ("location", "evidence"), [("westus", "no availability zones"), ("moon", "no such region")]
)
def test_a_region_without_zones_or_that_does_not_exist_is_found(
    clouds: Clouds, location: str, evidence: str
) -> None:
    results = _by_id(azure.account(clouds.azure, replace(NEEDS, location=location), built=False))

    assert evidence in results["AZ-04"].findings[0].evidence
    assert results["AZ-04"].outcome is Outcome.FAIL


def test_azure_s_quotas_count_what_is_there(clouds: Clouds) -> None:
    many = replace(NEEDS, counts=Counter(azurerm_route_table=201))

    (finding,) = _by_id(azure.account(clouds.azure, many, built=False))["AZ-05"].findings

    assert finding.bad
    assert finding.evidence == "0 of 200 in use, and 201 more are needed"


def test_with_no_account_and_no_plan_the_reasons_are_told_and_nothing_fails(clouds: Clouds) -> None:
    nowhere = Accounts(
        endpoints=Endpoints(aws=None, azure=None),
        aws_reason="no AWS region is set",
        azure_reason="no subscription",
    )
    one = Accounts(endpoints=Endpoints(aws=clouds.aws, azure=None), azure_reason="no subscription")

    none = diagnose(host=(), accounts=nowhere, needs=None, built=False)
    half = diagnose(host=(), accounts=one, needs=None, built=False)

    assert none.result("AWS-01").findings[0].evidence == "no AWS region is set"
    assert not any(finding.bad for check in aws.CHECKS for finding in none.result(check.id).findings)
    assert half.result("AWS-01").outcome is Outcome.PASS
    assert half.result("AWS-04").outcome is Outcome.SKIPPED
