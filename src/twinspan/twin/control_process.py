"""What runs in a control process: two APIs, two loops and a socket."""

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from typing_extensions import override

from twinspan.cloud.azure.client import close
from twinspan.cloud.reader import read_network
from twinspan.command import Completed
from twinspan.errors import HostError, TwinspanError
from twinspan.network.model import Network, Secrets
from twinspan.network.timers import AZURE_BGP_HOLD_S, AZURE_BGP_KEEPALIVE_S
from twinspan.protocols import Event
from twinspan.twin import rpc
from twinspan.twin import status as twin_status
from twinspan.twin.agents import AgentSlot, SudoLauncher
from twinspan.twin.attempts import attempt
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.aws.signature import AccessKey
from twinspan.twin.azure.logs.diagnostic import DiagnosticLogs
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.calls import LeaseCalls, StatusCalls
from twinspan.twin.client import twin_endpoints
from twinspan.twin.control_server import ControlServer
from twinspan.twin.dataplane.spec import Timers
from twinspan.twin.dataplane.wire import DataPlaneCalls
from twinspan.twin.journal import JournalLoop
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.authenticator import Authenticator
from twinspan.twin.kubernetes.desired import AUTHENTICATOR_SOCKET, cluster_specs
from twinspan.twin.kubernetes.images import ensure_images
from twinspan.twin.kubernetes.programs import find_programs
from twinspan.twin.kubernetes.spec import ClusterSpec
from twinspan.twin.leases import Leases
from twinspan.twin.loops import Defects, failing_loops
from twinspan.twin.metrics.collector import Collector
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservedState
from twinspan.twin.privileged_spawner import PrivilegedSpawner
from twinspan.twin.processes import Process
from twinspan.twin.reconciler import Observer, Reconciler
from twinspan.twin.rundir import RunDir
from twinspan.twin.settings import TwinSettings

_LOG = logging.getLogger(__name__)


