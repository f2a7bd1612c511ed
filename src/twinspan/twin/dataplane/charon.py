"""One IKE daemon for one tunnel end.

`kernel-libipsec` carries ESP in user space over one TUN device, on any kernel. It knows no marks, so
two tunnels with traffic selectors 0.0.0.0/0 cannot share a daemon: every end has its own.
"""

import re
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from twinspan.errors import CommandError, HostError
from twinspan.twin.dataplane.daemons import Daemon
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.spec import EndSpec
from twinspan.twin.dataplane.vici_control import Control, Section

_PROGRAM = Path("/usr/sbin/charon-systemd")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CONNECTION = "tunnel"
_CHILD = "inside"
_RETRANSMISSIONS = 5
_FIRST_RETRANSMISSION_S = 0.5
_ERRORS = (
    (re.compile(r"MAC mismatched|no matching peer config found"), "AUTHENTICATION_FAILED"),
    (re.compile(r"no acceptable proposal found|proposals unacceptable"), "NO_PROPOSAL_CHOSEN"),
    (re.compile(r"received (\w+) (?:error )?notify"), None),
    (re.compile(r"(no IKE config found for .*), sending NO_PROPOSAL_CHOSEN"), None),
)
_NOT_RESPONDING = "peer not responding"


def retransmission_base(total_s: float) -> float:
    """Return the growth factor that makes all retransmissions of one request take `total_s`.

    charon waits 0.5 s, then 0.5 x base, ... after the request and each of its 5 repetitions, and
    gives up after the last wait. Never below 1: then it gives up after 3 s at the soonest.
    """
    low, high = 1.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        waited = sum(_FIRST_RETRANSMISSION_S * middle**n for n in range(_RETRANSMISSIONS + 1))
        low, high = (middle, high) if waited < total_s else (low, middle)
    return low


def private_program(folder: Path) -> Path:
    """Return a copy of charon in `folder`, made at the first call.

    Debian and Ubuntu confine the installed file by an AppArmor profile that is attached to its path and,
    where it is enforced, keeps charon from the configuration and the control socket of a twin.
    """
    copy = folder / "charon"
    if not copy.exists():
        draft = folder / f"charon.{threading.get_ident()}"
        shutil.copyfile(_PROGRAM, draft)
        draft.chmod(0o755)
        draft.replace(copy)
    return copy


