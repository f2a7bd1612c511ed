"""A plan as the rules see it: tunnels, their Azure ends, gateways and networks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any, TypeAlias

from twinspan.errors import DesignError
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.links import AwsEnd, AzureEnd, Instance, Names, join
from twinspan.network.links import Link as Ends
from twinspan.project.joins import joined, references, written
from twinspan.project.plan import UNKNOWN, Plan, PlannedResource, Unknown

if TYPE_CHECKING:
    from twinspan.deploy.objects import Source

    Manifests: TypeAlias = Mapping[str, tuple[Source, ...]]

VPN_TYPES = (
    "aws_vpn_connection",
    "aws_vpn_gateway",
    "aws_customer_gateway",
    "azurerm_virtual_network_gateway",
    "azurerm_virtual_network_gateway_connection",
    "azurerm_local_network_gateway",
)


def network(value: object) -> IPv4Network | None:
    """Return a range, whatever its host bits; None if it is none or not known."""
    try:
        return IPv4Network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        return None


def address(value: object) -> IPv4Address | None:
    """Return an address; None if it is none or not known."""
    try:
        return IPv4Address(value) if isinstance(value, str) else None
    except ValueError:
        return None


def number(value: object) -> int | None:
    """Return a number that a provider may write as text; None if it is none or not known."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def items(value: object) -> tuple[Any, ...]:
    """Return a known list, else nothing."""
    return tuple(value) if isinstance(value, list) else ()


def blocks(value: object) -> tuple[Mapping[str, Any], ...]:
    """Return the blocks in a known list, else nothing."""
    return tuple(each for each in items(value) if isinstance(each, Mapping))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """One of the two tunnels of an AWS VPN connection."""

    connection: PlannedResource
    number: int

    def get(self, option: str) -> Any:  # noqa: ANN401 - see PlannedResource.get
        """Return a tunnel option, e.g. `inside_cidr`."""
        return self.connection.get(f"tunnel{self.number}_{option}")

    def where(self, option: str = "") -> str:
        """Return its address, with an option."""
        return f"{self.connection.address} tunnel{self.number}" + (f"_{option}" if option else "")

    @property
    def inside(self) -> IPv4Network | None:
        """Its inside range if it is one with two hosts."""
        cidr = network(self.get("inside_cidr"))
        return cidr if cidr and cidr.num_addresses >= 4 else None  # noqa: PLR2004 - network, two hosts, broadcast


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInstance:
    """One ip configuration of an Azure gateway, and what `network.links` knows of it."""

    gateway: PlannedResource
    name: str
    end: Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An AWS tunnel and the Azure connection that ends it.

    Attributes:
        local: The connection's local network gateway.
        called: The instance, of any gateway, whose public address AWS calls; None if the plan does not tell.
    """

    tunnel: Tunnel
    connection: PlannedResource
    local: PlannedResource
    called: PlannedInstance | None

    @property
    def aws_bgp(self) -> bool:
        """Whether AWS's end speaks BGP. Source: EC2 API, VpnConnectionOptionsSpecification."""
        return not static(self.tunnel.connection)

    @property
    def azure_bgp(self) -> bool:
        """Whether Azure's end speaks BGP, or may, as far as the plan tells."""
        return bgp_enabled(self.connection)


def static(connection: PlannedResource) -> bool:
    """Whether an AWS connection has static routes instead of BGP."""
    return connection.get("static_routes_only") is True


def bgp_enabled(resource: PlannedResource) -> bool:
    """Whether BGP is on, or may be, at an Azure gateway or connection; `enable_bgp` before azurerm 5."""
    values = (resource.get("bgp_enabled"), resource.get("enable_bgp"))
    return any(value is True or value is UNKNOWN for value in values)


