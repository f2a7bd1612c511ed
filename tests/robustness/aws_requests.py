"""Requests of every kind to the AWS API: what it takes, what is nearly that, and what is not.

Parameters are made up from the service models that botocore ships, for each operation that the twin serves.
"""

import json
import re
import ssl
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from aws_values import ODD_TEXTS, Values
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ParamValidationError
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError, create_parser
from botocore.serialize import create_serializer
from moto.core.utils import get_service_model
from robustness_runner import Reply, Sent

from twinspan.twin.aws import server
from twinspan.twin.aws.eks.backend import ACTIONS
from twinspan.twin.aws.requests.edge import MODELS
from twinspan.twin.aws.requests.served import SERVED
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservedState

REGION = "eu-central-1"
_KEY = Credentials("AKIATWINSPANTEST0001", "a-secret-only-this-test-knows")
_FORGET_AFTER = 4000
"""Requests after which the API's state is emptied, so that a long run does not only measure how it grows."""
_IDS_KEPT = 30
_ID = re.compile(rb"\b(vpc-cidr-assoc|[a-z]{2,9})-([0-9a-f]{17}|[0-9a-f]{8})\b")
_ARN = re.compile(rb"arn:aws:[a-z0-9:/_.-]+", re.IGNORECASE)
_BUG = b"The twin failed"
OPERATIONS: Mapping[str, Sequence[str]] = {name: sorted(served) for name, served in SERVED.items()} | {
    "eks": sorted(ACTIONS)
}
"""Signing name -> what the twin serves of it."""
_SHARES: Mapping[str, int] = dict.fromkeys(OPERATIONS, 3) | {"ec2": 50, "eks": 8, "iam": 6}
"""Signing name -> how many requests it gets, in proportion to the others."""
_BUCKET_ARNS = ("arn:aws:s3:::bucket-a", "arn:aws:s3:::bucket-b")
_FORM = "application/x-www-form-urlencoded"
_ODD_HEADERS: Sequence[tuple[str, str]] = (
    ("Content-Type", ""),
    ("Content-Type", "multipart/form-data; boundary=x"),
    ("Content-Type", "application/cbor"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/xml"),
    ("Content-Encoding", "gzip"),
    ("X-Amz-Target", "Nothing.Known"),
    ("X-Amz-Target", ""),
    ("Origin", "https://evil.example"),
    ("Host", "evil.example"),
    ("X-Amz-Security-Token", "x"),
    ("Accept", "application/json"),
    ("Range", "bytes=99-1"),
    ("If-Modified-Since", "yesterday"),
    ("x-amz-copy-source", "%2F"),
    ("Authorization", "AWS4-HMAC-SHA256 nothing"),
    ("Authorization", "\xe4"),
    ("X-Amz-Date", "now"),
)


@cache
def operation_model(service: str, name: str) -> OperationModel:
    """Return what botocore knows of an operation of a service, by its signing name."""
    model: OperationModel = get_service_model(MODELS.get(service, service)).operation_model(name)
    return model


@cache
def _protocol(service: str) -> str:
    """Return the protocol that the twin's clients use: boto3's, and the query protocol where others do."""
    model = get_service_model(MODELS.get(service, service))
    return "query" if service == "monitoring" else str(model.protocol)


class AwsClient:
    """One client's requests."""

    def __init__(self, seed: int, port: int, tick: Any) -> None:
        self._draw = Random(seed)
        self._port = port
        self._tick = tick
        self._ids: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_IDS_KEPT))

    def next(self) -> Sent:
        """Return the next request."""
        self._tick()
        draw = self._draw
        service = draw.choices(list(_SHARES), list(_SHARES.values()))[0]
        name = draw.choice(OPERATIONS[service])
        odd = draw.choice((0.0, 0.0, 0.02, 0.1, 0.3))
        values = self.values(service, odd)
        operation = operation_model(service, name)
        params = values.structure(operation.input_shape) if operation.input_shape is not None else {}
        method, target, headers, body = self._written(service, operation, params)
        if draw.random() < odd:
            body = self._spoilt(body)
        if draw.random() < 0.02:
            target = draw.choice(
                ("/", "//", "/a", "/%00", "/?Action=" + name, "/a/b?versioning", "/moto-api/")
            )
        if draw.random() < 0.01:
            method = draw.choice(("GET", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "PROPFIND"))
        if draw.random() < 0.02:
            odd_name, odd_value = draw.choice(_ODD_HEADERS)
            headers = {**headers, odd_name: odd_value}
        headers["X-Operation"] = f"{service}.{name}"
        return self.signed(service, method, target, headers, body)

    def values(self, service: str, odd: float) -> Values:
        """Return what draws values for a service; S3 Control, which tags buckets, gets their names."""
        ids = {**self._ids, "arn": _BUCKET_ARNS} if service == "s3control" else self._ids
        return Values(self._draw, ids, odd)

    def request(self, service: str, name: str, params: Mapping[str, Any]) -> Sent:
        """Return a request for an operation, with nothing wrong about it but what is in `params`."""
        method, target, headers, body = self._written(service, operation_model(service, name), params)
        return self.signed(service, method, target, {**headers, "X-Operation": f"{service}.{name}"}, body)

    def heard(self, sent: Sent, reply: Reply) -> None:  # noqa: ARG002 - the protocol's
        """Keep the identifiers that an answer gives out."""
        if reply.status >= 300:
            return
        for prefix, rest in _ID.findall(reply.body[:20_000]):
            identifier = f"{prefix.decode()}-{rest.decode()}"
            if identifier not in self._ids[prefix.decode()]:
                self._ids[prefix.decode()].append(identifier)
        for arn in _ARN.findall(reply.body[:20_000]):
            self._ids["arn"].append(arn.decode())

    def _written(
        self, service: str, operation: OperationModel, params: Mapping[str, Any]
    ) -> tuple[str, str, dict[str, str], bytes]:
        """Return a request as a client of AWS would write it, as far as it can be written at all."""
        serializer = create_serializer(_protocol(service), include_validation=False)
        try:
            written = serializer.serialize_to_request(dict(params), operation)
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError, ParamValidationError):
            return "POST", "/", {"Content-Type": _FORM}, f"Action={operation.name}".encode()
        query = written["query_string"]
        target = quote(written["url_path"], safe="/%?=&", errors="replace")
        if query:
            pairs = query if isinstance(query, dict) else {}
            target += ("&" if "?" in target else "?") + urlencode(pairs, doseq=True, errors="replace")
        body = written["body"]
        if isinstance(body, dict):
            body = self._form([(name, str(value)) for name, value in body.items()])
        if isinstance(body, str):
            body = body.encode(errors="replace")
        headers = {
            name: str(value)
            for name, value in written["headers"].items()
            if all(32 <= ord(letter) < 256 for letter in str(value)) and name.isascii() and name.isprintable()
        }
        return written["method"], target or "/", headers, bytes(body)

    def _form(self, pairs: list[tuple[str, str]]) -> bytes:
        """Return a form, now and then with a name or value that belongs nowhere."""
        draw = self._draw
        if pairs and draw.random() < 0.06:
            place = draw.randrange(len(pairs))
            name, value = pairs[place]
            pairs[place] = draw.choice(
                (
                    (name, draw.choice(ODD_TEXTS)),
                    (f"{name}.1", value),
                    (f"{name}.999999999", value),
                    (f"{name}.x.y", value),
                    (name.replace("1", "0"), value),
                    (name.replace("1", "-5"), value),
                    ("." * 40, value),
                    (name.lower(), value),
                )
            )
        if draw.random() < 0.01:
            pairs.append(pairs[0])
        return "&".join(
            f"{quote_plus(name)}={quote_plus(value, errors='replace')}" for name, value in pairs
        ).encode()

    def _spoilt(self, body: bytes) -> bytes:
        """Return a body with something cut, doubled or put in."""
        draw = self._draw
        if not body:
            return draw.choice((b"{", b"<a>", b"\xff\xfe", b"null"))
        place = draw.randrange(len(body))
        return draw.choice(
            (
                body[:place],
                body + body,
                body[:place] + bytes([draw.randrange(256)]) + body[place:],
                body[:place] + b"%ff" + body[place:],
                body.replace(b'"', b"", 1),
                body.replace(b"1", b"-99999999999999999999", 1),
                b"[" * 20_000,
                b"&".join([body] * 30),
            )
        )

    def signed(self, service: str, method: str, target: str, headers: dict[str, str], body: bytes) -> Sent:
        """Return a request with a signature of all its headers; `headers` are put over the signer's."""
        service = {"s3control": "s3"}.get(service, service)
        signer_class = S3SigV4Auth if service == "s3" else SigV4Auth
        host = headers.get("Host", f"127.0.0.1:{self._port}")
        request = AWSRequest(method, f"http://127.0.0.1:{self._port}{target}", data=body)
        for name, value in headers.items():
            request.headers[name] = value
        if service == "s3":
            request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
        request.headers["Host"] = host
        signer_class(_KEY, service, REGION).add_auth(request)
        signed = {name: str(value) for name, value in request.headers.items()}
        return Sent(method=method, target=target, headers={**signed, **headers}, body=body)


