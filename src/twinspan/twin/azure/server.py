"""The Azure Resource Manager API as a server of its own thread."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import uvicorn

from twinspan.errors import HostError
from twinspan.twin.azure import diagnostics
from twinspan.twin.azure.alerts.book import AlertBook
from twinspan.twin.azure.alerts.engine import AlertEngine
from twinspan.twin.azure.alerts.rule import Rule, rules_of
from twinspan.twin.azure.app import ArmApplication
from twinspan.twin.azure.arm import ResourceManager
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.identity import IdentityService
from twinspan.twin.azure.logs.table import LogTable
from twinspan.twin.azure.protocol import ArmProtocol
from twinspan.twin.azure.store import Store
from twinspan.twin.azure.tls import TlsFiles
from twinspan.twin.azure.tokens import TokenAuthority, load_signing_key
from twinspan.twin.azure.types import action_groups
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.metric_alerts import METRIC_ALERTS
from twinspan.twin.dataplane.wire import MachineCalls
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.loops import LAST, Loop
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservedState
from twinspan.wait import wait_until

_ADDRESS = "127.0.0.1"
_START_LIMIT_S = 120.0
_STOP_LIMIT_S = 10.0
_BACKLOG = 128
_GRACE_S = 2
_KEEP_ALIVE_S = 120  # clients that poll every minute or so keep their connection


class _Server(uvicorn.Server):
    """A server that does not wait for idle clients when it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let running requests end, then drop every connection: idle clients never answer TLS's closing."""
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_GRACE_S)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


