"""The way from this machine into the clusters: an authority and a loopback port for each.

Nothing is routed between the host and the data plane: a connection to the port is carried over a Unix
socket to the agent, and by the agent to that cluster's API server.
"""

import hashlib
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from twinspan.errors import HostError
from twinspan.twin.azure.files import write_private
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.relay import Relay, UnixTarget

_LOOPBACK = "127.0.0.1"


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: str
    port: int
    authority: ClusterAuthority


def file_stem(key: str) -> str:
    """Return a short name for a cluster's files that is the same for the same key."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


class ClusterAccess:
    """Authorities and ports of all clusters of a twin, kept in files of mode 0600. Thread safe.

    Args:
        folder: Where they are kept; mode 0700.
        sockets: The agent's working folder, where the Unix sockets are.
    """

    def __init__(self, folder: Path, *, sockets: Path) -> None:
        self._folder = folder
        self._sockets = sockets
        self._lock = threading.RLock()
        self._kept: dict[str, _Kept] = {}
        self._relays: dict[str, Relay] = {}

    def start(self) -> None:
        """Open the ports of the clusters that are known from before.

        Raises:
            HostError: A file cannot be used, or a port has been taken by another program.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for path in sorted(self._folder.glob("*.json")):
            try:
                kept = _Kept.model_validate_json(path.read_bytes())
            except (ValidationError, OSError) as error:
                raise HostError(
                    problem=f"what is kept of a cluster in {path} cannot be used",
                    remedy="Remove what this twin keeps: `twinspan twin down --purge`; then start it again",
                ) from error
            with self._lock:
                self._open(kept)

    def stop(self) -> None:
        """Close all ports; what is kept stays."""
        with self._lock:
            for relay in self._relays.values():
                relay.stop()
            self._relays.clear()

    def authority(self, key: str, *, name: str) -> ClusterAuthority:
        """Return a cluster's authority, made when it is first asked for.

        Args:
            key: The cluster's ARN or resource id.
            name: The cluster's name, for the certificate's subject.
        """
        return self._get(key, name).authority

    def url(self, key: str, *, name: str) -> str:
        """Return where this machine reaches the cluster's API server, e.g. `https://127.0.0.1:40123`."""
        return f"https://{_LOOPBACK}:{self._get(key, name).port}"

    def urls(self) -> Mapping[str, str]:
        """Return where this machine reaches each known cluster's API server, by the cluster's key."""
        with self._lock:
            return {key: f"https://{_LOOPBACK}:{kept.port}" for key, kept in self._kept.items()}

    def authorities(self) -> Mapping[str, ClusterAuthority]:
        """Return all authorities by the cluster's key."""
        with self._lock:
            return {key: kept.authority for key, kept in self._kept.items()}

    def forget(self, key: str) -> None:
        """Close the port and remove what is kept, if anything is."""
        with self._lock:
            relay = self._relays.pop(key, None)
            if relay is not None:
                relay.stop()
            if self._kept.pop(key, None) is not None:
                self._path(key).unlink(missing_ok=True)

    @staticmethod
    def socket_name(key: str) -> str:
        """Return the file name of the Unix socket that leads to a cluster's API server."""
        return f"{file_stem(key)}.api"

    def _get(self, key: str, name: str) -> _Kept:
        with self._lock:
            if key not in self._kept:
                self._open(_Kept(key=key, port=0, authority=ClusterAuthority.generate(name)))
            return self._kept[key]

    def _open(self, kept: _Kept) -> None:
        listener = _listen(kept.port)
        opened = kept.model_copy(update={"port": listener.getsockname()[1]})
        if opened != kept:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_private(self._path(kept.key), opened.model_dump_json().encode())
        self._kept[kept.key] = opened
        self._relays[kept.key] = Relay(listener, UnixTarget(self._sockets / self.socket_name(kept.key)))
        self._relays[kept.key].start()

    def _path(self, key: str) -> Path:
        return self._folder / f"{file_stem(key)}.json"


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise HostError(
            problem=f"port {port} of a cluster's API server is taken by another program",
            remedy="End that program, or remove what this twin keeps with `twinspan twin down --purge`",
        ) from error
    listener.listen(128)
    return listener
