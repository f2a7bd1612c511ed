"""VPN gateways and connections, from the EC2 API's answers.

Where the API leaves a value out, its documented default is filled in.
Source: EC2 API, VpnConnection, TunnelOption, VpnTunnelOptionsSpecification, VgwTelemetry.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Protocol, TypeVar

from twinspan.cloud.aws.vpc import name_of
from twinspan.network.asns import AWS_DEFAULT_ASN, AWS_DEFAULT_CUSTOMER_ASN
from twinspan.network.aws import key_tag
from twinspan.network.ipsec import AWS_CHOICES, AWS_IKE_VERSIONS
from twinspan.network.limits import INSIDE_IP_VERSION, OUTSIDE_ADDRESS_TYPE, TUNNEL_BANDWIDTH
from twinspan.network.model import (
    CustomerGateway,
    Phase,
    TelemetryStatus,
    VgwTelemetry,
    VpnConnection,
    VpnGateway,
    VpnTunnel,
)
from twinspan.network.ranges import ANYWHERE
from twinspan.network.timers import (
    AWS_DPD_S,
    AWS_PHASE1_LIFETIME_S,
    AWS_PHASE2_LIFETIME_S,
    AWS_REKEY_FUZZ_PERCENTAGE,
    AWS_REKEY_MARGIN_S,
    AWS_REPLAY_WINDOW_PACKETS,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        CustomerGatewayTypeDef,
        TunnelOptionTypeDef,
        VgwTelemetryTypeDef,
        VpnConnectionTypeDef,
        VpnGatewayTypeDef,
    )

_GONE = frozenset({"deleted", "deleting"})


class _Stateful(Protocol):
    def get(self, name: str, /) -> object: ...


Item = TypeVar("Item", bound=_Stateful)


def existing(raw: Iterable[Item]) -> Iterator[Item]:
    """Yield the objects that are not deleted and not being deleted; AWS shows those for an hour more."""
    return (item for item in raw if item.get("State") not in _GONE)


def vpn_gateway(raw: "VpnGatewayTypeDef") -> VpnGateway:
    """Read a virtual private gateway."""
    attached = [item["VpcId"] for item in raw.get("VpcAttachments", ()) if item.get("State") == "attached"]
    return VpnGateway(
        id=raw["VpnGatewayId"],
        name=name_of(raw.get("Tags")),
        state=raw.get("State", "available"),
        amazon_side_asn=raw.get("AmazonSideAsn", AWS_DEFAULT_ASN),
        vpc_id=attached[0] if attached else None,
    )


def customer_gateway(raw: "CustomerGatewayTypeDef") -> CustomerGateway:
    """Read a customer gateway; an ASN above 2147483647 is in a member of its own."""
    address = raw.get("IpAddress")
    return CustomerGateway(
        id=raw["CustomerGatewayId"],
        name=name_of(raw.get("Tags")),
        state=raw.get("State", "available"),
        ip_address=IPv4Address(address) if address else None,
        bgp_asn=int(raw.get("BgpAsnExtended") or raw.get("BgpAsn") or AWS_DEFAULT_CUSTOMER_ASN),
        device_name=raw.get("DeviceName", ""),
        certificate_arn=raw.get("CertificateArn", ""),
    )


def vpn_connection(raw: "VpnConnectionTypeDef") -> VpnConnection:
    """Read a VPN connection. Tunnels that carry only IPv6 inside (transit gateways) are left out."""
    options = raw.get("Options", {})
    telemetry = {item.get("OutsideIpAddress"): _telemetry(item) for item in raw.get("VgwTelemetry", ())}
    tags = {tag.get("Key"): tag.get("Value", "") for tag in raw.get("Tags", ())}
    return VpnConnection(
        id=raw["VpnConnectionId"],
        name=name_of(raw.get("Tags")),
        state=raw.get("State", "available"),
        customer_gateway_id=raw["CustomerGatewayId"],
        vpn_gateway_id=raw.get("VpnGatewayId") or None,
        transit_gateway_id=raw.get("TransitGatewayId") or None,
        static_routes_only=options.get("StaticRoutesOnly", False),
        static_routes=tuple(
            IPv4Network(item["DestinationCidrBlock"]) for item in existing(raw.get("Routes", ()))
        ),
        local_ipv4_network_cidr=IPv4Network(options.get("LocalIpv4NetworkCidr") or ANYWHERE),
        remote_ipv4_network_cidr=IPv4Network(options.get("RemoteIpv4NetworkCidr") or ANYWHERE),
        enable_acceleration=options.get("EnableAcceleration", False),
        tunnel_inside_ip_version=options.get("TunnelInsideIpVersion", INSIDE_IP_VERSION),
        outside_ip_address_type=options.get("OutsideIpAddressType", OUTSIDE_ADDRESS_TYPE),
        tunnel_bandwidth=options.get("TunnelBandwidth", TUNNEL_BANDWIDTH),
        local_ipv6_network_cidr=options.get("LocalIpv6NetworkCidr", ""),
        remote_ipv6_network_cidr=options.get("RemoteIpv6NetworkCidr", ""),
        transport_transit_gateway_attachment_id=options.get("TransportTransitGatewayAttachmentId", ""),
        tunnels=tuple(
            _tunnel(item, telemetry.get(item.get("OutsideIpAddress")), tags.get(key_tag(number), ""))
            for number, item in enumerate(options.get("TunnelOptions", ()), start=1)
            if item.get("TunnelInsideCidr")
        ),
    )


def pre_shared_keys(raw: "Iterable[VpnConnectionTypeDef]") -> Mapping[tuple[str, str], str]:
    """Return (connection id, outside address) -> key; a key kept in Secrets Manager is not shown."""
    return {
        (connection["VpnConnectionId"], tunnel["OutsideIpAddress"]): tunnel["PreSharedKey"]
        for connection in raw
        for tunnel in connection.get("Options", {}).get("TunnelOptions", ())
        if tunnel.get("PreSharedKey") and tunnel.get("OutsideIpAddress")
    }


def _telemetry(raw: "VgwTelemetryTypeDef") -> VgwTelemetry:
    changed = raw.get("LastStatusChange")
    return VgwTelemetry(
        status=TelemetryStatus(raw.get("Status", "DOWN")),
        status_message=raw.get("StatusMessage", ""),
        accepted_route_count=raw.get("AcceptedRouteCount", 0),
        last_status_change=changed.astimezone(UTC) if changed else None,
    )


def _tunnel(raw: "TunnelOptionTypeDef", telemetry: VgwTelemetry | None, key_changed_on: str) -> VpnTunnel:
    outside = raw.get("OutsideIpAddress")
    logs = raw.get("LogOptions", {}).get("CloudWatchLogOptions", {})
    return VpnTunnel(
        outside_ip_address=IPv4Address(outside) if outside else None,
        inside_cidr=IPv4Network(raw["TunnelInsideCidr"]),
        inside_ipv6_cidr=raw.get("TunnelInsideIpv6Cidr", ""),
        ike_versions=tuple(item["Value"] for item in raw.get("IkeVersions", ())) or AWS_IKE_VERSIONS,
        phase1=Phase(
            encryption_algorithms=tuple(item["Value"] for item in raw.get("Phase1EncryptionAlgorithms", ())),
            integrity_algorithms=tuple(item["Value"] for item in raw.get("Phase1IntegrityAlgorithms", ())),
            dh_group_numbers=tuple(item["Value"] for item in raw.get("Phase1DHGroupNumbers", ())),
            lifetime_seconds=raw.get("Phase1LifetimeSeconds", AWS_PHASE1_LIFETIME_S.default),
        ),
        phase2=Phase(
            encryption_algorithms=tuple(item["Value"] for item in raw.get("Phase2EncryptionAlgorithms", ())),
            integrity_algorithms=tuple(item["Value"] for item in raw.get("Phase2IntegrityAlgorithms", ())),
            dh_group_numbers=tuple(item["Value"] for item in raw.get("Phase2DHGroupNumbers", ())),
            lifetime_seconds=raw.get("Phase2LifetimeSeconds", AWS_PHASE2_LIFETIME_S.default),
        ),
        dpd_timeout_seconds=raw.get("DpdTimeoutSeconds", AWS_DPD_S.default),
        dpd_timeout_action=raw.get("DpdTimeoutAction", AWS_CHOICES["dpd_timeout_action"][0]),
        startup_action=raw.get("StartupAction", AWS_CHOICES["startup_action"][0]),
        rekey_margin_time_seconds=raw.get("RekeyMarginTimeSeconds", AWS_REKEY_MARGIN_S.default),
        rekey_fuzz_percentage=raw.get("RekeyFuzzPercentage", AWS_REKEY_FUZZ_PERCENTAGE.default),
        replay_window_size=raw.get("ReplayWindowSize", AWS_REPLAY_WINDOW_PACKETS.default),
        key_changed_on=key_changed_on,
        log_enabled=logs.get("LogEnabled", False),
        log_group_arn=logs.get("LogGroupArn", ""),
        telemetry=telemetry,
    )
