"""The bearer tokens of `aws eks get-token`, and who they speak for.

A token is the URL of a presigned `sts:GetCallerIdentity`, with the cluster's name in a signed header. The
twin has the key that it was signed with, so that it need not send it to STS.

Source: EKS User Guide, "Connect kubectl to an EKS cluster"; kubernetes-sigs/aws-iam-authenticator, README,
"How does it work?" and "API Authorization from Outside a Cluster".
"""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from twinspan.twin.aws.query_signature import query_of, verify_presigned
from twinspan.twin.aws.signature import AccessKey, SignatureError

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
LONGEST_TOKEN = 4096
GOOD_FOR = timedelta(minutes=15)
"""From the URL's date. STS pays no attention to X-Amz-Expires here, but the authenticator limits it."""
LONGEST_EXPIRY_S = 900
EARLY = timedelta(minutes=5)

_PARAMETERS = frozenset(
    {
        "action",
        "version",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signature",
        "x-amz-signedheaders",
        "x-amz-user-agent",
    }
)


class TokenError(Exception):
    """A token is not accepted; says why, without the token."""


def verify_token(
    token: str, cluster_name: str, key: AccessKey, *, hosts: Collection[str], now: datetime
) -> str:
    """Prove that a token was made with the twin's key for a cluster. Return the region it was made in.

    Args:
        token: As it came in the `Authorization` header, without `Bearer`.
        cluster_name: The cluster that is asked.
        key: The twin's key pair.
        hosts: `host:port` of the twin's STS.
        now: UTC.

    Raises:
        TokenError: It is anything else.
    """
    url = _decode(token)
    parts = urlsplit(url)
    if parts.netloc not in hosts or parts.scheme not in {"http", "https"}:
        raise TokenError("the token is not for this twin's STS")
    if parts.path not in {"", "/"} or parts.fragment:
        raise TokenError("the token's URL has a path")
    try:
        _check_query(query_of(parts))
        signed = {"host": parts.netloc, CLUSTER_HEADER: cluster_name}
        return verify_presigned(url, signed, key, service="sts", now=now, good_for=GOOD_FOR, early=EARLY)
    except SignatureError as error:
        raise TokenError(f"{error.code}: {error}") from error


def _decode(token: str) -> str:
    if len(token) > LONGEST_TOKEN:
        raise TokenError("the token is too long")
    if not token.startswith(PREFIX):
        raise TokenError(f"the token does not start with {PREFIX}")
    text = token.removeprefix(PREFIX)
    try:
        url = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        urlsplit(url)
    except (binascii.Error, ValueError) as error:
        raise TokenError("the token is not a URL in base64url") from error
    return url


def _check_query(query: dict[str, str]) -> None:
    unknown = {name for name in query if name.lower() not in _PARAMETERS}
    if unknown:
        raise TokenError("the token's URL has other query parameters than GetCallerIdentity")
    if query.get("Action") != "GetCallerIdentity":
        raise TokenError("the token's URL is not for GetCallerIdentity")
    expires = query.get("X-Amz-Expires", "")
    if not expires.isdecimal() or not 0 <= int(expires) <= LONGEST_EXPIRY_S:
        raise TokenError(f"X-Amz-Expires of the token's URL must be there and at most {LONGEST_EXPIRY_S}")
