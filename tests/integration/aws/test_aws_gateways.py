"""Virtual private gateways and customer gateways."""

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_twin import Site, code_of

from twinspan.twin.aws.requests.served import SERVED

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

pytest_plugins = ("aws_fixtures",)


def test_the_amazon_side_asn_is_64512_unless_given(ec2: "EC2Client") -> None:
    assert ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["AmazonSideAsn"] == 64512
    given = ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=4200000000)
    assert given["VpnGateway"]["AmazonSideAsn"] == 4200000000


@pytest.mark.parametrize("asn", [1, 64511, 65535, 4199999999, 4294967295])
def test_an_amazon_side_asn_that_is_not_private_is_refused(ec2: "EC2Client", asn: int) -> None:
    assert code_of(lambda: ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=asn)) == (
        "InvalidParameterValue"
    )


def test_five_virtual_private_gateways_are_the_limit(ec2: "EC2Client") -> None:
    for _ in range(5):
        ec2.create_vpn_gateway(Type="ipsec.1")
    assert code_of(lambda: ec2.create_vpn_gateway(Type="ipsec.1")) == "VpnGatewayLimitExceeded"


def test_a_vpc_has_one_gateway_and_a_gateway_one_vpc(site: Site) -> None:
    second = site.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    other_vpc = site.ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    again = site.ec2.attach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    assert again["VpcAttachment"]["State"] == "attached"

    def attach(gateway: str, vpc: str) -> str:
        return code_of(lambda: site.ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=vpc))

    assert attach(second, site.vpc_id) == "InvalidVpcState"
    assert attach(site.vpn_gateway_id, other_vpc) == "VpnGatewayAttachmentLimitExceeded"
    assert attach(second, "vpc-0123456789abcdef0") == "InvalidVpcID.NotFound"
    assert attach("vgw-0123", site.vpc_id) == "InvalidVpnGatewayID.NotFound"


def test_a_gateway_in_use_is_not_deleted(site: Site) -> None:
    connection = site.connect()["VpnConnectionId"]

    def delete() -> object:
        return site.ec2.delete_vpn_gateway(VpnGatewayId=site.vpn_gateway_id)

    assert code_of(delete) == "IncorrectState"
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    assert code_of(delete) == "IncorrectState"
    assert (
        code_of(lambda: site.ec2.delete_customer_gateway(CustomerGatewayId=site.customer_gateway_id))
        == "IncorrectState"
    )
    site.ec2.delete_vpn_connection(VpnConnectionId=connection)
    delete()
    site.ec2.delete_customer_gateway(CustomerGatewayId=site.customer_gateway_id)
    gateways = site.ec2.describe_vpn_gateways(VpnGatewayIds=[site.vpn_gateway_id])["VpnGateways"]
    assert [gateway["State"] for gateway in gateways] == ["deleted"]
    assert code_of(delete) == "InvalidVpnGatewayID.NotFound"
    assert (
        code_of(lambda: site.ec2.delete_customer_gateway(CustomerGatewayId=site.customer_gateway_id))
        == "InvalidCustomerGatewayID.NotFound"
    )


@pytest.mark.parametrize(
    ("operation", "member", "refusal"),
    [
        ("detach_vpn_gateway", "VpnGatewayId", "InvalidVpnGatewayAttachment.NotFound"),
        ("detach_internet_gateway", "InternetGatewayId", "Gateway.NotAttached"),
    ],
)
def test_a_gateway_is_not_attached_to_a_vpc_that_has_gone(
    site: Site, operation: str, member: str, refusal: str
) -> None:
    """Terraform deletes both side by side, and detaches the gateway first, whatever became of the VPC."""
    internet = site.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    gateways = {"VpnGatewayId": site.vpn_gateway_id, "InternetGatewayId": internet}
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    site.ec2.delete_vpc(VpcId=site.vpc_id)
    detach = getattr(site.ec2, operation)
    assert code_of(lambda: detach(**{member: gateways[member]}, VpcId=site.vpc_id)) == refusal


def test_every_detachment_of_two_things_is_looked_at() -> None:
    """The next operation of this kind must be decided on: it may have to bear that one end has gone."""
    model = boto3.Session().client("ec2", region_name="us-west-2").meta.service_model

    def identifiers(operation: str) -> list[str]:
        shape = model.operation_model(operation).input_shape
        return [member for member in (shape.members if shape else ()) if member.endswith("Id")]

    undoing = [name for name in SERVED["ec2"] if name.startswith(("Detach", "Disassociate", "Disable"))]
    of_two = {name for name in undoing if len(identifiers(name)) > 1}
    assert of_two == {
        "DetachInternetGateway",
        "DetachVolume",
        "DetachVpnGateway",
        "DisableVgwRoutePropagation",
    }


def test_a_detached_gateway_says_so_and_cannot_be_detached_again(site: Site) -> None:
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    attached = [{"Name": "attachment.state", "Values": ["attached"]}]
    assert site.ec2.describe_vpn_gateways(Filters=attached)["VpnGateways"] == []  # type: ignore[arg-type]
    gateway = site.ec2.describe_vpn_gateways()["VpnGateways"][0]
    assert gateway["VpcAttachments"] == [{"VpcId": site.vpc_id, "State": "detached"}]
    assert (
        code_of(lambda: site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id))
        == "InvalidVpnGatewayAttachment.NotFound"
    )


