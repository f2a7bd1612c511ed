"""VPN gateways and connections of a plan, at AWS. Source: Terraform provider hashicorp/aws, versions 5 and 6.

0 is how a state shows a number of a tunnel that nobody set; EC2 then takes its default.
"""

from ipaddress import IPv4Network

from twinspan.network.asns import AWS_DEFAULT_ASN, AWS_DEFAULT_CUSTOMER_ASN
from twinspan.network.aws import key_tag
from twinspan.network.ipsec import AWS_CHOICES, AWS_IKE_VERSIONS
from twinspan.network.limits import (
    INSIDE_IP_VERSION,
    OUTSIDE_ADDRESS_TYPE,
    TUNNEL_BANDWIDTH,
    TUNNELS_PER_CONNECTION,
)
from twinspan.network.model import CustomerGateway, Phase, VpnConnection, VpnGateway, VpnTunnel
from twinspan.network.ranges import ANYWHERE
from twinspan.network.timers import AWS_NUMBERS
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.joins import written
from twinspan.project.network.values import Reading, Values
from twinspan.project.network.vpc import GATEWAY_TYPE, VPC_TYPES, own, region

CONNECTION_TYPE = "aws_vpn_connection"
PUBLIC_IP_TYPE = "azurerm_public_ip"
_CUSTOMER_TYPE = "aws_customer_gateway"
_HOSTS = 4
"""Addresses of the smallest range with two hosts."""


def vpn_gateways(reading: Reading) -> tuple[VpnGateway[Unknown], ...]:
    """Return the virtual private gateways; an attachment of its own says where as well."""
    gateways = reading.of(GATEWAY_TYPE)
    attachments = reading.by_holder(
        reading.of("aws_vpn_gateway_attachment"), own(gateways), "vpn_gateway_id", GATEWAY_TYPE
    )
    aws_gateways = []
    for gateway in gateways:
        apart = attachments.get(gateway.id, ())
        places = [place.reference("vpc_id", *VPC_TYPES) for place in (gateway, *apart)]
        # A state, and a plan of what exists, has it in the gateway as well.
        itself = () if apart and not written(reading.plan, gateway.resource, "vpc_id") else (gateway,)
        aws_gateways.append(
            VpnGateway(
                id=gateway.id,
                name=gateway.name,
                address=gateway.address,
                region=region(gateway),
                state=UNKNOWN,
                amazon_side_asn=gateway.number("amazon_side_asn", AWS_DEFAULT_ASN),
                vpc_id=next((place for place in places if place is not None), None),
                attached_by=tuple(place.address for place in (*itself, *apart)),
            )
        )
    return tuple(aws_gateways)


def customer_gateways(reading: Reading) -> tuple[CustomerGateway[Unknown], ...]:
    """Return the customer gateways."""
    return tuple(
        CustomerGateway(
            id=gateway.id,
            name=gateway.name,
            address=gateway.address,
            region=region(gateway),
            state=UNKNOWN,
            ip_address=(known := gateway.ip_address("ip_address")),
            ip_address_of=named
            if known is UNKNOWN and isinstance(named := gateway.reference("ip_address", PUBLIC_IP_TYPE), str)
            else "",
            bgp_asn=gateway.number(gateway.first("bgp_asn", "bgp_asn_extended"), AWS_DEFAULT_CUSTOMER_ASN),
            device_name=gateway.text("device_name", ""),
            certificate_arn=gateway.text("certificate_arn", ""),
        )
        for gateway in reading.of(_CUSTOMER_TYPE)
    )


def vpn_connections(reading: Reading) -> tuple[VpnConnection[Unknown], ...]:
    """Return the VPN connections with their static routes."""
    connections = reading.of(CONNECTION_TYPE)
    routes = reading.by_holder(
        reading.of("aws_vpn_connection_route"), own(connections), "vpn_connection_id", CONNECTION_TYPE
    )
    return tuple(_connection(connection, routes.get(connection.id, ())) for connection in connections)


