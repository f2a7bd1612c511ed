"""Azure's metric alerts on a whole network: each rings when its thing is broken, and clears when it is mended.

The twin's grain is 5 seconds here, so one of the cloud's 5 minutes lasts 5 seconds; times to alert are recorded
as they are here and as they would be at the cloud's pace.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import verify_lab
from verify_lab import Lab

from twinspan.cloud.azure.client import clients
from twinspan.twin.dataplane.wire import FaultKind, FaultSpec
from twinspan.twin.metrics.clock import CLOUD_GRAIN_S, Clock
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(600)]
PERIOD_S = 5
LIMIT_S = 150.0
Record = Callable[[str, object], None]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Somebody who is told by webhook."""

    url: str
    told: list[dict[str, Any]] = field(default_factory=list)

    def heard(self, rule: str, condition: str) -> bool:
        return any(
            each["data"]["essentials"]["alertRule"] == rule
            and each["data"]["essentials"]["monitorCondition"] == condition
            for each in list(self.told)
        )


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A real web server on a loopback address."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Desk(url=f"http://127.0.0.1:{server.server_address[1]}/vpn", told=told)
        server.shutdown()


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """What Azure says of the alerts of a lab."""

    lab: Lab
    desk: Desk

    def ask(self, path: str, version: str) -> Any:
        assert self.lab.target.endpoints.azure
        return clients(self.lab.target.endpoints.azure).arm.get(path, version)

    @property
    def subscription(self) -> str:
        assert self.lab.target.endpoints.azure
        return f"/subscriptions/{self.lab.target.endpoints.azure.subscription_id}"
