"""One IKE daemon for one tunnel end.

`kernel-libipsec` carries ESP in user space over one TUN device, on any kernel. It knows no marks, so
two tunnels with traffic selectors 0.0.0.0/0 cannot share a daemon: every end has its own.
"""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from twinspan.errors import CommandError, HostError
from twinspan.host import SYSTEM_PATH, find_program
from twinspan.twin.dataplane.charon_config import CHILD, CONNECTION, connection, daemon_settings, proposed
from twinspan.twin.dataplane.daemons import Daemon
from twinspan.twin.dataplane.events import DaemonLines, Journal
from twinspan.twin.dataplane.receive_buffers import widen_receive_buffers
from twinspan.twin.dataplane.spec import EndSpec
from twinspan.twin.dataplane.vici_control import Control, Section
from twinspan.twin.loops import LAST, Loop

_PROGRAM = "charon-systemd"
_LINE = re.compile(r"\d+\[\w+\] ?(?:<(?:[^>|]*\|)?(?P<sa>\d+)> )?(?P<text>.*)")
_ERRORS = (
    (re.compile(r"MAC mismatched|no matching peer config found"), "AUTHENTICATION_FAILED"),
    (re.compile(r"no acceptable proposal found|proposals unacceptable"), "NO_PROPOSAL_CHOSEN"),
    (re.compile(r"received (\w+) (?:error )?notify"), None),
    (re.compile(r"traffic selectors .* unacceptable"), "TS_UNACCEPTABLE"),
    (re.compile(r"(no IKE config found for .*), sending NO_PROPOSAL_CHOSEN"), None),
)
_NOT_RESPONDING = "peer not responding"


def private_program(folder: Path) -> Path:
    """Return where the agent keeps its own copy of charon."""
    return folder / _PROGRAM


def install_private_program(folder: Path) -> None:
    """Copy charon to a folder of the agent's own.

    Ubuntu and Debian attach an AppArmor profile to the path of the packaged program, which would keep it
    from our configuration and sockets. Its plugins are found all the same: their paths are compiled in.
    """
    packaged = find_program(_PROGRAM)
    if packaged is None:
        raise HostError(
            problem=f"the program {_PROGRAM} is not installed",
            remedy=f"Run `make install`, or `apt-get install {_PROGRAM}`",
        )
    own = private_program(folder)
    shutil.copyfile(packaged, own)
    own.chmod(0o755)


