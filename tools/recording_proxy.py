"""Reverse proxies on 127.0.0.1 that stand before a twin's two APIs and keep every exchange."""

import http.client
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import create_server

import uvicorn
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from contract_clouds import KEY_ID, SECRET, ContractClouds
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twinspan.wait import wait_until

_METHODS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"]
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request")
_OF_ONE_HOP = {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}
_OF_THE_SIGNATURE = {"authorization", "x-amz-date", "x-amz-security-token"}
_CONTENT_HASH = "x-amz-content-sha256"
_START_LIMIT_S = 20.0

Headers = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawExchange:
    """One request and its answer as they were on the wire; names of headers are in small letters."""

    step: str
    cloud: str
    method: str
    target: str
    headers: Headers
    body: bytes
    status: int
    answer_headers: Headers
    answer: bytes

    @property
    def scope(self) -> tuple[str, str]:
        """AWS: region and service that the request is signed for; empty without a signature."""
        match = _SCOPE.search(self.headers.get("authorization", ""))
        return (match[1], match[2]) if match else ("", "")


@dataclass(kw_only=True)
class Log:
    """What passed through both proxies, one after the other: the order is that in which the APIs saw it."""

    step: str = ""
    exchanges: list[RawExchange] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


Send = Callable[[str, str, Headers, bytes], tuple[int, Headers, bytes]]
"""Passes on a method, a target, headers and a body; returns status, headers and body of the answer."""


def aws_sender(host: str) -> Send:
    """Return what passes requests on to the AWS API, signed again: the signature covers the host."""

    def send(method: str, target: str, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        match = _SCOPE.search(headers.get("authorization", ""))
        kept = {name: value for name, value in headers.items() if name not in _OF_THE_SIGNATURE}
        if match is not None:
            kept.pop(_CONTENT_HASH, None)
            request = AWSRequest(method, f"http://{host}{target}", data=body, headers=kept)
            signer = S3SigV4Auth if match[2] == "s3" else SigV4Auth
            signer(Credentials(KEY_ID, SECRET), match[2], match[1]).add_auth(request)
            kept = dict(request.headers.items())
        return _exchange(http.client.HTTPConnection(host, timeout=120), method, target, kept, body)

    return send


def azure_sender(host: str, own_host: Callable[[], str], authority: str) -> Send:
    """Return what passes requests on to the ARM API at `host`, whose address it replaces by the proxy's."""
    context = ssl.create_default_context(cafile=authority)

    def send(method: str, target: str, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        connection = http.client.HTTPSConnection(host, timeout=120, context=context)
        inward = _replaced(body, own_host(), host)
        status, answered, content = _exchange(connection, method, target, headers, inward)
        outward = {name: value.replace(host, own_host()) for name, value in answered.items()}
        return status, outward, _replaced(content, host, own_host())

    return send


@contextmanager
def proxy(
    log: Log, cloud: str, send: Callable[[Callable[[], str]], Send], clouds: ContractClouds
) -> Iterator[str]:
    """Run a proxy; yields its host and port.

    Args:
        log: Where exchanges are kept.
        cloud: `aws` or `azure`; the latter speaks TLS with the twin's certificate, which is for `localhost`.
        send: Makes the sender, given what returns the proxy's own host and port.
        clouds: The twin's APIs.
    """
    name = "127.0.0.1" if cloud == "aws" else "localhost"
    with create_server(("127.0.0.1", 0)) as listener:
        host = f"{name}:{listener.getsockname()[1]}"
        routes = [Route("/{path:path}", _endpoint(log, cloud, send(lambda: host)), methods=_METHODS)]
        tls = (None, None) if cloud == "aws" else (str(clouds.tls.certificate), str(clouds.tls.key))
        server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=routes),
                ssl_certfile=tls[0],
                ssl_keyfile=tls[1],
                lifespan="off",
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started, bool, what=f"proxy of {cloud}", timeout_s=_START_LIMIT_S)
        yield host
        server.should_exit = True
        thread.join()


def _endpoint(log: Log, cloud: str, send: Send) -> Callable[[Request], object]:
    def passed_on(method: str, target: str, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        with log.lock:
            status, answered, content = send(method, target, headers, body)
            log.exchanges.append(
                RawExchange(
                    step=log.step,
                    cloud=cloud,
                    method=method,
                    target=target,
                    headers=headers,
                    body=body,
                    status=status,
                    answer_headers=answered,
                    answer=content,
                )
            )
        return status, answered, content

    async def serve(request: Request) -> Response:
        body = await request.body()
        headers = {name.lower(): value for name, value in request.headers.items() if name not in _OF_ONE_HOP}
        query = request.scope["query_string"].decode()
        target = request.scope["raw_path"].decode() + (f"?{query}" if query else "")
        status, answered, content = await run_in_threadpool(passed_on, request.method, target, headers, body)
        return Response(content, status, answered)

    return serve


def _exchange(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Headers, body: bytes
) -> tuple[int, Headers, bytes]:
    try:
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
        named = {name.lower(): value for name, value in response.getheaders()}
    finally:
        connection.close()
    return response.status, {n: v for n, v in named.items() if n not in _OF_ONE_HOP}, content


def _replaced(text: bytes, old: str, new: str) -> bytes:
    for colon in (":", "%3A"):
        text = text.replace(old.replace(":", colon).encode(), new.replace(":", colon).encode())
    return text
