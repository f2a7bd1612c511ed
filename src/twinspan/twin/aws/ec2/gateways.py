"""Virtual private gateways and customer gateways, over moto's.

Source: EC2 API, CreateVpnGateway, AttachVpnGateway, CreateCustomerGateway; AWS Site-to-Site VPN User
Guide, "Customer gateway options" (reserved ASNs) and "Site-to-Site VPN quotas".
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address

from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidCustomerGatewayIdError,
    InvalidVpnGatewayAttachmentError,
    InvalidVpnGatewayIdError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.customer_gateways import CustomerGateway
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment, VpnGateway
from moto.ec2.utils import random_customer_gateway_id, random_vpn_gateway_id

from twinspan.network.asns import aws_allowed, aws_allows, aws_reserves
from twinspan.network.limits import (
    CUSTOMER_GATEWAY_NAME_LENGTH,
    CUSTOMER_GATEWAYS_PER_REGION,
    VPN_GATEWAYS_PER_REGION,
)
from twinspan.network.ranges import NO_DEVICE
from twinspan.twin.aws.ec2.errors import invalid_value, limit_exceeded, missing

VPN_TYPE = "ipsec.1"
DELETED_STAYS_VISIBLE = timedelta(hours=1)
"""How long Describe calls still show what was deleted. AWS says "a while"; the length is ours."""


class TwinVpnGateway(VpnGateway):
    """A virtual private gateway that remembers when it was deleted."""

    deleted_at: datetime | None = None

    @property
    def attached_vpc_id(self) -> str | None:
        """The VPC it is attached to."""
        attached = [a.vpc_id for a in self.attachments.values() if a.state == "attached"]
        return attached[0] if attached else None


class TwinCustomerGateway(CustomerGateway):
    """A customer gateway with what moto drops."""

    device_name: str | None = None
    certificate_arn: str | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGatewayRequest:
    """`CreateCustomerGateway`, parsed."""

    gateway_type: str
    ip_address: IPv4Address | None
    bgp_asn: int
    device_name: str | None
    certificate_arn: str | None


class GatewayBackend(EC2Backend):
    """EC2 with gateways as AWS documents them."""

    def live_vpn_gateway(self, vpn_gateway_id: str) -> TwinVpnGateway:
        """Return a gateway that is not deleted. InvalidVpnGatewayID.NotFound otherwise."""
        gateway = self.vpn_gateways.get(vpn_gateway_id)
        if not isinstance(gateway, TwinVpnGateway) or gateway.state == "deleted":
            raise InvalidVpnGatewayIdError(vpn_gateway_id)
        return gateway

    def live_customer_gateway(self, customer_gateway_id: str) -> TwinCustomerGateway:
        """Return a gateway that is not deleted. InvalidCustomerGatewayID.NotFound otherwise."""
        gateway = self.customer_gateways.get(customer_gateway_id)
        if not isinstance(gateway, TwinCustomerGateway) or gateway.state == "deleted":
            raise InvalidCustomerGatewayIdError(customer_gateway_id)
        return gateway

    def add_vpn_gateway(
        self, *, gateway_type: str, amazon_side_asn: int, availability_zone: str | None, tags: dict[str, str]
    ) -> TwinVpnGateway:
        """Create a virtual private gateway."""
        _check_type(gateway_type)
        if not aws_allows(amazon_side_asn):
            raise invalid_value("AmazonSideAsn", amazon_side_asn, f"It must be in {aws_allowed()}")
        if (
            sum(gateway.state != "deleted" for gateway in self.vpn_gateways.values())
            >= VPN_GATEWAYS_PER_REGION
        ):
            raise limit_exceeded(
                "VpnGatewayLimitExceeded", VPN_GATEWAYS_PER_REGION, "virtual private gateways"
            )
        gateway = TwinVpnGateway(  # type: ignore[abstract]  # what is abstract is for CloudFormation
            self, random_vpn_gateway_id(), gateway_type, str(amazon_side_asn), availability_zone, tags
        )
        self.vpn_gateways[gateway.id] = gateway
        return gateway

    def attach_vpn_gateway(self, vpn_gateway_id: str, vpc_id: str) -> VPCGatewayAttachment:
        """Attach a gateway to a VPC; once more is fine, anywhere else is not."""
        gateway = self.live_vpn_gateway(vpn_gateway_id)
        self.get_vpc(vpc_id)
        if gateway.attached_vpc_id not in {None, vpc_id}:
            raise EC2ClientError(
                "VpnGatewayAttachmentLimitExceeded",
                f"The virtual private gateway {vpn_gateway_id} is attached to {gateway.attached_vpc_id}",
            )
        for other in self.vpn_gateways.values():
            if isinstance(other, TwinVpnGateway) and other is not gateway and other.attached_vpc_id == vpc_id:
                raise EC2ClientError(
                    "InvalidVpcState", f"VPC {vpc_id} is currently attached to the Virtual Private Gateway."
                )
        attachment = VPCGatewayAttachment(vpc_id, state="attached")  # type: ignore[abstract]  # as above
        gateway.attachments = {vpc_id: attachment}
        return attachment

    def detach_vpn_gateway(self, vpn_gateway_id: str, vpc_id: str) -> VPCGatewayAttachment:
        """Detach a gateway; the attachment stays listed as `detached`."""
        gateway = self.live_vpn_gateway(vpn_gateway_id)
        if gateway.attached_vpc_id != vpc_id:
            raise InvalidVpnGatewayAttachmentError(vpn_gateway_id, vpc_id)
        gateway.attachments[vpc_id].state = "detached"
        return gateway.attachments[vpc_id]

    def delete_vpn_gateway(self, vpn_gateway_id: str) -> VpnGateway:
        """Delete a gateway that nothing uses. Source: the message is as users report it from AWS."""
        gateway = self.live_vpn_gateway(vpn_gateway_id)
        in_use = any(
            connection.vpn_gateway_id == vpn_gateway_id and connection.state != "deleted"
            for connection in self.vpn_connections.values()
        )
        if gateway.attached_vpc_id is not None or in_use:
            raise EC2ClientError("IncorrectState", "The VPN gateway is in use.")
        gateway.state = "deleted"
        gateway.deleted_at = datetime.now(UTC)
        return gateway

    def add_customer_gateway(
        self, request: CustomerGatewayRequest, tags: dict[str, str]
    ) -> TwinCustomerGateway:
        """Create a customer gateway, or return the one that is just like it.

        Source: EC2 API, CreateCustomerGateway: an identical type, address and ASN gives the existing
        gateway back unless the device name differs. Its tags stay as they are.
        """
        _check_type(request.gateway_type)
        self._check_customer_gateway(request)
        live = [gateway for gateway in self.customer_gateways.values() if gateway.state != "deleted"]
        for gateway in live:
            if isinstance(gateway, TwinCustomerGateway) and _same(gateway, request):
                return gateway
        if len(live) >= CUSTOMER_GATEWAYS_PER_REGION:
            raise limit_exceeded(
                "CustomerGatewayLimitExceeded", CUSTOMER_GATEWAYS_PER_REGION, "customer gateways"
            )
        address = str(request.ip_address) if request.ip_address is not None else ""
        created = TwinCustomerGateway(
            self, random_customer_gateway_id(), request.gateway_type, address, str(request.bgp_asn), tags=tags
        )
        created.device_name = request.device_name
        created.certificate_arn = request.certificate_arn
        self.customer_gateways[created.id] = created
        return created

    def delete_customer_gateway(self, customer_gateway_id: str) -> None:
        """Delete a gateway that no connection uses. Source: message as users report it from AWS."""
        gateway = self.live_customer_gateway(customer_gateway_id)
        for connection in self.vpn_connections.values():
            if connection.customer_gateway_id == customer_gateway_id and connection.state != "deleted":
                raise EC2ClientError("IncorrectState", "The customer gateway is in use.")
        gateway.state = "deleted"
        gateway.deleted_at = datetime.now(UTC)

    def _check_customer_gateway(self, request: CustomerGatewayRequest) -> None:
        if aws_reserves(request.bgp_asn, region=self.region_name):
            raise invalid_value("BgpAsn", request.bgp_asn, f"The ASN is reserved in {self.region_name}")
        if request.ip_address is None and request.certificate_arn is None:
            raise missing("ipAddress")
        if request.ip_address is not None and any(request.ip_address in block for block in NO_DEVICE):
            raise invalid_value("IpAddress", request.ip_address, "It must be the static address of a device")
        if request.device_name is not None and len(request.device_name) > CUSTOMER_GATEWAY_NAME_LENGTH:
            raise invalid_value(
                "DeviceName",
                request.device_name,
                f"It must have up to {CUSTOMER_GATEWAY_NAME_LENGTH} characters",
            )


def is_visible(deleted_at: datetime | None, now: datetime) -> bool:
    """Tell whether Describe calls still show something."""
    return deleted_at is None or now - deleted_at < DELETED_STAYS_VISIBLE


def parse_asn(name: str, text: object, *, least: int, most: int) -> int:
    """Read an ASN.

    Raises:
        EC2ClientError: It is no number in the range.
    """
    try:
        asn = int(str(text))
    except ValueError as error:
        raise invalid_value(name, text, "It must be a number") from error
    if not least <= asn <= most:
        raise invalid_value(name, text, f"It must be between {least} and {most}")
    return asn


def parse_device_address(text: str) -> IPv4Address:
    """Read a customer gateway's address.

    Raises:
        EC2ClientError: It is not an IPv4 address.
    """
    try:
        return IPv4Address(text)
    except AddressValueError as error:
        raise invalid_value("IpAddress", text, "It must be an IPv4 address") from error


def _check_type(gateway_type: str) -> None:
    if gateway_type != VPN_TYPE:
        raise invalid_value("Type", gateway_type, f"Valid values: {VPN_TYPE}")


def _same(gateway: TwinCustomerGateway, request: CustomerGatewayRequest) -> bool:
    address = str(request.ip_address) if request.ip_address is not None else ""
    return (
        gateway.type == request.gateway_type
        and gateway.ip_address == address
        and gateway.bgp_asn == str(request.bgp_asn)
        and gateway.device_name == request.device_name
        and gateway.certificate_arn == request.certificate_arn
    )