class Charon:
    """The IKE daemon of one end.

    Args:
        spec: What it negotiates.
        namespace: Where it runs; has the outside address.
        folder: Private folder for its configuration and socket; has the program.
        journal: Where its events go.
        before_start: Called before it is started, also again.
        on_ready: Called when it has started, before it knows any connection.
        on_child: Called with True when the tunnel can carry packets, with False when no more.
    """

    def __init__(
        self,
        *,
        spec: EndSpec,
        namespace: str,
        folder: Path,
        journal: Journal,
        before_start: Callable[[], None],
        on_ready: Callable[[], None],
        on_child: Callable[[bool], None],
    ) -> None:
        self.spec = spec
        self.last_error = ""
        self.ike_up = False
        self.child_up = False
        self.child_since: datetime | None = None
        """When `child_up` last changed, UTC."""
        self.ready = False
        """It knows its connection and can dial."""
        self.given_up = False
        """The peer did not answer probes; what happens next is up to the DPD action."""
        self._dialled_s = 0.0
        self._dialling = False
        self._established: list[str] = []
        """Numbers of the IKE SAs that are up, oldest first."""
        self._carrier = ""
        """Number of the IKE SA whose child carries the packets."""
        self._carries_since_s = 0.0
        """When the newest child came up, as `time.monotonic` tells."""
        self._journal = journal
        self._lines = DaemonLines(spec.key)
        self._on_ready = on_ready
        self._on_child = on_child
        self._lock = threading.RLock()
        self._connection: list[Iterator[tuple[str, Section]]] = []
        """Where its events come from since it was last started."""
        self._control = Control(folder / f"{namespace}.vici")
        self._settings = folder / f"{namespace}.conf"
        self._settings.write_text(daemon_settings(spec, folder / f"{namespace}.vici"))
        self.daemon = Daemon(
            role=f"charon {spec.key}",
            namespace=namespace,
            argv=[str(private_program(folder))],
            environment={"STRONGSWAN_CONF": str(self._settings), "PATH": SYSTEM_PATH},
            journal=journal,
            on_line=self._logged,
            before_start=before_start,
            on_start=self._started,
        )

    def start(self) -> None:
        """Start it, load the connection and dial if this end does."""
        self.daemon.start()

    def stop(self, *, politely: bool = True) -> None:
        """End it until `start`; it tells its peer if it may do so `politely`.

        Its device goes with it and BGP with the device, so what is over is said before.
        """
        self.ready = False
        self._all_down()
        self.daemon.stop(politely=politely)
        self._control.close()

    def rekey(self) -> None:
        """Make new keys for the child SA, then for the IKE SA, as a lifetime's end does.

        Raises:
            CommandError: There is nothing to rekey.
            HostError: charon is not there.
        """
        self._control.command("rekey", {"child": CHILD})
        self._control.command("rekey", {"ike": CONNECTION})

    def dial(self, *, give_up_after_s: float) -> None:
        """Start negotiating, without waiting for the end.

        An attempt under way goes on, unless it is older than `give_up_after_s`; then it is dropped
        and the next one starts with short waits again. One that the peer has begun does not count: a
        late copy of its first packet may have opened it, and then nothing follows.
        """
        now = time.monotonic()
        try:
            sas = self._control.list_sas()
            under_way = [sa for sa in sas if not _half_open(sa) or sa.get("initiator") == "yes"]
            if under_way:
                if now - self._dialled_s < give_up_after_s:
                    return
                if not self.ike_up:
                    self.last_error = self.last_error or _NOT_RESPONDING
                for sa in under_way:
                    self._drop("ike-id", sa["uniqueid"])
            self._dialled_s, self._dialling = now, True
            for child in proposed(self.spec):
                self._control.command("initiate", {"child": child, "ike": CONNECTION, "timeout": "-1"})
        except (CommandError, HostError) as error:
            self._lines.add(f"cannot dial now: {error}")

    def hang_up(self) -> None:
        """Drop an attempt of this end's own that has not been answered: the peer dials now."""
        if not self._dialling:
            return
        self._dialling = False
        for sa in self.sas():
            if _half_open(sa) and sa.get("initiator") == "yes":
                self._drop("ike-id", sa["uniqueid"])

    def keep_one(self, *, after_s: float) -> None:
        """Close IKE SAs beside the one that carries the packets: both ends have dialled at once.

        One end must do this first, or each might close the other's choice. The other end must do it, too: its
        peer may have dropped one without a word, for INITIAL_CONTACT (RFC 7296, 2.4), and that is always the
        older one.

        Args:
            after_s: How long to leave it to the peer, in seconds.
        """
        with self._lock:
            spare = [number for number in self._established if number != self._carrier]
            if not self._carrier or not spare or time.monotonic() - self._carries_since_s < after_s:
                return
        alive = {sa["uniqueid"] for sa in self.sas() if sa.get("state") == "ESTABLISHED"}
        for number in set(spare) & alive:
            self._lines.add(f"closing IKE SA {number} beside IKE SA {self._carrier}")
            self._drop("ike-id", number)

    def sas(self, *, wait: bool = False) -> list[Section]:
        """Return the IKE SAs, with `wait` also those that are busy; none if charon is not there."""
        try:
            return self._control.list_sas(wait=wait)
        except HostError:
            return []

    def _drop(self, kind: Literal["ike-id", "child-id"], number: str) -> None:
        """Close an IKE SA or a child SA, without waiting: the peer may not know it any longer."""
        try:
            self._control.command("terminate", {kind: number, "force": "yes", "timeout": "-1"})
        except (CommandError, HostError) as error:
            self._lines.add(f"cannot close {kind} {number}: {error}")

    def _started(self) -> None:
        self.ready = False
        self._all_down()
        self._control.connect()
        self._widen_receive_buffers()
        self._on_ready()
        self._connection = [self._control.events()]
        Loop(f"{self.spec.key} events", partial(self._listen, self._connection)).start()
        spec = self.spec
        self._control.command(
            "load-shared",
            {
                "id": "psk",
                "type": "IKE",
                "data": spec.pre_shared_key,
                "owners": [str(spec.local_address), str(spec.remote_address)],
            },
        )
        self._control.command("load-conn", {CONNECTION: connection(spec)})
        self.given_up = False
        self.ready = True

    def _widen_receive_buffers(self) -> None:
        pid = self.daemon.pid
        try:
            if pid is not None:
                widen_receive_buffers(pid)
        except OSError as error:
            self._lines.add(f"its sockets keep their size: {error}")

    def _listen(self, connection: list[Iterator[tuple[str, Section]]]) -> float | None:
        """Wait for one event and follow it; a turn of a loop, until this charon ends."""
        try:
            kind, message = next(connection[0])
        except StopIteration:
            if connection is self._connection:
                self._all_down()
            return LAST
        except BaseException:
            connection[0] = self._control.events()  # charon has not ended, only this connection
            raise
        self.daemon.drain()  # what it has written explains what it reports now
        with self._lock:
            self._heard(kind, message)
        return None

    def _heard(self, kind: str, message: Section) -> None:
        sa: Section = next((value for value in message.values() if isinstance(value, dict)), {})
        number, up = str(sa.get("uniqueid", "")), message.get("up") == "yes"
        if kind == "ike-rekey":
            self._rekeyed(str(sa["old"]["uniqueid"]), str(sa["new"]["uniqueid"]))
        elif kind == "ike-updown" and up:
            self._established.append(number)
            self._changed_ike(up=True)
        elif kind == "ike-updown":
            self._ike_closed(number)
        elif kind == "child-updown" and up:
            self._carrier, self._carries_since_s = number, time.monotonic()
            self._changed_child(up=True)
            if self.spec.one_child:
                self._keep_newest_child(number)
        elif kind == "child-updown":
            self._child_closed()

    def _keep_newest_child(self, number: str) -> None:
        """Close the children beside the newest: AWS has one pair of security associations per tunnel.

        Source: AWS re:Post, "troubleshoot connection problems between an AWS VPN endpoint and a policy-based
        VPN".
        """
        for sa in self.sas(wait=True):
            if sa["uniqueid"] == number:
                alive = [child["uniqueid"] for child in children(sa) if child.get("state") == "INSTALLED"]
                for spare in sorted(alive, key=int)[:-1]:
                    self._lines.add(f"closing child SA {spare}: only the newest is kept")
                    self._drop("child-id", spare)

    def _rekeyed(self, old: str, new: str) -> None:
        self._established = [new if number == old else number for number in self._established]
        self._carrier = new if self._carrier == old else self._carrier

    def _ike_closed(self, closed: str) -> None:
        """Follow the end of an IKE SA.

        A peer that has lost its tunnel makes a new one and has this end drop the old one (INITIAL_CONTACT,
        RFC 7296, 2.4). To the gateway the tunnel has been down then: BGP starts again and need not wait
        until the old session's silence is noticed.
        """
        left = self.sas(wait=True)
        known = {sa["uniqueid"] for sa in left}
        self._established = [n for n in self._established if n != closed and n in known]
        self._changed_ike(up=bool(self._established))
        if closed == self._carrier:
            others = _carriers(left) & set(self._established)
            self._carrier = min(others, default="")
            if not others:
                self._changed_child(up=False)

    def _child_closed(self) -> None:
        others = _carriers(self.sas(wait=True))
        if self._carrier not in others:
            self._carrier = min(others, default="")
        if not others:
            self._changed_child(up=False)

    def _logged(self, line: str) -> None:
        match = _LINE.match(line)
        text = match.group("text") if match else line
        self._lines.add(text)
        if text.startswith("giving up after"):
            if match and match.group("sa") in self._established:
                self._journal.add("dpd-timeout", self.spec.key, text)
                self.given_up = True
            self.last_error = _NOT_RESPONDING
            return
        for pattern, word in _ERRORS:
            error = pattern.search(text)
            if error:
                self.last_error = word or error.group(1)
                return

    def _all_down(self) -> None:
        with self._lock:
            self._established, self._carrier = [], ""
            self._changed_ike(up=False)
            self._changed_child(up=False)

    def _changed_ike(self, *, up: bool) -> None:
        if up != self.ike_up:
            self.ike_up = up
            self._journal.add("ike-up" if up else "ike-down", self.spec.key)

    def _changed_child(self, *, up: bool) -> None:
        """Journal the change before the gateway feels it, so that causes come before what they cause."""
        if up == self.child_up:
            return
        self.child_up = up
        self.child_since = datetime.now(UTC)
        if up:
            self.last_error = ""
            self.given_up = self._dialling = False
        self._journal.add("child-up" if up else "child-down", self.spec.key)
        self._lines.fresh()
        self._on_child(up)


def children(sa: Section) -> list[Section]:
    """Return the child SAs of an IKE SA as `list-sas` gives it."""
    return list(sa.get("child-sas", {}).values())


def _carriers(sas: list[Section]) -> set[str]:
    """Return the numbers of the IKE SAs that have a child which carries packets."""
    return {sa["uniqueid"] for sa in sas if any(installed(child) for child in children(sa))}


def _half_open(sa: Section) -> bool:
    return sa.get("state") == "CONNECTING"


def installed(child: Section) -> bool:
    """Return whether a child SA carries packets."""
    return child.get("state") in {"INSTALLED", "REKEYING", "REKEYED"}
