"""EKS: the interface in the VPC by which a control plane reaches nodes and pods.

Simplified: one, in the cluster's first subnet, as there is one API server; EKS has two to four, in subnets of
different zones. Sources: Amazon EKS user guide, "Amazon EKS networking requirements for VPC and subnets" and
"View Amazon EKS security group requirements for clusters".
"""

from contextlib import suppress

from twinspan.errors import DesignError, TwinspanError
from twinspan.twin.attempts import undone_on_failure
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.interfaces import Interface, Interfaces
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import router_address
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.kubernetes.spec import ClusterSpec

_DEVICE = "eth0"


class VpcInterface:
    """Attaches, changes and removes it.

    Args:
        namespace: The control plane's network namespace.
        subnets: Where it finds a place.
        interfaces: Where its filter is kept.
    """

    def __init__(self, namespace: str, *, subnets: Subnets, interfaces: Interfaces) -> None:
        self._namespace = namespace
        self._subnets = subnets
        self._interfaces = interfaces
        self._interface: Interface | None = None
        self._attached: tuple[object, ...] = ()
        """What it is made of; empty: it is not there."""

    def follow(self, spec: ClusterSpec) -> None:
        """Make it what the cluster asks for; nothing happens if it is.

        Raises:
            DesignError: Its subnet or a security group of its is not there, or no address is free.
        """
        attachment = (spec.subnet_ids[:1], spec.security_group_ids, spec.network_ranges)
        if attachment == self._attached:
            return
        with self._subnets.lock:
            self._remove()
            if spec.subnet_ids:
                self._attach(spec)
            self._attached = attachment
        self._interfaces.refresh()

    def remove(self) -> None:
        """Remove it, if it is there."""
        with self._subnets.lock:
            self._remove()
        self._interfaces.refresh()

    def _attach(self, spec: ClusterSpec) -> None:
        subnet_id, where = spec.subnet_ids[0], f"control plane of {spec.name}"
        place = self._subnets.find(spec.side, subnet_id)
        if place is None:
            raise DesignError(
                where=where,
                problem=f"the VPC has no subnet {subnet_id}",
                remedy="Give the cluster subnets that exist",
            )
        router, subnet = place
        prefix = subnet.prefixes[0]
        interface = Interface(
            name=where,
            namespace=self._namespace,
            router=router,
            subnet_id=subnet_id,
            address=self._subnets.addresses.take(router.spec.key, prefix, where=where),
            security_group_ids=spec.security_group_ids,
            device=_DEVICE,
        )
        self._interface = interface
        with undone_on_failure(self._remove):
            self._interfaces.plug_in(interface, self._plug(interface))
            via = f"via {router_address(prefix)} dev {_DEVICE} src {interface.address}"
            namespaces.ip(
                [
                    f"addr add {interface.address}/{prefix.prefixlen} dev {_DEVICE}",
                    f"link set {_DEVICE} up",
                    *(f"route add {network} {via}" for network in spec.network_ranges),
                ],
                namespace=self._namespace,
            )

    def _remove(self) -> None:
        interface, self._interface, self._attached = self._interface, None, ()
        if interface is None:
            return
        self._interfaces.remove(interface)
        with suppress(TwinspanError):  # it went with its subnet's router, or was never joined
            links.cut(self._plug(interface))
        self._subnets.addresses.give_back(interface.router.spec.key, interface.address)

    def _plug(self, interface: Interface) -> LinkEnd:
        return LinkEnd(namespace=interface.router.namespace, interface=short_name("plane", self._namespace))