@dataclass(frozen=True)
class Design:
    """A plan that has VPN resources.

    Attributes:
        plan: The plan.
        manifests: `aws` and `azure` -> the objects of an application that is to run there.
    """

    plan: Plan
    manifests: "Manifests" = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, *, where: str, manifests: "Manifests | None" = None) -> "Design":
        """Return the design in a plan.

        Raises:
            DesignError: The plan has no VPN resource; nothing could be said of it.
        """
        if not plan.of(*VPN_TYPES):
            raise DesignError(
                where=where,
                problem=f"this plan has no VPN resource ({len(plan.resources)} resources, none of them one of"
                f" {', '.join(VPN_TYPES)})",
                remedy="Plan the folder that builds the VPN, without -target, and not its removal",
            )
        return cls(plan, manifests or {})

    def of_type(self, *types: str) -> tuple[PlannedResource, ...]:
        """Return the resources of these types."""
        return self.plan.of(*types)

    def join(self, resource: PlannedResource, attribute: str, *types: str) -> PlannedResource | None:
        """Return what `attribute` names; None if the plan does not tell, or it is not set."""
        found = joined(self.plan, resource, attribute, *types)
        return None if isinstance(found, Unknown) else found

    @cached_property
    def vpn_connections(self) -> tuple[PlannedResource, ...]:
        """AWS's."""
        return self.of_type("aws_vpn_connection")

    @cached_property
    def azure_connections(self) -> tuple[PlannedResource, ...]:
        """Azure's, without those to another VNet or ExpressRoute."""
        every = self.of_type("azurerm_virtual_network_gateway_connection")
        return tuple(connection for connection in every if connection.get("type") in ("IPsec", None))

    @cached_property
    def azure_gateways(self) -> tuple[PlannedResource, ...]:
        """Azure VPN gateways, without ExpressRoute's."""
        every = self.of_type("azurerm_virtual_network_gateway")
        return tuple(gateway for gateway in every if gateway.get("type") != "ExpressRoute")

    @cached_property
    def local_gateways(self) -> tuple[PlannedResource, ...]:
        """Azure's local network gateways."""
        return self.of_type("azurerm_local_network_gateway")

    @cached_property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """Both tunnels of every AWS VPN connection."""
        return tuple(Tunnel(connection=each, number=n) for each in self.vpn_connections for n in (1, 2))

    @cached_property
    def ends(self) -> Mapping[str, Ends]:
        """What is at the other end of each tunnel, by `Tunnel.where()`, as far as the plan tells."""
        found = join(
            [
                AwsEnd(
                    id=tunnel.where(),
                    names=_names(tunnel.where("address"), tunnel.get("address")),
                    calls=self._customer_address(tunnel.connection),
                    inside=tunnel.inside,
                )
                for tunnel in self.tunnels
            ],
            [self._azure_end(connection) for connection in self.azure_connections],
            [each.end for each in self._instances.values()],
        )
        return {link.tunnel: link for link in found if link.tunnel}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Tunnels whose Azure end is found."""
        connections, found = {each.address: each for each in self.azure_connections}, []
        for tunnel in self.tunnels:
            end = self.ends[tunnel.where()]
            connection = connections.get(end.connection or "")
            local = self.local_of(connection) if connection else None
            if connection and local:
                called = self._instances.get(end.instance or "")
                found.append(Link(tunnel=tunnel, connection=connection, local=local, called=called))
        return tuple(found)

    @cached_property
    def bgp_links(self) -> tuple[Link, ...]:
        """Links over which both ends speak BGP."""
        return tuple(link for link in self.links if link.aws_bgp and link.azure_bgp)

    @cached_property
    def static_links(self) -> tuple[Link, ...]:
        """Links over which neither end speaks BGP."""
        return tuple(link for link in self.links if not link.aws_bgp and not link.azure_bgp)

    @cached_property
    def dynamic(self) -> bool:
        """Whether BGP is on anywhere at Azure."""
        return any(bgp_enabled(each) for each in (*self.azure_gateways, *self.azure_connections))

    def _azure_end(self, connection: PlannedResource) -> AzureEnd:
        local, gateway = self.local_of(connection), self.gateway_of(connection)
        return AzureEnd(
            id=connection.address,
            gateway=gateway.address if gateway else "",
            calls=self._outside_address(local) if local else frozenset(),
            peer=address(local.get("bgp_settings", 0, "bgp_peering_address")) if local else None,
        )

    def _outside_address(self, local: PlannedResource) -> Names:
        """Return the names of the tunnel's address that a local network gateway has, as far as it is told."""
        attribute = "gateway_address"
        named = self.join(local, attribute, "aws_vpn_connection")
        texts = " ".join(references(self.plan, local, attribute))
        tunnels = [tunnel for tunnel in self.tunnels if tunnel.connection == named]
        meant = [tunnel for tunnel in tunnels if f"tunnel{tunnel.number}_address" in texts]
        return _names(meant[0].where("address") if len(meant) == 1 else None, local.get(attribute))

    def _customer_address(self, connection: PlannedResource) -> Names:
        customer = self.customer_gateway_of(connection)
        if customer is None:
            return frozenset()
        public = self.join(customer, "ip_address", "azurerm_public_ip")
        return _names(public.address if public else None, customer.get("ip_address"))

    @cached_property
    def _instances(self) -> Mapping[str, PlannedInstance]:
        """Every instance of every gateway, by its id."""
        found = {}
        for gateway in self.azure_gateways:
            for position, block in enumerate(blocks(gateway.get("ip_configuration"))):
                name = str(block.get("name") or "")
                public = self._public_address(gateway, position, name)
                names = _names(public.address, public.get("ip_address")) if public else frozenset()
                end = Instance(id=f"{gateway.address} {position}", gateway=gateway.address, names=names)
                found[end.id] = PlannedInstance(gateway=gateway, name=name, end=end)
        return found

    def _public_address(self, gateway: PlannedResource, position: int, name: str) -> PlannedResource | None:
        """Return the public address of an ip configuration; None if the plan does not tell.

        A block made by `dynamic` has no references in a plan; there the public address and the configuration
        are paired if the key of the one is the name of the other.
        """
        kind = "azurerm_public_ip"
        public = self.join(gateway, f"ip_configuration.{position}.public_ip_address_id", kind)
        others = {str(block.get("name")) for block in blocks(gateway.get("ip_configuration"))} - {name}
        keyed = [each for each in self.of_type(kind) if name in each.keys and not each.keys & others]
        beside = [each for each in keyed if each.module == gateway.module]
        return public or (keyed[0] if len(keyed) == 1 else beside[0] if len(beside) == 1 else None)

    @cached_property
    def both_clouds(self) -> bool:
        """Whether the plan has tunnels of AWS and connections of Azure."""
        return bool(self.vpn_connections and self.azure_connections)

    def local_of(self, connection: PlannedResource) -> PlannedResource | None:
        """Return the local network gateway of an Azure connection."""
        return self.join(connection, "local_network_gateway_id", "azurerm_local_network_gateway")

    def setting(self, resource: PlannedResource, *path: str | int) -> Any:  # noqa: ANN401 - JSON
        """Return a value as `PlannedResource.get`, but None where the configuration leaves it open.

        What is neither written nor known is the provider's default, and known after apply only.
        """
        value = resource.get(*path)
        computed = resource.get(path[0]) is UNKNOWN and not written(self.plan, resource, str(path[0]))
        return None if computed else value

    def gateway_of(self, connection: PlannedResource) -> PlannedResource | None:
        """Return the VPN gateway of an Azure connection."""
        return self.join(connection, "virtual_network_gateway_id", "azurerm_virtual_network_gateway")

    def customer_gateway_of(self, connection: PlannedResource) -> PlannedResource | None:
        """Return the customer gateway of an AWS connection."""
        return self.join(connection, "customer_gateway_id", "aws_customer_gateway")

    def vpn_gateway_of(self, connection: PlannedResource) -> PlannedResource | None:
        """Return the virtual private gateway of an AWS connection."""
        return self.join(connection, "vpn_gateway_id", "aws_vpn_gateway")

    def vpc_of(self, gateway: PlannedResource) -> PlannedResource | None:
        """Return the VPC that a virtual private gateway is attached to."""
        for each in self.of_type("aws_vpn_gateway_attachment"):
            if self.join(each, "vpn_gateway_id", "aws_vpn_gateway") == gateway:
                return self.join(each, "vpc_id", "aws_vpc")
        return self.join(gateway, "vpc_id", "aws_vpc")

    @cached_property
    def connected_vpcs(self) -> tuple[PlannedResource, ...]:
        """VPCs with a virtual private gateway; all of them if the plan does not tell."""
        found = [self.vpc_of(gateway) for gateway in self.of_type("aws_vpn_gateway")]
        named = {vpc.address: vpc for vpc in found if vpc is not None}
        return tuple(named.values()) or self.of_type("aws_vpc")

    @cached_property
    def connected_vnets(self) -> tuple[PlannedResource, ...]:
        """VNets with a GatewaySubnet; all of them if the plan does not tell."""
        subnets = [each for each in self.of_type("azurerm_subnet") if each.get("name") == GATEWAY_SUBNET]
        found = [self.join(each, "virtual_network_name", "azurerm_virtual_network") for each in subnets]
        named = {vnet.address: vnet for vnet in found if vnet is not None}
        return tuple(named.values()) or self.of_type("azurerm_virtual_network")

    @cached_property
    def aws_ranges(self) -> tuple[tuple[str, IPv4Network], ...]:
        """(where, range) of every VPC and EKS service range."""
        found = [
            *_values(self.of_type("aws_vpc", "aws_vpc_ipv4_cidr_block_association"), "cidr_block"),
            *_values(self.of_type("aws_eks_cluster"), "kubernetes_network_config", 0, "service_ipv4_cidr"),
        ]
        return tuple(_ranges(found))

    @cached_property
    def vpc_ranges(self) -> tuple[IPv4Network, ...]:
        """Ranges of every VPC: what AWS advertises."""
        found = _values(self.of_type("aws_vpc", "aws_vpc_ipv4_cidr_block_association"), "cidr_block")
        return tuple(cidr for _, cidr in _ranges(found))

    @cached_property
    def vnet_ranges(self) -> tuple[tuple[str, IPv4Network], ...]:
        """(where, range) of every VNet."""
        return tuple(_ranges(_lists(self.of_type("azurerm_virtual_network"), "address_space")))

    @property
    def vnet_spaces(self) -> tuple[IPv4Network, ...]:
        """Ranges of every VNet: what Azure advertises."""
        return tuple(cidr for _, cidr in self.vnet_ranges)

    @cached_property
    def azure_ranges(self) -> tuple[tuple[str, IPv4Network], ...]:
        """(where, range) of every VNet, AKS pod and AKS service range."""
        clusters = self.of_type("azurerm_kubernetes_cluster")
        found = [
            *_values(clusters, "network_profile", 0, "pod_cidr"),
            *_values(clusters, "network_profile", 0, "service_cidr"),
        ]
        return (*self.vnet_ranges, *_ranges(found))

    @cached_property
    def aws_subnets(self) -> tuple[IPv4Network, ...]:
        """Ranges of AWS's subnets, as far as the plan tells."""
        return tuple(cidr for _, cidr in _ranges(_values(self.of_type("aws_subnet"), "cidr_block")))

    @cached_property
    def azure_subnets(self) -> tuple[IPv4Network, ...]:
        """Ranges of Azure's subnets but GatewaySubnet, as far as the plan tells."""
        subnets = tuple(each for each in self.of_type("azurerm_subnet") if each.get("name") != GATEWAY_SUBNET)
        return tuple(cidr for _, cidr in _ranges(_lists(subnets, "address_prefixes")))

    def azure_gateway_instances(self, gateway: PlannedResource) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """Return (ip configuration name, APIPA addresses) of each instance, in order."""
        return tuple(
            (str(entry.get("ip_configuration_name") or ""), items(entry.get("apipa_addresses")))
            for entry in blocks(gateway.get("bgp_settings", 0, "peering_addresses"))
        )


def _values(resources: tuple[PlannedResource, ...], *path: str | int) -> Iterator[tuple[str, object]]:
    for resource in resources:
        yield f"{resource.address} {path[-1]}", resource.get(*path)


def _lists(resources: tuple[PlannedResource, ...], attribute: str) -> Iterator[tuple[str, object]]:
    for resource in resources:
        for value in items(resource.get(attribute)):
            yield f"{resource.address} {attribute}", value


def _ranges(found: Iterable[tuple[str, object]]) -> Iterator[tuple[str, IPv4Network]]:
    for where, value in found:
        if (cidr := network(value)) is not None:
            yield where, cidr


def known(value: object) -> bool:
    """Whether a value is set and the plan tells it."""
    return value is not None and value is not UNKNOWN


def _names(reference: str | None, value: object) -> Names:
    """Return the names of an address: the attribute that has it, and itself, as far as they are known."""
    return frozenset(name for name in (reference, address(value)) if name is not None)
