"""The web application: guards, sign-in, errors, and one lock around the subscription."""

import threading
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from twinspan.twin.azure.arm import ResourceManager
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.http import JSON_TYPE, Answer, Request
from twinspan.twin.azure.identity import IdentityService
from twinspan.twin.azure.tokens import TokenAuthority

_LARGEST_BODY = 4 * 1024 * 1024
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"})


class ArmApplication:
    """Answers HTTP requests for one subscription.

    Args:
        manager: Answers those with a good token.
        identity: Answers those that need none.
        authority: Checks tokens.
        hosts: What a request's Host header may say.
        changed: Called with the lock held after each change of the subscription, to save it.
        on_change: Called afterwards without the lock.
    """

    def __init__(
        self,
        *,
        manager: ResourceManager,
        identity: IdentityService,
        authority: TokenAuthority,
        hosts: frozenset[str],
        changed: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        self._manager = manager
        self._identity = identity
        self._authority = authority
        self._hosts = hosts
        self._changed = changed
        self._on_change = on_change
        self.lock = threading.RLock()

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; the interface of the web server."""
        request = WebRequest(scope, receive)
        try:
            response = await self._serve(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _serve(self, request: WebRequest) -> Response:
        """Turn a web request into ours and our answer into a web response."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST_BODY:
                return _response(_refusal(ArmError(413, "RequestEntityTooLarge", "The body is over 4 MB.")))
        return _response(
            await run_in_threadpool(
                self.answer,
                Request(
                    method=request.method,
                    path="/" + request.url.path.lstrip("/"),
                    query={name.lower(): value for name, value in request.query_params.items()},
                    headers={name.lower(): value for name, value in request.headers.items()},
                    body=bytes(body),
                ),
            )
        )

    def answer(self, request: Request) -> Answer:
        """Answer a request; refusals become answers."""
        try:
            _check_method(request)
            self._check_origin(request)
            answer = self._identity.handle(request)
            if answer is not None:
                return answer
            self._check_token(request)
            with self.lock:
                answer = self._manager.handle(request)
                if answer.changed:
                    self._changed()
        except ArmError as error:
            return _refusal(error, self._challenge() if error.status == 401 else None)  # noqa: PLR2004  HTTP
        if answer.changed:
            self._on_change()
        return answer

    def _check_origin(self, request: Request) -> None:
        """Refuse requests that a web page of another site made, e.g. by DNS rebinding."""
        host = request.headers.get("host", "").lower()
        origin = request.headers.get("origin")
        if host not in self._hosts:
            raise ArmError(421, "MisdirectedRequest", f"This server is not '{host}'.")
        if origin is not None and _host_of(origin) not in self._hosts:
            raise ArmError(403, "Forbidden", f"Requests from pages of '{origin}' are refused.")

    def _check_token(self, request: Request) -> None:
        """Demand a bearer token of our own."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            raise ArmError(
                401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        if scheme.lower() != "bearer" or not token:
            raise ArmError(
                401,
                "AuthenticationFailedInvalidHeader",
                "Authentication failed. The 'Authorization' header is provided in an invalid format.",
            )
        self._authority.verify(token.strip())

    def _challenge(self) -> str:
        """Return the `WWW-Authenticate` header of a 401 (RFC 6750 3)."""
        tenant = self._identity.credentials.tenant_id
        return f'Bearer authorization_uri="{self._identity.base_url}/{tenant}", error="invalid_token"'


def _check_method(request: Request) -> None:
    if request.method not in _METHODS:
        raise ArmError(
            405,
            "MethodNotAllowed",
            f"The requested resource does not support http method '{request.method}'.",
        )


def _host_of(origin: str) -> str:
    """Return `host:port` of an origin; nothing if it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # e.g. a bracket that is not closed
        return ""


def _refusal(error: ArmError, challenge: str | None = None) -> Answer:
    headers = {"x-ms-failure-cause": "gateway"}
    if challenge is not None:
        headers["WWW-Authenticate"] = challenge
    return Answer(status=error.status, document=error.document(), headers=headers)


def _response(answer: Answer) -> Response:
    """Return the web response, with the ids that Azure's clients quote in their messages."""
    identity = str(uuid.uuid4())
    headers = {
        "Cache-Control": "no-cache",
        "x-ms-request-id": identity,
        "x-ms-correlation-request-id": identity,
        **answer.headers,
    }
    if answer.document is None and not answer.null_body:
        return Response(status_code=answer.status, headers=headers)
    return JSONResponse(answer.document, status_code=answer.status, headers=headers, media_type=JSON_TYPE)