class Charon:
    """The IKE daemon of one end.

    Args:
        spec: What it negotiates.
        namespace: Where it runs; has the outside address.
        folder: Private folder for its configuration and socket.
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
        self._journal = journal
        self._on_ready = on_ready
        self._on_child = on_child
        self._lock = threading.RLock()
        self._control = Control(folder / f"{namespace}.vici")
        self._settings = folder / f"{namespace}.conf"
        self._settings.write_text(_settings(spec, folder / f"{namespace}.vici"))
        self.daemon = Daemon(
            role=f"charon {spec.key}",
            namespace=namespace,
            argv=[str(private_program(folder))],
            environment={"STRONGSWAN_CONF": str(self._settings), "PATH": _PATH},
            journal=journal,
            on_line=lambda line: log(spec.key, line),
            before_start=before_start,
            on_start=self._started,
        )

    def start(self) -> None:
        """Start it, load the connection and dial if this end does."""
        self.daemon.start()

    def stop(self) -> None:
        """End it; it tells its peer."""
        self.daemon.stop()
        self._control.close()

    def dial(self, *, give_up_after_s: float) -> None:
        """Start negotiating, without waiting for the end.

        An attempt under way goes on, unless it is older than `give_up_after_s`; then it is dropped
        and the next one starts with short waits again.
        """
        now = time.monotonic()
        try:
            if self._control.list_sas():
                if now - self._dialled_s < give_up_after_s:
                    return
                if not self.ike_up:
                    self.last_error = self.last_error or _NOT_RESPONDING
                self._control.command("terminate", {"ike": _CONNECTION, "force": "yes", "timeout": "-1"})
            self._dialled_s = now
            self._control.command("initiate", {"child": _CHILD, "ike": _CONNECTION, "timeout": "-1"})
        except (CommandError, HostError) as error:
            log(self.spec.key, f"cannot dial now: {error}")

    def sas(self) -> list[Section]:
        """Return the IKE SAs; none if charon is not there."""
        try:
            return self._control.list_sas()
        except HostError:
            return []

    def _started(self) -> None:
        self.ready = False
        self._changed_ike(up=False)
        self._changed_child(up=False)
        self._control.connect()
        self._on_ready()
        threading.Thread(target=self._listen, name=f"{self.spec.key} events", daemon=True).start()
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
        self._control.command("load-conn", {_CONNECTION: _connection(spec)})
        self.given_up = False
        self.ready = True

    def _listen(self) -> None:
        for kind, message in self._control.events():
            if kind == "log":
                self._logged(str(message.get("msg", "")))
            elif kind == "ike-updown":
                self._changed_ike(up=message.get("up") == "yes")
            elif kind == "child-updown":
                self._changed_child(up=message.get("up") == "yes" or self._has_child())
        self._changed_ike(up=False)
        self._changed_child(up=False)

    def _has_child(self) -> bool:
        return any(installed(child) for sa in self.sas() for child in children(sa))

    def _logged(self, text: str) -> None:
        log(self.spec.key, text)
        if text.startswith("giving up after"):
            if self.ike_up:
                self._journal.add("dpd-timeout", self.spec.key, text)
                self.given_up = True
            self.last_error = _NOT_RESPONDING
            return
        for pattern, word in _ERRORS:
            found = pattern.search(text)
            if found:
                self.last_error = word or found.group(1)
                return

    def _changed_ike(self, *, up: bool) -> None:
        with self._lock:
            if up == self.ike_up:
                return
            self.ike_up = up
        self._journal.add("ike-up" if up else "ike-down", self.spec.key, "")

    def _changed_child(self, *, up: bool) -> None:
        with self._lock:
            if up == self.child_up:
                return
            self.child_up = up
            self.child_since = datetime.now(UTC)
            if up:
                self.last_error = ""
                self.given_up = False
            self._on_child(up)
        self._journal.add("child-up" if up else "child-down", self.spec.key, "")


def children(sa: Section) -> list[Section]:
    """Return the child SAs of an IKE SA as `list-sas` gives it."""
    return list(sa.get("child-sas", {}).values())


def installed(child: Section) -> bool:
    """Return whether a child SA carries packets."""
    return child.get("state") in {"INSTALLED", "REKEYING", "REKEYED"}


def _settings(spec: EndSpec, socket: Path) -> str:
    # The routing rule goes behind the main table: charon's route into the tunnel must not catch charon's
    # own packets, and nothing else is sent from its namespace.
    base = retransmission_base(spec.ike.dead_peer.probing_s)
    return f"""charon-systemd {{
  load = random nonce aesni aes des sha1 sha2 md5 hmac kdf gcm openssl kernel-libipsec kernel-netlink \
socket-default vici
  install_routes = no
  install_virtual_ip = no
  routing_table_prio = 40000
  retransmit_tries = {_RETRANSMISSIONS}
  retransmit_timeout = {_FIRST_RETRANSMISSION_S}
  retransmit_base = {base:.6f}
  plugins {{
    vici {{
      socket = unix://{socket}
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
  journal {{
    default = -1
  }}
  filelog {{
    stderr {{
      default = -1
      dmn = 0
      cfg = 0
      lib = 0
    }}
  }}
}}
"""


def _connection(spec: EndSpec) -> dict[str, object]:
    ike = spec.ike
    probes = ike.dead_peer.action != "none"
    fuzz_s = ike.rekey_margin_s * ike.rekey_fuzz_percentage // 100
    return {
        "version": "2",
        "local_addrs": [str(spec.local_address)],
        "remote_addrs": [str(spec.remote_address)],
        "proposals": list(ike.ike_proposals),
        "encap": "yes",
        "mobike": "no",
        "keyingtries": "1",
        "dpd_delay": f"{ike.dead_peer.delay_s if probes else 0}s",
        "rekey_time": f"{ike.ike_lifetime_s - ike.rekey_margin_s}s",
        "rand_time": f"{fuzz_s}s",
        "over_time": f"{ike.rekey_margin_s}s",
        "local": {"auth": "psk", "id": str(spec.local_address)},
        "remote": {"auth": "psk", "id": str(spec.remote_address)},
        "children": {
            _CHILD: {
                "esp_proposals": list(ike.esp_proposals),
                "local_ts": ["0.0.0.0/0"],
                "remote_ts": ["0.0.0.0/0"],
                "mode": "tunnel",
                "rekey_time": f"{max(ike.child_lifetime_s - ike.rekey_margin_s, 1)}s",
                "rand_time": f"{fuzz_s}s",
                "life_time": f"{ike.child_lifetime_s}s",
                "dpd_action": "clear",
                "close_action": "none",
                "start_action": "none",
            }
        },
    }
