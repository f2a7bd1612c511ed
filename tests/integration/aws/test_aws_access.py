"""Who may ask: only whoever has the twin's key, from this machine, not through a browser."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_twin import FORM, KEY_ID, QUERY, REGION, SECRET, Twin, code_of, send, signed
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from twinspan.twin.aws.signature import AccessKey, SignatureError, WireRequest, credential_scope, verify

pytest_plugins = ("aws_fixtures",)


def test_a_signed_request_is_answered(twin: Twin) -> None:
    status, text = send(twin, signed(twin))
    assert (status, "<vpcSet>" in text) == (200, True)


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("ec2", lambda client: client.describe_vpcs(), "AuthFailure"),
        ("sts", lambda client: client.get_caller_identity(), "SignatureDoesNotMatch"),
        ("s3", lambda client: client.list_buckets(), "SignatureDoesNotMatch"),
        ("logs", lambda client: client.describe_log_groups(), "InvalidSignatureException"),
        ("iam", lambda client: client.list_users(), "SignatureDoesNotMatch"),
    ],
)
def test_the_wrong_secret_is_refused_in_each_services_words(
    twin: Twin,
    service: str,
    call: Any,
    code: str,
) -> None:
    client = twin.client(service, secret="another secret")
    assert code_of(lambda: call(client)) == code
    client.close()


@pytest.mark.parametrize(
    "change",
    [
        {"Host": "twin.example.com"},
        {"Host": "127.0.0.1:1"},
        {"Host": "bucket.localhost"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "null"},
    ],
)
def test_a_foreign_host_or_any_origin_is_refused(twin: Twin, change: dict[str, str]) -> None:
    status, text = send(twin, signed(twin) | change)
    assert (status, "AccessDenied" in text) == (403, True)


@pytest.mark.parametrize("path", ["/moto-api/", "/moto-api/data.json", "/moto-api/reset"])
def test_motos_own_interface_is_off(twin: Twin, path: str) -> None:
    assert send(twin, signed(twin), path=path)[0] == 403


def test_no_signature_and_half_a_signature_are_refused(twin: Twin) -> None:
    host = {"Host": f"127.0.0.1:{twin.api.port}", "Content-Type": FORM}
    assert send(twin, host)[0] == 403
    status, text = send(twin, host | {"Authorization": "AWS4-HMAC-SHA256 Credential=half"})
    assert (status, "IncompleteSignature" in text) == (400, True)


def test_a_changed_body_is_refused(twin: Twin) -> None:
    status, text = send(twin, signed(twin), body=QUERY.replace(b"DescribeVpcs", b"CreateVpc"))
    assert (status, "AuthFailure" in text) == (401, True)


def test_an_added_header_that_is_not_signed_is_refused(twin: Twin) -> None:
    assert send(twin, signed(twin) | {"X-Amz-Security-Token": "stolen"})[0] == 401


def test_the_account_cannot_be_chosen_by_a_header(twin: Twin) -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = signed(twin, body, "sts") | {"X-Moto-Account-Id": "999999999999"}
    status, text = send(twin, headers, body=body)
    assert (status, "123456789012" in text, "999999999999" in text) == (200, True, False)


@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("ecs", "list_clusters"),
        ("dynamodb", "list_tables"),
        ("kinesis", "list_streams"),
        ("cloudfront", "list_distributions"),
    ],
)
def test_a_service_that_the_twin_lacks_is_refused_by_name(twin: Twin, service: str, action: str) -> None:
    client = twin.client(service)
    assert code_of(getattr(client, action)) == "UnsupportedOperation"
    client.close()


def test_a_region_that_does_not_exist_is_refused(twin: Twin) -> None:
    client = twin.client("ec2", region="eu-atlantis-1")
    assert code_of(client.describe_vpcs) == "AuthFailure"
    client.close()


KEY = AccessKey(access_key_id=KEY_ID, secret_access_key=SECRET)


def wire(*, service: str, url: str, body: bytes, headers: dict[str, str] | None = None) -> WireRequest:
    request = AWSRequest("PUT", url, data=body, headers=dict(headers or {}))
    request.headers["Host"] = "127.0.0.1:5000"
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(KEY_ID, SECRET), service, REGION).add_auth(request)
    lower = {name.lower(): value for name, value in request.headers.items()}
    return WireRequest(method="PUT", url=url, headers=lower, body=body)


def refusal(request: WireRequest, *, now: datetime | None = None) -> str:
    with pytest.raises(SignatureError) as refused:
        verify(request, credential_scope(request.headers), KEY, now=now or datetime.now(UTC))
    return refused.value.code


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5000/bucket/plain",
        "http://127.0.0.1:5000/bucket/a%20b/%C3%BC+c//d",
        "http://127.0.0.1:5000/bucket/key?versioning",
        "http://127.0.0.1:5000/bucket?list-type=2&prefix=a%2Fb&empty=",
    ],
)
def test_what_botocore_signs_is_accepted(url: str) -> None:
    request = wire(service="s3", url=url, body=b"state")
    verify(request, credential_scope(request.headers), KEY, now=datetime.now(UTC))


def test_a_request_is_good_for_fifteen_minutes() -> None:
    request = wire(service="ec2", url="http://127.0.0.1:5000/", body=b"x")
    late = datetime.now(UTC) + timedelta(minutes=16)
    assert refusal(request, now=late) == "RequestExpired"
    verify(request, credential_scope(request.headers), KEY, now=datetime.now(UTC) + timedelta(minutes=14))


def test_a_declared_body_hash_is_checked() -> None:
    request = wire(service="s3", url="http://127.0.0.1:5000/bucket/key", body=b"state")
    forged = WireRequest(method="PUT", url=request.url, headers=request.headers, body=b"other")
    assert refusal(forged) == "SignatureDoesNotMatch"


def test_another_access_key_is_not_known() -> None:
    request = wire(service="ec2", url="http://127.0.0.1:5000/", body=b"x")
    stranger = AccessKey(access_key_id="AKIASOMEBODYELSE", secret_access_key=SECRET)
    with pytest.raises(SignatureError) as refused:
        verify(request, credential_scope(request.headers), stranger, now=datetime.now(UTC))
    assert refused.value.code == "InvalidAccessKeyId"


def test_the_secret_is_in_no_representation() -> None:
    assert SECRET not in repr(KEY)
