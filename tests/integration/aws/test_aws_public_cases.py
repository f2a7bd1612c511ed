"""What people report from AWS, as tests: codes, words, and what is kept. Each names its source."""

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

import pytest
from aws_twin import Site, Twin
from botocore.exceptions import ClientError

from twinspan.network.ranges import TWIN_AWS_ELASTIC, TWIN_AWS_OUTSIDE, TWIN_AZURE_PUBLIC

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

pytest_plugins = ("aws_fixtures",)

NOBODY = "0123456789abcdef0"


def refusal(client: Any, operation: str, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_customer_gateway_needs_an_address_or_a_certificate(ec2: "EC2Client") -> None:
    """Source: hashicorp/terraform-provider-aws issue 37553."""
    assert refusal(ec2, "create_customer_gateway", Type="ipsec.1", BgpAsn=65000) == (
        "MissingParameter",
        "The request must contain the parameter ipAddress",
    )


def test_an_ipv6_inside_cidr_is_refused_on_an_ipv4_tunnel(site: Site) -> None:
    """Source: ansible-collections/amazon.aws issue 2546."""
    assert refusal(
        site.ec2,
        "create_vpn_connection",
        Type="ipsec.1",
        CustomerGatewayId=site.customer_gateway_id,
        VpnGatewayId=site.vpn_gateway_id,
        Options={"TunnelOptions": [{"TunnelInsideIpv6Cidr": "fd00::/126"}]},
    ) == (
        "InvalidParameterCombination",
        "An ipv6 inside cidr is not allowed for VPNs using an ipv4 inside ip version",
    )


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "words"),
    [
        ("delete_vpc", {"VpcId": f"vpc-{NOBODY}"}, "InvalidVpcID.NotFound", "does not exist"),
        (
            "delete_subnet",
            {"SubnetId": f"subnet-{NOBODY}"},
            "InvalidSubnetID.NotFound",
            f"The subnet ID 'subnet-{NOBODY}' does not exist",
        ),
        (
            "delete_route_table",
            {"RouteTableId": f"rtb-{NOBODY}"},
            "InvalidRouteTableID.NotFound",
            f"The routeTable ID 'rtb-{NOBODY}' does not exist",
        ),
        (
            "delete_security_group",
            {"GroupId": f"sg-{NOBODY}"},
            "InvalidGroup.NotFound",
            f"The security group 'sg-{NOBODY}' does not exist",
        ),
        (
            "delete_internet_gateway",
            {"InternetGatewayId": f"igw-{NOBODY}"},
            "InvalidInternetGatewayID.NotFound",
            f"igw-{NOBODY}",
        ),
        (
            "delete_nat_gateway",
            {"NatGatewayId": f"nat-{NOBODY}"},
            "NatGatewayNotFound",
            f"NAT gateway nat-{NOBODY} was not found",
        ),
        (
            "release_address",
            {"AllocationId": f"eipalloc-{NOBODY}"},
            "InvalidAllocationID.NotFound",
            f"eipalloc-{NOBODY}",
        ),
        (
            "disassociate_address",
            {"AssociationId": f"eipassoc-{NOBODY}"},
            "InvalidAssociationID.NotFound",
            f"The association ID 'eipassoc-{NOBODY}' does not exist",
        ),
        (
            "delete_vpn_connection",
            {"VpnConnectionId": f"vpn-{NOBODY}"},
            "InvalidVpnConnectionID.NotFound",
            f"The vpnConnection ID 'vpn-{NOBODY}' does not exist",
        ),
        (
            "delete_customer_gateway",
            {"CustomerGatewayId": f"cgw-{NOBODY}"},
            "InvalidCustomerGatewayID.NotFound",
            f"The customerGateway ID 'cgw-{NOBODY}' does not exist",
        ),
        (
            "delete_vpn_gateway",
            {"VpnGatewayId": f"vgw-{NOBODY}"},
            "InvalidVpnGatewayID.NotFound",
            f"vgw-{NOBODY}",
        ),
        (
            "replace_network_acl_association",
            {"AssociationId": f"aclassoc-{NOBODY}", "NetworkAclId": f"acl-{NOBODY}"},
            "InvalidAssociationID.NotFound",
            "does not exist",
        ),
        ("create_vpc", {}, "MissingParameter", "The request must contain the parameter CidrBlock"),
    ],
)
def test_what_is_not_there_is_named(
    ec2: "EC2Client", operation: str, parameters: dict[str, Any], code: str, words: str
) -> None:
    """Source: EC2 API, Error codes; NAT gateways: gruntwork-io/cloud-nuke issue 292."""
    error = refusal(ec2, operation, **parameters)
    assert (error[0], words in error[1]) == (code, True), error


