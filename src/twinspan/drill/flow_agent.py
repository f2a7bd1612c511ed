"""One end of the numbered UDP flows: a program of its own, run on a host as `python -I flow_agent.py`.

It needs nothing but Python's standard library, so that any host or pod can run it.

    serve TOKEN LIFETIME_S PORT LEASE_S
                                    listen, obey, print the log as JSON at the end: when told to, when its
                                    lifetime is over, or when nobody has asked for so long
    ask TOKEN TIMEOUT_S             pass the JSON request on standard input to the `serve` of that token in
                                    the same network namespace, print its JSON answer

Requests: `ready`, `send` (to, rate_hz, flows), `hush` (stop sending), `progress`, `end`. Every time is in
nanoseconds of CLOCK_MONOTONIC. The packets of a direction are numbered n = 0, 1, 2...; packet n belongs to
flow n modulo flows, and each flow has a source port of its own.
"""

import base64
import contextlib
import json
import select
import socket
import struct
import sys
import time
import zlib
from array import array
from collections.abc import Iterable

PACKET = struct.Struct("!8sHIQ")
"""Token, flow, sequence number within the flow, send time in ns."""
BUFFER_BYTES = 4 << 20
SO_RCVBUFFORCE = 33  # asm-generic/socket.h; the socket module lacks it
IDLE_WAIT_S = 0.25
LAST_SILENCE_S = 1.0
BEAT_S = 15.0
"""Pause between two empty lines on standard output: what carries it may end a connection that is silent."""
CATCH_UP = 64
"""Packets sent at most before arrivals are read again, when the sender is behind its schedule."""
US = 1000


def control_address(token: str) -> str:
    """Return the abstract Unix address of a token; it exists in one network namespace only."""
    return f"\0twinspan-flows-{token}"


def pack(values: Iterable[int]) -> str:
    """Return whole numbers, which hardly ever decrease, as compressed text."""
    deltas, last = [], 0
    for value in values:
        deltas.append(value - last)
        last = value
    return base64.b64encode(zlib.compress(json.dumps(deltas).encode())).decode()


def unpack(text: str) -> list[int]:
    """Undo `pack`."""
    values, last = [], 0
    for delta in json.loads(zlib.decompress(base64.b64decode(text))):
        last += delta
        values.append(last)
    return values


