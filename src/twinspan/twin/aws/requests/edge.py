"""What stands before moto: refuses operations that are not served and parameters that no model allows."""

import io
import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode
from wsgiref.types import WSGIEnvironment

from botocore.model import OperationModel, OperationNotFoundError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from twinspan.twin.aws.requests import documents, forms, habits
from twinspan.twin.aws.requests.flaws import Flaw, FlawKind
from twinspan.twin.aws.requests.lacks import lacking
from twinspan.twin.aws.requests.served import SERVED, why_not
from twinspan.twin.aws.requests.shapes import check_text

OPERATION_KEY = "twinspan.operation"
"""Where the name of the operation asked for is put into a request's environment."""

MODELS: Mapping[str, str] = {
    "ec2": "ec2",
    "elasticache": "elasticache",
    "iam": "iam",
    "kms": "kms",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "rds": "rds",
    "redshift": "redshift",
    "route53": "route53",
    "s3": "s3",
    "s3control": "s3control",
    "secretsmanager": "secretsmanager",
    "servicequotas": "service-quotas",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "sts": "sts",
}
"""Signing name -> name of the service model."""

_BY_PATH: Mapping[str, tuple[str, str]] = {
    "route53": ("InvalidInput", "Route 53"),
    "s3": ("MissingRequestBodyError", "S3"),
    "s3control": ("MissingRequestBodyError", "S3"),
}
"""Services asked by method and path, in XML -> code for the lack of a body, and name."""
_FORM = "application/x-www-form-urlencoded"
_GZIP = 16 + zlib.MAX_WBITS
_LARGEST_BODY = 16 << 20
"""Of an unpacked body, in bytes: more than any request may have. Source: the services' quotas."""
_BUCKET = re.compile(r"[a-zA-Z0-9.\-_]{1,255}")
"""Source: botocore.handlers, what a bucket may be called in a request."""


