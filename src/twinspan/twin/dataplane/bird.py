"""One BIRD in one namespace: started, reconfigured, listened to."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import TypeVar

from twinspan.command import run
from twinspan.errors import HostError, WaitTimeoutError
from twinspan.host import search_path
from twinspan.twin.attempts import attempt
from twinspan.twin.dataplane.bird_control import (
    BirdControl,
    BirdRoute,
    SessionState,
    parse_sessions,
)
from twinspan.twin.dataplane.daemons import Daemon
from twinspan.twin.dataplane.events import DaemonLines, Journal
from twinspan.wait import wait_until

T = TypeVar("T")

_ENVIRONMENT = {"TZ": "UTC", "PATH": search_path()}

_LINE = re.compile(r"<(\w+)> (?:(?P<name>[A-Za-z_]\w*)(?:\.ipv4)?)?:? ?(?P<text>.*)$")
_ADDED = re.compile(r"> added \[best\] (\S+)")
_REMOVED = re.compile(r"> removed (?:\[\w+\] )?(\S+)")

_CLOSED_WITHIN_S = 2.0
"""How long a session that goes may take to close, seconds; BIRD does it at once."""


class Bird:
    """A BGP speaker.

    Args:
        role: For people, e.g. `bird vgw-0a...`.
        namespace: Where it runs.
        folder: Private folder for its configuration and socket.
        journal: Where its events go.
        on_routes: Called when a session with debugging of routes gained or lost one.
    """

    def __init__(
        self,
        *,
        role: str,
        namespace: str,
        folder: Path,
        journal: Journal,
        on_routes: Callable[[], None],
    ) -> None:
        self.messages_sent: Counter[str] = Counter()
        self.messages_received: Counter[str] = Counter()
        self.since: dict[str, datetime] = {}
        """Session -> when it last came up or went down, UTC."""
        self._journal = journal
        self._lines = DaemonLines(role)
        self._on_routes = on_routes
        self._file = folder / f"{namespace}.bird"
        self._text = ""
        self._subjects: dict[str, str] = {}
        self._sessions: frozenset[str] = frozenset()
        """Those of the text that it has."""
        self._up: set[str] = set()
        self._lock = threading.Lock()
        self._control = BirdControl(folder / f"{namespace}.ctl")
        self.daemon = Daemon(
            role=role,
            namespace=namespace,
            argv=["bird", "-f", "-c", str(self._file), "-s", str(folder / f"{namespace}.ctl")],
            environment=_ENVIRONMENT,
            journal=journal,
            on_line=self._logged,
            before_start=lambda: None,
            on_start=self._control.connect,
        )

    def configure(self, text: str, subjects: Mapping[str, str]) -> None:
        """Take over a configuration, starting BIRD the first time. Equal text changes nothing.

        If it fails, the next call with the same text tries again.

        Sessions that the new text does not change stay up.

        Args:
            text: bird.conf.
            subjects: Session name -> subject of its events.

        Raises:
            CommandError: BIRD refuses the text.
        """
        self._subjects |= subjects  # a session that goes has something to say yet
        if text == self._text:
            return
        self._file.write_text(text)
        if self._text:
            self._control.command("configure")
            self._control.command("show status")  # answered when the routes have been taken over, too
            self._until_closed(self._sessions - subjects.keys())
        else:
            self.daemon.start()
        self._text, self._sessions = text, frozenset(subjects)

    def _until_closed(self, sessions: frozenset[str]) -> None:
        """Wait until sessions that go have sent their notification: what carries it may go next."""
        if not sessions:
            return
        try:
            wait_until(
                lambda: sessions & self.sessions().keys(),
                lambda left: not left,
                what="end of the sessions that go",
                timeout_s=_CLOSED_WITHIN_S,
            )
        except WaitTimeoutError as error:
            self._lines.add(str(error))
        self.daemon.drain()  # what it has written comes before what its peers notice

    def fitting(
        self,
        items: Sequence[T],
        render: Callable[[Sequence[T]], str],
        *,
        name: Callable[[T], str],
        problems: list[str],
    ) -> list[T]:
        """Return those items with which BIRD takes a configuration, as a rule all.

        Args:
            items: What the configuration is made of.
            render: Makes it.
            name: How an item is called in a problem.
            problems: Gets a line for each item that does not fit.
        """

        def check(some: Sequence[T]) -> None:
            text = render(some)
            if text != self._text:
                candidate = self._file.with_suffix(".new")
                candidate.write_text(text)
                run(["bird", "-p", "-c", str(candidate)], env=_ENVIRONMENT)

        def alone(item: T) -> T:
            check([item])
            return item

        try:
            check(items)
        except Exception:  # noqa: BLE001 - whichever item it is, the others are configured
            return attempt(items, alone, name=name, problems=problems)
        return list(items)

    def stop(self, *, politely: bool = True) -> None:
        """End it until `start`; it closes its sessions if it may do so `politely`."""
        self.daemon.stop(politely=politely)
        self._control.close()
        for name in list(self._up):
            self._session_event(name, "BGP session closed: its daemon has ended")

    def start(self) -> None:
        """Start it again as it was configured; nothing happens if it never was."""
        if self._text:
            self.daemon.start()

    @property
    def any_session_up(self) -> bool:
        """Whether it exchanges routes with anybody beyond its own network's router."""
        return bool(self._up)

    def switch(self, session: str, *, on: bool) -> None:
        """Close a BGP session with a notification to its peer, or let it come up again.

        Raises:
            CommandError: BIRD has no such session.
            HostError: BIRD is not there.
        """
        self._control.command(f"{'enable' if on else 'disable'} {session}")

    def sessions(self) -> dict[str, SessionState]:
        """Return its BGP sessions by name; none if BIRD is not there."""
        try:
            return parse_sessions(self._control.command("show protocols all"))
        except HostError:
            return {}

    def routes(self, what: str = "") -> tuple[BirdRoute, ...]:
        """Return routes, e.g. of `export NAME`; all of the main table by default."""
        try:
            return self._control.routes(what)
        except HostError:
            return ()

    def _logged(self, line: str) -> None:
        match = _LINE.search(line)
        name = match.group("name") if match else None
        if match is None or name is None or name not in self._subjects:
            self._lines.add(line)
            return
        text = match.group("text")
        if text.startswith("Sending "):
            self.messages_sent[name] += 1
        elif text.startswith("Got "):
            self.messages_received[name] += 1
        else:
            self._lines.add(f"{name}: {text}")
            self._session_event(name, text)

    def _session_event(self, name: str, text: str) -> None:
        subject = self._subjects[name]
        if text.startswith("BGP session established"):
            self._up.add(name)
            self.since[name] = datetime.now(UTC)
            self._journal.add("bgp-up", subject, text)
            self._lines.fresh()
        elif "Hold timer expired" in text and name in self._up:
            self._journal.add("bgp-hold-expired", subject, text)
        elif text.startswith(("State changed to stop", "State changed to down", "BGP session closed")):
            if name in self._up:
                self._up.discard(name)
                self.since[name] = datetime.now(UTC)
                self._journal.add("bgp-down", subject, text)
                self._lines.fresh()
        else:
            self._route_event(subject, text)

    def _route_event(self, subject: str, text: str) -> None:
        for kind, pattern in (("route-added", _ADDED), ("route-removed", _REMOVED)):
            match = pattern.search(text)
            if match:
                self._journal.add(kind, subject, str(IPv4Network(match.group(1))))
                self._on_routes()
