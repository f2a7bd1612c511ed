"""Which AWS VPN tunnel meets which Azure connection, at which instance of the Azure gateway. Pure.

Each cloud names the other one's end by its public address: Azure's local network gateway that of a tunnel,
AWS's customer gateway that of an instance. Azure's decides which two meet, since a connection leads to one
tunnel; AWS's tells the instance, since an active-active gateway has every connection at both.

Source: Azure, "About Azure VPN Gateway", local network gateways, and "Highly available cross-premises
connectivity"; AWS Site-to-Site VPN User Guide, "Customer gateway options".
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Generic, Self, TypeAlias

from twinspan.network.aws import (
    AwsNetwork,
    CustomerGateway,
    TelemetryStatus,
    VpnConnection,
    VpnTunnel,
)
from twinspan.network.azure import (
    CONNECTED,
    AzureConnection,
    AzureNetwork,
    GatewayInstance,
    LocalNetworkGateway,
    VirtualNetworkGateway,
)
from twinspan.network.model import Network
from twinspan.network.ranges import LINK_LOCAL
from twinspan.network.unknown import U, Unknown, known

Names: TypeAlias = frozenset[IPv4Address | str]
"""What a public address is known by: itself, or, as text, the object that will have it.

Empty: nothing is known of it. Two that have only different kinds of names cannot be compared.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsEnd:
    """One tunnel of an AWS VPN connection.

    Attributes:
        id: Unique among the tunnels.
        names: Of its outside address.
        calls: Names of its customer gateway's address.
        inside: The range inside; None if it is not known.
    """

    id: str
    names: Names
    calls: Names
    inside: IPv4Network | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureEnd:
    """One connection of an Azure VPN gateway to a local network gateway.

    Attributes:
        id: Unique among the connections.
        gateway: Id of the VPN gateway; empty if it is not known.
        calls: Names of the local network gateway's address.
        peer: Address of its BGP peer; None if it has none or it is not known.
    """

    id: str
    gateway: str
    calls: Names
    peer: IPv4Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of an Azure VPN gateway.

    Attributes:
        id: Unique among the instances.
        gateway: Id of its gateway.
        names: Of its public address.
    """

    id: str
    gateway: str
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A tunnel and the connection that meets it, or one of them alone; by id.

    Attributes:
        tunnel: None: a connection that meets no tunnel.
        connection: None: a tunnel that no connection meets.
        instance: The Azure instance, of any gateway, whose address AWS calls; None if that is none of them,
            or not known.
        claims: Connections that lead to the tunnel, first the one that meets it; more than one is a mistake.
        maybe: Connections that meet no tunnel and may lead to this one: what would tell is not known.
    """

    tunnel: str | None
    connection: str | None
    instance: str | None = None
    claims: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()


def join(
    tunnels: Sequence[AwsEnd], connections: Sequence[AzureEnd], instances: Iterable[Instance]
) -> tuple[Link, ...]:
    """Return a link for each tunnel, then for each connection that meets none, in the order given.

    Outside addresses decide; where they cannot be compared, the BGP peer's address inside the tunnel does,
    but not of two ends that both have a mutual partner: networks apart may use the same range inside.
    Where several could meet, those go together whose instance AWS calls, then whose inside addresses agree,
    then the first by id: each end is in one link.
    """
    instances = sorted(instances, key=lambda azure_instance: azure_instance.id)
    called = {tunnel.id: _called(tunnel, instances) for tunnel in tunnels}

    def mutual_ends(tunnel: AwsEnd, connection: AzureEnd) -> bool:
        return any(azure_instance.gateway == connection.gateway for azure_instance in called[tunnel.id])

    meets = _meetings(tunnels, connections, mutual_ends)

    def rank(pair: tuple[AwsEnd, AzureEnd]) -> tuple[bool, bool, str, str]:
        tunnel, connection = pair
        return not mutual_ends(*pair), not _peers(*pair), tunnel.id, connection.id

    pairs = sorted(((t, c) for t in tunnels for c in connections if meets[t.id, c.id]), key=rank)
    met: dict[str, AzureEnd] = {}
    used: set[str] = set()
    for tunnel, connection in pairs:
        if tunnel.id not in met and connection.id not in used:
            met[tunnel.id] = connection
            used.add(connection.id)
    alone = [end.id for end in connections if end.id not in used]

    def link(tunnel: AwsEnd) -> Link:
        partner = met.get(tunnel.id)
        mutual = [
            azure_instance
            for azure_instance in called[tunnel.id]
            if partner and azure_instance.gateway == partner.gateway
        ]
        instance = next(iter(mutual or called[tunnel.id]), None)
        claims = [c for t, c in pairs if t == tunnel]
        return Link(
            tunnel=tunnel.id,
            connection=partner.id if partner else None,
            instance=instance.id if instance else None,
            claims=tuple(claim.id for claim in sorted(claims, key=lambda claim: claim != partner)),
            maybe=() if partner else tuple(sorted(c for c in alone if meets[tunnel.id, c] is None)),
        )

    return (*map(link, tunnels), *(Link(tunnel=None, connection=connection_id) for connection_id in alone))