class ControlProcess(StatusCalls):
    """A twin's control process.

    Args:
        run_dir: Its folder, with a settings file in it.
        spawner: Who starts agents; None where sudo has to.

    Raises:
        HostError: There are no usable settings.
    """

    def __init__(self, run_dir: RunDir, *, spawner: PrivilegedSpawner | None) -> None:
        settings = TwinSettings.load(run_dir.settings)
        if settings is None:
            raise HostError(problem=f"{run_dir.settings} is missing", remedy="Run `twinspan twin up`")
        self._run_dir = run_dir
        self._settings = settings
        self._settings_lock = threading.Lock()
        self._spawner = spawner
        self._board = ObservedState()
        self._defects = Defects()
        self._clusters = ClusterAccess(run_dir.clusters, sockets=run_dir.data_plane)
        aws_metrics = MetricStore(period_s=settings.metrics_period_s)
        azure_metrics = MetricStore(period_s=settings.metrics_period_s)
        self._aws = AwsApi(
            board=self._board,
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret_access_key,
            state_file=run_dir.aws_state,
            on_change=self._aws_changed,
            port=settings.aws_port,
            clusters=self._clusters,
            metrics=aws_metrics,
            execute=self._execute,
        )
        self._azure = ArmApi(
            board=self._board,
            credentials=settings.azure,
            tls=ensure_tls(run_dir.tls),
            state_file=run_dir.azure_state,
            on_change=self._azure_changed,
            port=settings.azure_port,
            clusters=self._clusters,
            metrics=azure_metrics,
            machines=lambda: self._agents.client,
            unbuilt=lambda: self._reconciler.problems,
        )
        self._authenticator = Authenticator(
            run_dir.data_plane / AUTHENTICATOR_SOCKET,
            key=AccessKey(access_key_id=settings.access_key_id, secret_access_key=settings.secret_access_key),
            hosts=lambda: [self._aws.url.removeprefix("http://")],
            find_user=self._aws.kubernetes_user,
        )
        launcher = spawner.launch if spawner else SudoLauncher(run_dir)
        self._agents = AgentSlot(launcher, on_replaced=self._agent_replaced)
        self._reconciler = Reconciler(
            self._read,
            self._agents,
            timers=_timers(settings),
            clusters=self._cluster_specs,
            restarts=self._restarts,
        )
        self._observer = Observer(self._agents, self._board)
        self._collector = Collector(
            self._board, network=lambda: self._reconciler.network, aws=aws_metrics, azure=azure_metrics
        )
        diagnostics = DiagnosticLogs(
            self._azure.logs,
            network=lambda: self._reconciler.network.azure,
            destinations=self._azure.log_destinations,
        )
        self._journal = JournalLoop(self._events, (self._aws.note, diagnostics.note))
        self._leases = Leases(self._agents)
        self._server = ControlServer(run_dir.socket, self._offers())
        self._running = False

    def start(self, agent: socket.socket) -> None:
        """Start everything; returns when clients can be served.

        Raises:
            TwinspanError: Something cannot be started; call `stop` all the same.
        """
        self._defects.install()
        self._agents.start(agent)
        self._clusters.start()
        self._authenticator.start()
        self._aws.start()
        self._azure.start()
        with self._settings_lock:
            self._settings = self._settings.model_copy(
                update={
                    "aws_port": self._aws.port,
                    "azure_port": self._azure.port,
                    "azure_subscriptions": self._azure.subscriptions,
                }
            ).following(self._aws.regions, newest=None)
            self._settings.save(self._run_dir.settings)
        self._board.publish(self._agents.client.observe())
        self._server.start()
        self._running = True
        self._reconciler.start()
        self._observer.start()
        self._collector.start()
        self._journal.start()
        _LOG.info("up: AWS at %s, Azure at %s", self._aws.url, self._azure.url)

    def stop(self) -> None:
        """Stop what runs; the APIs save their state, the data plane disappears."""
        if self._running:
            endpoints = twin_endpoints(self._run_dir.name)
            self._server.stop()
            self._journal.stop()
            self._collector.stop()
            self._observer.stop()
            self._reconciler.stop()
            if endpoints.azure is not None:
                close(endpoints.azure)
        self._agents.close()
        self._aws.stop()
        self._azure.stop()
        self._authenticator.stop()
        self._clusters.stop()

    def _aws_changed(self) -> None:
        """Keep in the settings which regions hold something; the reconciler reads those."""
        self._keep(lambda now: now.following(self._aws.regions, newest=self._aws.region))
        self._reconciler.wake()

    def _azure_changed(self) -> None:
        """Keep in the settings which subscriptions hold something; the reconciler reads those."""
        self._keep(lambda now: now.model_copy(update={"azure_subscriptions": self._azure.subscriptions}))
        self._reconciler.wake()

    def _keep(self, change: Callable[[TwinSettings], TwinSettings]) -> None:
        with self._settings_lock:
            now = change(self._settings)
            if now != self._settings:
                self._settings = now
                now.save(self._run_dir.settings)

    def _agent_replaced(self) -> None:
        self._reconciler.forget()

    def _read(self) -> tuple[Network, Secrets, tuple[str, ...]]:
        unreadable: list[str] = []
        endpoints = twin_endpoints(self._run_dir.name)
        network, secrets = read_network(endpoints, unreadable=unreadable.append)
        return network, secrets, tuple(unreadable)

    def _cluster_specs(self, network: Network) -> tuple[tuple[ClusterSpec, ...], tuple[str, ...]]:
        """Say which clusters are to run, and with which programs; the agent tells what it lacks."""
        eks = network.aws.eks_clusters if network.aws else ()
        aks = network.azure.aks_clusters if network.azure else ()
        names = {cluster.arn: cluster.name for cluster in eks} | {
            cluster.id.lower(): cluster.name for cluster in aks
        }
        problems: list[str] = []
        authorities = attempt(
            names.items(),
            lambda item: (item[0], self._clusters.authority(item[0], name=item[1])),
            name=lambda item: f"cluster {item[1]}",
            problems=problems,
        )
        programs = images = ""
        if names:
            try:
                programs = str(find_programs().folder)
                images = str(ensure_images(Path(programs)))
            except HostError as error:
                _LOG.warning("no clusters: %s", error)
        specs, spec_problems = cluster_specs(network, dict(authorities), programs=programs, images=images)
        return specs, (*problems, *spec_problems)

    def _events(self, since_s: float) -> tuple[Event, ...]:
        return self._agents.client.events(since_s)

    def _execute(
        self, machine: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None
    ) -> Completed:
        return self._agents.client.execute(machine, argv, timeout_s=timeout_s, stdin=stdin)

    def _restarts(self) -> dict[str, str]:
        resets = {key: str(count) for key, count in self._azure.reset_generations().items()}
        return {**resets, **self._aws.replacements()}

    @override
    def status(self) -> twin_status.Status:
        observed = self._board.latest()
        failing = (*self._defects.found, *failing_loops(), *observed.problems)
        problems = [*failing, *filter(None, [self._agents.problem]), *self._reconciler.problems]
        problems += [problem for cluster in observed.clusters for problem in cluster.problems]
        return twin_status.Status(
            name=self._run_dir.name,
            state="degraded" if failing or self._agents.problem else "up",
            run_directory=str(self._run_dir.path),
            pids=self._pids(),
            endpoints={"aws": self._aws.url, "azure": self._azure.url},
            azure_bgp_hold=self._settings.azure_bgp_hold,
            tunnels=twin_status.tunnels(self._reconciler.network, observed),
            clusters=twin_status.clusters(self._reconciler.network, observed, self._clusters.urls()),
            objects_only=self._aws.objects_only(),
            problems=tuple(dict.fromkeys(problems)),
        )

    def _pids(self) -> dict[str, int]:
        own = Process.load(self._run_dir.process)
        pids = {"control": own.pid} if own else {}
        if self._spawner:
            pids["spawner"] = self._spawner.pid
        try:
            return {**pids, **self._agents.client.pids()}
        except TwinspanError:
            return pids

    @override
    def settled(self, timeout_s: float) -> int:
        return self._reconciler.settled(timeout_s)

    def _offers(self) -> dict[str, rpc.Offer]:
        return {
            **rpc.offer(StatusCalls, lambda: self),
            **rpc.offer(LeaseCalls, lambda: self._leases),
            **rpc.offer(DataPlaneCalls, lambda: self._agents.client),
        }


def _timers(settings: TwinSettings) -> Timers:
    """Return the BGP timers of a profile.

    `fixed`: both ends keep Azure's 180 s, as Microsoft's own staff have described its gateways; RFC 4271
    makes it the lower of both, so AWS's end has to offer 180 too.
    """
    if settings.azure_bgp_hold == "negotiated":
        return Timers()
    return Timers(aws_bgp_hold_s=AZURE_BGP_HOLD_S, aws_bgp_keepalive_s=AZURE_BGP_KEEPALIVE_S)
