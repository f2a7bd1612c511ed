"""A running twin, from outside: its control process, its endpoints, its hosts and faults."""

import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from typing_extensions import override

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.command import Completed
from twinspan.errors import HostError
from twinspan.network.clouds import Cloud
from twinspan.protocols import Event
from twinspan.twin.calls import TwinCalls
from twinspan.twin.dataplane.wire import FaultSpec, HostInfo, HostSpec
from twinspan.twin.rpc import Connection, Peer, Stub
from twinspan.twin.rundir import RunDir, short_path
from twinspan.twin.settings import TwinSettings

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
    settings = TwinSettings.load(run_dir.settings)
    if settings is None or not run_dir.socket.exists():
        raise not_up(name)
    url = f"https://localhost:{settings.azure_port}"
    return Endpoints(
        aws=AwsEndpoint(
            region=settings.aws_region,
            regions=settings.aws_regions,
            endpoint_url=f"http://127.0.0.1:{settings.aws_port}",
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret_access_key,
        ),
        azure=AzureEndpoint(
            subscription_id=settings.azure.subscription_id,
            subscriptions=settings.azure_subscriptions,
            resource_manager_url=url,
            authority=url,
            tenant_id=settings.azure.tenant_id,
            client_id=settings.azure.client_id,
            client_secret=settings.azure.client_secret,
            ca_certificate=run_dir.authority,
        ),
    )


class TwinClient(TwinCalls, Stub):
    """Commands the twin `name`. Thread safe; each call has a connection of its own.

    Every call raises HostError if the twin is not up, and whatever TwinspanError it met itself.
    """

    def __init__(self, name: str) -> None:
        self._run_dir = RunDir(name)
        option = "" if name == "default" else f" --name {name}"
        self._peer = Peer(
            name=f"the twin {name!r}",
            restart=f"Run `twinspan twin down{option}`, then `twinspan twin up{option}`",
            answer_within_s=_ANSWER_WITHIN_S,
        )

    @property
    def name(self) -> str:
        """The twin's name."""
        return self._run_dir.name

    @override
    @contextmanager
    def connection(self) -> Iterator[Connection]:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with closing(Connection(sock, self._peer)) as connection:
            try:
                with short_path(self._run_dir.socket) as path:
                    sock.connect(path)
            except OSError as error:
                raise not_up(self.name) from error
            yield connection

    def host_leases(self) -> "HostLeases":
        """Return what attaches throw-away hosts; none is attached yet."""
        return HostLeases(self)


class HostLeases:
    """Throw-away hosts of a twin; each lasts until `close`, or until this process ends, whatever ends it."""

    def __init__(self, client: TwinClient) -> None:
        self._client = client
        self._mark = secrets.token_hex(3)
        self._leases: dict[str, AbstractContextManager[HostInfo]] = {}

    def attach(self, side: Cloud, subnet_id: str, *, security_group_ids: Sequence[str] = ()) -> "TwinHost":
        """Attach a host to a subnet.

        Raises:
            DesignError: No such subnet or group.
        """
        name = f"t{self._mark}-{side}{len(self._leases)}"
        spec = HostSpec(
            name=name, side=side, subnet_id=subnet_id, security_group_ids=tuple(security_group_ids)
        )
        lease = self._client.hold_host(spec)
        self._leases[name] = lease  # kept before there is a host: whatever interrupts us, `close` knows it
        return TwinHost(self._client, lease.__enter__())

    def detach(self) -> None:
        """Detach all; when this returns they are gone."""
        for name in self._leases:
            self._client.detach(name)
        self.close()

    def close(self) -> None:
        """Release all; idempotent. The twin detaches them, some time later."""
        for lease in self._leases.values():
            lease.__exit__(None, None, None)


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
    _lease: ExitStack = field(default_factory=ExitStack, init=False, repr=False)

    def inject(self) -> None:
        """Break it."""
        self._lease.enter_context(self.client.hold_fault(self.spec))

    def heal(self) -> None:
        """Restore it."""
        self.client.heal(self.spec)
        self._lease.close()


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
    _lease: ExitStack | None = field(default=None, init=False, repr=False)

    def inject(self) -> None:
        """Cut it; returns when it is off."""
        lease = ExitStack()
        lease.enter_context(self.client.hold_off(self.cluster_key, self.node_key))
        self._lease = lease

    def heal(self) -> None:
        """Switch it on again; it takes some seconds to start."""
        if self._lease is None:
            return
        if self.node_key is None:
            self.client.restore_cluster(self.cluster_key)
        else:
            self.client.restore_node(self.cluster_key, self.node_key)
        self._lease.close()
        self._lease = None


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
