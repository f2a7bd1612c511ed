"""A running twin, from outside: its control process, its endpoints, its hosts and faults."""

import json
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.command import Completed
from twinspan.errors import HostError
from twinspan.network.clouds import Cloud
from twinspan.protocols import Event
from twinspan.twin import control_wire
from twinspan.twin.dataplane import wire
from twinspan.twin.dataplane.wire import FaultSpec, HostInfo, HostSpec, RunRequest
from twinspan.twin.observed import Observed
from twinspan.twin.rundir import RunDir, short_path
from twinspan.twin.settings import Settings
from twinspan.twin.status import Status

T = TypeVar("T")
_ANSWER_WITHIN_S = 190.0


def not_up(name: str) -> HostError:
    """Return the error for a twin that does not run."""
    option = "" if name == "default" else f" --name {name}"
    return HostError(problem=f"the twin {name!r} is not up", remedy=f"Run `twinspan twin up{option}`")


def twin_endpoints(name: str) -> Endpoints:
    """Return where the APIs of the twin `name` are, and the credentials for them.

    Raises:
        HostError: The twin is not up.
    """
    run_dir = RunDir(name)
    settings = Settings.load(run_dir.settings)
    if settings is None or not run_dir.socket.exists():
        raise not_up(name)
    url = f"https://localhost:{settings.azure_port}"
    return Endpoints(
        aws=AwsEndpoint(
            region=settings.aws_region,
            endpoint_url=f"http://127.0.0.1:{settings.aws_port}",
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret_access_key,
        ),
        azure=AzureEndpoint(
            subscription_id=settings.azure.subscription_id,
            resource_manager_url=url,
            authority=url,
            tenant_id=settings.azure.tenant_id,
            client_id=settings.azure.client_id,
            client_secret=settings.azure.client_secret,
            ca_certificate=run_dir.authority,
        ),
    )


