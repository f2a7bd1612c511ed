# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Virtual private gateway, its attachment, and customer gateway."""

from typing import Any, ClassVar
from zlib import crc32

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import (
    TIMEOUT_S,
    AwsResource,
    differs,
    find,
    gone_is_fine,
    is_gone,
    retry_while,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record, matches, one_of
from twinspan.wait import wait_until

_DELETED = {"deleted", "deleting"}
ASN = matches(r"[1-9]\d{0,9}", "an autonomous system number")


def _vpn_gateway(cloud: AwsCloud, identity: str) -> dict[str, Any] | None:
    gateway = find(cloud, "describe_vpn_gateways", "VpnGateways", VpnGatewayIds=[identity])
    return None if gateway is None or gateway["State"] in _DELETED else gateway


def _attached_vpc(gateway: dict[str, Any] | None) -> str:
    attached = [
        item["VpcId"] for item in (gateway or {}).get("VpcAttachments", []) if item["State"] == "attached"
    ]
    return attached[0] if attached else ""


def _attach(cloud: AwsCloud, gateway_id: str, vpc_id: str) -> None:
    cloud.call("ec2", "attach_vpn_gateway", VpnGatewayId=gateway_id, VpcId=vpc_id)
    wait_until(
        lambda: _attached_vpc(_vpn_gateway(cloud, gateway_id)),
        lambda attached_vpc_id: attached_vpc_id == vpc_id,
        what=f"{gateway_id} attached to {vpc_id}",
        timeout_s=TIMEOUT_S,
    )


def _detach(cloud: AwsCloud, gateway_id: str, vpc_id: str) -> None:
    try:
        cloud.call("ec2", "detach_vpn_gateway", VpnGatewayId=gateway_id, VpcId=vpc_id)
    except CloudRefusedError as error:
        if not is_gone(error):
            raise
        return
    wait_until(
        lambda: _attached_vpc(_vpn_gateway(cloud, gateway_id)),
        lambda attached_vpc_id: attached_vpc_id != vpc_id,
        what=f"{gateway_id} detached from {vpc_id}",
        timeout_s=TIMEOUT_S,
    )


class VpnGateway(AwsResource):
    """`aws_vpn_gateway`."""

    type_name = "aws_vpn_gateway"
    facts = Facts(force_new=frozenset({"region", "amazon_side_asn", "availability_zone"}))
    rules: ClassVar = {"amazon_side_asn": ASN}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateVpnGateway, attached if `vpc_id` is given."""
        asn = planned["amazon_side_asn"]
        made = cloud.call(
            "ec2",
            "create_vpn_gateway",
            Type="ipsec.1",
            AmazonSideAsn=int(asn) if isinstance(asn, str) else None,
            AvailabilityZone=planned["availability_zone"],
            TagSpecifications=tag_specifications("vpn-gateway", planned["tags_all"]),
        )
        identity: str = made["VpnGateway"]["VpnGatewayId"]
        record(identity)
        if isinstance(planned["vpc_id"], str) and planned["vpc_id"]:
            _attach(cloud, identity, planned["vpc_id"])
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeVpnGateways."""
        gateway = _vpn_gateway(cloud, state["id"])
        if gateway is None:
            return None
        return {
            "amazon_side_asn": str(gateway.get("AmazonSideAsn", "")),
            "arn": cloud.arn("ec2", f"vpn-gateway/{state['id']}"),
            "availability_zone": gateway.get("AvailabilityZone", ""),
            "region": cloud.region,
            "vpc_id": _attached_vpc(gateway),
            **self.tag_state(cloud, tags_of(gateway), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Another VPC, and tags."""
        if differs(prior, planned, "vpc_id"):
            if prior["vpc_id"]:
                _detach(cloud, prior["id"], prior["vpc_id"])
            if planned["vpc_id"]:
                _attach(cloud, prior["id"], planned["vpc_id"])
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """Detach and delete, waiting for connections that still end here."""
        if state["vpc_id"]:
            _detach(cloud, state["id"], state["vpc_id"])
        with gone_is_fine():
            retry_while(
                "IncorrectState",
                lambda: cloud.call("ec2", "delete_vpn_gateway", VpnGatewayId=state["id"]),
                what=f"VPN gateway {state['id']} unused",
            )


class VpnGatewayAttachment(AwsResource):
    """`aws_vpn_gateway_attachment`."""

    type_name = "aws_vpn_gateway_attachment"
    facts = Facts(force_new=frozenset({"region", "vpc_id", "vpn_gateway_id"}))

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """AttachVpnGateway."""
        gateway, vpc = planned["vpn_gateway_id"], planned["vpc_id"]
        identity = f"vpn-attachment-{crc32(f'{vpc}-{gateway}'.encode()):x}"
        _attach(cloud, gateway, vpc)
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeVpnGateways, the attachment to this VPC."""
        gateway = _vpn_gateway(cloud, state["vpn_gateway_id"])
        return {"region": cloud.region} if _attached_vpc(gateway) == state["vpc_id"] else None

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DetachVpnGateway."""
        _detach(cloud, state["vpn_gateway_id"], state["vpc_id"])

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Refuse: the real provider cannot import this type either."""
        raise ValueError("aws_vpn_gateway_attachment does not support import")


class CustomerGateway(AwsResource):
    """`aws_customer_gateway`."""

    type_name = "aws_customer_gateway"
    facts = Facts(
        force_new=frozenset(
            {"region", "bgp_asn", "bgp_asn_extended", "certificate_arn", "device_name", "ip_address", "type"}
        )
    )
    rules: ClassVar = {"bgp_asn": ASN, "bgp_asn_extended": ASN, "type": one_of("ipsec.1")}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateCustomerGateway, and wait until it is available."""
        asn, extended = planned["bgp_asn"], planned["bgp_asn_extended"]
        made = cloud.call(
            "ec2",
            "create_customer_gateway",
            Type=planned["type"],
            BgpAsn=int(asn) if asn else None,
            BgpAsnExtended=int(extended) if extended else None,
            IpAddress=planned["ip_address"],
            CertificateArn=planned["certificate_arn"],
            DeviceName=planned["device_name"],
            TagSpecifications=tag_specifications("customer-gateway", planned["tags_all"]),
        )
        identity: str = made["CustomerGateway"]["CustomerGatewayId"]
        record(identity)
        wait_until(
            lambda: self._find(cloud, identity),
            lambda gateway: gateway is not None and gateway["State"] == "available",
            what=f"customer gateway {identity} available",
            timeout_s=TIMEOUT_S,
        )
        return identity

    def _find(self, cloud: AwsCloud, identity: str) -> dict[str, Any] | None:
        gateway = find(cloud, "describe_customer_gateways", "CustomerGateways", CustomerGatewayIds=[identity])
        return None if gateway is None or gateway["State"] in _DELETED else gateway

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeCustomerGateways."""
        gateway = self._find(cloud, state["id"])
        if gateway is None:
            return None
        return {
            "arn": cloud.arn("ec2", f"customer-gateway/{state['id']}"),
            "bgp_asn": str(gateway.get("BgpAsn") or ""),
            "bgp_asn_extended": str(gateway.get("BgpAsnExtended") or ""),
            "certificate_arn": gateway.get("CertificateArn", ""),
            "device_name": gateway.get("DeviceName", ""),
            "ip_address": gateway.get("IpAddress", ""),
            "region": cloud.region,
            "type": gateway["Type"],
            **self.tag_state(cloud, tags_of(gateway), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Tags are all that can change."""
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteCustomerGateway, and wait until it is gone."""
        with gone_is_fine():
            retry_while(
                "IncorrectState",
                lambda: cloud.call("ec2", "delete_customer_gateway", CustomerGatewayId=state["id"]),
                what=f"customer gateway {state['id']} unused",
            )
        wait_until(
            lambda: self._find(cloud, state["id"]),
            lambda gateway: gateway is None,
            what=f"customer gateway {state['id']} deleted",
            timeout_s=TIMEOUT_S,
        )
