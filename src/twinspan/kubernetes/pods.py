"""Commands in pods, through the API server. Source: Kubernetes API, PodExecOptions, v4.channel.k8s.io."""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Protocol
from urllib.parse import urlencode

import websocket
from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDIN_CHANNEL, STDOUT_CHANNEL, WSClient
from websocket import WebSocketBadStatusException, WebSocketException

from twinspan.command import Completed
from twinspan.errors import ApiRefusedError, CloudRefusedError, CloudUnreachableError, CommandError
from twinspan.kubernetes.api import ANSWER_WITHIN_S, ClusterApi, object_path

_FRAME_BYTES = 32768
_LOOK_S = 1.0
"""Seconds between two looks at the clock while a command is silent."""
_GRACE_S = 2
_WITH_STDIN = 'n=$1; shift; head -c "$n" | "$@"'
"""The protocol cannot end standard input; `head` does, after as many bytes as there are."""

_Client: Any = WSClient

# The library has no other way to limit the time a connection takes.
websocket.setdefaulttimeout(ANSWER_WITHIN_S)


class _Socket(Protocol):
    def shutdown(self) -> None: ...


class _Channels(Protocol):
    """What is used of the library's client; its own methods have no types."""

    sock: _Socket

    def is_open(self) -> bool: ...

    def update(self, timeout: float) -> None: ...

    def read_channel(self, channel: int) -> bytes: ...

    def write_channel(self, channel: int, data: bytes) -> None: ...

    def close(self) -> None: ...


def execute(
    api: ClusterApi,
    argv: Sequence[str],
    *,
    namespace: str,
    pod: str,
    timeout_s: float,
    container: str = "",
    stdin: str | None = None,
) -> Completed:
    """Run a command in a container to its end; a non-zero status is returned, not raised.

    Args:
        api: The pod's cluster.
        argv: Program and arguments; no shell is involved.
        namespace: The pod's namespace.
        pod: The pod's name.
        timeout_s: Limit in seconds; the program is left to itself when it passes.
        container: Which of the pod's containers; its only one if empty.
        stdin: Text for standard input, which has no end; nothing when None.

    Raises:
        CommandError: No end within the limit (status -9), or the program does not exist there.
        CloudRefusedError: There is no such pod or container, or we may not.
        CloudUnreachableError: The API server does not answer, or ended the connection.
    """
    query = [("command", word) for word in argv]
    query += [("stdout", "true"), ("stderr", "true")]
    query += [("stdin", "true")] if stdin is not None else []
    query += [("container", container)] if container else []
    path = object_path("v1", "pods", namespace=namespace, name=pod)
    url = f"{api.endpoint.server.rstrip('/')}{path}/exec?{urlencode(query)}"
    operation = f"{api.name}: exec in {namespace}/{pod}"
    try:
        client: _Channels = _Client(
            api.configuration,
            url.replace("http", "ws", 1),
            {**api.headers(), "sec-websocket-protocol": "v4.channel.k8s.io"},
            capture_all=False,
            binary=True,
        )
    except WebSocketBadStatusException as error:
        raise _refused(operation, error) from error
    except (WebSocketException, OSError) as error:
        raise CloudUnreachableError(f"{operation}: no answer: {error}") from error
    try:
        if stdin is not None:
            _send(client, stdin.encode())
        return _to_the_end(client, argv, operation, timeout_s)
    except (WebSocketException, OSError) as error:
        raise CloudUnreachableError(f"{operation}: the connection broke: {error}") from error
    finally:
        client.close()
        # When the server has said goodbye first, the library's `close` leaves the socket open.
        client.sock.shutdown()


def _send(client: _Channels, data: bytes) -> None:
    for start in range(0, len(data), _FRAME_BYTES):
        client.write_channel(STDIN_CHANNEL, data[start : start + _FRAME_BYTES])


def _to_the_end(client: _Channels, argv: Sequence[str], operation: str, timeout_s: float) -> Completed:
    out: dict[int, bytes] = {STDOUT_CHANNEL: b"", STDERR_CHANNEL: b"", ERROR_CHANNEL: b""}
    deadline = time.monotonic() + timeout_s
    is_open = True
    while is_open:
        # Once more after the end: reading one channel also takes in what has come for the others.
        is_open = client.is_open()
        left = deadline - time.monotonic()
        if left <= 0:
            raise CommandError(argv, -9, f"no end within {timeout_s:g} s ({operation})")
        client.update(timeout=min(left, _LOOK_S))
        for channel in out:
            out[channel] += client.read_channel(channel)
    if not out[ERROR_CHANNEL]:
        raise CloudUnreachableError(f"{operation}: the connection ended before the command did")
    return Completed(
        argv=tuple(argv),
        returncode=_status(argv, out[ERROR_CHANNEL], operation),
        stdout=out[STDOUT_CHANNEL].decode(errors="replace"),
        stderr=out[STDERR_CHANNEL].decode(errors="replace"),
    )


def _status(argv: Sequence[str], said: bytes, operation: str) -> int:
    """Return the exit status out of the `Status` object that ends an exec."""
    status = json.loads(said)
    if status.get("status") == "Success":
        return 0
    causes = (status.get("details") or {}).get("causes") or ()
    for cause in causes:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise CommandError(argv, 127, f"{operation}: {status.get('message', 'failed without a word')}")


def _refused(operation: str, error: WebSocketBadStatusException) -> CloudRefusedError:
    body = (error.resp_body or b"").decode(errors="replace")
    try:
        said = json.loads(body)
        code, message = str(said["reason"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        code, message = f"HTTP {error.status_code}", body or str(error)
    return ApiRefusedError(operation=operation, status=error.status_code, code=code, message=message)


@dataclass(frozen=True, slots=True)
class PodHost:
    """A pod to send packets from; a `Host`.

    Attributes:
        api: Its cluster.
        namespace: Its namespace.
        pod: Its name.
        node: The node it runs on.
        pod_address: Its address.
    """

    api: ClusterApi
    namespace: str
    pod: str
    node: str
    pod_address: IPv4Address

    @property
    def name(self) -> str:
        """Its cluster and node, which a reader knows; the pod's own name is made up."""
        return f"{self.api.endpoint.name}/{self.node}"

    @property
    def side(self) -> str:
        """`aws` or `azure`."""
        return self.api.endpoint.side

    @property
    def address(self) -> IPv4Address:
        """The pod's own address."""
        return self.pod_address

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        """Run a command in the pod to its end; a non-zero status is returned, not raised.

        Raises:
            CommandError: The command did not end in time; it is killed in the pod.
            CloudError: The pod cannot be reached.
        """
        words = tuple(argv)
        if stdin is not None:
            words = ("sh", "-c", _WITH_STDIN, "sh", str(len(stdin.encode())), *words)
        # Ending the connection does not end the program, so it gets a limit of its own there.
        limited = ("timeout", "-s", "KILL", str(math.ceil(timeout_s) + _GRACE_S), *words)
        done = execute(
            self.api, limited, namespace=self.namespace, pod=self.pod, timeout_s=timeout_s, stdin=stdin
        )
        return Completed(argv=tuple(argv), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)