def _meetings(
    tunnels: Sequence[AwsEnd],
    connections: Sequence[AzureEnd],
    mutual: Callable[[AwsEnd, AzureEnd], bool],
) -> Mapping[tuple[str, str], bool | None]:
    """Return for each tunnel and connection whether they meet, as `join` says; None if that is not known."""
    meets = {(t.id, c.id): _meets(t, c) for t in tunnels for c in connections}
    pairs = [(t, c) for t in tunnels for c in connections if meets[t.id, c.id]]
    partnered = {end.id for pair in pairs if mutual(*pair) for end in pair}
    for tunnel, connection in pairs:
        by_inside = _same(tunnel.names, connection.calls) is None
        if by_inside and {tunnel.id, connection.id} <= partnered and not mutual(tunnel, connection):
            meets[tunnel.id, connection.id] = False
    return meets


def _same(one: Names, other: Names) -> bool | None:
    """Whether two names are of one address; None if they cannot be compared."""
    if one & other:
        return True
    return False if {type(name) for name in one} & {type(name) for name in other} else None


def _called(tunnel: AwsEnd, instances: Iterable[Instance]) -> list[Instance]:
    return [instance for instance in instances if _same(tunnel.calls, instance.names)]


def _peers(tunnel: AwsEnd, connection: AzureEnd) -> bool | None:
    """Whether the connection's BGP peer is inside the tunnel; None if either is not known."""
    if tunnel.inside is None or connection.peer is None:
        return None
    return connection.peer in tunnel.inside


