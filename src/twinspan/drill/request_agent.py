"""A client of a service: a program of its own, run on a host as `python -I request_agent.py`.

It needs nothing but Python's standard library, and is asked as `flow_agent` is: the same requests, the same
answers, the same log. A "packet" is an HTTP request on a connection of its own, sent when it is due whether
or not earlier ones have been answered. It has arrived when the first bytes of an answer are back; one that
takes longer than `ANSWER_WITHIN_S` is lost. That is shorter than the second after which TCP repeats a lost
SYN (RFC 6298, section 2), so a request is one attempt.

    serve TOKEN LIFETIME_S PORT     listen, obey, print the log as JSON at the end; PORT is not used
"""

import asyncio
import base64
import contextlib
import json
import socket
import sys
import time
import zlib
from array import array
from collections.abc import Iterable

ANSWER_WITHIN_S = 0.9
STEADY_S = 3.0
"""A flow counts as heard again once it has had no failure for so long: replicas come back one by one."""
REQUEST = b"GET / HTTP/1.0\r\nHost: service\r\n\r\n"
ANSWER = b"HTTP/"
US = 1000


def pack(values: Iterable[int]) -> str:
    """Return whole numbers as compressed text, as `flow_agent.pack` does."""
    deltas, last = [], 0
    for value in values:
        deltas.append(value - last)
        last = value
    return base64.b64encode(zlib.compress(json.dumps(deltas).encode())).decode()


class Client:
    """Sends request n at start + n / rate_hz; request n belongs to flow n modulo flows."""

    def __init__(self, to: tuple[str, int], rate_hz: float, flows: int) -> None:
        self.to = to
        self.flows = flows
        self.sent_us = array("Q")
        self.refused = array("Q")
        self.arrived: list[tuple[int, int, int]] = []
        self.last_us: dict[int, int] = {}
        self.failed_us: dict[int, int] = {}
        self.sending = True
        self._loop = asyncio.get_running_loop()
        self._interval_s = 1.0 / rate_hz
        self._start_s = self._loop.time()
        self._open: set[asyncio.Task[None]] = set()
        self._due()

    def _due(self) -> None:
        if not self.sending:
            return
        number = len(self.sent_us)
        self.sent_us.append(time.monotonic_ns() // US)
        task = self._loop.create_task(self._ask(number))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        self._loop.call_at(self._start_s + (number + 1) * self._interval_s, self._due)

    def heard_us(self) -> dict[int, int]:
        """Return flow -> when it was heard last; after a failure that is before it, until it is steady."""
        steady_us = time.monotonic_ns() // US - int(STEADY_S * US * 1000)
        lately = {flow: at_us for flow, at_us in self.failed_us.items() if at_us > steady_us}
        return {flow: lately.get(flow, at_us) for flow, at_us in self.last_us.items()}

    async def _ask(self, number: int) -> None:
        writer = None
        answered = False
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                reader, writer = await asyncio.open_connection(*self.to)
                writer.write(REQUEST)
                answered = (await reader.read(64)).startswith(ANSWER)
        except TimeoutError:
            pass  # lost: nobody answered
        except OSError:  # refused or unreachable, by whoever said so
            self.refused.append(number)
        finally:
            if writer is not None:
                writer.transport.abort()
            self._note(number, answered=answered)

    def _note(self, number: int, *, answered: bool) -> None:
        sequence, flow = divmod(number, self.flows)
        now_us = time.monotonic_ns() // US
        if not answered:
            # A refusal comes at once, but is as good as a silence that has lasted.
            self.failed_us[flow] = now_us - int(ANSWER_WITHIN_S * US * 1000)
            return
        self.arrived.append((flow, sequence, now_us))
        self.last_us[flow] = now_us

    def log(self) -> dict[str, object]:
        """Return everything that happened."""
        return {
            "ports": [self.to[1]] * self.flows,
            "sent_us": pack(self.sent_us),
            "refused": pack(sorted(self.refused)),
            "arrived_flow": pack(flow for flow, _, _ in self.arrived),
            "arrived_sequence": pack(sequence for _, sequence, _ in self.arrived),
            "arrived_us": pack(at_us for _, _, at_us in self.arrived),
        }


class RequestAgent:
    """Obeys what comes over its control socket."""

    def __init__(self, token: str, lease_s: float) -> None:
        self._lease_s = lease_s
        self._limit = asyncio.timeout(lease_s)
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._control.setblocking(False)
        self._control.bind(f"\0twinspan-flows-{token}")  # as `flow_agent.control_address`
        self._ended = asyncio.Event()
        self._client: Client | None = None
        self._send_request: dict[str, object] = {}

    async def serve(self, lifetime_s: float) -> dict[str, object]:
        """Obey until told to end, until the lifetime is over, or nobody asks any more; return the log."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._control, self._obey)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(lifetime_s), self._limit:
                await self._ended.wait()
        loop.remove_reader(self._control)
        if self._client:
            self._client.sending = False
            return self._client.log()
        nothing = {name: pack(()) for name in ("sent_us", "refused", "arrived_flow", "arrived_sequence")}
        return {"ports": [], **nothing, "arrived_us": pack(())}

    def _obey(self) -> None:
        with contextlib.suppress(BlockingIOError):
            text, asker = self._control.recvfrom(65536)
            self._limit.reschedule(asyncio.get_running_loop().time() + self._lease_s)
            answer = self._answer(json.loads(text))
            with contextlib.suppress(OSError):  # the asker has gone
                self._control.sendto(json.dumps(answer).encode(), asker)

    def _answer(self, request: dict[str, object]) -> dict[str, object]:
        answer: dict[str, object] = {"now_ns": time.monotonic_ns()}
        what = request["what"]
        if what == "send" and self._client is None:
            self._client = Client(
                (str(request["address"]), int(str(request["port"]))),
                float(str(request["rate_hz"])),
                int(str(request["flows"])),
            )
            self._send_request = request
        elif what == "send" and request == self._send_request:
            pass  # again, since the answer to the first was lost
        elif what == "progress":
            answer["received"] = len(self._client.arrived) if self._client else 0
            answer["last_us"] = self._client.heard_us() if self._client else {}
        elif what in {"hush", "end"}:
            if self._client:
                self._client.sending = False
            if what == "end":
                self._ended.set()
        elif what != "ready":
            answer["refused"] = f"cannot {what} now"
        return answer


async def run(token: str, lifetime_s: float, lease_s: float) -> None:
    """Serve, and print the log."""
    log = await RequestAgent(token, lease_s).serve(lifetime_s)
    sys.stdout.write(json.dumps(log) + "\n")


if __name__ == "__main__":
    asyncio.run(run(sys.argv[2], float(sys.argv[3]), float(sys.argv[5])))