class AwsUnderTest:
    """A running AWS API."""

    name = "aws"
    tls: ssl.SSLContext | None = None

    def __init__(self, api: AwsApi) -> None:
        self.api = api
        self.port = api.port
        self.taken = Counter[str]()
        """Service -> how many requests were not refused."""
        self._asked = 0
        self._counting = threading.Lock()

    def client(self, seed: int) -> AwsClient:
        """Return a client of its own."""
        return AwsClient(seed, self.port, self._tick)

    def problem(self, sent: Sent, reply: Reply) -> str | None:
        """Return what is wrong with an answer: botocore must be able to read it, and a refusal has a code."""
        if _BUG in reply.body:
            return f"{sent.headers.get('X-Operation')}: {reply.body[-300:]!r}"
        if sent.method in {"HEAD", "OPTIONS"}:
            return None
        service, _, name = sent.headers["X-Operation"].partition(".")
        name = _asked_for(service, sent.body) or name
        if reply.status >= 300:
            return None if _code(reply) else f"{reply.status} without a code: {reply.body[:200]!r}"
        with self._counting:
            self.taken[service] += 1
        try:
            shape: Any = operation_model(service, name).output_shape
            create_parser(_protocol(service)).parse(
                {"status_code": reply.status, "headers": dict(reply.headers), "body": reply.body}, shape
            )
        except (ResponseParserError, ValueError, KeyError, TypeError, AttributeError) as error:
            return f"{name}: botocore cannot read the answer ({type(error).__name__}: {error})"
        return None

    def _tick(self) -> None:
        with self._counting:
            self._asked += 1
            due = self._asked % _FORGET_AFTER == 0
        if due:
            with self.api._lock:
                server._reset()


