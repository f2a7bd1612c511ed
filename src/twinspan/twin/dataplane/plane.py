"""The data plane as built: compares the desired records with what is there and changes the difference."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Protocol

from twinspan.errors import HostError
from twinspan.twin.attempts import attempt, undone_on_failure
from twinspan.twin.dataplane import internet
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.links import TransitAddresses
from twinspan.twin.dataplane.restarts import Restarter
from twinspan.twin.dataplane.router import Router
from twinspan.twin.dataplane.spec import Desired, EndSpec, GatewaySpec, RouterSpec
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.dataplane.tunnels import Tunnels

_WORKERS = 16


class Plane:
    """Builds the data plane.

    Args:
        folder: Private folder for daemons' files.
        subnets: Gets the networks' routers.
        tunnels: Gets the gateways and tunnel ends.
        journal: Gets the events of all of them.
        on_routes: Called when BGP has changed a router's routes.
        restarter: Told when a cloud was asked to restart a tunnel end or a gateway's instance.
    """

    def __init__(
        self,
        folder: Path,
        *,
        subnets: Subnets,
        tunnels: Tunnels,
        journal: Journal,
        on_routes: Callable[[], None],
        restarter: Restarter,
    ) -> None:
        self._folder = folder
        self._subnets = subnets
        self._tunnels = tunnels
        self._journal = journal
        self._on_routes = on_routes
        self._restarter = restarter
        self._generation = -1
        self._building = False
        self._transit = TransitAddresses()
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="build")
        self._problems: list[str] = []
        self._wanted_ends: dict[str, list[EndSpec]] = {}
        internet.build()

    @property
    def generation(self) -> int:
        """The generation last applied; -1 before the first."""
        return self._generation

    @property
    def building(self) -> bool:
        """Whether `apply` works."""
        return self._building

    def apply(self, desired: Desired, *, before_removal: Callable[[Desired], None]) -> tuple[str, ...]:
        """Build, change and remove until all is as desired; return what could not be done.

        Args:
            desired: The whole state wanted.
            before_removal: Called before anything goes, so that hosts can leave their subnets.
        """
        with self._tunnels.lock:
            self._problems = list(desired.problems)
            self._building = True
            try:
                self._try("hosts", partial(before_removal, desired))
                self._close_sessions(desired)
                self._remove(desired)
                self._build_routers(desired)
                self._build_gateways(desired)
                self._configure(desired)
                self._generation = desired.generation
            finally:
                self._building = False
            return tuple(dict.fromkeys(self._problems))

    def _close_sessions(self, desired: Desired) -> None:
        """Have gateways close the sessions that go, while the tunnel can still carry the notification.

        Without it the peer sends into the tunnel until its hold time is over. Source: RFC 4271, section 6.7,
        and RFC 4486: a speaker that de-configures a peer sends a Cease.
        """
        keys = {gateway.key for gateway in desired.gateways}
        self._plan_ends(end for end in desired.ends if end.key in self._tunnels.ends)
        self._each(
            [
                (key, partial(self._configure_gateway, gateway))
                for key, gateway in self._tunnels.gateways.items()
                if key in keys
            ]
        )

    def _plan_ends(self, ends: Iterable[EndSpec]) -> None:
        self._wanted_ends = {}
        for end in ends:
            self._wanted_ends.setdefault(end.gateway, []).append(end)

    def _remove(self, desired: Desired) -> None:
        ends = {end.key: end for end in desired.ends}
        gateways = {gateway.key: gateway for gateway in desired.gateways}
        routers = {router.key for router in desired.routers}
        stale = [
            key
            for key, end in self._tunnels.ends.items()
            if key not in ends or ends[key].ipsec != end.spec.ipsec or ends[key].gateway not in gateways
        ]
        self._each([(key, self._tunnels.ends.pop(key).stop) for key in stale])
        lost = [key for key in self._tunnels.gateways if key not in gateways]
        self._each([(key, self._tunnels.gateways.pop(key).stop) for key in lost])
        for key in [key for key in self._subnets.routers if key not in routers]:
            for gateway in self._tunnels.gateways.values():
                if gateway.spec.router == key:
                    self._try(gateway.spec.key, partial(gateway.wire, gateway.spec, None))
            self._try(key, self._subnets.routers.pop(key).stop)

    def _build_routers(self, desired: Desired) -> None:
        fresh = [spec for spec in desired.routers if spec.key not in self._subnets.routers]
        self._each([(spec.key, partial(self._start_router, spec)) for spec in fresh])
        self._each(
            [
                (spec.key, partial(self._subnets.routers[spec.key].set_subnets, spec))
                for spec in desired.routers
                if spec.key in self._subnets.routers
            ]
        )

    def _start_router(self, spec: RouterSpec) -> None:
        router = Router(spec, folder=self._folder, journal=self._journal, on_routes=self._on_routes)
        _start(router)
        self._subnets.routers[spec.key] = router

    def _build_gateways(self, desired: Desired) -> None:
        fresh = [spec for spec in desired.gateways if spec.key not in self._tunnels.gateways]
        self._each([(spec.key, partial(self._start_gateway, spec)) for spec in fresh])
        built = [spec for spec in desired.gateways if spec.key in self._tunnels.gateways]
        self._each([(spec.key, partial(self._wire, spec)) for spec in built])
        self._plan_ends(desired.ends)

    def _start_gateway(self, spec: GatewaySpec) -> None:
        gateway = Gateway(spec, transit=self._transit, folder=self._folder, journal=self._journal)
        _start(gateway)
        self._tunnels.gateways[spec.key] = gateway

    def _wire(self, spec: GatewaySpec) -> None:
        gateway = self._tunnels.gateways[spec.key]
        restarted = spec.restart != gateway.spec.restart
        gateway.wire(spec, self._subnets.routers.get(spec.router or ""))
        if restarted:
            self._restarter.instance_restarted(gateway)

    def _configure(self, desired: Desired) -> None:
        """Configure gateways, then tunnel ends: an end that loses its session loses its addresses, too."""
        self._each(
            [
                *(
                    (key, partial(self._configure_gateway, gateway))
                    for key, gateway in self._tunnels.gateways.items()
                ),
                *(
                    (key, partial(self._tunnels.join, router))
                    for key, router in self._subnets.routers.items()
                ),
            ]
        )
        self._each([(end.key, partial(self._build_end, end)) for end in desired.ends])

    def _configure_gateway(self, gateway: Gateway) -> None:
        gateway.configure(self._wanted_ends.get(gateway.spec.key, []))

    def _build_end(self, spec: EndSpec) -> None:
        end = self._tunnels.ends.get(spec.key)
        if end is not None:
            restarted = end.spec.restart != spec.restart
            if end.spec != spec:
                end.change(spec)
            if restarted:
                self._restarter.end_restarted(end)
            return
        gateway = self._tunnels.gateways.get(spec.gateway)
        if gateway is None:
            raise HostError(
                problem=f"its gateway {spec.gateway} is not built", remedy="See why the gateway is not"
            )
        end = Endpoint(
            spec,
            gateway_namespace=gateway.namespace,
            transit=self._transit,
            folder=self._folder,
            journal=self._journal,
        )
        self._tunnels.ends[spec.key] = end
        with undone_on_failure(lambda: self._tunnels.ends.pop(spec.key)):
            _start(end)

    def _each(self, tasks: Iterable[tuple[str, Callable[[], None]]]) -> None:
        for future in [self._pool.submit(self._try, key, task) for key, task in tasks]:
            future.result()

    def _try(self, key: str, task: Callable[[], None]) -> None:
        """Do something for an object; what it raises is a problem of that object alone."""
        problems: list[str] = []
        attempt([task], lambda do: do(), name=lambda _: key, problems=problems)
        for problem in problems:
            log("apply", problem)
        self._problems += problems


class _Startable(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


def _start(part: _Startable) -> None:
    """Start something; if that fails, remove what there is of it, so that it can be tried again."""
    with undone_on_failure(part.stop):
        part.start()
