"""A cluster's API server, asked from the agent: HTTPS into the control plane's namespace."""

import http.client
import json
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from twinspan.errors import CloudRefusedError, CloudUnreachableError, HostError
from twinspan.twin.dataplane import namespaces
from twinspan.twin.kubernetes.authority import ClusterAuthority

PORT = 6443
MANAGER = "twinspan"
_TIMEOUT_S = 10.0
_WATCH_S = 60
"""How long the server keeps a watch open, in seconds; the next one goes on where it ended."""
_FIRST_ERROR = 400
_NOT_FOUND = 404
_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""TLS errors of a server that goes or has not quite come."""

Json = dict[str, Any]
"""An object of the Kubernetes API, as JSON."""


class ApiClient:
    """Asks one API server as its administrator. Thread safe; one request at a time.

    Every call raises CloudUnreachableError if the server does not answer, CloudRefusedError if it answers no,
    and HostError if what answers is not that server: time alone does not change that.
    """

    def __init__(self, namespace: str, authority: ClusterAuthority, *, folder: Path) -> None:
        self._namespace = namespace
        self._lock = threading.Lock()
        self._context = _context(authority, folder)
        self._connection: _Connection | None = None

    def ready(self) -> bool:
        """Return whether the server is ready to serve. Raises HostError: it never will be, it is another."""
        try:
            return self._request("GET", "/readyz", None, "") == b"ok"
        except (CloudUnreachableError, CloudRefusedError):
            return False

    def get(self, path: str, **query: str) -> Json:
        """Return an object or a list."""
        return _object(self._request("GET", _with(path, query), None, ""))

    def find(self, path: str) -> Json | None:
        """Return an object, or None if there is none."""
        try:
            return self.get(path)
        except CloudRefusedError as error:
            if error.code == str(_NOT_FOUND):
                return None
            raise

    def apply(self, path: str, manifest: Mapping[str, Any]) -> Json:
        """Make an object what the manifest says, by server-side apply."""
        query = {"fieldManager": MANAGER, "force": "true"}
        body = json.dumps(manifest).encode()
        return _object(self._request("PATCH", _with(path, query), body, "application/apply-patch+yaml"))

    def patch(self, path: str, patch: Mapping[str, Any]) -> Json:
        """Merge a patch into an object."""
        body = json.dumps(patch).encode()
        return _object(self._request("PATCH", path, body, "application/merge-patch+json"))

    def create(self, path: str, manifest: Mapping[str, Any]) -> Json:
        """Make an object."""
        return _object(self._request("POST", path, json.dumps(manifest).encode(), "application/json"))

    def delete(self, path: str, **query: str) -> None:
        """Delete an object; nothing happens if there is none."""
        try:
            self._request("DELETE", _with(path, query), None, "")
        except CloudRefusedError as error:
            if error.code != str(_NOT_FOUND):
                raise

    def watch(self, path: str, version: str) -> Iterator[Json]:
        """Yield the events after a version of a list, on a connection of its own, until the server ends."""
        path = _with(path, {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(_WATCH_S)})
        connection = _Connection(self._namespace, self._context)
        try:
            connection.connect()
            connection.sock.settimeout(_WATCH_S + _TIMEOUT_S)
            connection.request("GET", path, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            if answer.status >= _FIRST_ERROR:
                raise _refused("GET", path, answer.status, answer.read())
            for line in answer:
                yield _object(line)
        except (OSError, http.client.HTTPException) as error:
            raise _failed(path, error) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        with self._lock:
            self._drop()

    def _request(self, method: str, path: str, body: bytes | None, content_type: str) -> bytes:
        headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if content_type else {})
        with self._lock:
            kept = self._connection is not None
            try:
                status, data = self._send(method, path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                if not kept:
                    raise _failed(path, error) from error
                # The server may have closed the kept connection meanwhile: once more, on a new one.
                try:
                    status, data = self._send(method, path, body, headers)
                except (OSError, http.client.HTTPException) as again:
                    self._drop()
                    raise _failed(path, again) from again
        if status >= _FIRST_ERROR:
            raise _refused(method, path, status, data)
        return data

    def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = _Connection(self._namespace, self._context)
        self._connection.request(method, path, body=body, headers=dict(headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Connection(http.client.HTTPSConnection):
    def __init__(self, namespace: str, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", PORT, timeout=_TIMEOUT_S, context=context)
        self._namespace = namespace
        self._tls = context

    def connect(self) -> None:
        self.sock = self._tls.wrap_socket(connect(self._namespace), server_hostname="127.0.0.1")


def connect(namespace: str) -> socket.socket:
    """Open a connection to the API server of a control plane's namespace. Raises OSError if there is none."""

    def opened() -> socket.socket:
        return socket.create_connection(("127.0.0.1", PORT), timeout=_TIMEOUT_S)

    return namespaces.inside(namespace, opened)


def items(answer: Json) -> list[Json]:
    """Return the objects of a list."""
    return cast("list[Json]", answer.get("items") or [])


def _with(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _object(data: bytes) -> Json:
    return cast("Json", json.loads(data))


def _context(authority: ClusterAuthority, folder: Path) -> ssl.SSLContext:
    certificate, key = authority.issue("twinspan", organizations=["system:masters"])
    context = ssl.create_default_context(cadata=authority.certificate)
    # ssl takes a key from files only.
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(f"{certificate}{key}".encode())
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _refused(method: str, path: str, status: int, data: bytes) -> CloudRefusedError:
    return CloudRefusedError(
        operation=f"{method} {path}", code=str(status), message=data.decode(errors="replace")[:500]
    )


def _failed(path: str, error: Exception) -> CloudUnreachableError | HostError:
    """Return what a broken connection means: nobody answers, or somebody else does."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, _ENDED):
        return HostError(
            problem=f"what listens at port {PORT} is not the cluster's API server: {error}",
            remedy="End it, or give the cluster another certificate authority by making it again",
        )
    return CloudUnreachableError(f"the API server does not answer GET {path}: {error}")