def _connection(values: Values, routes: tuple[Values, ...]) -> VpnConnection[Unknown]:
    return VpnConnection(
        id=values.id,
        name=values.name,
        address=values.address,
        region=region(values),
        state=UNKNOWN,
        customer_gateway_id=values.reference("customer_gateway_id", _CUSTOMER_TYPE) or UNKNOWN,
        vpn_gateway_id=values.reference("vpn_gateway_id", GATEWAY_TYPE),
        transit_gateway_id=values.reference("transit_gateway_id", "aws_ec2_transit_gateway"),
        static_routes_only=values.flag("static_routes_only"),
        static_routes=tuple(route.cidr("destination_cidr_block") or UNKNOWN for route in routes),
        local_ipv4_network_cidr=_selector(values, "local_ipv4_network_cidr"),
        remote_ipv4_network_cidr=_selector(values, "remote_ipv4_network_cidr"),
        enable_acceleration=values.flag("enable_acceleration"),
        tunnel_inside_ip_version=values.text("tunnel_inside_ip_version", INSIDE_IP_VERSION),
        outside_ip_address_type=values.text("outside_ip_address_type", OUTSIDE_ADDRESS_TYPE),
        tunnel_bandwidth=values.text("tunnel_bandwidth", TUNNEL_BANDWIDTH),
        local_ipv6_network_cidr=values.text("local_ipv6_network_cidr", ""),
        remote_ipv6_network_cidr=values.text("remote_ipv6_network_cidr", ""),
        transport_transit_gateway_attachment_id=values.text("transport_transit_gateway_attachment_id", ""),
        tunnels=tuple(_tunnel(values, number) for number in range(1, TUNNELS_PER_CONNECTION + 1)),
    )


def _selector(values: Values, name: str) -> IPv4Network | Unknown:
    value = values.cidr(name)
    return ANYWHERE if value in (None, CLOUD_CHOOSES) else value


def _tunnel(values: Values, place: int) -> VpnTunnel[Unknown]:
    prefix = f"tunnel{place}_"

    def number(option: str) -> int | Unknown:
        return values.number(f"{prefix}{option}", AWS_NUMBERS[option].default, zero=False)

    def choice(option: str) -> str | Unknown:
        return values.text(f"{prefix}{option}", AWS_CHOICES[option][0])

    logs = values.block(f"{prefix}log_options").block("cloudwatch_log_options")
    return VpnTunnel(
        outside_ip_address=values.ip_address(f"{prefix}address"),
        inside_cidr=_inside(values, f"{prefix}inside_cidr"),
        inside_ipv6_cidr=values.text(f"{prefix}inside_ipv6_cidr", ""),
        ike_versions=values.texts(f"{prefix}ike_versions") or AWS_IKE_VERSIONS,
        phase1=_phase(values, f"{prefix}phase1_", number("phase1_lifetime_seconds")),
        phase2=_phase(values, f"{prefix}phase2_", number("phase2_lifetime_seconds")),
        dpd_timeout_seconds=number("dpd_timeout_seconds"),
        dpd_timeout_action=choice("dpd_timeout_action"),
        startup_action=choice("startup_action"),
        rekey_margin_time_seconds=number("rekey_margin_time_seconds"),
        rekey_fuzz_percentage=number("rekey_fuzz_percentage"),
        replay_window_size=number("replay_window_size"),
        key_changed_on=values.tags.get(key_tag(place), ""),
        log_enabled=logs.flag("log_enabled"),
        log_group_arn=logs.text("log_group_arn", ""),
    )


def _inside(values: Values, name: str) -> IPv4Network | Unknown:
    """Return the range inside a tunnel, if it is one with two hosts."""
    value = values.get(name)
    if isinstance(value, Unknown) or value in (None, ""):
        return value or CLOUD_CHOOSES
    cidr = values.cidr(name)
    if isinstance(cidr, IPv4Network) and cidr.num_addresses >= _HOSTS:
        return cidr
    if cidr is not UNKNOWN:
        values.note(name, value)
    return UNKNOWN


def _phase(values: Values, prefix: str, lifetime_seconds: int | Unknown) -> Phase[Unknown]:
    return Phase(
        encryption_algorithms=values.texts(f"{prefix}encryption_algorithms"),
        integrity_algorithms=values.texts(f"{prefix}integrity_algorithms"),
        dh_group_numbers=values.numbers(f"{prefix}dh_group_numbers"),
        lifetime_seconds=lifetime_seconds,
    )