def _meets(tunnel: AwsEnd, connection: AzureEnd) -> bool | None:
    """Whether a connection leads to a tunnel; None if that is not known."""
    outside = _same(tunnel.names, connection.calls)
    return _peers(tunnel, connection) if outside is None else outside


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelLink(Generic[U]):
    """One tunnel as both clouds know it; a part that is missing is None.

    Attributes:
        key: Terraform's key if known, else the AWS outside address or the Azure connection's name.
        addresses: Terraform's of both ends, where they are known; AWS's with and without `.tunnelN`.
        instance: The Azure gateway instance whose address AWS's customer gateway has.
        gateway: The VPN gateway of that instance.
        joined: Whether Azure's end leads to AWS's.
        claims: All Azure connections that lead to the tunnel, its own first.
        maybe: Azure connections that meet no tunnel and may lead to this one, which nothing meets.
    """

    key: str
    addresses: tuple[str, ...] = ()
    vpn_connection: VpnConnection[U] | None = None
    tunnel: VpnTunnel[U] | None = None
    customer_gateway: CustomerGateway[U] | None = None
    azure_connection: AzureConnection[U] | None = None
    local_network_gateway: LocalNetworkGateway[U] | None = None
    instance: GatewayInstance[U] | None = None
    gateway: VirtualNetworkGateway[U] | None = None
    joined: bool = False
    claims: tuple[AzureConnection[U], ...] = ()
    maybe: tuple[AzureConnection[U], ...] = ()

    @property
    def mutual(self) -> bool:
        """Whether AWS calls an instance of the connection's own gateway: each end names the other."""
        gateway, connection = self.gateway, self.azure_connection
        return bool(gateway and connection and connection.virtual_network_gateway_id == gateway.id)

    @property
    def static(self) -> bool:
        """Whether AWS has static routes instead of BGP, and nobody at Azure expects BGP."""
        aws, azure = self.vpn_connection, self.azure_connection
        return bool(aws and aws.static_routes_only is True) and not (azure and azure.bgp_enabled)

    @property
    def stands_on(self) -> frozenset[str]:
        """What explains this tunnel's failure by its own: its parts by id, AWS's end by its address."""
        parts = (
            self.vpn_connection,
            self.customer_gateway,
            self.azure_connection,
            self.local_network_gateway,
            self.gateway,
        )
        outside = _known_outside(self.tunnel) if self.tunnel else None
        return frozenset({*(part.id for part in parts if part), *([str(outside)] if outside else [])})

    @property
    def aws_status(self) -> TelemetryStatus | None:
        """AWS's word for the tunnel; with BGP, UP means that the session is established."""
        telemetry = self.tunnel.telemetry if self.tunnel else None
        return telemetry.status if telemetry else None

    @property
    def connected(self) -> bool:
        """Whether Azure says that IPsec is up."""
        return bool(self.azure_connection and self.azure_connection.connection_status == CONNECTED)

    @property
    def carries(self) -> bool:
        """Whether both clouds say that it is up: with BGP, AWS says so once it has a session."""
        return self.joined and self.aws_status is TelemetryStatus.UP and self.connected

    @property
    def gateways(self) -> frozenset[str]:
        """The ids of both clouds' gateways at its ends, as far as they are known."""
        aws, azure = self.vpn_connection, self.azure_connection
        ids = (aws.vpn_gateway_id, aws.transit_gateway_id) if aws else ()
        ends = (*ids, azure.virtual_network_gateway_id if azure else None)
        return frozenset(end for end in ends if isinstance(end, str) and end)

    def takes_over_from(self, link: Self) -> bool:
        """Return whether traffic goes over this tunnel if another is down: it is up and shares a gateway."""
        return self.key != link.key and self.carries and bool(self.gateways & link.gateways)

    @property
    def outside_address(self) -> IPv4Address | U | None:
        """AWS's end; without a tunnel, what Azure takes for it."""
        if self.tunnel:
            return self.tunnel.outside_ip_address
        return self.local_network_gateway.gateway_ip_address if self.local_network_gateway else None

    @property
    def azure_address(self) -> IPv4Address | U | None:
        """Azure's end, as AWS has it."""
        return self.customer_gateway.ip_address if self.customer_gateway else None

    @property
    def name(self) -> str:
        """The Azure connection's name, else AWS's outside address."""
        named = known(self.azure_connection.name) if self.azure_connection else None
        return named or str(self.outside_address or self.key)

    @property
    def label(self) -> str:
        """Name the tunnel for a reader: key and outside address."""
        outside = self.tunnel.outside_ip_address if self.tunnel else None
        return self.key if outside is None or str(outside) == self.key else f"{self.key} ({outside})"


def spare_links(links: Sequence[TunnelLink[U]]) -> tuple[TunnelLink[U], ...]:
    """Return the tunnels that nobody uses: AWS makes two, and Azure's side has a connection to one.

    None as long as an Azure connection meets no tunnel: it may have missed one of these.
    """
    used = {link.vpn_connection.id for link in links if link.joined and link.vpn_connection}
    if any(link.azure_connection and not link.joined for link in links):
        return ()
    return tuple(
        link
        for link in links
        if link.tunnel
        and link.vpn_connection
        and link.azure_connection is None
        and link.vpn_connection.id in used
    )


def tunnel_key(vpn_connection_id: str, number: int) -> str:
    """Return what a tunnel is known by as long as its address is not: its connection's id, and 1 or 2."""
    return f"{vpn_connection_id}/{number}"


