"""The AWS API of a twin: a server in this process, on 127.0.0.1 only."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from socket import SHUT_RDWR, create_server, socket

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BackendDict
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.servicequotas.models import servicequotas_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends
from werkzeug.serving import ThreadedWSGIServer

from twinspan.errors import HostError
from twinspan.protocols import Event
from twinspan.twin.aws import entries, state
from twinspan.twin.aws.alarms.engine import AlarmEngine
from twinspan.twin.aws.application import Application
from twinspan.twin.aws.auth_middleware import AuthMiddleware
from twinspan.twin.aws.cloudwatch import METRICS_KEY, TwinCloudWatchBackend
from twinspan.twin.aws.ec2 import BOARD_KEY, TwinEC2Backend
from twinspan.twin.aws.ec2.connections import TwinVpnConnection
from twinspan.twin.aws.ec2.instance_responses import restarts
from twinspan.twin.aws.ec2.machines import MachineBackend
from twinspan.twin.aws.eks import CLUSTERS_KEY, SETTLED_KEY, KubernetesUser, TwinEksBackend, find_user
from twinspan.twin.aws.http import Handler
from twinspan.twin.aws.iam import TwinIamBackend
from twinspan.twin.aws.logs import TwinLogsBackend
from twinspan.twin.aws.notifications import TwinSnsBackend
from twinspan.twin.aws.queues import TwinSqsBackend
from twinspan.twin.aws.quotas import TwinServiceQuotasBackend
from twinspan.twin.aws.regions import regions_in_use
from twinspan.twin.aws.s3 import TwinS3Backend
from twinspan.twin.aws.shell_commands import Execute, no_machine
from twinspan.twin.aws.signature import AccessKey, known_regions
from twinspan.twin.aws.ssm import EXECUTE_KEY, TwinSsmBackend
from twinspan.twin.aws.vpn_logs import VpnLogs
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.loops import LAST, Loop, start_task
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservedState
from twinspan.twin.status import ObjectsOnly

SAVE_DELAY_S = 0.5
"""How long after a change the state is written, in seconds; changes in between go with it."""

_BUILT = frozenset({"ec2", "eks"})
"""Services whose objects the data plane builds."""

SHUTDOWN_POLL_S = 0.02
"""How often the listener looks whether it is to stop, in seconds."""

_LOG = logging.getLogger(__name__)
_MOTO = threading.Lock()
"""Held by the one API that runs in this process."""

_Request = socket | tuple[bytes, socket]
_Address = tuple[str, int] | str


class AwsApi:
    """The AWS API. One per process at a time: moto keeps its state in its modules.

    Args:
        board: Where the API reads what the data plane says, at the time it is asked.
        access_key_id: The one key it accepts.
        secret_access_key: Its secret; never logged.
        state_file: Where its state is kept. Loaded by `start` if it exists.
        on_change: Called after every EC2 or EKS request that changed something, from the request's thread.
        clusters: Authorities and addresses of the EKS clusters' API servers; None: clusters have none.
        metrics: What CloudWatch knows of the VPN; None: nothing.
        execute: Runs a command on a machine of the data plane.
        port: TCP port; 0 takes a free one.
    """

    def __init__(
        self,
        *,
        board: ObservedState,
        access_key_id: str,
        secret_access_key: str,
        state_file: Path,
        on_change: Callable[[], None],
        clusters: ClusterAccess | None = None,
        metrics: MetricStore | None = None,
        execute: Execute = no_machine,
        port: int = 0,
    ) -> None:
        self._board = board
        self._execute = execute
        self._key = AccessKey(access_key_id=access_key_id, secret_access_key=secret_access_key)
        self._state_file = state_file
        self._on_change = on_change
        self._clusters = clusters
        self._metrics = metrics
        self._wanted_port = port
        self._region: str | None = None
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._dirty = threading.Event()
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._loops: tuple[Loop, ...] = ()
        self._alarms: AlarmEngine | None = None
        self._logs = VpnLogs()

    @property
    def port(self) -> int:
        """The TCP port it listens on. RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the AWS API has not been started")
        return self._server.port

    @property
    def region(self) -> str | None:
        """The region of the newest EC2 or EKS change since `start`; None before the first."""
        return self._region

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region with something of the user's, by name; see `regions_in_use`."""
        with self._lock:
            return regions_in_use()

    @property
    def url(self) -> str:
        """The endpoint for every AWS service, e.g. for `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The `host:port` pairs that it answers as."""
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})

    def replacements(self) -> dict[str, str]:
        """Return what changes with each restart that was asked for.

        When each tunnel's endpoint was last replaced, by `connection id/outside address`; how often each
        instance was rebooted, by its id.
        """
        with self._lock:
            backends = [
                machine_backend
                for _, _, machine_backend in ec2_backends.iter_backends()
                if isinstance(machine_backend, MachineBackend)
            ]
            rebooted = {
                instance_id: count
                for backend in backends
                for instance_id, count in restarts(backend.instances()).items()
            }
            return rebooted | {
                f"{connection.id}/{outside}": at.isoformat()
                for backend in backends
                for connection in backend.vpn_connections.values()
                if isinstance(connection, TwinVpnConnection)
                for outside, at in connection.replaced_at.items()
            }

    def objects_only(self) -> tuple[ObjectsOnly, ...]:
        """Return what it keeps with nothing behind it on the data plane, by kind."""
        with self._lock:
            return tuple(entries.objects_only())

    def note(self, event: Event, at_s: float) -> None:
        """Let VPN logs have an event of the data plane that was at `at_s`, seconds since 1970."""
        with self._lock:
            if self._logs.note(event, at_s):
                self._dirty.set()

    def start(self) -> None:
        """Load the state file, if there is one, and listen.

        Raises:
            HostError: The port is taken, or the state file cannot be used.
            RuntimeError: Another one runs in this process; it would answer from the same state.
        """
        if not _MOTO.acquire(blocking=False):
            raise RuntimeError("an AWS API runs in this process already")
        try:
            self._listen()
        except BaseException:
            _MOTO.release()
            raise

    def _listen(self) -> None:
        _reset()
        TwinSqsBackend.lock = self._lock
        if self._state_file.exists():
            state.load(self._state_file)
        application = Application()
        authenticated = AuthMiddleware(
            application,
            key=self._key,
            context={
                BOARD_KEY: self._board,
                CLUSTERS_KEY: self._clusters,
                METRICS_KEY: self._metrics,
                SETTLED_KEY: self._dirty.set,
                EXECUTE_KEY: self._execute,
            },
            lock=self._lock,
            on_change=self._changed,
        )
        try:
            self._server = _Server(self._wanted_port, authenticated)
        except OSError as error:
            raise HostError(
                problem=f"port {self._wanted_port} for the AWS API is taken ({error.strerror})",
                remedy="Choose another one, or leave it out to take a free one",
            ) from error
        self._stopping.clear()
        self._loops = (
            Loop("aws-api", partial(_serve, self._server)),
            Loop("aws-api-state", self._save_changes),
        )
        for loop in self._loops:
            loop.start()
        self._loading = start_task("aws-api-load", partial(self._warm_up, application))
        if self._metrics is not None:
            self._alarms = AlarmEngine(self._metrics, lock=self._lock, on_change=self._dirty.set)
            self._alarms.start()

    def save(self) -> None:
        """Write the state file now."""
        with self._saving:
            self._dirty.clear()
            with self._lock:
                contents = state.dump()
            state.write(self._state_file, contents)

    def kubernetes_user(self, cluster_name: str, region: str) -> KubernetesUser | None:
        """Return who the owner of the twin's key is to an EKS cluster, for the API server's token review.

        Args:
            cluster_name: The cluster's name in its region.
            region: Where the token was made; clusters of other regions with the same name come second.

        Returns:
            None if there is no such cluster, or the owner has no access entry there.
        """
        with self._lock:
            return find_user(cluster_name, region, self._key.access_key_id)

    def stop(self) -> None:
        """Answer no more, save, and free the port. Does nothing if it does not run."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.close()
        self._server = None
        if self._alarms is not None:
            self._alarms.stop()
        self._stopping.set()
        self._dirty.set()
        for loop in self._loops:
            loop.stop()
        self._loading.join()
        try:
            self.save()
        finally:
            _reset()
            _MOTO.release()

    def _warm_up(self, application: Application) -> None:
        """Load now what the first request would wait a second for."""
        known_regions()
        with self._lock:
            application.load("ec2")
            get_service_model("ec2")
        with self._lock:
            application.load("eks")

    def _changed(self, service: str, region: str) -> None:
        self._dirty.set()
        if service in _BUILT:
            self._region = region
            self._on_change()

    def _save_changes(self) -> None:
        self._dirty.wait()
        if self._stopping.wait(SAVE_DELAY_S):
            return  # `stop` saves
        try:
            self.save()
        except BaseException:
            self._dirty.set()
            raise


def _serve(server: "_Server") -> float:
    server.serve_forever(SHUTDOWN_POLL_S)
    return LAST


def _reset() -> None:
    """Empty moto, and let the next backends be ours where we have one."""
    BackendDict.reset()
    cloudwatch_backends.backend = TwinCloudWatchBackend
    ec2_backends.backend = TwinEC2Backend
    eks_backends.backend = TwinEksBackend  # type: ignore[assignment]  # it has nothing of moto's
    iam_backends.backend = TwinIamBackend
    logs_backends.backend = TwinLogsBackend
    s3_backends.backend = TwinS3Backend
    sns_backends.backend = TwinSnsBackend
    servicequotas_backends.backend = TwinServiceQuotasBackend
    sqs_backends.backend = TwinSqsBackend
    ssm_backends.backend = TwinSsmBackend


class _Server(ThreadedWSGIServer):
    """A threaded server that can also hang up on clients that keep their connection."""

    def __init__(self, port: int, authenticated: AuthMiddleware) -> None:
        self._clients: set[_Request] = set()
        self._clients_lock = threading.Lock()
        with create_server(("127.0.0.1", port), backlog=128) as listener:
            super().__init__("127.0.0.1", port, authenticated, handler=Handler, fd=listener.fileno())

    def process_request(self, request: _Request, client_address: _Address) -> None:
        with self._clients_lock:
            self._clients.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Request) -> None:
        with self._clients_lock:
            self._clients.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        """Close the listener and every connection."""
        self.server_close()
        with self._clients_lock:
            for client in self._clients:
                if isinstance(client, socket):
                    client.shutdown(SHUT_RDWR)
