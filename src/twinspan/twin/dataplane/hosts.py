"""Throw-away hosts in subnets, with the filters that apply to them."""

import re
import threading
from collections.abc import Collection
from ipaddress import IPv4Address

from twinspan.errors import DesignError, TwinspanError
from twinspan.network.model import SecurityGroup
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.events import log
from twinspan.twin.dataplane.filters import nsg_ruleset, security_group_ruleset
from twinspan.twin.dataplane.links import Plug
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.plane import Plane
from twinspan.twin.dataplane.router import Router, bridge_name, router_address
from twinspan.twin.dataplane.spec import Desired, SubnetSpec
from twinspan.twin.dataplane.wire import INTERNET, HostInfo, HostSpec

_RESERVED = 4
"""First addresses of a subnet that the cloud keeps. Sources: Amazon VPC user guide, "Subnet sizing"
(first four and the last); Azure, Virtual network FAQ (the same)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_INTERFACE = "eth0"


class _Host:
    def __init__(self, spec: HostSpec, info: HostInfo, router: Router) -> None:
        self.spec = spec
        self.info = info
        self.router = router
        self.namespace = short_name("host", spec.name)
        self.plug = Plug(namespace=router.namespace, interface=short_name("host", spec.name))
        self.filters = ""


class Hosts:
    """All attached hosts."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.RLock()

    def attach(self, spec: HostSpec) -> HostInfo:
        """Attach a host; its filters are in force when this returns.

        Raises:
            DesignError: No such subnet or group; name or address taken or not possible.
        """
        with self._plane.lock, self._lock:
            router, subnet = self._place(spec)
            info = HostInfo(
                name=spec.name,
                side=spec.side,
                subnet_id=subnet.id,
                address=self._address(spec, router, subnet),
            )
            host = _Host(spec, info, router)
            rules = self._filters(host, [*self._hosts.values(), host])
            _build(host, subnet, rules)
            self._hosts[spec.name] = host
        self.refresh()
        return info

    def detach(self, name: str) -> None:
        """Remove a host, if there is one of that name."""
        with self._plane.lock, self._lock:
            host = self._hosts.pop(name, None)
            if host is not None:
                _remove(host)
        if host is not None:
            self.refresh()

    def leave(self, desired: Desired) -> None:
        """Detach the hosts whose subnet will be gone or moved."""
        staying = {subnet.id: subnet.prefixes for router in desired.routers for subnet in router.subnets}
        with self._lock:
            for host in list(self._hosts.values()):
                subnet = host.router.subnet(host.info.subnet_id)
                if subnet is None or staying.get(subnet.id) != subnet.prefixes:
                    self.detach(host.info.name)

    def infos(self) -> tuple[HostInfo, ...]:
        """Return all hosts."""
        with self._lock:
            return tuple(host.info for host in self._hosts.values())

    def namespace(self, name: str) -> str:
        """Return a host's namespace, or that of `internet`.

        Raises:
            DesignError: No such host.
        """
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

    def refresh(self) -> tuple[str, ...]:
        """Load the filters that changed; return what could not be loaded."""
        problems = []
        with self._plane.lock, self._lock:
            for host in self._hosts.values():
                try:
                    rules = self._filters(host, list(self._hosts.values()))
                    if rules != host.filters:
                        namespaces.nft(host.namespace, rules)
                        host.filters = rules
                except TwinspanError as error:
                    log(host.info.name, str(error))
                    problems.append(f"host {host.info.name}: {error}")
        return tuple(problems)

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
        for router in self._plane.routers.values():
            subnet = router.subnet(key) if router.spec.side == spec.side else None
            if subnet is not None and not subnet.gateway_subnet:
                return router, subnet
        raise DesignError(
            where=where,
            problem=f"the {spec.side} side has no subnet {spec.subnet_id} that takes hosts",
            remedy="Name a subnet that exists and is not GatewaySubnet",
        )

    def _address(self, spec: HostSpec, router: Router, subnet: SubnetSpec) -> IPv4Address:
        taken = {h.info.address for h in self._hosts.values() if h.router is router}
        prefix = subnet.prefixes[0]
        usable = range(_RESERVED, prefix.num_addresses - 1)
        if spec.address is None:
            free = (prefix[number] for number in usable if prefix[number] not in taken)
            chosen = next(free, None)
            if chosen is None:
                raise DesignError(
                    where=f"host {spec.name}",
                    problem=f"no address is free in {prefix}",
                    remedy="Detach a host",
                )
            return chosen
        fits = spec.address in prefix and int(spec.address) - int(prefix.network_address) in usable
        if not fits or spec.address in taken:
            raise DesignError(
                where=f"host {spec.name}",
                problem=f"{spec.address} is taken, reserved or not in {prefix}",
                remedy="Choose a free address of the subnet, from its fifth on, or none",
            )
        return spec.address

    def _filters(self, host: _Host, hosts: list[_Host]) -> str:
        spec = host.router.spec
        if host.info.side == "aws":
            return security_group_ruleset(
                self._groups(host),
                interface_address=host.info.address,
                vpc_cidr_blocks=spec.networks,
                members=self._members(hosts),
            )
        subnet = host.router.subnet(host.info.subnet_id)
        if spec.virtual_network is None or subnet is None:
            raise AssertionError("an Azure host is in a subnet of a virtual network")
        return nsg_ruleset(
            subnet.network_security_group,
            side="host",
            virtual_network=spec.virtual_network,
            gateway_prefixes=host.router.gateway_prefixes(),
        )

    def _groups(self, host: _Host) -> list[SecurityGroup]:
        known = {group.id: group for group in host.router.spec.security_groups}
        if not host.spec.security_group_ids:
            return [group for group in known.values() if group.name == "default"]
        unknown = [key for key in host.spec.security_group_ids if key not in known]
        if unknown:
            raise DesignError(
                where=f"host {host.info.name}",
                problem=f"the VPC has no security group {', '.join(unknown)}",
                remedy="Name groups of the subnet's VPC",
            )
        return [known[key] for key in host.spec.security_group_ids]

    def _members(self, hosts: list[_Host]) -> dict[str, Collection[IPv4Address]]:
        members: dict[str, set[IPv4Address]] = {}
        for host in hosts:
            if host.info.side != "aws":
                continue
            known = {group.id: group.name for group in host.router.spec.security_groups}
            default = [key for key, name in known.items() if name == "default"]
            for key in host.spec.security_group_ids or default:
                members.setdefault(key, set()).add(host.info.address)
        return dict(members)


def _build(host: _Host, subnet: SubnetSpec, rules: str) -> None:
    prefix = next(p for p in subnet.prefixes if host.info.address in p)
    namespaces.add([host.namespace])
    try:
        namespaces.set_sysctls(host.namespace, {"ipv4/ping_group_range": "0 2147483647"})
        namespaces.nft(host.namespace, rules)
        host.filters = rules
        links.join(Plug(namespace=host.namespace, interface=_INTERFACE), host.plug)
        namespaces.ip(
            [f"link set {host.plug.interface} master {bridge_name(subnet.id)} up"],
            namespace=host.router.namespace,
        )
        namespaces.ip(
            [
                f"addr add {host.info.address}/{prefix.prefixlen} dev {_INTERFACE}",
                f"link set {_INTERFACE} up",
                f"route add default via {router_address(prefix)}",
            ],
            namespace=host.namespace,
        )
    except TwinspanError:
        namespaces.delete(host.namespace)
        raise


def _remove(host: _Host) -> None:
    links.cut(host.plug)
    namespaces.delete(host.namespace)
