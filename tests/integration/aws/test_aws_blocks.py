"""CIDR blocks: host bits are cleared as EC2 does, and a VPC's blocks may not be anything."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_twin import Site, code_of

pytest_plugins = ("aws_fixtures",)
GIVEN, CANONICAL = "10.9.1.7/24", "10.9.1.0/24"


def in_a_vpc(site: Site) -> str:
    made = site.ec2.create_vpc(CidrBlock=GIVEN)["Vpc"]
    mine: Any = [{"Name": "vpc-id", "Values": [made["VpcId"]]}]
    (table,) = site.ec2.describe_route_tables(Filters=mine)["RouteTables"]
    assert [route["DestinationCidrBlock"] for route in table["Routes"]] == [CANONICAL]
    return made["CidrBlock"]


def in_a_second_block(site: Site) -> str:
    made = site.ec2.associate_vpc_cidr_block(VpcId=site.vpc_id, CidrBlock=GIVEN)["CidrBlockAssociation"]
    return made["CidrBlock"]


def in_a_subnet(site: Site) -> str:
    in_a_second_block(site)
    return site.ec2.create_subnet(VpcId=site.vpc_id, CidrBlock=GIVEN)["Subnet"]["CidrBlock"]


def in_a_route(site: Site) -> str:
    table = site.main_route_table_id()
    site.ec2.create_route(RouteTableId=table, DestinationCidrBlock=GIVEN, GatewayId=site.vpn_gateway_id)
    (shown,) = site.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    (block,) = [route["DestinationCidrBlock"] for route in shown["Routes"] if "GatewayId" in route][1:]
    site.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=GIVEN)
    return block


def in_a_network_acl(site: Site) -> str:
    acl = site.ec2.create_network_acl(VpcId=site.vpc_id)["NetworkAcl"]["NetworkAclId"]
    site.ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=5, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock=GIVEN
    )
    (shown,) = site.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    return next(entry["CidrBlock"] for entry in shown["Entries"] if entry["RuleNumber"] == 5)


def in_a_group(site: Site) -> str:
    group = site.ec2.create_security_group(GroupName="g", Description="x", VpcId=site.vpc_id)["GroupId"]
    rule: Any = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": GIVEN}]}]
    made = site.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    site.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
    return made["SecurityGroupRules"][0]["CidrIpv4"]


@pytest.mark.parametrize(
    "place", [in_a_vpc, in_a_second_block, in_a_subnet, in_a_route, in_a_network_acl, in_a_group]
)
def test_host_bits_are_cleared(site: Site, place: Callable[[Site], str]) -> None:
    assert place(site) == CANONICAL


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ('"10.7.0.0/16', "InvalidParameterValue"),
        ("10.7.0.0/33", "InvalidParameterValue"),
        ("10.0.0.0/8", "InvalidVpc.Range"),
        ("10.7.0.0/29", "InvalidVpc.Range"),
        ("10.2.7.0/24", "InvalidVpc.Range"),
    ],
)
def test_a_vpc_takes_no_other_block_and_stays_as_it_was(site: Site, block: str, code: str) -> None:
    assert code_of(lambda: site.ec2.associate_vpc_cidr_block(VpcId=site.vpc_id, CidrBlock=block)) == code
    (vpc,) = site.ec2.describe_vpcs(VpcIds=[site.vpc_id])["Vpcs"]
    assert [association["CidrBlock"] for association in vpc["CidrBlockAssociationSet"]] == ["10.2.0.0/16"]
    site.ec2.describe_route_tables()
