"""What stands before moto: who may ask, in which words a refusal is written, one request at a time."""

import io
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from twinspan.twin.aws import faults
from twinspan.twin.aws.application import SCOPE_KEY, SERVICE_KEY, SERVICES
from twinspan.twin.aws.signature import (
    AccessKey,
    CredentialScope,
    SignatureError,
    WireRequest,
    credential_scope,
    verify,
)

BODY_LIMIT_BYTES = 256 * 1024 * 1024

_LOG = logging.getLogger(__name__)
_DROPPED = ("HTTP_X_MOTO_ACCOUNT_ID", "HTTP_TRANSFER_ENCODING")
_ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z]+)")
_REPEATED = re.compile(r"attempt=(?!1\b)\d")
"""Source: AWS SDKs and Tools Reference Guide, "Retry behavior"; smithy, header `amz-sdk-request`."""
_READING_VERBS = ("Describe", "Get", "List", "Search", "Filter", "Head", "AssumeRole")


class AuthMiddleware:
    """A WSGI application that lets only signed requests from this machine's own clients through.

    Args:
        application: The API behind it; called by one thread at a time.
        key: The key pair that must have signed.
        context: Put into the environment of each request, for `application`.
        lock: Held while `application` answers; shared with whoever reads its state.
        on_change: Called, with the service's signing name and the region, after each request that changed
            something.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        key: AccessKey,
        context: Mapping[str, object],
        lock: threading.RLock,
        on_change: Callable[[str, str], None],
    ) -> None:
        self._application = application
        self._key = key
        self._context = context
        self._lock = lock
        self._on_change = on_change

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        refusal = self._refusal_before_signature(request)
        if refusal is not None:
            return _send(refusal, environ, start_response)
        style = faults.wire_style(None, request.content_type or "")
        try:
            scope = credential_scope(_headers(request))
            style = faults.wire_style(scope.service, request.content_type or "")
            wire = _wire_request(request)
            verify(wire, scope, self._key, now=datetime.now(UTC))
        except (TimeoutError, ClientDisconnected):
            return _send(
                faults.fault(style, "RequestTimeout", "The request's body did not arrive in time"),
                environ,
                start_response,
            )
        except SignatureError as error:
            return _send(faults.signature_fault(style, error.code, str(error)), environ, start_response)
        if _REPEATED.match(request.headers.get("Amz-Sdk-Request", "")):
            action = _ACTION.search(wire.body)
            asked = action[1].decode() if action else f"{request.method} {request.path}"
            _LOG.warning("%s %s comes again: its client got no answer before", scope.service, asked)
        if scope.service not in SERVICES:
            return _send(_unknown_service(style, scope), environ, start_response)
        return self._pass_on(request, scope, wire.body, start_response)

    def _pass_on(
        self, request: Request, scope: CredentialScope, body: bytes, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ = request.environ
        for name in _DROPPED:
            environ.pop(name, None)
        environ.update(self._context)
        environ[SERVICE_KEY] = scope.service
        environ[SCOPE_KEY] = scope
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        with self._lock:
            answer = Response.from_app(self._application, environ, buffered=True)
        for name in [name for name, _ in answer.headers if name.lower().startswith("access-control-")]:
            del answer.headers[name]
        if answer.status_code < HTTPStatus.BAD_REQUEST and _changes(request, body):
            self._on_change(scope.service, scope.region)
        return answer(environ, start_response)

    def _refusal_before_signature(self, request: Request) -> faults.ErrorAnswer | None:
        style = faults.wire_style(None, request.content_type or "")
        port = request.environ["SERVER_PORT"]
        if request.headers.get("Host") not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
            return faults.fault(
                style,
                "AccessDenied",
                f"This twin answers only as 127.0.0.1:{port} or localhost:{port}; "
                "for S3, use path-style addresses",
                status=403,
            )
        if "Origin" in request.headers:
            return faults.fault(style, "AccessDenied", "Requests from web pages are refused", status=403)
        if request.path.startswith("/moto-api"):
            return faults.fault(style, "AccessDenied", "There is nothing here", status=403)
        if (request.content_length or 0) > BODY_LIMIT_BYTES:
            return faults.fault(style, "EntityTooLarge", f"More than {BODY_LIMIT_BYTES} bytes", status=413)
        return None


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _changes(request: Request, body: bytes) -> bool:
    """Tell whether an operation, by the verb in its name or else its HTTP method, changes anything."""
    action = _ACTION.search(body)
    target = request.headers.get("X-Amz-Target")
    if action is not None:
        return not action[1].decode().startswith(_READING_VERBS)
    if target is not None:
        return not target.rpartition(".")[2].startswith(_READING_VERBS)
    return request.method not in {"GET", "HEAD"}


def _wire_request(request: Request) -> WireRequest:
    target = request.environ.get("RAW_URI") or request.environ["REQUEST_URI"]
    return WireRequest(
        method=request.method,
        url=f"http://{request.headers['Host']}{target}",
        headers=_headers(request),
        body=request.get_data(cache=False, parse_form_data=False),
    )


def _unknown_service(style: str, scope: CredentialScope) -> faults.ErrorAnswer:
    served = ", ".join(sorted(SERVICES))
    return faults.fault(style, "UnsupportedOperation", f"The twin has no {scope.service}; it has {served}")


def _send(
    refusal: faults.ErrorAnswer, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    _LOG.info("refused %s %s: %d", environ["REQUEST_METHOD"], environ.get("PATH_INFO"), refusal.status)
    answer = Response(refusal.body, status=refusal.status, headers=refusal.headers())
    answer.headers["Connection"] = "close"
    return answer(environ, start_response)