def _asked_for(service: str, body: bytes) -> str | None:
    """Return the operation that a form asks for: what is left of one that was cut may ask for another."""
    named = re.match(rb"Action=(\w+)", body)
    name = named[1].decode() if named else None
    return name if name in OPERATIONS[service] else None


def _code(reply: Reply) -> str | None:
    """Return the error code of a refusal, in whichever form it is written."""
    if not reply.body:
        return "none, for lack of a body" if reply.status in {304, 404, 400, 403, 405, 412} else None
    if reply.body.lstrip().startswith(b"{"):
        document = json.loads(reply.body)
        return document.get("__type") or document.get("code") or reply.headers.get("x-amzn-errortype")
    match = re.search(rb"<Code>([^<]+)</Code>", reply.body)
    return match[1].decode() if match else None


@contextmanager
def serving(folder: Path) -> Iterator[AwsUnderTest]:
    """Yield an AWS API of its own, whose files are in `folder`."""
    access = ClusterAccess(folder / "clusters", sockets=folder)
    api = AwsApi(
        board=ObservedState(),
        access_key_id=_KEY.access_key,
        secret_access_key=_KEY.secret_key,
        state_file=folder / "aws.state",
        on_change=lambda: None,
        clusters=access,
        metrics=MetricStore(period_s=10),
    )
    api.start()
    try:
        yield AwsUnderTest(api)
    finally:
        api.stop()
        access.stop()
