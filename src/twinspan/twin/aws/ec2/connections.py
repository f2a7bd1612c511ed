"""VPN connections, over moto's.

Source: EC2 API, CreateVpnConnection, ModifyVpnConnection, ModifyVpnConnectionOptions,
ModifyVpnTunnelOptions, CreateVpnConnectionRoute; AWS Site-to-Site VPN User Guide, "Quotas".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidVpnConnectionIdError
from moto.ec2.models import ec2_backends
from moto.ec2.models.vpn_connections import VPNConnection
from moto.ec2.utils import random_vpn_connection_id

from twinspan.network.limits import (
    STATIC_ROUTES_PER_VPN_CONNECTION,
    TUNNELS_PER_CONNECTION,
    VPN_CONNECTIONS_PER_REGION,
    VPN_CONNECTIONS_PER_VPN_GATEWAY,
)
from twinspan.network.ranges import NOT_PUBLIC
from twinspan.twin.aws.ec2.choices import choose_inside_cidr, choose_outside_addresses, choose_pre_shared_key
from twinspan.twin.aws.ec2.connection_options import ConnectionOptions
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value, limit_exceeded
from twinspan.twin.aws.ec2.gateways import GatewayBackend, TwinCustomerGateway, TwinVpnGateway
from twinspan.twin.aws.ec2.tunnel_options import TunnelOptions, apply_request


class TwinVpnConnection(VPNConnection):
    """A VPN connection that keeps everything it was given.

    `state` is `available` or `deleted`; whether it is still `pending` is decided when it is read.
    """

    connection_options: ConnectionOptions
    tunnel_options: tuple[TunnelOptions, ...]
    created_at: datetime
    deleted_at: datetime | None = None
    routes: tuple[IPv4Network, ...] = ()
    replaced_at: Mapping[IPv4Address, datetime]
    """Outside address -> when its endpoint was last replaced."""

    def tunnel_at(self, outside_ip_address: str) -> TunnelOptions:
        """Return the tunnel with an outside address. InvalidParameterValue if there is none."""
        for tunnel in self.tunnel_options:
            if str(tunnel.outside_ip_address) == outside_ip_address:
                return tunnel
        raise invalid_value(
            "VpnTunnelOutsideIpAddress", outside_ip_address, f"{self.id} has no tunnel with that address"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRequest:
    """`CreateVpnConnection`, parsed."""

    customer_gateway_id: str
    vpn_gateway_id: str | None
    options: ConnectionOptions
    tunnels: Sequence[Mapping[str, Any]]
    """Up to two `VpnTunnelOptionsSpecification`."""


class ConnectionBackend(GatewayBackend):
    """EC2 with VPN connections as AWS documents them."""

    def twin_connections(self) -> Iterator[TwinVpnConnection]:
        """Yield every connection, deleted ones too."""
        for connection in self.vpn_connections.values():
            if isinstance(connection, TwinVpnConnection):
                yield connection

    def live_connections(self) -> Iterator[TwinVpnConnection]:
        """Yield every connection that is not deleted."""
        return (connection for connection in self.twin_connections() if connection.state != "deleted")

    def live_connection(self, vpn_connection_id: str) -> TwinVpnConnection:
        """Return a connection that is not deleted. InvalidVpnConnectionID.NotFound otherwise."""
        for connection in self.live_connections():
            if connection.id == vpn_connection_id:
                return connection
        raise InvalidVpnConnectionIdError(vpn_connection_id)

    def add_vpn_connection(self, request: ConnectionRequest, tags: dict[str, str]) -> TwinVpnConnection:
        """Create a connection, or return the one that joins the same two gateways.

        Source: EC2 API, CreateVpnConnection ("an idempotent operation"). That the same pair gives the
        same connection back is unconfirmed.
        """
        customer_gateway = self.live_customer_gateway(request.customer_gateway_id)
        if request.vpn_gateway_id is not None:
            self._check_pair(customer_gateway, self.live_vpn_gateway(request.vpn_gateway_id))
            for connection in self.live_connections():
                if _pair(connection) == (request.customer_gateway_id, request.vpn_gateway_id):
                    return connection
        self._check_quota(request.vpn_gateway_id)
        tunnels = self._make_tunnels(request)
        connection = TwinVpnConnection(
            self,
            random_vpn_connection_id(),
            "ipsec.1",
            request.customer_gateway_id,
            vpn_gateway_id=request.vpn_gateway_id,
            tags=tags,
        )
        connection.connection_options = request.options
        connection.tunnel_options = tunnels
        connection.created_at = datetime.now(UTC)
        connection.replaced_at = {}
        self.vpn_connections[connection.id] = connection
        return connection

    def delete_vpn_connection(self, vpn_connection_id: str) -> VPNConnection:
        """Delete a connection; it stays visible for a while."""
        connection = self.live_connection(vpn_connection_id)
        connection.state = "deleted"
        connection.deleted_at = datetime.now(UTC)
        return connection

    def modify_tunnel(
        self, vpn_connection_id: str, outside_ip_address: str, request: Mapping[str, Any]
    ) -> TwinVpnConnection:
        """Change the options of one tunnel; what the request leaves out stays."""
        connection = self.live_connection(vpn_connection_id)
        old = connection.tunnel_at(outside_ip_address)
        new = apply_request(old, request)
        others = self._inside_cidrs(connection.vpn_gateway_id, without=old)
        if new.tunnel_inside_cidr in others:
            raise _inside_cidr_taken(new.tunnel_inside_cidr)
        _check_bgp_logs(new, connection.connection_options)
        connection.tunnel_options = tuple(
            new if tunnel is old else tunnel for tunnel in connection.tunnel_options
        )
        return connection

    def modify_connection(
        self, vpn_connection_id: str, *, customer_gateway_id: str | None, vpn_gateway_id: str | None
    ) -> TwinVpnConnection:
        """Move a connection to another gateway at either end; tunnels and addresses stay."""
        connection = self.live_connection(vpn_connection_id)
        customer_gateway = self.live_customer_gateway(customer_gateway_id or connection.customer_gateway_id)
        target = vpn_gateway_id or connection.vpn_gateway_id
        if target is not None:
            self._check_pair(customer_gateway, self.live_vpn_gateway(target))
            for other in self.live_connections():
                if other is not connection and _pair(other) == (customer_gateway.id, target):
                    raise invalid_combination(f"{other.id} already joins {customer_gateway.id} and {target}")
        if target != connection.vpn_gateway_id:
            taken = self._inside_cidrs(target)
            for tunnel in connection.tunnel_options:
                if tunnel.tunnel_inside_cidr in taken:
                    raise _inside_cidr_taken(tunnel.tunnel_inside_cidr)
        connection.customer_gateway_id = customer_gateway.id
        connection.vpn_gateway_id = target
        return connection

    def replace_tunnel(self, vpn_connection_id: str, outside_ip_address: str) -> None:
        """Note that an endpoint was replaced; its address and options stay."""
        connection = self.live_connection(vpn_connection_id)
        tunnel = connection.tunnel_at(outside_ip_address)
        connection.replaced_at = {**connection.replaced_at, tunnel.outside_ip_address: datetime.now(UTC)}

    def add_static_route(self, vpn_connection_id: str, destination: IPv4Network) -> None:
        """Add a static route; the same one again changes nothing."""
        connection = self._static_connection(vpn_connection_id)
        if destination in connection.routes:
            return
        if len(connection.routes) >= STATIC_ROUTES_PER_VPN_CONNECTION:
            raise limit_exceeded("RouteLimitExceeded", STATIC_ROUTES_PER_VPN_CONNECTION, "static routes")
        connection.routes = (*connection.routes, destination)

    def remove_static_route(self, vpn_connection_id: str, destination: IPv4Network) -> None:
        """Remove a static route. InvalidRoute.NotFound if there is none."""
        connection = self._static_connection(vpn_connection_id)
        if destination not in connection.routes:
            raise EC2ClientError(
                "InvalidRoute.NotFound", f"{vpn_connection_id} has no route to {destination}"
            )
        connection.routes = tuple(route for route in connection.routes if route != destination)

    def _static_connection(self, vpn_connection_id: str) -> TwinVpnConnection:
        connection = self.live_connection(vpn_connection_id)
        if not connection.connection_options.static_routes_only:
            raise EC2ClientError(
                "InvalidVpnConnection.InvalidType",
                f"The VPN connection {vpn_connection_id} does not support static routes.",
            )
        return connection

    def _check_pair(self, customer_gateway: TwinCustomerGateway, vpn_gateway: TwinVpnGateway) -> None:
        if customer_gateway.bgp_asn == vpn_gateway.amazon_side_asn:
            raise invalid_combination(
                f"The ASN of {customer_gateway.id} must differ from that of {vpn_gateway.id} "
                f"({vpn_gateway.amazon_side_asn})"
            )
        if customer_gateway.ip_address:
            address = IPv4Address(customer_gateway.ip_address)
            if any(address in block for block in NOT_PUBLIC):
                raise invalid_combination(
                    f"{customer_gateway.id} has the private address {address}; a connection to a virtual "
                    "private gateway needs a public one"
                )

    def _check_quota(self, vpn_gateway_id: str | None) -> None:
        live = list(self.live_connections())
        if len(live) >= VPN_CONNECTIONS_PER_REGION:
            raise limit_exceeded("VpnConnectionLimitExceeded", VPN_CONNECTIONS_PER_REGION, "VPN connections")
        on_gateway = sum(connection.vpn_gateway_id == vpn_gateway_id for connection in live)
        if vpn_gateway_id is not None and on_gateway >= VPN_CONNECTIONS_PER_VPN_GATEWAY:
            raise limit_exceeded(
                "VpnConnectionLimitExceeded",
                VPN_CONNECTIONS_PER_VPN_GATEWAY,
                f"VPN connections of {vpn_gateway_id}",
            )

    def _make_tunnels(self, request: ConnectionRequest) -> tuple[TunnelOptions, ...]:
        if len(request.tunnels) > TUNNELS_PER_CONNECTION:
            raise invalid_value(
                "TunnelOptions", len(request.tunnels), f"A connection has {TUNNELS_PER_CONNECTION} tunnels"
            )
        asked = [*request.tunnels, *({} for _ in range(TUNNELS_PER_CONNECTION - len(request.tunnels)))]
        taken = self._inside_cidrs(request.vpn_gateway_id)
        requested_cidrs = {
            str(tunnel["TunnelInsideCidr"]) for tunnel in asked if "TunnelInsideCidr" in tunnel
        }
        made: list[TunnelOptions] = []
        for outside, specification in zip(_choose_outside_addresses(), asked, strict=True):
            inside = choose_inside_cidr(taken)
            while str(inside) in requested_cidrs:
                inside = choose_inside_cidr(taken)
            base = TunnelOptions(
                outside_ip_address=outside, tunnel_inside_cidr=inside, pre_shared_key=choose_pre_shared_key()
            )
            tunnel = apply_request(base, specification)
            if tunnel.tunnel_inside_cidr in taken:
                raise _inside_cidr_taken(tunnel.tunnel_inside_cidr)
            _check_bgp_logs(tunnel, request.options)
            taken.add(tunnel.tunnel_inside_cidr)
            made.append(tunnel)
        return tuple(made)

    def _inside_cidrs(
        self, vpn_gateway_id: str | None, *, without: TunnelOptions | None = None
    ) -> set[IPv4Network]:
        return {
            tunnel.tunnel_inside_cidr
            for connection in self.live_connections()
            if connection.vpn_gateway_id == vpn_gateway_id
            for tunnel in connection.tunnel_options
            if tunnel is not without
        }


def _choose_outside_addresses() -> tuple[IPv4Address, IPv4Address]:
    """Choose a pair that is free in the whole twin, in whatever region."""
    live, deleted, named = set[IPv4Address](), set[IPv4Address](), set[IPv4Address]()
    for _, _, backend in ec2_backends.iter_backends():
        if not isinstance(backend, ConnectionBackend):
            continue
        gateways = backend.customer_gateways.values()
        named.update(IPv4Address(gateway.ip_address) for gateway in gateways if gateway.ip_address)
        for connection in backend.twin_connections():
            addresses = deleted if connection.state == "deleted" else live
            addresses.update(tunnel.outside_ip_address for tunnel in connection.tunnel_options)
    return choose_outside_addresses(live=live, deleted=deleted, named=named)


def _pair(connection: VPNConnection) -> tuple[str, str | None]:
    return connection.customer_gateway_id, connection.vpn_gateway_id


def _inside_cidr_taken(cidr: IPv4Network) -> EC2ClientError:
    return invalid_value(
        "TunnelInsideCidr", cidr, "It must be unique over all VPN connections of the virtual private gateway"
    )


def _check_bgp_logs(tunnel: TunnelOptions, options: ConnectionOptions) -> None:
    if tunnel.log_options.bgp_log_enabled and options.static_routes_only:
        raise invalid_combination("BgpLogEnabled is only supported on connections with dynamic routing")
