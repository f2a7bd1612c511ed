"""Check the AWS Signature Version 4 of a request, with botocore's own signer as the reference.

Source: AWS General Reference, "Signature Version 4 signing process"; Amazon S3 API Reference,
"Authenticating Requests: Using the Authorization Header" (payload options).
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CLOCK_SKEW = timedelta(minutes=15)
"""How far a request's date may be off. Source: AWS General Reference, SigV4 troubleshooting."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+"
    r"Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[a-z0-9;_-]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_UNHASHED = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """The one key pair a twin accepts."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request as it arrived: nothing decoded."""

    method: str
    url: str
    """Scheme, host, raw path and raw query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialScope:
    """What an `Authorization` header says of itself; nothing here is proved yet."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


class SignatureError(Exception):
    """A request is not signed by the twin's key.

    Attributes:
        code: One of `MissingAuthenticationToken`, `IncompleteSignature`, `InvalidAccessKeyId`,
            `SignatureDoesNotMatch`, `RequestExpired`; each API has its own word for these.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def credential_scope(headers: Mapping[str, str]) -> CredentialScope:
    """Read the `Authorization` header.

    Raises:
        SignatureError: There is none, or it is not of Signature Version 4.
    """
    text = headers.get("authorization")
    if text is None:
        raise SignatureError("MissingAuthenticationToken", "Request is missing Authentication Token")
    match = _AUTHORIZATION.fullmatch(text.strip())
    if match is None:
        raise SignatureError(
            "IncompleteSignature", "The Authorization header is not a complete AWS4-HMAC-SHA256 signature"
        )
    return CredentialScope(
        access_key_id=match["key"],
        date=match["date"],
        region=match["region"],
        service=match["service"],
        signed_headers=tuple(match["headers"].split(";")),
        signature=match["signature"],
    )


def verify(request: WireRequest, scope: CredentialScope, key: AccessKey, *, now: datetime) -> None:
    """Prove that `key` signed this very request, recently.

    A body in signed chunks (`STREAMING-AWS4-HMAC-...`) is accepted on the signature of its head alone.

    Raises:
        SignatureError: The key, the date, the body or the signature is not right.
    """
    if not hmac.compare_digest(scope.access_key_id, key.access_key_id):
        raise SignatureError("InvalidAccessKeyId", "The access key ID is not this twin's")
    if scope.region not in known_regions():
        raise SignatureError("SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
    timestamp = request.headers.get("x-amz-date", "")
    _check_date(timestamp, scope, now)
    _check_headers(request, scope)
    _check_body(request)
    if not hmac.compare_digest(_expected(request, scope, key, timestamp), scope.signature):
        raise SignatureError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method",
        )


@cache
def known_regions() -> frozenset[str]:
    """Return every region that has EC2, in all partitions."""
    session = botocore.session.Session()
    partitions = session.get_available_partitions()
    return frozenset(name for p in partitions for name in session.get_available_regions("ec2", p))


def _check_date(timestamp: str, scope: CredentialScope, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise SignatureError(
            "IncompleteSignature", "X-Amz-Date must be there and be of the form YYYYMMDDTHHMMSSZ"
        ) from error
    if not timestamp.startswith(scope.date):
        raise SignatureError("SignatureDoesNotMatch", "Date in Credential scope does not match X-Amz-Date")
    if abs(now - signed_at) > CLOCK_SKEW:
        raise SignatureError(
            "RequestExpired", f"Signature expired: {timestamp} is not near {now:%Y%m%dT%H%M%SZ}"
        )


def _check_headers(request: WireRequest, scope: CredentialScope) -> None:
    signed = set(scope.signed_headers)
    due = {"host"} | {name for name in request.headers if name.startswith("x-amz-")}
    if not due <= signed or not signed <= request.headers.keys():
        raise SignatureError(
            "SignatureDoesNotMatch", "SignedHeaders must name host and every x-amz-* header of the request"
        )


def _check_body(request: WireRequest) -> None:
    declared = request.headers.get("x-amz-content-sha256")
    if declared is None or _UNHASHED.fullmatch(declared):
        return
    if not hmac.compare_digest(declared, hashlib.sha256(request.body).hexdigest()):
        raise SignatureError("SignatureDoesNotMatch", "The body does not match X-Amz-Content-Sha256")


def _expected(request: WireRequest, scope: CredentialScope, key: AccessKey, timestamp: str) -> str:
    signer_class = S3SigV4Auth if scope.service == "s3" else SigV4Auth
    signer = signer_class(Credentials(key.access_key_id, key.secret_access_key), scope.service, scope.region)
    signed = {name: request.headers[name] for name in scope.signed_headers}
    unsigned = AWSRequest(method=request.method, url=request.url, data=request.body, headers=signed)
    unsigned.context["timestamp"] = timestamp
    return signer.signature(signer.string_to_sign(unsigned, signer.canonical_request(unsigned)), unsigned)