class ArmApi:
    """Azure Resource Manager with its sign-in service, on the loopback address only.

    Args:
        board: What the data plane observed; read whenever a status is asked for.
        credentials: The subscription and who may use it.
        tls: The server's certificate.
        state_file: Where the subscription is kept, mode 0600; written after every change. The key that signs
            tokens is beside it, so that tokens outlive a restart on the same port.
        on_change: Called, on a thread of the server, after each request that changed something.
        port: TCP port; 0 for a free one.
        clusters: Authorities and addresses of the clusters; None if there is no data plane to run them.
        metrics: What Azure Monitor knows of the gateways; None: nothing.
        machines: What runs commands on machines; None if there is no data plane.
        unbuilt: See `Context.unbuilt`.
    """

    def __init__(
        self,
        *,
        board: ObservedState,
        credentials: ArmCredentials,
        tls: TlsFiles,
        state_file: Path,
        on_change: Callable[[], None],
        port: int = 0,
        clusters: ClusterAccess | None = None,
        metrics: MetricStore | None = None,
        machines: Callable[[], MachineCalls] | None = None,
        unbuilt: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._board = board
        self._credentials = credentials
        self._tls = tls
        self._state_file = state_file
        self._on_change = on_change
        self._wanted_port = port
        self._clusters = clusters
        self._metrics = metrics
        self._machines = machines
        self._unbuilt = unbuilt
        self._store = Store()
        self._application: ArmApplication | None = None
        self._server: uvicorn.Server | None = None
        self._loop: Loop | None = None
        self._listener: socket.socket | None = None
        self._alerts = AlertBook()
        self._logs = LogTable()
        self._engine: AlertEngine | None = None
        self._port: int | None = None

    def start(self) -> None:
        """Load the state and listen; returns when requests are answered.

        Raises:
            HostError: The port is taken, or the state file is damaged.
        """
        self._store = Store.load(self._state_file, subscription_id=self._credentials.subscription_id)
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self._application = self._build()
        loop = Loop("azure-api", partial(self._serve, self._application, listener))
        self._loop, self._listener = loop, listener
        loop.start()
        wait_until(
            lambda: self._started or bool(loop.failure),
            lambda over: over,
            what="answer of the twin's Azure API",
            timeout_s=_START_LIMIT_S,
            interval_s=0.01,
        )
        if self._started:
            self._engine = self._ring()
        else:
            self._end(loop)
            raise HostError(
                problem=f"the twin's Azure API did not start ({loop.failure})",
                remedy="See the log of the control process, `twinspan twin logs`",
            )

    @property
    def _started(self) -> bool:
        return self._server is not None and self._server.started

    def _serve(self, application: ArmApplication, listener: socket.socket) -> float:
        """Serve until told to exit; the listener stays open, so that a server that failed has a successor."""
        self._server = _Server(self._configuration(application))
        self._server.run(sockets=[listener.dup()])
        return LAST

    def _end(self, loop: Loop) -> None:
        loop.end()
        if self._listener is not None:
            self._listener.close()
        if self._server is not None:
            self._server.should_exit = True
        loop.join(_STOP_LIMIT_S)
        self._server = self._loop = self._listener = None

    def _ring(self) -> AlertEngine | None:
        """Start to evaluate metric alerts; there are none without metrics."""
        application, store = self._application, self._store
        if self._metrics is None or application is None:
            return None

        def rules() -> list[Rule]:
            with application.lock:
                return [rule for resource in store.of_type(METRIC_ALERTS.type) for rule in rules_of(resource)]

        def group(identity: str) -> action_groups.Properties | None:
            with application.lock:
                resource = store.get(identity)
                return action_groups.properties_of(resource.body) if resource is not None else None

        engine = AlertEngine(
            self._metrics,
            self._alerts,
            rules=rules,
            group_of=group,
        )
        engine.start()
        return engine

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The ids of the subscriptions that have a resource group."""
        return self._store.subscriptions()

    @property
    def port(self) -> int:
        """The TCP port it listens on; valid after `start`."""
        if self._port is None:
            raise HostError(problem="the twin's Azure API is not running", remedy="Start it first")
        return self._port

    @property
    def url(self) -> str:
        """`https://localhost:PORT`: resource manager, authority and audience alike; valid after `start`."""
        return f"https://localhost:{self.port}"

    def reset_generations(self) -> Mapping[str, int]:
        """Return how often each gateway instance or connection was reset, by lower-case id.

        Instances are known by the id of their ip configuration. What was never reset is missing.
        """
        return dict(self._store.resets)

    @property
    def logs(self) -> LogTable:
        """The rows of its Log Analytics workspaces."""
        return self._logs

    def log_destinations(self, gateway_id: str, category: str) -> tuple[str, ...]:
        """Return the lower-case ids of the workspaces that a category of a gateway's logs goes to."""
        if self._application is None:
            return ()
        with self._application.lock:
            return diagnostics.destinations(self._store, gateway_id, category)

    def save(self) -> None:
        """Write the state file; it also is after every change.

        Raises:
            OSError: The folder is not writable.
        """
        if self._application is None:
            return
        with self._application.lock:
            self._store.save(self._state_file)

    def stop(self) -> None:
        """Save, answer what is being asked, and close the port. A second call does nothing."""
        loop = self._loop
        if loop is None:
            return
        if self._engine is not None:
            self._engine.stop()
        self.save()
        self._end(loop)

    def _listen(self) -> socket.socket:
        """Return a listening socket."""
        # asyncio turns Nagle's algorithm off only where the protocol is named; else answers take 40 ms
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_ADDRESS, self._wanted_port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise HostError(
                problem=f"port {self._wanted_port} of {_ADDRESS} cannot be used ({error.strerror})",
                remedy="Choose another port, or 0 for a free one",
            ) from error
        return listener

    def _configuration(self, application: ArmApplication) -> uvicorn.Config:
        """Return the web server's settings; it writes no log of requests."""
        return uvicorn.Config(
            application.asgi,
            interface="asgi3",
            http=ArmProtocol,
            proxy_headers=False,
            ssl_certfile=str(self._tls.certificate),
            ssl_keyfile=str(self._tls.key),
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )

    def _build(self) -> ArmApplication:
        """Put the application together for the port we have."""
        authority = TokenAuthority(
            key=load_signing_key(self._state_file.with_suffix(".token-key.pem")),
            credentials=self._credentials,
            issuer=f"{self.url}/{self._credentials.tenant_id}/v2.0",
            audience=self.url,
        )
        store = self._store
        return ArmApplication(
            manager=ResourceManager(
                context=Context(
                    store=store,
                    board=self._board,
                    clusters=self._clusters,
                    tenant_id=self._credentials.tenant_id,
                    metrics=self._metrics,
                    machines=self._machines,
                    unbuilt=self._unbuilt,
                ),
                credentials=self._credentials,
                base_url=self.url,
                alerts=self._alerts,
                logs=self._logs,
            ),
            identity=IdentityService(base_url=self.url, credentials=self._credentials, authority=authority),
            authority=authority,
            hosts=frozenset({f"localhost:{self.port}", f"{_ADDRESS}:{self.port}"}),
            changed=lambda: store.save(self._state_file),
            on_change=self._on_change,
        )
