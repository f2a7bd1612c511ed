"""Route tables and network security groups that are on subnets of Azure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.model import AzureRouteTable, AzureSubnet, NetworkSecurityGroup
from twinspan.network.unknown import Unknown
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import Named, subject

N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSubnets(Generic[N]):
    """Objects of one kind, and what the subnets say of them.

    Attributes:
        objects: All of them.
        subnets: Every subnet with the id that it names.
        attribute: The argument that names it, e.g. `route_table_id`.
        unplaced: (address, argument) of the associations whose subnet is not known.
    """

    objects: Sequence[N]
    subnets: Sequence[tuple[AzureSubnet[Unknown], str | Unknown | None]]
    attribute: str
    unplaced: Sequence[tuple[str, str]]

    @property
    def in_use(self) -> tuple[N, ...]:
        """Those that are on a subnet other than GatewaySubnet, or may be."""
        named = {identifier for subnet, identifier in self.subnets if subnet.name != GATEWAY_SUBNET}
        return tuple(
            candidate for candidate in self.objects if candidate.id in named or candidate in self._loose
        )

    @property
    def _loose(self) -> tuple[N, ...]:
        """Those that an association of an unknown subnet may be about."""
        named = {identifier for _, identifier in self.subnets}
        return tuple(candidate for candidate in self.objects if self.unplaced and candidate.id not in named)

    def unclear(self, which: str) -> Iterator[Finding]:
        """Yield what is on a subnet, but not known."""
        there = {candidate.id for candidate in self.objects}
        for subnet, identifier in self.subnets:
            if identifier is not None and identifier not in there:
                yield unclear(subject(subnet, self.attribute), f"the plan does not tell which {which}")
        for address, argument in () if self._loose else self.unplaced:
            yield unclear(f"{address} {argument}", "the plan does not tell which subnet")


def tables_on_subnets(design: Design) -> OnSubnets[AzureRouteTable[Unknown]]:
    """Return the route tables."""
    return OnSubnets(
        objects=design.azure.route_tables,
        subnets=[(subnet, subnet.route_table_id) for vnet in design.vnets for subnet in vnet.subnets],
        attribute="route_table_id",
        unplaced=design.unplaced("azurerm_subnet_route_table_association"),
    )


def groups_on_subnets(design: Design) -> OnSubnets[NetworkSecurityGroup[Unknown]]:
    """Return the network security groups."""
    return OnSubnets(
        objects=design.azure.network_security_groups,
        subnets=[
            (subnet, subnet.network_security_group_id) for vnet in design.vnets for subnet in vnet.subnets
        ],
        attribute="network_security_group_id",
        unplaced=design.unplaced("azurerm_subnet_network_security_group_association"),
    )
