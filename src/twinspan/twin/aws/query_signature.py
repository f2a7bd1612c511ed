"""Signature Version 4 in a URL: what `presign` makes, and the tokens of EKS are made of.

Source: IAM User Guide, "Create a signed AWS API request", query parameters.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from twinspan.twin.aws.signature import AccessKey, SignatureError, known_regions

_ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE_PARTS = 5


def query_of(url: SplitResult) -> dict[str, str]:
    """Return a URL's query parameters.

    Raises:
        SignatureError: One of them is there more than once.
    """
    pairs = parse_qsl(url.query, keep_blank_values=True)
    query = dict(pairs)
    if len(query) != len(pairs):
        raise SignatureError("IncompleteSignature", "a query parameter is there more than once")
    return query


def verify_presigned(
    url: str,
    headers: Mapping[str, str],
    key: AccessKey,
    *,
    service: str,
    now: datetime,
    good_for: timedelta,
    early: timedelta,
) -> str:
    """Prove that `key` signed a GET of this URL with these headers, recently. Return the region it is for.

    Args:
        url: With the signature in its query.
        headers: What goes with it, `host` too; names in lower case. All must have been signed.
        key: The key pair that must have signed.
        service: Signing name of the service.
        now: UTC.
        good_for: How long after its date it holds.
        early: How far in the future its date may be.

    Raises:
        SignatureError: The key, the date, the scope or the signature is not right.
    """
    parts = urlsplit(url)
    query = query_of(parts)
    signature = query.pop("X-Amz-Signature", "")
    if query.get("X-Amz-Algorithm") != _ALGORITHM or not signature:
        raise SignatureError("IncompleteSignature", f"the URL has no {_ALGORITHM} signature")
    region = _region(query.get("X-Amz-Credential", ""), key, service, query.get("X-Amz-Date", ""))
    _check_time(query.get("X-Amz-Date", ""), now, good_for, early)
    if set(query.get("X-Amz-SignedHeaders", "").split(";")) != set(headers):
        raise SignatureError(
            "SignatureDoesNotMatch", f"the signed headers are not {', '.join(sorted(headers))}"
        )
    signer = SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), service, region)
    unsigned = AWSRequest(
        method="GET", url=parts._replace(query=urlencode(query)).geturl(), headers=dict(headers), data=b""
    )
    unsigned.context["timestamp"] = query["X-Amz-Date"]
    expected = signer.signature(signer.string_to_sign(unsigned, signer.canonical_request(unsigned)), unsigned)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise SignatureError(
            "SignatureDoesNotMatch", "the signature is not that of the URL and this twin's key"
        )
    return region


def _region(credential: str, key: AccessKey, service: str, date: str) -> str:
    scope = credential.split("/")
    if len(scope) != _SCOPE_PARTS or scope[3:] != [service, "aws4_request"] or scope[1] != date[:8]:
        raise SignatureError("IncompleteSignature", f"the credential's scope is not a date's and {service}'s")
    if not hmac.compare_digest(scope[0].encode(), key.access_key_id.encode()):
        raise SignatureError("InvalidAccessKeyId", "the access key ID is not this twin's")
    if scope[2] not in known_regions():
        raise SignatureError("SignatureDoesNotMatch", "the credential is not scoped to a region")
    return scope[2]


def _check_time(text: str, now: datetime, good_for: timedelta, early: timedelta) -> None:
    try:
        signed_at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise SignatureError(
            "IncompleteSignature", "X-Amz-Date is not of the form YYYYMMDDTHHMMSSZ"
        ) from error
    if now > signed_at + good_for:
        raise SignatureError("RequestExpired", f"it was signed at {text}, and is too old")
    if signed_at > now + early:
        raise SignatureError("RequestExpired", f"it was signed at {text}, which is in the future")