def test_a_vpc_with_a_gateway_is_not_deleted(site: Site) -> None:
    assert code_of(lambda: site.ec2.delete_vpc(VpcId=site.vpc_id)) == "DependencyViolation"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amazon-side-asn", "64512"),
        ("attachment.state", "attached"),
        ("state", "available"),
        ("type", "ipsec.1"),
        ("vpn-gateway-id", "vgw-*"),
    ],
)
def test_virtual_private_gateways_are_filtered(site: Site, name: str, value: str) -> None:
    gateways = site.ec2.describe_vpn_gateways(Filters=[{"Name": name, "Values": [value]}])["VpnGateways"]
    assert [gateway["VpnGatewayId"] for gateway in gateways] == [site.vpn_gateway_id]
    none = site.ec2.describe_vpn_gateways(Filters=[{"Name": name, "Values": ["other"]}])
    assert none["VpnGateways"] == []


def customer_gateway(ec2: "EC2Client", **changes: Any) -> Any:
    request: dict[str, Any] = {"Type": "ipsec.1", "IpAddress": "198.51.100.4", "BgpAsn": 65000} | changes
    return ec2.create_customer_gateway(**request)["CustomerGateway"]


def test_an_identical_customer_gateway_is_the_same_one(ec2: "EC2Client") -> None:
    first = customer_gateway(ec2)
    assert customer_gateway(ec2)["CustomerGatewayId"] == first["CustomerGatewayId"]
    others = (
        customer_gateway(ec2, DeviceName="second"),
        customer_gateway(ec2, IpAddress="198.51.100.5"),
        customer_gateway(ec2, BgpAsn=65001),
    )
    names = {gateway["CustomerGatewayId"] for gateway in (first, *others)}
    assert len(names) == 4
    assert others[0]["DeviceName"] == "second"


def test_a_large_customer_asn_goes_into_its_own_member(ec2: "EC2Client") -> None:
    made = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.4", BgpAsnExtended=4200000000)[
        "CustomerGateway"
    ]
    assert made["BgpAsnExtended"] == "4200000000"
    assert "BgpAsn" not in made


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"BgpAsn": 7224}, "InvalidParameterValue"),
        ({"BgpAsn": 0}, "InvalidParameterValue"),
        ({"BgpAsn": 2147483648}, "InvalidParameterValue"),
        ({"BgpAsnExtended": 4200000000}, "InvalidParameterCombination"),
        ({"IpAddress": "not-an-address"}, "InvalidParameterValue"),
        ({"IpAddress": "127.0.0.1"}, "InvalidParameterValue"),
        ({"IpAddress": "224.0.0.5"}, "InvalidParameterValue"),
        ({"Type": "ipsec.9"}, "InvalidParameterValue"),
        ({"DeviceName": "x" * 256}, "InvalidParameterValue"),
    ],
)
def test_a_customer_gateway_that_aws_does_not_allow_is_refused(
    ec2: "EC2Client", changes: dict[str, Any], code: str
) -> None:
    assert code_of(lambda: customer_gateway(ec2, **changes)) == code
    assert ec2.describe_customer_gateways()["CustomerGateways"] == []


def test_a_private_customer_address_is_refused_on_a_virtual_private_gateway(site: Site) -> None:
    private = customer_gateway(site.ec2, IpAddress="192.168.1.1")["CustomerGatewayId"]
    assert (
        code_of(
            lambda: site.ec2.create_vpn_connection(
                Type="ipsec.1", CustomerGatewayId=private, VpnGatewayId=site.vpn_gateway_id
            )
        )
        == "InvalidParameterCombination"
    )


def test_customer_gateways_are_filtered_and_an_unknown_filter_is_refused(site: Site) -> None:
    by_address = [{"Name": "ip-address", "Values": ["198.51.100.*"]}]
    answer = site.ec2.describe_customer_gateways(Filters=by_address)  # type: ignore[arg-type]
    assert [g["CustomerGatewayId"] for g in answer["CustomerGateways"]] == [site.customer_gateway_id]
    unknown = [{"Name": "colour", "Values": ["red"]}]
    assert (
        code_of(lambda: site.ec2.describe_customer_gateways(Filters=unknown))  # type: ignore[arg-type]
        == "InvalidParameterValue"
    )


def test_nat_gateways_have_addresses_of_their_subnet(site: Site) -> None:
    cidr = site.ec2.describe_vpcs(VpcIds=[site.vpc_id])["Vpcs"][0]["CidrBlock"]
    network = next(IPv4Network(cidr).subnets(new_prefix=28))
    subnet = site.ec2.create_subnet(VpcId=site.vpc_id, CidrBlock=str(network))["Subnet"]["SubnetId"]

    def make() -> tuple[str, IPv4Address]:
        made = site.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
        return made["NatGatewayId"], IPv4Address(made["NatGatewayAddresses"][0]["PrivateIp"])

    made = dict(make() for _ in range(11))
    assert set(made.values()) == set(network.hosts()) - {network[1], network[2], network[3]}
    assert code_of(make) == "InsufficientFreeAddressesInSubnet"
    name, address = made.popitem()
    site.ec2.delete_nat_gateway(NatGatewayId=name)
    assert make()[1] == address