class NotServedError(Exception):
    """There is no such operation, the twin does not have it, or it is not for this account.

    Attributes:
        code: The API's.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def admit(service: str, environ: WSGIEnvironment) -> None:
    """Check a request, and put it into the one form that moto cannot misread.

    Args:
        service: Signing name.
        environ: The request; its body is a `BytesIO`.

    Raises:
        Flaw: A parameter is not what the operation's model allows.
        NotServedError: The operation does not exist, or the twin does not have it.
    """
    if service not in MODELS:
        return  # EKS reads its requests by the same rules itself
    if service != "s3":  # whose objects keep their encoding
        _unpack(environ)
    if service in _BY_PATH:
        _admit_by_path(service, environ)
    elif environ.get("HTTP_X_AMZ_TARGET"):
        _admit_json(service, environ)
    else:
        _admit_form(service, environ)


def _operation(service: str, name: str) -> OperationModel:
    try:
        operation: OperationModel = get_service_model(MODELS[service]).operation_model(name)
    except OperationNotFoundError as error:
        raise NotServedError(
            "InvalidAction", f"The action {name} is not valid for this web service."
        ) from error
    if name not in SERVED[service]:
        raise NotServedError("UnsupportedOperation", why_not(name))
    return operation


def _check_lacks(
    service: str, operation: OperationModel, params: Mapping[str, Any], *, form: bool = False
) -> None:
    lack = lacking(service, operation.name, params, form=form)
    if lack is not None:
        raise NotServedError("UnsupportedOperation", lack)


def _check_owner(params: Mapping[str, Any]) -> None:
    """Refuse a request for a bucket of another account. Source: S3 user guide, bucket owner condition."""
    for name in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        if params.get(name, DEFAULT_ACCOUNT_ID) != DEFAULT_ACCOUNT_ID:
            raise NotServedError("AccessDenied", f"Access Denied ({name} is another account)", status=403)


def _body(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    body: bytes = stream.read()
    stream.seek(0)
    return body


def _unpack(environ: WSGIEnvironment) -> None:
    """Unpack a body that a client has packed, as SDKs do with large ones of PutMetricData.

    Source: Smithy, "requestCompression trait".
    """
    if environ.pop("HTTP_CONTENT_ENCODING", "") != "gzip":
        return
    unpacking = zlib.decompressobj(wbits=_GZIP)
    try:
        body = unpacking.decompress(_body(environ), _LARGEST_BODY)
    except zlib.error:
        body = b""
    if not unpacking.eof:
        raise Flaw(FlawKind.SYNTAX, "", "The body is not what its Content-Encoding says, or too large")
    environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def _admit_form(service: str, environ: WSGIEnvironment) -> None:
    try:
        body = _body(environ).decode("ascii")
    except UnicodeDecodeError as error:
        raise Flaw(FlawKind.SYNTAX, "", "The parameters must be URL-encoded") from error
    pairs = forms.pairs_of(environ.get("QUERY_STRING", ""), body)
    name = forms.action_of(pairs)
    if not name:
        raise NotServedError("MissingAction", "The request must contain the parameter Action")
    operation = _operation(service, name)
    params, canonical = forms.read(operation, pairs, ec2=service == "ec2")
    habits.check(service, operation, params)
    _check_lacks(service, operation, params, form=True)
    version = [(key, value) for key, value in pairs if key == "Version"]
    rewritten = urlencode([("Action", name), *version, *canonical]).encode()
    environ.update(
        {
            OPERATION_KEY: name,
            "REQUEST_METHOD": "POST",
            "QUERY_STRING": "",
            "CONTENT_TYPE": f"{_FORM}; charset=utf-8",
            "CONTENT_LENGTH": str(len(rewritten)),
            "wsgi.input": io.BytesIO(rewritten),
        }
    )


def _admit_json(service: str, environ: WSGIEnvironment) -> None:
    version = get_service_model(MODELS[service]).metadata.get("jsonVersion", "1.0")
    environ["CONTENT_TYPE"] = f"application/x-amz-json-{version}"  # the target says so, whatever stood there
    name = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
    operation = _operation(service, name)
    body = _body(environ)
    _check_lacks(service, operation, documents.read_json(operation, body))
    if not body:
        environ.update({"wsgi.input": io.BytesIO(b"{}"), "CONTENT_LENGTH": "2"})
    environ[OPERATION_KEY] = name
    environ["QUERY_STRING"] = ""


def _admit_by_path(service: str, environ: WSGIEnvironment) -> None:
    request, (no_body, called) = Request(environ), _BY_PATH[service]
    try:
        model, labels = get_service_router(service).match(request)
    except (HTTPException, NotImplementedError) as error:
        raise NotServedError("MethodNotAllowed", f"{called} has no such operation") from error
    operation = _operation(service, model.name)
    if not _BUCKET.fullmatch(unquote(labels.get("Bucket", "any"))):
        raise NotServedError("InvalidBucketName", "The specified bucket is not valid.")
    body = _body(environ)
    if not body and _needs_body(operation):
        raise NotServedError(no_body, "Request Body is empty")
    params = _outside_the_body(operation, request, labels)
    _check_owner(params)
    params |= documents.read_xml(operation, body)
    _check_lacks(service, operation, params)
    if service != "s3" and not _has_body(operation):
        environ.update({"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"})
    environ[OPERATION_KEY] = operation.name


def _outside_the_body(
    operation: OperationModel, request: Request, labels: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what path, query and headers set, checked."""
    shape, params = operation.input_shape, dict[str, Any]()
    for name, member in shape.members.items() if shape is not None else ():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri":
            given = labels.get(wire)
        elif location == "querystring":
            given = request.args.get(wire)
        elif location == "header":
            given = request.headers.get(wire)
        else:
            continue
        if given is not None and member.type_name not in {"list", "map"}:
            check_text(member, str(given), wire)
            params[name] = str(given)
    return params


def _has_body(operation: OperationModel) -> bool:
    """Return whether the operation reads a document. Source: Smithy, AWS restXml protocol."""
    shape = operation.input_shape
    return shape is not None and documents.is_body(shape)


def _needs_body(operation: OperationModel) -> bool:
    """Return whether the operation is refused without a document. Source: S3 API, error responses."""
    shape = operation.input_shape
    if shape is None:
        return False
    if documents.is_body(shape):
        return any("location" not in shape.members[name].serialization for name in shape.required_members)
    return shape.serialization.get("payload") in shape.required_members