class TwinClient:
    """Commands the twin `name`. Thread safe; each call has a connection of its own.

    Every call raises HostError if the twin is not up, and whatever TwinspanError it met itself.
    """

    def __init__(self, name: str) -> None:
        self._run_dir = RunDir(name)

    @property
    def name(self) -> str:
        """The twin's name."""
        return self._run_dir.name

    def status(self) -> Status:
        """Return how it is."""
        return self._understood(control_wire.STATUS, self._call("status", {}))

    def settled(self, timeout_s: float) -> int:
        """Wait until the data plane is what the APIs now describe; return its generation.

        Raises:
            WaitTimeoutError: It is not within `timeout_s` seconds; says why.
        """
        answer = self._call("settled", {"timeout_s": timeout_s}, limit_s=timeout_s + _ANSWER_WITHIN_S)
        return int(str(answer))

    def observe(self) -> Observed:
        """Return what the daemons say now."""
        return self._understood(wire.OBSERVED, self._call("observe", {}))

    def host_leases(self) -> "HostLeases":
        """Return what attaches throw-away hosts; none is attached yet."""
        return HostLeases(self)

    def detach(self, name: str) -> None:
        """Remove a host; nothing happens if there is none of that name."""
        self._call("detach", {"name": name})

    def hosts(self) -> tuple[HostInfo, ...]:
        """Return the attached hosts."""
        return self._understood(wire.HOST_INFOS, self._call("hosts", {}))

    def run(self, host: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        """Run a command on a host, or in the namespace `internet`, to its end.

        Raises:
            CommandError: It did not end in time (status -9).
        """
        request = RunRequest(host=host, argv=tuple(argv), timeout_s=timeout_s, stdin=stdin)
        params = wire.RUN_REQUEST.dump_python(request, mode="json")
        return self._understood(
            wire.COMPLETED, self._call("run", params, limit_s=timeout_s + _ANSWER_WITHIN_S)
        )

    def inject(self, fault: FaultSpec) -> None:
        """Break something."""
        self._call("inject", wire.FAULT_SPEC.dump_python(fault, mode="json"))

    def hold(self, fault: FaultSpec, lease: "Lease") -> None:
        """Break something for as long as the lease is kept: also a killed process breaks it no longer."""
        self._ask(lease.connection, "hold_fault", wire.FAULT_SPEC.dump_python(fault, mode="json"))

    def hold_off(self, cluster_key: str, node_key: str | None, lease: "Lease") -> None:
        """Keep a node, or a whole cluster, without power for as long as the lease is kept.

        Raises:
            DesignError: No such cluster or node.
        """
        self._ask(lease.connection, "hold_off", {"cluster": cluster_key, "node": node_key})

    def hold_host(self, spec: HostSpec, lease: "Lease") -> "TwinHost":
        """Attach a host to a subnet for as long as the lease is kept.

        Raises:
            DesignError: No such subnet or group; name or address taken or not possible.
        """
        self._ask(lease.connection, "hold_host", wire.HOST_SPEC.dump_python(spec, mode="json"))
        info = {each.name: each for each in self.hosts()}.get(spec.name)
        if info is None:
            raise HostError(
                problem=f"the host {spec.name} has gone again", remedy="Look at `twinspan twin logs`"
            )
        return TwinHost(self, info)

    def heal(self, fault: FaultSpec) -> None:
        """Mend it; also twice, also without `inject`."""
        self._call("heal", wire.FAULT_SPEC.dump_python(fault, mode="json"))

    def heal_all(self) -> None:
        """Mend everything that was broken on purpose."""
        self._call("heal_all", {})

    def events(self, since_s: float) -> tuple[Event, ...]:
        """Return the events from `since_s` on (`time.monotonic()`, seconds), oldest first."""
        return self._understood(wire.EVENTS, self._call("events", {"since_s": since_s}))

    def pids(self) -> dict[str, int]:
        """Return role -> pid of the agent and its daemons."""
        return self._understood(wire.PIDS, self._call("pids", {}))

    def lose_node(self, cluster_key: str, node_key: str) -> None:
        """Cut the power of a cluster's node. Raises DesignError: no such cluster or node."""
        self._call("lose_node", {"cluster": cluster_key, "node": node_key})

    def restore_node(self, cluster_key: str, node_key: str) -> None:
        """Give it its power back: the same address and name. Raises DesignError: no such cluster or node."""
        self._call("restore_node", {"cluster": cluster_key, "node": node_key})

    def lose_cluster(self, cluster_key: str) -> None:
        """Cut the power of a whole cluster. Raises DesignError: no such cluster."""
        self._call("lose_cluster", {"cluster": cluster_key})

    def restore_cluster(self, cluster_key: str) -> None:
        """Give it its power back; its objects are still there. Raises DesignError: no such cluster."""
        self._call("restore_cluster", {"cluster": cluster_key})

    def _call(self, method: str, params: Mapping[str, Any], *, limit_s: float = _ANSWER_WITHIN_S) -> object:
        with _connection() as connection:
            return self._ask(connection, method, params, limit_s=limit_s)

    def _ask(
        self,
        connection: socket.socket,
        method: str,
        params: Mapping[str, Any],
        *,
        limit_s: float = _ANSWER_WITHIN_S,
    ) -> object:
        request = json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n"
        connection.settimeout(limit_s)
        self._connect(connection)
        try:
            connection.sendall(request)
            with connection.makefile("rb") as stream:
                line = stream.readline()
        except TimeoutError as error:
            raise HostError(
                problem=f"the twin {self.name!r} did not answer `{method}` within {limit_s:g} s",
                remedy="Look at `twinspan twin logs`",
            ) from error
        except OSError as error:
            raise not_up(self.name) from error
        if not line:
            raise not_up(self.name)
        answer = json.loads(line)
        if "error" in answer:
            raise control_wire.error_from(answer["error"])
        result: object = answer["result"]
        return result

    def _understood(self, form: TypeAdapter[T], answer: object) -> T:
        try:
            return form.validate_python(answer)
        except ValidationError as error:
            option = "" if self.name == "default" else f" --name {self.name}"
            raise HostError(
                problem=f"the twin {self.name!r} was started by another version of twinspan",
                remedy=f"Run `twinspan twin down{option}`, then `twinspan twin up{option}`",
            ) from error

    def _connect(self, connection: socket.socket) -> None:
        try:
            with short_path(self._run_dir.socket) as path:
                connection.connect(path)
        except OSError as error:
            raise not_up(self.name) from error


def _connection() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


@dataclass(frozen=True, slots=True)
class Lease:
    """Keeps a fault in force, or a host attached, until this is closed or its process ends.

    It is made first and holds nothing; who keeps it can let go of whatever it is then given to hold.
    """

    connection: socket.socket = field(default_factory=_connection)

    def close(self) -> None:
        """Let go; idempotent. The twin sees it even while a reader of the connection is still open."""
        with suppress(OSError):  # it was never connected, or the twin has gone
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


class HostLeases:
    """Throw-away hosts of a twin; each lasts until `close`, or until this process ends, whatever ends it."""

    def __init__(self, client: TwinClient) -> None:
        self._client = client
        self._mark = secrets.token_hex(3)
        self._leases: dict[str, Lease] = {}

    def attach(self, side: Cloud, subnet_id: str, *, security_group_ids: Sequence[str] = ()) -> "TwinHost":
        """Attach a host to a subnet.

        Raises:
            DesignError: No such subnet or group.
        """
        name = f"t{self._mark}-{side}{len(self._leases)}"
        spec = HostSpec(
            name=name, side=side, subnet_id=subnet_id, security_group_ids=tuple(security_group_ids)
        )
        self._leases[name] = Lease()  # kept before there is a host: whatever interrupts us, `close` knows it
        return self._client.hold_host(spec, self._leases[name])

    def detach(self) -> None:
        """Detach all; when this returns they are gone."""
        for name in self._leases:
            self._client.detach(name)
        self.close()

    def close(self) -> None:
        """Let go of all; idempotent. The twin detaches them, some time later."""
        for lease in self._leases.values():
            lease.close()


@dataclass(frozen=True, slots=True)
class TwinHost:
    """A host attached to a twin; a `protocols.Host`."""

    client: TwinClient
    info: HostInfo

    @property
    def name(self) -> str:
        """Its name."""
        return self.info.name

    @property
    def side(self) -> str:
        """`aws` or `azure`."""
        return self.info.side

    @property
    def address(self) -> IPv4Address:
        """Its private address."""
        return self.info.address

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        """Run a command there to its end; a non-zero status is returned, not raised."""
        return self.client.run(self.info.name, argv, timeout_s=timeout_s, stdin=stdin)


@dataclass(slots=True)
class TwinFault:
    """A fault of a twin's data plane; a `protocols.Fault`. It does not outlive its process."""

    client: TwinClient
    spec: FaultSpec
    description: str
    lease: Lease | None = None

    def inject(self) -> None:
        """Break it."""
        self.lease = Lease()
        self.client.hold(self.spec, self.lease)

    def heal(self) -> None:
        """Mend it."""
        self.client.heal(self.spec)
        if self.lease is not None:
            self.lease.close()
            self.lease = None


@dataclass(slots=True, kw_only=True)
class PowerCut:
    """A node or a cluster of a twin without power; a `protocols.Fault`. It does not outlive its process.

    Attributes:
        cluster_key: The cluster's ARN, or its resource id in lower case.
        node_key: Which node; None for the whole cluster.
    """

    client: TwinClient
    description: str
    cluster_key: str
    node_key: str | None = None
    lease: Lease | None = None

    def inject(self) -> None:
        """Cut it; returns when it is off."""
        self.lease = Lease()
        self.client.hold_off(self.cluster_key, self.node_key, self.lease)

    def heal(self) -> None:
        """Switch it on again; it takes some seconds to start."""
        if self.lease is None:
            return
        if self.node_key is None:
            self.client.restore_cluster(self.cluster_key)
        else:
            self.client.restore_node(self.cluster_key, self.node_key)
        self.lease.close()
        self.lease = None


@dataclass(frozen=True, slots=True)
class TwinEvents:
    """The events of a twin; a `protocols.Events`."""

    client: TwinClient

    def since(self, at_s: float) -> Sequence[Event]:
        """Return the events from `at_s` on, oldest first."""
        return self.client.events(at_s)

    def now_s(self) -> float:
        """Return the machine's monotonic clock, which every namespace shares, in seconds."""
        return time.monotonic()
