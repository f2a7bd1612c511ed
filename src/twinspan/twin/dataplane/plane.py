"""The data plane as built: compares the desired records with what is there and changes the difference."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Protocol

from twinspan.errors import HostError
from twinspan.network.clouds import Cloud
from twinspan.twin.attempts import attempt, for_each, undone_on_failure
from twinspan.twin.dataplane import internet
from twinspan.twin.dataplane.addresses import Addresses
from twinspan.twin.dataplane.bird_config import Uplink
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.links import TransitAddresses
from twinspan.twin.dataplane.router import Router
from twinspan.twin.dataplane.spec import Desired, EndSpec, GatewaySpec, RouterSpec, SubnetSpec

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
            try:
                self._try("hosts", partial(before_removal, desired))
                self._remove(desired)
                self._build_routers(desired)
                self._build_gateways(desired)
                self._configure(desired)
                self.desired = desired
            finally:
                self.building = False
            return tuple(self._problems)

    def ends_of(self, gateway_key: str) -> list[EndSpec]:
        """Return the specifications of a gateway's tunnel ends."""
        return [end.spec for end in list(self.ends.values()) if end.spec.gateway == gateway_key]

    def subnet(self, side: Cloud, subnet_id: str) -> tuple[Router, SubnetSpec] | None:
        """Return a subnet and its network's router, None if there is none.

        Args:
            side: Its cloud.
            subnet_id: AWS: its id; Azure: its resource id in lower case.
        """
        for router in self.routers.values():
            subnet = router.subnet(subnet_id) if router.spec.side == side else None
            if subnet is not None:
                return router, subnet
        return None

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
        self._each([(key, self.ends.pop(key).stop) for key in stale])
        lost = [key for key in self.gateways if key not in gateways]
        self._each([(key, self.gateways.pop(key).stop) for key in lost])
        for key in [key for key in self.routers if key not in routers]:
            for gateway in self.gateways.values():
                if gateway.spec.router == key:
                    self._try(gateway.spec.key, partial(gateway.wire, gateway.spec, None))
            self._try(key, self.routers.pop(key).stop)

    def _build_routers(self, desired: Desired) -> None:
        fresh = [spec for spec in desired.routers if spec.key not in self.routers]
        self._each([(spec.key, partial(self._start_router, spec)) for spec in fresh])
        self._each(
            [
                (spec.key, partial(self.routers[spec.key].set_subnets, spec))
                for spec in desired.routers
                if spec.key in self.routers
            ]
        )

    def _start_router(self, spec: RouterSpec) -> None:
        router = Router(spec, folder=self._folder, journal=self.journal, on_routes=self._on_routes)
        _start(router)
        self.routers[spec.key] = router

    def _build_gateways(self, desired: Desired) -> None:
        fresh = [spec for spec in desired.gateways if spec.key not in self.gateways]
        self._each([(spec.key, partial(self._start_gateway, spec)) for spec in fresh])
        built = [spec for spec in desired.gateways if spec.key in self.gateways]
        self._each([(spec.key, partial(self._wire, spec)) for spec in built])
        self._wanted_ends = {gateway.key: [] for gateway in desired.gateways}
        for end in desired.ends:
            self._wanted_ends.setdefault(end.gateway, []).append(end)

    def _start_gateway(self, spec: GatewaySpec) -> None:
        gateway = Gateway(spec, transit=self._transit, folder=self._folder, journal=self.journal)
        _start(gateway)
        self.gateways[spec.key] = gateway

    def _wire(self, spec: GatewaySpec) -> None:
        gateway = self.gateways[spec.key]
        restarted = spec.restart != gateway.spec.restart
        gateway.wire(spec, self.routers.get(spec.router or ""))
        if restarted:
            self.on_instance_restart(gateway)

    def _configure(self, desired: Desired) -> None:
        self._each(
            [
                *((key, partial(self._configure_gateway, each)) for key, each in self.gateways.items()),
                *((key, partial(self._configure_router, each)) for key, each in self.routers.items()),
                *((end.key, partial(self._build_end, end)) for end in desired.ends),
            ]
        )

    def _configure_gateway(self, gateway: Gateway) -> None:
        gateway.configure(self._wanted_ends.get(gateway.spec.key, []))

    def _configure_router(self, router: Router) -> None:
        joined: list[tuple[GatewaySpec, Uplink]] = [
            (gateway.spec, gateway.uplink)
            for gateway in self.gateways.values()
            if gateway.spec.router == router.spec.key and gateway.uplink is not None and gateway.alive
        ]
        steps: dict[str, Callable[[], None]] = {
            "routes": partial(router.set_routes, joined),
            "network ACLs": router.set_acls,
        }
        for_each(steps.items(), lambda step: step[1](), name=lambda step: step[0])

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
            raise HostError(
                problem=f"its gateway {spec.gateway} is not built", remedy="See why the gateway is not"
            )
        end = Endpoint(
            spec,
            gateway_namespace=gateway.namespace,
            transit=self._transit,
            folder=self._folder,
            journal=self.journal,
        )
        self.ends[spec.key] = end
        with undone_on_failure(lambda: self.ends.pop(spec.key)):
            _start(end)

    def _each(self, tasks: Iterable[tuple[str, Callable[[], None]]]) -> None:
        for future in [self._pool.submit(self._try, key, task) for key, task in tasks]:
            future.result()

    def _try(self, key: str, task: Callable[[], None]) -> None:
        """Do something for an object; what it raises is a problem of that object alone."""
        found: list[str] = []
        attempt([task], lambda do: do(), name=lambda _: key, problems=found)
        for problem in found:
            log("apply", problem)
        self._problems += found


class _Startable(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


def _start(part: _Startable) -> None:
    """Start something; if that fails, remove what there is of it, so that it can be tried again."""
    with undone_on_failure(part.stop):
        part.start()