def tunnel_links(network: Network[U]) -> tuple[TunnelLink[U], ...]:
    """Return every tunnel of AWS, then every connection of Azure that meets none of them, in their order.

    AWS shows deleted VPN connections for an hour; they are left out.
    """
    aws: AwsNetwork[U] = network.aws or AwsNetwork(account_id="", region="")
    azure: AzureNetwork[U] = network.azure or AzureNetwork(subscription_id="")
    tunnels = {
        tunnel_key(vpn.id, number): (vpn, tunnel, aws.customer_gateway_of(vpn))
        for vpn in aws.vpn_connections
        if vpn.state != "deleted"
        for number, tunnel in enumerate(vpn.tunnels, start=1)
    }
    connections = {
        azure_connection.id: (azure_connection, azure.local_network_gateway_of(azure_connection))
        for azure_connection in azure.connections
    }
    instances = {i.ip_configuration_id: (g, i) for g in azure.virtual_network_gateways for i in g.instances}

    def link(pairing: Link) -> TunnelLink[U]:
        vpn, tunnel, customer = tunnels.get(pairing.tunnel or "", (None, None, None))
        connection, local = connections.get(pairing.connection or "", (None, None))
        gateway, instance = instances.get(pairing.instance or "", (None, None))
        outside = _known_outside(tunnel) if tunnel else None
        return TunnelLink(
            key=str(outside or pairing.tunnel or (connection.name if connection else "")),
            vpn_connection=vpn,
            tunnel=tunnel,
            customer_gateway=customer,
            azure_connection=connection,
            local_network_gateway=local,
            instance=instance,
            gateway=gateway,
            joined=bool(tunnel and connection),
            claims=tuple(connections[claim][0] for claim in pairing.claims),
            maybe=tuple(connections[candidate][0] for candidate in pairing.maybe),
        )

    links = join(
        [_aws_end(key, tunnel, customer) for key, (_, tunnel, customer) in tunnels.items()],
        [_azure_end(connection, local, tunnels.keys()) for connection, local in connections.values()],
        [
            Instance(id=key, gateway=gateway.id, names=_names_of_instance(instance))
            for key, (gateway, instance) in instances.items()
        ],
    )
    return tuple(map(link, links))


def bgp_address(
    connection: AzureConnection[U], instance: GatewayInstance[U], local: LocalNetworkGateway[U]
) -> IPv4Address | U | None:
    """Return the address from which an instance speaks BGP on a connection.

    Source: Azure, "Configure BGP for VPN Gateway": the connection's custom address, else the first APIPA
    address of the instance if the peer's is APIPA, else the address in GatewaySubnet.
    """
    own = instance.custom_bgp_ip_addresses
    peer = local.bgp_peering_address
    apipa = isinstance(peer, IPv4Address) and peer in LINK_LOCAL
    return connection.custom_bgp_addresses.get(
        instance.ip_configuration_id, own[0] if own and apipa else instance.default_bgp_ip_address
    )


def _aws_end(
    identifier: str, tunnel: VpnTunnel[Unknown], customer: CustomerGateway[Unknown] | None
) -> AwsEnd:
    return AwsEnd(
        id=identifier,
        names=_names(tunnel.outside_ip_address, identifier),
        calls=_names(customer.ip_address, customer.ip_address_of) if customer else frozenset(),
        inside=known(tunnel.inside_cidr),
    )


def _azure_end(
    connection: AzureConnection[Unknown],
    local: LocalNetworkGateway[Unknown] | None,
    tunnels: Collection[str],
) -> AzureEnd:
    of = local.gateway_ip_address_of if local else ""
    return AzureEnd(
        id=connection.id,
        gateway=known(connection.virtual_network_gateway_id) or "",
        calls=_names(local.gateway_ip_address, of if of in tunnels else "") if local else frozenset(),
        peer=known(local.bgp_peering_address) if local else None,
    )


def _names_of_instance(instance: GatewayInstance[Unknown]) -> Names:
    of = instance.public_ip_address_id
    return _names(instance.public_ip_address, of if isinstance(of, str) else "")


def _known_outside(tunnel: VpnTunnel[Unknown]) -> IPv4Address | None:
    return known(tunnel.outside_ip_address)


def _names(address: IPv4Address | Unknown | None, of: str) -> Names:
    """Return the names of an address: itself, and the object that has it, as far as they are known."""
    return frozenset(name for name in (known(address), of or None) if name is not None)
