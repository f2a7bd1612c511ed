"""What rules name in their findings: tunnels, links, keys and changes, and how objects are called."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol, TypeVar

from twinspan.network.links import TunnelLink, tunnel_key
from twinspan.network.model import (
    AzureConnection,
    GatewayInstance,
    LocalNetworkGateway,
    VirtualNetworkGateway,
    VpnConnection,
    VpnTunnel,
)
from twinspan.network.unknown import UNKNOWN, Unknown, known


class Named(Protocol):
    """An object of the model that stands for itself."""

    @property
    def id(self) -> str:
        """The cloud's, or in a plan Terraform's address."""

    @property
    def address(self) -> str:
        """Terraform's; empty where none is known."""


N = TypeVar("N", bound=Named)


def subject(of: Named, attribute: str = "") -> str:
    """Name an object, or an argument of it, for a finding: by Terraform's address, else by its id or name."""
    name = of.address or name_in(of.id)
    return f"{name} {attribute}" if attribute else name


def name_in(identifier: str) -> str:
    """Return the names in an ARM id, e.g. `dev-vnet/workload` of a subnet; any other id as it is."""
    _, _, typed = identifier.partition("/providers/")
    return "/".join(typed.split("/")[2::2]) or identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """One of the two tunnels of an AWS VPN connection; `number` is 1 or 2."""

    connection: VpnConnection[Unknown]
    number: int

    @property
    def options(self) -> VpnTunnel[Unknown]:
        """What it is like."""
        return self.connection.tunnels[self.number - 1]

    @property
    def id(self) -> str:
        """Unique among the tunnels."""
        return tunnel_key(self.connection.id, self.number)

    @property
    def branch(self) -> str:
        """What the findings about it have as their branch: its outside address, else its connection's id."""
        outside = known(self.options.outside_ip_address)
        return str(outside) if outside else self.connection.id

    @property
    def inside(self) -> IPv4Network | None:
        """Its inside range, if it is known."""
        return known(self.options.inside_cidr)

    def where(self, option: str = "") -> str:
        """Name it, or an option such as `inside_cidr`, for a finding."""
        return f"{subject(self.connection)} tunnel{self.number}" + (f"_{option}" if option else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An AWS tunnel and the Azure connection that ends it.

    Attributes:
        joined: All that is known of the two.
        local: The connection's local network gateway.
    """

    tunnel: Tunnel
    connection: AzureConnection[Unknown]
    local: LocalNetworkGateway[Unknown]
    joined: TunnelLink[Unknown]

    @property
    def branch(self) -> str:
        """What the findings about it have as their branch; see `TunnelLink.stands_on`."""
        return self.tunnel.branch

    @property
    def aws_bgp(self) -> bool:
        """Whether AWS's end speaks BGP. Source: EC2 API, VpnConnectionOptionsSpecification."""
        return not static(self.tunnel.connection)

    @property
    def azure_bgp(self) -> bool:
        """Whether Azure's end speaks BGP, or may, as far as it is known."""
        return self.connection.bgp_enabled is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A pre-shared key; its value is in no `repr`.

    Attributes:
        owner: Id of the tunnel (`Tunnel.id`) or of the Azure connection.
        where: The argument that has it, for a finding.
        value: None if it is not set.
        named: What its expression names, of a tunnel's key that is not known yet, if that is the same for
            every instance of the resource.
    """

    owner: str
    where: str
    value: str | Unknown | None = field(repr=False)
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """An argument that a plan changes in place, from one known value to another.

    Attributes:
        address: Terraform's, of the object.
        type: Terraform's, e.g. `aws_vpn_gateway`.
        argument: E.g. `amazon_side_asn`.
        before: Its value until now, as text.
        after: Its value to be, as text.
    """

    address: str
    type: str
    argument: str
    before: str
    after: str


def static(connection: VpnConnection[Unknown]) -> bool:
    """Whether an AWS connection has static routes instead of BGP."""
    return connection.static_routes_only is True


def configurations(gateway: VirtualNetworkGateway[Unknown]) -> tuple[GatewayInstance[Unknown], ...]:
    """Return the instances whose ip configuration is known; of the others, BGP's settings name them alone."""
    return tuple(
        instance for instance in gateway.instances if instance.private_ip_allocation_method is not UNKNOWN
    )


def addresses(values: Iterable[IPv4Address | Unknown | None]) -> tuple[IPv4Address, ...]:
    """Return those that are known."""
    return tuple(value for value in values if isinstance(value, IPv4Address))
