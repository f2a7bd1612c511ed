"""HTTP/1.1 as the server reads it: what is no HTTP, or never ends, gets an answer too."""

import asyncio

from starlette.responses import JSONResponse
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from twinspan.twin.azure.errors import ArmError

LONGEST_URL = 8192
"""Bytes of a path with its query."""
LARGEST_HEAD = 65536
"""Bytes of all header lines."""
LINGER_S = 5.0
"""How long a refused client may go on sending, in seconds; closed at once, it could miss the answer (RFC "
"9112, 9.6)."""
REQUEST_TIMEOUT_S = 10.0
"""How long a request may take to arrive, in seconds, from its first byte to its last; clients are local."""


class ArmProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a limit on how long a request may take, and refusals in ARM's form.

    Source: RFC 9110, 15.5.9 (408 Request Timeout): the server sends it and closes the connection; 15.5.15
    (414) and RFC 6585, 5 (431) for what is too long.
    """

    _deadline: asyncio.TimerHandle | None = None
    _refusal: ArmError | None = None
    _head_bytes: int = 0
    _head_unfinished: int | None = None
    _refused: bool = False

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._head_unfinished is not None:
            self._head_unfinished += len(data)
            if self._head_unfinished > LARGEST_HEAD:
                self._refuse(_too_large())

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._head_unfinished = 0
        self._arrived()
        self._deadline = self.loop.call_later(REQUEST_TIMEOUT_S, self._too_slow)

    @override
    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > LONGEST_URL:
            raise self._stopped(ArmError(414, "UriTooLong", f"The URL is longer than {LONGEST_URL} bytes."))

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + len(b": \r\n")
        if self._head_bytes > LARGEST_HEAD:
            raise self._stopped(_too_large())

    @override
    def on_headers_complete(self) -> None:
        self._head_unfinished = None
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._arrived()
        super().on_message_complete()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    @override
    def send_400_response(self, msg: str) -> None:
        invalid = ArmError(400, "BadRequest", f"The request is not valid HTTP/1.1: {msg}")
        self._refuse(self._refusal or invalid)

    def _stopped(self, refusal: ArmError) -> ArmError:
        """Return what stops the parser, which takes it for invalid HTTP; the refusal is sent then."""
        self._refusal = refusal
        return refusal

    def _arrived(self) -> None:
        """Wait no longer for the rest of a request."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        """Refuse a request that has not arrived whole, unless it was answered before its end."""
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.close()
        else:
            self._refuse(
                ArmError(408, "RequestTimeout", f"The request did not arrive within {REQUEST_TIMEOUT_S:g} s.")
            )

    def _refuse(self, error: ArmError) -> None:
        """Send a refusal, read nothing more, and close the connection in a while."""
        self._arrived()
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = JSONResponse(error.document()).body
        self.transport.write(
            STATUS_LINE[error.status]
            + b"content-type: application/json; charset=utf-8\r\nconnection: close\r\n"
            + f"content-length: {len(body)}\r\n\r\n".encode()
            + bytes(body)
        )
        self.flow.resume_reading()
        self.loop.call_later(LINGER_S, self.transport.close)


def _too_large() -> ArmError:
    message = f"The headers are longer than {LARGEST_HEAD} bytes."
    return ArmError(431, "RequestHeaderFieldsTooLarge", message)
