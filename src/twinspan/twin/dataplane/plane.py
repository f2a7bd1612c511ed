"""The data plane as built: compares the desired records with what is there and changes the difference."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from twinspan.errors import TwinspanError
from twinspan.twin.dataplane import internet
from twinspan.twin.dataplane.addresses import Addresses
from twinspan.twin.dataplane.bird_config import Uplink
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.links import TransitAddresses
from twinspan.twin.dataplane.router import Router
from twinspan.twin.dataplane.spec import Desired, EndSpec, GatewaySpec

_WORKERS = 16


class Plane:
    """Everything that has been built.

    Attributes:
        desired: The state last applied.
        routers: Key -> router.
        gateways: Key -> gateway.
        ends: Key -> tunnel end.
        building: True while `apply` works.
        journal: Events of all of them.
        addresses: Those in use in the subnets.
        on_end_restart: Called when a cloud was asked to restart a tunnel end.
        on_instance_restart: Called when a cloud was asked to restart a gateway's instance.
    """

    def __init__(self, folder: Path, *, on_routes: Callable[[], None]) -> None:
        self.on_end_restart: Callable[[Endpoint], None] = lambda _: None
        self.on_instance_restart: Callable[[Gateway], None] = lambda _: None
        self.desired = Desired(generation=-1)
        self.journal = Journal()
        self.addresses = Addresses()
        self.routers: dict[str, Router] = {}
        self.gateways: dict[str, Gateway] = {}
        self.ends: dict[str, Endpoint] = {}
        self.lock = threading.RLock()
        self.building = False
        self._folder = folder
        self._transit = TransitAddresses()
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="build")
        self._on_routes = on_routes
        self._problems: list[str] = []
        self._wanted_ends: dict[str, list[EndSpec]] = {}
        internet.build()

    def apply(self, desired: Desired, *, before_removal: Callable[[Desired], None]) -> tuple[str, ...]:
        """Build, change and remove until all is as desired; return what could not be done.

        Args:
            desired: The whole state wanted.
            before_removal: Called before anything goes, so that hosts can leave their subnets.
        """
        with self.lock:
            self._problems = list(desired.problems)
            self.building = True
            before_removal(desired)
            self._remove(desired)
            self._build_routers(desired)
            self._build_gateways(desired)
            self._each(
                [
                    *(partial(self._configure_gateway, gateway) for gateway in self.gateways.values()),
                    *(partial(self._configure_router, router) for router in self.routers.values()),
                    *(partial(self._build_end, end) for end in desired.ends),
                ]
            )
            self.desired = desired
            self.building = False
            return tuple(self._problems)

    def ends_of(self, gateway_key: str) -> list[EndSpec]:
        """Return the specifications of a gateway's tunnel ends."""
        return [end.spec for end in list(self.ends.values()) if end.spec.gateway == gateway_key]

    def mark(self, gateway: Gateway, *, alive: bool) -> None:
        """Have its network use an instance, or not: also a route table's own routes to it."""
        with self.lock:
            gateway.alive = alive
            router = self.routers.get(gateway.spec.router or "")
            if router is not None:
                self._configure_router(router)

    def _remove(self, desired: Desired) -> None:
        ends = {end.key: end for end in desired.ends}
        gateways = {gateway.key: gateway for gateway in desired.gateways}
        routers = {router.key for router in desired.routers}
        stale = [
            key
            for key, end in self.ends.items()
            if key not in ends or ends[key].ipsec != end.spec.ipsec or ends[key].gateway not in gateways
        ]
        self._each([end.stop for end in [self.ends.pop(key) for key in stale]])
        lost = [key for key in self.gateways if key not in gateways]
        self._each([gateway.stop for gateway in [self.gateways.pop(key) for key in lost]])
        for key in [key for key in self.routers if key not in routers]:
            for gateway in self.gateways.values():
                if gateway.spec.router == key:
                    self._try(partial(gateway.wire, gateway.spec, None))
            self._try(self.routers.pop(key).stop)

    def _build_routers(self, desired: Desired) -> None:
        fresh = []
        for spec in desired.routers:
            if spec.key not in self.routers:
                self.routers[spec.key] = Router(
                    spec, folder=self._folder, journal=self.journal, on_routes=self._on_routes
                )
                fresh.append(self.routers[spec.key])
        self._each([router.start for router in fresh])
        self._each([partial(self.routers[spec.key].set_subnets, spec) for spec in desired.routers])

    def _build_gateways(self, desired: Desired) -> None:
        fresh = []
        for spec in desired.gateways:
            if spec.key not in self.gateways:
                self.gateways[spec.key] = Gateway(
                    spec, transit=self._transit, folder=self._folder, journal=self.journal
                )
                fresh.append(self.gateways[spec.key])
        self._each([gateway.start for gateway in fresh])
        self._each([partial(self._wire, spec) for spec in desired.gateways])
        self._wanted_ends = {gateway.key: [] for gateway in desired.gateways}
        for end in desired.ends:
            self._wanted_ends.setdefault(end.gateway, []).append(end)

    def _wire(self, spec: GatewaySpec) -> None:
        gateway = self.gateways[spec.key]
        restarted = spec.restart != gateway.spec.restart
        gateway.wire(spec, self.routers.get(spec.router or ""))
        if restarted:
            self.on_instance_restart(gateway)

    def _configure_gateway(self, gateway: Gateway) -> None:
        gateway.configure(self._wanted_ends[gateway.spec.key])

    def _configure_router(self, router: Router) -> None:
        joined: list[tuple[GatewaySpec, Uplink]] = [
            (gateway.spec, gateway.uplink)
            for gateway in self.gateways.values()
            if gateway.spec.router == router.spec.key and gateway.uplink is not None and gateway.alive
        ]
        router.set_routes(joined)
        router.set_acls()

    def _build_end(self, spec: EndSpec) -> None:
        end = self.ends.get(spec.key)
        if end is not None:
            restarted = end.spec.restart != spec.restart
            if end.spec != spec:
                end.change(spec)
            if restarted:
                self.on_end_restart(end)
            return
        gateway = self.gateways.get(spec.gateway)
        if gateway is None:
            self._problems.append(f"{spec.key}: its gateway {spec.gateway} is not built")
            return
        end = Endpoint(
            spec,
            gateway_namespace=gateway.namespace,
            transit=self._transit,
            folder=self._folder,
            journal=self.journal,
        )
        self.ends[spec.key] = end
        end.start()

    def _each(self, tasks: Iterable[Callable[[], None]]) -> None:
        for future in [self._pool.submit(self._try, task) for task in tasks]:
            future.result()

    def _try(self, task: Callable[[], None]) -> None:
        try:
            task()
        except (TwinspanError, OSError) as error:
            log("apply", str(error))
            self._problems.append(str(error))
