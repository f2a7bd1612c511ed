"""Gateways as the EC2 API answers them. Source: EC2 API, VpnGateway, CustomerGateway."""

from twinspan.network.asns import LARGEST_PLAIN_ASN
from twinspan.twin.aws.ec2.filters import Filterable
from twinspan.twin.aws.ec2.gateways import TwinCustomerGateway, TwinVpnGateway
from twinspan.twin.aws.ec2.tags import tag_list, tags_of

Wire = dict[str, object]


def vpn_gateway_view(gateway: TwinVpnGateway) -> Wire:
    """Return a virtual private gateway in the shape of `VpnGateway`."""
    return {
        "VpnGatewayId": gateway.id,
        "State": gateway.state,
        "Type": gateway.type,
        "AmazonSideAsn": int(gateway.amazon_side_asn or 0),
        "AvailabilityZone": gateway.availability_zone,
        "VpcAttachments": [{"VpcId": a.vpc_id, "State": a.state} for a in gateway.attachments.values()],
        "Tags": tag_list(gateway),
    }


def customer_gateway_view(gateway: TwinCustomerGateway) -> Wire:
    """Return a customer gateway in the shape of `CustomerGateway`."""
    extended = int(gateway.bgp_asn) > LARGEST_PLAIN_ASN
    return {
        "CustomerGatewayId": gateway.id,
        "State": gateway.state,
        "Type": gateway.type,
        "IpAddress": gateway.ip_address or None,
        "BgpAsn": None if extended else gateway.bgp_asn,
        "BgpAsnExtended": gateway.bgp_asn if extended else None,
        "DeviceName": gateway.device_name,
        "CertificateArn": gateway.certificate_arn,
        "Tags": tag_list(gateway),
    }


VPN_GATEWAYS: Filterable[TwinVpnGateway] = Filterable(
    fields={
        "amazon-side-asn": lambda g: [str(g.amazon_side_asn)],
        "attachment.state": lambda g: [a.state or "" for a in g.attachments.values()],
        "attachment.vpc-id": lambda g: [a.vpc_id for a in g.attachments.values()],
        "availability-zone": lambda g: [g.availability_zone] if g.availability_zone else [],
        "state": lambda g: [g.state],
        "type": lambda g: [g.type],
        "vpn-gateway-id": lambda g: [g.id],
    },
    tags=tags_of,
)
"""Source: EC2 API, DescribeVpnGateways, Filters."""

CUSTOMER_GATEWAYS: Filterable[TwinCustomerGateway] = Filterable(
    fields={
        "bgp-asn": lambda g: [g.bgp_asn],
        "customer-gateway-id": lambda g: [g.id],
        "ip-address": lambda g: [g.ip_address],
        "state": lambda g: [g.state],
        "type": lambda g: [g.type],
    },
    tags=tags_of,
)
"""Source: EC2 API, DescribeCustomerGateways, Filters."""