@pytest.mark.parametrize(
    ("protocol", "ports", "expected"),
    [
        (
            "tcp",
            {},
            (
                "InvalidParameterValue",
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
            ),
        ),
        (
            "icmp",
            {},
            (
                "InvalidParameterValue",
                "Invalid value 'Must specify both from and to ports with ICMP.' for portRange.",
            ),
        ),
        ("tcp", {"ToPort": 80}, ("InvalidPermission.Malformed", "TCP/UDP port (-1) out of range")),
    ],
)
def test_a_rule_without_ports_is_refused_in_aws_words(
    site: Site, protocol: str, ports: dict[str, int], expected: tuple[str, str]
) -> None:
    """Source: chef-boneyard/chef-provisioning-aws issue 183; boto/boto3 issue 336;
    awsdocs/aws-cloudformation-user-guide pull request 217."""
    group = site.ec2.create_security_group(GroupName="web", Description="web", VpcId=site.vpc_id)["GroupId"]
    permission = {"IpProtocol": protocol, **ports, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}
    assert (
        refusal(site.ec2, "authorize_security_group_ingress", GroupId=group, IpPermissions=[permission])
        == expected
    )


def test_a_key_with_a_plus_is_refused_without_being_shown(site: Site) -> None:
    """Source: GoogleCloudPlatform/pbmm-on-gcp-onboarding issue 299."""
    code, message = refusal(
        site.ec2,
        "create_vpn_connection",
        Type="ipsec.1",
        CustomerGatewayId=site.customer_gateway_id,
        VpnGatewayId=site.vpn_gateway_id,
        Options={"TunnelOptions": [{"PreSharedKey": "a+secret+with+pluses"}]},
    )
    assert code == "InvalidParameterValue"
    assert message.startswith("Value for parameter PreSharedKey is invalid.")
    assert "secret" not in message


def test_all_permissions_of_a_request_come_back_as_rules(site: Site) -> None:
    """Source: EC2 API, AuthorizeSecurityGroupIngress, `SecurityGroupRules` of the answer."""
    group = site.ec2.create_security_group(GroupName="web", Description="web", VpcId=site.vpc_id)["GroupId"]
    made = site.ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}
            for port in (80, 443)
        ],
    )
    assert sorted(rule["FromPort"] for rule in made["SecurityGroupRules"]) == [80, 443]


def test_the_class_of_a_log_group_is_kept(twin: Twin) -> None:
    """Source: CloudWatch Logs API, CreateLogGroup and LogGroup, `logGroupClass`."""
    logs = twin.client("logs")
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="usual")
    classes = {
        group["logGroupName"]: group["logGroupClass"] for group in logs.describe_log_groups()["logGroups"]
    }
    assert classes == {"rare": "INFREQUENT_ACCESS", "usual": "STANDARD"}
    rare = logs.describe_log_groups(logGroupClass="INFREQUENT_ACCESS")["logGroups"]
    assert [group["logGroupName"] for group in rare] == ["rare"]
    logs.close()


@pytest.mark.parametrize("text", ["203.0.113.10", "198.51.100.4", "192.0.2.1", "198.19.0.10", "198.19.0.11"])
def test_aws_never_takes_an_address_that_a_customer_gateway_names(site: Site, text: str) -> None:
    """Source: EC2 API, CreateCustomerGateway: the address is a device's of the user."""
    gateway = site.ec2.create_customer_gateway(Type="ipsec.1", IpAddress=text, BgpAsn=65001)
    made = site.ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=gateway["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=site.vpn_gateway_id,
    )["VpnConnection"]
    outside = {tunnel["OutsideIpAddress"] for tunnel in made["Options"]["TunnelOptions"]}
    assert text not in outside
    assert len(outside) == 2


def test_elastic_addresses_are_all_different_and_never_a_users(ec2: "EC2Client") -> None:
    """Source: EC2 API, AllocateAddress."""
    first = str(next(TWIN_AWS_ELASTIC.hosts()))
    ec2.create_customer_gateway(Type="ipsec.1", IpAddress=first, BgpAsn=65001)
    given = [IPv4Address(ec2.allocate_address(Domain="vpc")["PublicIp"]) for _ in range(4)]
    assert len(set(given)) == 4
    assert all(address in TWIN_AWS_ELASTIC for address in given)
    assert IPv4Address(first) not in given


def test_the_ranges_of_the_twin_do_not_meet_each_other_or_those_of_documentation() -> None:
    """Source: RFC 5737 (documentation)."""
    ranges = [TWIN_AWS_OUTSIDE, TWIN_AWS_ELASTIC, TWIN_AZURE_PUBLIC]
    documentation = [IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    pairs = [
        (one, other) for place, one in enumerate(ranges) for other in [*ranges[place + 1 :], *documentation]
    ]
    assert [pair for pair in pairs if pair[0].overlaps(pair[1])] == []
