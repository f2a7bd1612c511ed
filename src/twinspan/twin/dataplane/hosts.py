"""Throw-away hosts in subnets, with the filters that apply to them."""

import re
import threading
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Address

from typing_extensions import override

from twinspan.command import Completed
from twinspan.errors import DesignError
from twinspan.twin.attempts import for_each, in_turn, undone_on_failure
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.commands import run_inside
from twinspan.twin.dataplane.interfaces import Interface, Interfaces
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import Router, router_address
from twinspan.twin.dataplane.spec import Desired, SubnetSpec
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.dataplane.wire import INTERNET, HostCalls, HostInfo, HostSpec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_INTERFACE = "eth0"


class _Host:
    def __init__(self, spec: HostSpec, info: HostInfo, router: Router) -> None:
        self.spec = spec
        self.info = info
        self.router = router
        self.namespace = short_name("host", spec.name)
        self.plug = LinkEnd(namespace=router.namespace, interface=short_name("host", spec.name))
        self.interface = Interface(
            name=f"host {spec.name}",
            namespace=self.namespace,
            router=router,
            subnet_id=info.subnet_id,
            address=info.address,
            security_group_ids=spec.security_group_ids,
        )


class Hosts(HostCalls):
    """All attached hosts."""

    def __init__(self, subnets: Subnets, interfaces: Interfaces) -> None:
        self._subnets = subnets
        self._interfaces = interfaces
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.RLock()

    def attach(self, spec: HostSpec) -> HostInfo:
        """Attach a host; its filters are in force when this returns.

        Raises:
            DesignError: No such subnet or group; name or address taken or not possible.
        """
        with self._subnets.lock, self._lock:
            router, subnet = self._place(spec)
            info = HostInfo(
                name=spec.name,
                side=spec.side,
                subnet_id=subnet.id,
                address=self._address(spec, router, subnet),
            )
            host = _Host(spec, info, router)
            with undone_on_failure(lambda: self._subnets.addresses.give_back(router.spec.key, info.address)):
                _build(host, subnet, self._interfaces.rules(host.interface))
            self._hosts[spec.name] = host
            self._interfaces.add(host.interface)
        self._interfaces.refresh()
        return info

    @override
    def detach(self, name: str) -> None:
        with self._subnets.lock, self._lock:
            host = self._hosts.pop(name, None)
            if host is not None:
                self._interfaces.remove(host.interface)
                self._subnets.addresses.give_back(host.router.spec.key, host.info.address)
                _remove(host)
        if host is not None:
            self._interfaces.refresh()

    def leave(self, desired: Desired) -> None:
        """Detach the hosts whose subnet will be gone or moved.

        Raises:
            ItemsError: What is left of some cannot be removed; all are detached.
        """
        staying = {subnet.id: subnet.prefixes for router in desired.routers for subnet in router.subnets}
        leaving = []
        with self._lock:
            for host in self._hosts.values():
                subnet = host.router.subnet(host.info.subnet_id)
                if subnet is None or staying.get(subnet.id) != subnet.prefixes:
                    leaving.append(host.info.name)
            for_each(leaving, self.detach, name=lambda name: f"host {name}")

    @override
    def hosts(self) -> tuple[HostInfo, ...]:
        with self._lock:
            return tuple(host.info for host in self._hosts.values())

    @override
    def run(self, host: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        namespace = self._namespace(host)
        return run_inside(namespace, argv, timeout_s=timeout_s, stdin=stdin, capture=host == INTERNET)

    def _namespace(self, name: str) -> str:
        if name == INTERNET:
            return INTERNET
        with self._lock:
            host = self._hosts.get(name)
        if host is None:
            raise DesignError(
                where=f"host {name}",
                problem="no host of that name is attached",
                remedy="Attach it first",
            )
        return host.namespace

    def _place(self, spec: HostSpec) -> tuple[Router, SubnetSpec]:
        where = f"host {spec.name}"
        if spec.name == INTERNET or not _NAME.fullmatch(spec.name):
            raise DesignError(
                where=where, problem="that is no name for a host", remedy="Use letters, digits and dashes"
            )
        if spec.name in self._hosts:
            raise DesignError(
                where=where, problem="a host of that name is attached", remedy="Choose another name"
            )
        key = spec.subnet_id if spec.side == "aws" else spec.subnet_id.lower()
        place = self._subnets.find(spec.side, key)
        if place is not None and not place[1].gateway_subnet:
            return place
        raise DesignError(
            where=where,
            problem=f"the {spec.side} side has no subnet {spec.subnet_id} that takes hosts",
            remedy="Name a subnet that exists and is not GatewaySubnet",
        )

    def _address(self, spec: HostSpec, router: Router, subnet: SubnetSpec) -> IPv4Address:
        prefix, where = subnet.prefixes[0], f"host {spec.name}"
        if spec.address is None:
            return self._subnets.addresses.take(router.spec.key, prefix, where=where)
        self._subnets.addresses.claim(router.spec.key, prefix, spec.address, where=where)
        return spec.address


def _build(host: _Host, subnet: SubnetSpec, rules: str) -> None:
    prefix = next(p for p in subnet.prefixes if host.info.address in p)
    namespaces.add([host.namespace])
    with undone_on_failure(partial(namespaces.delete, host.namespace)):
        namespaces.set_sysctls(host.namespace, {"ipv4/ping_group_range": "0 2147483647"})
        namespaces.nft(host.namespace, rules)
        host.interface.filters = rules
        links.join(LinkEnd(namespace=host.namespace, interface=_INTERFACE), host.plug)
        host.router.plug_in(subnet.id, host.plug.interface, [host.info.address])
        namespaces.ip(
            [
                f"addr add {host.info.address}/{prefix.prefixlen} dev {_INTERFACE}",
                f"link set {_INTERFACE} up",
                f"route add default via {router_address(prefix)}",
            ],
            namespace=host.namespace,
        )


def _remove(host: _Host) -> None:
    in_turn(
        lambda: links.cut(host.plug),
        lambda: namespaces.end_processes(host.namespace),
        lambda: namespaces.delete(host.namespace),
    )
