"""An HTTP server that answers every request but a sign-in in one sick way, or not at all."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Sickness = Literal["403", "429", "500", "garbage", "hangs"]
SICKNESSES: tuple[Sickness, ...] = ("403", "429", "500", "garbage", "hangs")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, sickness: Sickness) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sickness = sickness
        self.asked = 0
        self.ending = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gives up waiting is what is wanted."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/oauth2/" in self.path or "/.well-known/" in self.path:
            self._sign_in()
            return
        self.server.asked += 1
        if self.server.sickness == "hangs":
            self.server.ending.wait()
            self.close_connection = True
            return
        status = 200 if self.server.sickness == "garbage" else int(self.server.sickness)
        body = b"<html>it is not well"
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def _sign_in(self) -> None:
        """Say who gives tokens, and give one: that part of Azure is well."""
        here = f"https://localhost:{self.server.server_port}"
        document = {
            "issuer": here,
            "authorization_endpoint": f"{here}/oauth2/authorize",
            "token_endpoint": f"{here}/oauth2/token",
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": "anything",
        }
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = _answer  # noqa: N815 - names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def sick_server(sickness: Sickness, *, tls: ssl.SSLContext | None = None) -> Iterator[_Server]:
    """Run one while the block runs; with a certificate if `tls` is given."""
    server = _Server(sickness)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
