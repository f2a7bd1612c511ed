"""The EC2 actions of the twin that moto lacks or does otherwise than AWS.

Source of each: EC2 API, the action of that name.
"""

from datetime import UTC, datetime

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidCustomerGatewayIdError,
    InvalidRouteTableIdError,
    InvalidVpnConnectionIdError,
    InvalidVpnGatewayIdError,
)

from twinspan.network.asns import AWS_DEFAULT_ASN, AWS_DEFAULT_CUSTOMER_ASN, LARGEST_ASN, LARGEST_PLAIN_ASN
from twinspan.twin.aws.ec2 import connection_options
from twinspan.twin.aws.ec2.base_response import ExactResult, TwinBaseResponse
from twinspan.twin.aws.ec2.connection_views import connection_state, connection_view, filterable
from twinspan.twin.aws.ec2.connections import ConnectionRequest, TwinVpnConnection
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value, missing, unsupported
from twinspan.twin.aws.ec2.filters import select
from twinspan.twin.aws.ec2.gateway_views import (
    CUSTOMER_GATEWAYS,
    VPN_GATEWAYS,
    customer_gateway_view,
    vpn_gateway_view,
)
from twinspan.twin.aws.ec2.gateways import (
    CustomerGatewayRequest,
    TwinCustomerGateway,
    TwinVpnGateway,
    is_visible,
    parse_asn,
    parse_device_address,
)
from twinspan.twin.aws.ec2.route_views import FILTERABLE as ROUTE_TABLES
from twinspan.twin.aws.ec2.route_views import route_table_view


class GatewayActions(TwinBaseResponse):
    """Virtual private gateways, customer gateways, route propagation, route tables."""

    def create_vpn_gateway(self) -> ActionResult:
        """CreateVpnGateway; the ASN is 64512 unless given."""
        asn = self._get_param("AmazonSideAsn")
        gateway = self.backend.add_vpn_gateway(
            gateway_type=self._get_param("Type"),
            amazon_side_asn=AWS_DEFAULT_ASN if asn is None else int(asn),
            availability_zone=self._get_param("AvailabilityZone") or None,
            tags=self.tags_for("vpn-gateway"),
        )
        return ExactResult({"VpnGateway": vpn_gateway_view(gateway)})

    def describe_vpn_gateways(self) -> ActionResult:
        """DescribeVpnGateways; deleted ones stay for a while."""
        now = datetime.now(UTC)
        gateways = {
            gateway.id: gateway
            for gateway in self.backend.vpn_gateways.values()
            if isinstance(gateway, TwinVpnGateway) and is_visible(gateway.deleted_at, now)
        }
        gateway_ids = self._get_param("VpnGatewayIds") or list(gateways)
        for name in gateway_ids:
            if name not in gateways:
                raise InvalidVpnGatewayIdError(name)
        matching = select(VPN_GATEWAYS, (gateways[name] for name in gateway_ids), self.filters())
        return ExactResult({"VpnGateways": [vpn_gateway_view(gateway) for gateway in matching]})

    def create_customer_gateway(self) -> ActionResult:
        """CreateCustomerGateway; the ASN is 65000 unless given."""
        plain, extended = self._get_param("BgpAsn"), self._get_param("BgpAsnExtended")
        if plain is not None and extended is not None:
            raise invalid_combination("Only one of BgpAsn and BgpAsnExtended may be given")
        if extended is not None:
            asn = parse_asn("BgpAsnExtended", extended, least=LARGEST_PLAIN_ASN + 1, most=LARGEST_ASN)
        else:
            plain = AWS_DEFAULT_CUSTOMER_ASN if plain is None else plain
            asn = parse_asn("BgpAsn", plain, least=1, most=LARGEST_PLAIN_ASN)
        if self._get_param("IpAddress") and self._get_param("PublicIp"):
            raise invalid_combination("Only one of IpAddress and PublicIp may be given")
        address = self._get_param("IpAddress") or self._get_param("PublicIp")
        gateway = self.backend.add_customer_gateway(
            CustomerGatewayRequest(
                gateway_type=self._get_param("Type"),
                ip_address=parse_device_address(address) if address else None,
                bgp_asn=asn,
                device_name=self._get_param("DeviceName"),
                certificate_arn=self._get_param("CertificateArn"),
            ),
            self.tags_for("customer-gateway"),
        )
        return ExactResult({"CustomerGateway": customer_gateway_view(gateway)})

    def describe_customer_gateways(self) -> ActionResult:
        """DescribeCustomerGateways; deleted ones stay for a while."""
        now = datetime.now(UTC)
        gateways = {
            gateway.id: gateway
            for gateway in self.backend.customer_gateways.values()
            if isinstance(gateway, TwinCustomerGateway) and is_visible(gateway.deleted_at, now)
        }
        gateway_ids = self._get_param("CustomerGatewayIds") or list(gateways)
        for name in gateway_ids:
            if name not in gateways:
                raise InvalidCustomerGatewayIdError(name)
        matching = select(CUSTOMER_GATEWAYS, (gateways[name] for name in gateway_ids), self.filters())
        return ExactResult({"CustomerGateways": [customer_gateway_view(gateway) for gateway in matching]})

    def enable_vgw_route_propagation(self) -> ActionResult:
        """EnableVgwRoutePropagation."""
        self.backend.enable_propagation(self._get_param("RouteTableId"), self._get_param("GatewayId"))
        return EmptyResult()

    def disable_vgw_route_propagation(self) -> ActionResult:
        """DisableVgwRoutePropagation."""
        self.backend.disable_propagation(self._get_param("RouteTableId"), self._get_param("GatewayId"))
        return EmptyResult()

    def describe_route_tables(self) -> ActionResult:
        """DescribeRouteTables, with the routes that are propagated now."""
        tables = self.backend.route_tables
        table_ids = self._get_param("RouteTableIds") or list(tables)
        for name in table_ids:
            if name not in tables:
                raise InvalidRouteTableIdError(name)
        views = [route_table_view(tables[name], self.backend, self.board) for name in table_ids]
        return ExactResult(
            {"RouteTables": [view.wire() for view in select(ROUTE_TABLES, views, self.filters())]}
        )