class Sender:
    """Sends packet n at start + n / rate_hz, and remembers when it really did."""

    def __init__(self, token: bytes, to: tuple[str, int], rate_hz: float, flows: int) -> None:
        self.sent_us = array("Q")
        self.refused = array("Q")
        self.ports: list[int] = []
        self._token = token
        self._to = to
        self._interval_ns = 1e9 / rate_hz
        self._sockets = []
        for _ in range(flows):
            flow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            flow.setblocking(False)
            flow.bind(("", 0))
            self.ports.append(flow.getsockname()[1])
            self._sockets.append(flow)
        self._start_ns = time.monotonic_ns()

    def wait_s(self) -> float:
        """Return how long until the next packet is due, in seconds; 0.0 if it is."""
        due_ns = self._start_ns + len(self.sent_us) * self._interval_ns
        return max(0.0, (due_ns - time.monotonic_ns()) / 1e9)

    def send_due(self) -> None:
        """Send what is due; what the host itself refuses is noted and counts as sent."""
        for _ in range(CATCH_UP):
            now = time.monotonic_ns()
            number = len(self.sent_us)
            if now < self._start_ns + number * self._interval_ns:
                return
            sequence, flow = divmod(number, len(self._sockets))
            try:
                self._sockets[flow].sendto(PACKET.pack(self._token, flow, sequence, now), self._to)
            except OSError:  # no route, a full queue, or a filter's answer to an earlier packet
                self.refused.append(number)
            self.sent_us.append(now // US)

    def close(self) -> None:
        """Give the ports back."""
        for flow in self._sockets:
            flow.close()


class FlowAgent:
    """The loop: sends when due, records what arrives, obeys requests."""

    def __init__(self, token: str, lifetime_s: float, port: int, lease_s: float) -> None:
        self._token = token.encode()
        self._deadline = time.monotonic() + lifetime_s
        self._lease_s = lease_s
        self._asked_s = time.monotonic()
        self._receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        except PermissionError:  # beyond the system's limit only with CAP_NET_ADMIN
            self._receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._receiver.setblocking(False)
        self._receiver.bind(("", port))
        # Last, since whoever finds it may rely on the port being open.
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._control.bind(control_address(token))
        self._sender: Sender | None = None
        self._send_request: dict[str, object] = {}
        self._sending = False
        self._ended = False
        self._arrived_flow = array("H")
        self._arrived_sequence = array("Q")
        self._arrived_us = array("Q")
        self._last_us: dict[int, int] = {}

    def serve(self) -> dict[str, object]:
        """Obey until told to end, until the lifetime is over, or nobody asks any more; return the log."""
        beat_s = time.monotonic()
        while not self._ended and time.monotonic() < min(self._deadline, self._asked_s + self._lease_s):
            if time.monotonic() - beat_s > BEAT_S:
                beat_s = time.monotonic()
                sys.stdout.write("\n")
                sys.stdout.flush()
            # Before the far end's lifetime is over too, or its last packets would be lost there.
            self._sending = self._sending and time.monotonic() < self._deadline - LAST_SILENCE_S
            wait_s = self._sender.wait_s() if self._sender and self._sending else IDLE_WAIT_S
            # `select` and not `poll`: it waits for less than a millisecond.
            readable, _, _ = select.select([self._receiver, self._control], [], [], wait_s)
            if self._receiver in readable:
                self._receive()
            if self._control in readable:
                self._obey()
            if self._sender and self._sending:
                self._sender.send_due()
        return self._log()

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(CATCH_UP):
                data = self._receiver.recv(2048)
                now_us = time.monotonic_ns() // US
                if len(data) != PACKET.size:
                    continue
                token, flow, sequence, _ = PACKET.unpack(data)
                if token == self._token[:8]:
                    self._arrived_flow.append(flow)
                    self._arrived_sequence.append(sequence)
                    self._arrived_us.append(now_us)
                    self._last_us[flow] = now_us

    def _obey(self) -> None:
        text, client = self._control.recvfrom(65536)
        self._asked_s = time.monotonic()
        request = json.loads(text)
        answer = self._answer(request)
        with contextlib.suppress(OSError):  # the asker has gone
            self._control.sendto(json.dumps(answer).encode(), client)

    def _answer(self, request: dict[str, object]) -> dict[str, object]:
        answer: dict[str, object] = {"now_ns": time.monotonic_ns()}
        what = request["what"]
        if what == "ready":
            answer["port"] = self._receiver.getsockname()[1]
        elif what == "send" and self._sender is None:
            self._sender = Sender(
                self._token[:8],
                (str(request["address"]), int(str(request["port"]))),
                float(str(request["rate_hz"])),
                int(str(request["flows"])),
            )
            self._send_request = request
            self._sending = True
        elif what == "send" and request == self._send_request:
            pass  # again, since the answer to the first was lost
        elif what == "progress":
            answer["received"] = len(self._arrived_us)
            answer["last_us"] = self._last_us
        elif what in {"hush", "end"}:
            self._sending = False
            self._ended = what == "end"
        else:
            answer["refused"] = f"cannot {what} now"
        return answer

    def _log(self) -> dict[str, object]:
        sender = self._sender
        if sender:
            sender.close()
        return {
            "ports": sender.ports if sender else [],
            "sent_us": pack(sender.sent_us if sender else ()),
            "refused": pack(sender.refused if sender else ()),
            "arrived_flow": pack(self._arrived_flow),
            "arrived_sequence": pack(self._arrived_sequence),
            "arrived_us": pack(self._arrived_us),
        }


def ask(token: str, timeout_s: float, request: str) -> str:
    """Pass a request to the agent of a token; return its answer.

    Raises:
        TimeoutError: There is no such agent, or it does not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.bind("")  # Linux chooses a free abstract address
        while True:
            try:
                client.sendto(request.encode(), control_address(token))
                break
            except ConnectionRefusedError as error:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"no flow agent has started within {timeout_s:g} s") from error
                select.select([], [], [], 0.01)
        client.settimeout(max(0.1, deadline - time.monotonic()))
        return client.recv(1 << 20).decode()


def main(arguments: list[str]) -> None:
    """Run as a program."""
    if arguments[0] == "serve":
        log = FlowAgent(arguments[1], float(arguments[2]), int(arguments[3]), float(arguments[4])).serve()
        sys.stdout.write(json.dumps(log) + "\n")
    else:
        sys.stdout.write(ask(arguments[1], float(arguments[2]), sys.stdin.read()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
