"""Read HTTP from clients that may send anything, and answer all of it.

Source: RFC 9112, 2.2 (empty lines before a request), 3 (request line); RFC 9110, 15.5 (400, 408, 414).
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from moto.moto_server.werkzeug_app import MotoRequestHandler

from twinspan.twin.aws import faults

REQUEST_TIMEOUT_S = 15.0
"""How long the server waits for more of a request that has begun, in seconds."""
LONGEST_LINE = 65536
"""Bytes of a request line, as of any header."""

_LOG = logging.getLogger(__name__)
_OLDEST = "HTTP/0.9"
"""What a request line without a version says; answers to it would have no status."""


class Handler(MotoRequestHandler):
    """Serves one connection. It keeps no access log: paths of state objects belong to nobody's log."""

    def handle_one_request(self) -> None:
        """Read and answer one request; a connection that is idle may stay so."""
        self.connection.settimeout(None)
        if not self.rfile.peek(1):  # type: ignore[attr-defined]  # it is buffered
            self.close_connection = True
            return
        self.connection.settimeout(REQUEST_TIMEOUT_S)
        self.command, self.requestline, self.request_version = "", "", "HTTP/1.1"
        try:
            ready = self._read_head()
        except TimeoutError:
            self.send_error(HTTPStatus.REQUEST_TIMEOUT)
            return
        if ready:
            self.run_wsgi()

    def _read_head(self) -> bool:
        """Read up to the body. Return whether there is a request; if not, it has been answered."""
        line = b"\r\n"
        while line in {b"\r\n", b"\n"}:
            line = self.rfile.readline(LONGEST_LINE + 1)
        if not line:
            self.close_connection = True
            return False
        if len(line) > LONGEST_LINE:
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return False
        self.raw_requestline = line
        if not self.parse_request():
            return False
        if self.request_version == _OLDEST:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no HTTP, in XML, with a status between 400 and 499, and close the connection."""
        status = HTTPStatus(code) if code < HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.BAD_REQUEST
        words = explain or message or status.description or status.phrase
        written = faults.fault("s3", status.phrase.replace(" ", ""), words, status=status)
        self.close_connection = True
        head = [f"HTTP/1.1 {status.value} {status.phrase}", "Connection: close"]
        head += [f"{name}: {value}" for name, value in written.headers().items()]
        head.append(f"Content-Length: {len(written.body)}")
        self.wfile.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + written.body)

    def connection_dropped(self, error: BaseException, environ: Mapping[str, object] | None = None) -> None:
        """Note that a client did not take its answer: what it asked for is done, and it may ask again."""
        del environ
        _LOG.warning("a client did not take its answer: %s: %s", type(error).__name__, error)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Note a request, for debugging only."""
        _LOG.debug("%s %s %s", self.command, code, size)