class ConnectionActions(GatewayActions):
    """VPN connections and their tunnels."""

    def create_vpn_connection(self) -> ActionResult:
        """CreateVpnConnection, to virtual private gateways."""
        for name in ("TransitGatewayId", "VpnConcentratorId"):
            if self._get_param(name) is not None:
                if self._get_param("VpnGatewayId") is not None:
                    raise invalid_combination(f"VpnGatewayId and {name} exclude each other")
                raise unsupported(f"The twin has VPN connections to virtual private gateways only ({name})")
        if self._get_param("Type") != "ipsec.1":
            raise invalid_value("Type", self._get_param("Type"), "Valid values: ipsec.1")
        self._check_key_storage()
        options = self._get_param("Options", {})
        connection = self.backend.add_vpn_connection(
            ConnectionRequest(
                customer_gateway_id=self._get_param("CustomerGatewayId"),
                vpn_gateway_id=self._get_param("VpnGatewayId"),
                options=connection_options.apply_request(connection_options.ConnectionOptions(), options),
                tunnels=options.get("TunnelOptions", []),
            ),
            self.tags_for("vpn-connection"),
        )
        return self._connection(connection)

    def delete_vpn_connection(self) -> ActionResult:
        """DeleteVpnConnection."""
        self.backend.delete_vpn_connection(self._get_param("VpnConnectionId"))
        return EmptyResult()

    def describe_vpn_connections(self) -> ActionResult:
        """DescribeVpnConnections, with the state of the tunnels now."""
        now = datetime.now(UTC)
        connections = {
            connection.id: connection
            for connection in self.backend.twin_connections()
            if is_visible(connection.deleted_at, now)
        }
        connection_ids = self._get_param("VpnConnectionIds") or list(connections)
        for name in connection_ids:
            if name not in connections:
                raise InvalidVpnConnectionIdError(name)
        matching = select(
            filterable(self.board, now), (connections[name] for name in connection_ids), self.filters()
        )
        return ExactResult({"VpnConnections": [connection_view(c, self.board, now) for c in matching]})

    def create_vpn_connection_route(self) -> ActionResult:
        """CreateVpnConnectionRoute."""
        destination = connection_options.parse_cidr(
            "DestinationCidrBlock", self._get_param("DestinationCidrBlock")
        )
        self.backend.add_static_route(self._get_param("VpnConnectionId"), destination)
        return EmptyResult()

    def delete_vpn_connection_route(self) -> ActionResult:
        """DeleteVpnConnectionRoute."""
        destination = connection_options.parse_cidr(
            "DestinationCidrBlock", self._get_param("DestinationCidrBlock")
        )
        self.backend.remove_static_route(self._get_param("VpnConnectionId"), destination)
        return EmptyResult()

    def modify_vpn_tunnel_options(self) -> ActionResult:
        """ModifyVpnTunnelOptions, one tunnel at a time."""
        self._check_available()
        self._check_key_storage()
        request = self._get_param("TunnelOptions")
        skip = self._get_param("SkipTunnelReplacement", if_none=False)
        if skip and "EnableTunnelLifecycleControl" not in request:
            raise invalid_combination(
                "SkipTunnelReplacement applies only when EnableTunnelLifecycleControl is turned on or off"
            )
        connection = self.backend.modify_tunnel(
            self._get_param("VpnConnectionId"), self._get_param("VpnTunnelOutsideIpAddress"), request
        )
        return self._connection(connection)

    def modify_vpn_connection(self) -> ActionResult:
        """ModifyVpnConnection, to other gateways."""
        self._check_available()
        if self._get_param("TransitGatewayId") is not None:
            raise unsupported(
                "The twin has VPN connections to virtual private gateways only (TransitGatewayId)"
            )
        customer_gateway_id = self._get_param("CustomerGatewayId")
        vpn_gateway_id = self._get_param("VpnGatewayId")
        if customer_gateway_id is None and vpn_gateway_id is None:
            raise missing("CustomerGatewayId or VpnGatewayId")
        connection = self.backend.modify_connection(
            self._get_param("VpnConnectionId"),
            customer_gateway_id=customer_gateway_id,
            vpn_gateway_id=vpn_gateway_id,
        )
        return self._connection(connection)

    def modify_vpn_connection_options(self) -> ActionResult:
        """ModifyVpnConnectionOptions."""
        connection = self._check_available()
        request = {name: value for name, value in self._get_params().items() if value is not None}
        connection.connection_options = connection_options.apply_request(
            connection.connection_options, request
        )
        return self._connection(connection)

    def replace_vpn_tunnel(self) -> ActionResult:
        """ReplaceVpnTunnel: noted; the data plane moves traffic to the other tunnels and restarts it."""
        self._check_available()
        self.backend.replace_tunnel(
            self._get_param("VpnConnectionId"), self._get_param("VpnTunnelOutsideIpAddress")
        )
        return ExactResult({"Return": True})

    def get_vpn_tunnel_replacement_status(self) -> ActionResult:
        """GetVpnTunnelReplacementStatus; the twin has no maintenance of its own."""
        connection = self.backend.live_connection(self._get_param("VpnConnectionId"))
        tunnel = connection.tunnel_at(self._get_param("VpnTunnelOutsideIpAddress"))
        return ExactResult(
            {
                "VpnConnectionId": connection.id,
                "CustomerGatewayId": connection.customer_gateway_id,
                "VpnGatewayId": connection.vpn_gateway_id,
                "VpnTunnelOutsideIpAddress": str(tunnel.outside_ip_address),
                "MaintenanceDetails": {
                    "PendingMaintenance": "false",
                    "LastMaintenanceApplied": connection.replaced_at.get(tunnel.outside_ip_address),
                },
            }
        )

    def get_active_vpn_tunnel_status(self) -> ActionResult:
        """GetActiveVpnTunnelStatus: what the daemons have negotiated."""
        connection = self.backend.live_connection(self._get_param("VpnConnectionId"))
        tunnel = connection.tunnel_at(self._get_param("VpnTunnelOutsideIpAddress"))
        end = self.board.aws_tunnel(connection.id, str(tunnel.outside_ip_address))
        if end is None or end.sa is None:
            reason = end.last_error if end is not None and end.last_error else "No IKE session is up"
            status: dict[str, object] = {"ProvisioningStatus": "pending", "ProvisioningStatusReason": reason}
            return ExactResult({"ActiveVpnTunnelStatus": status})
        status = {
            "Phase1EncryptionAlgorithm": end.sa.phase1_encryption,
            "Phase1IntegrityAlgorithm": end.sa.phase1_integrity,
            "Phase1DHGroup": end.sa.phase1_dh_group,
            "Phase2EncryptionAlgorithm": end.sa.phase2_encryption,
            "Phase2IntegrityAlgorithm": end.sa.phase2_integrity,
            "Phase2DHGroup": end.sa.phase2_dh_group,
            "IkeVersion": "ikev2",
            "ProvisioningStatus": "available",
        }
        return ExactResult({"ActiveVpnTunnelStatus": status})

    def _connection(self, connection: TwinVpnConnection) -> ActionResult:
        return ExactResult({"VpnConnection": connection_view(connection, self.board, datetime.now(UTC))})

    def _check_available(self) -> TwinVpnConnection:
        connection = self.backend.live_connection(self._get_param("VpnConnectionId"))
        if connection_state(connection, self.board, datetime.now(UTC)) != "available":
            raise EC2ClientError(
                "InvalidVpnConnection.InvalidState",
                "The VPN connection must be in the available state to complete the request.",
            )
        return connection

    def _check_key_storage(self) -> None:
        storage = self._get_param("PreSharedKeyStorage", "Standard")
        if storage == "SecretsManager":
            raise unsupported("The twin keeps no keys of tunnels in Secrets Manager (PreSharedKeyStorage)")
        if storage != "Standard":
            raise invalid_value("PreSharedKeyStorage", storage, "Valid values: Standard | SecretsManager")
