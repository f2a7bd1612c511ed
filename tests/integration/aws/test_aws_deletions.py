"""What is in use is not deleted: the codes and words of EC2 and IAM, and what goes once its user has gone.

Sources: EC2 API, the Delete operations and "Error codes for the Amazon EC2 API"; the words are those that
public reports of Terraform's users quote.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_twin import Site, Twin, code_of
from botocore.exceptions import ClientError
from eks_site import NAME, EksSite

pytest_plugins = ("aws_fixtures",)
Use = tuple[Callable[[], Any], Callable[[], Any]]
"""The deletion of what is in use, and what ends its use."""


def subnet(site: Site) -> str:
    return site.ec2.create_subnet(VpcId=site.vpc_id, CidrBlock="10.2.7.0/24")["Subnet"]["SubnetId"]


def group(site: Site, name: str) -> str:
    made = site.ec2.create_security_group(GroupName=name, Description="x", VpcId=site.vpc_id)
    return made["GroupId"]


def a_subnet_of_a_nat_gateway(site: Site) -> Use:
    subnet_id = subnet(site)
    made = site.ec2.create_nat_gateway(SubnetId=subnet_id, ConnectivityType="private")["NatGateway"]
    return (
        lambda: site.ec2.delete_subnet(SubnetId=subnet_id),
        lambda: site.ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"]),
    )


def a_vpc_of_a_subnet(site: Site) -> Use:
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    subnet_id = subnet(site)
    return lambda: site.ec2.delete_vpc(VpcId=site.vpc_id), lambda: site.ec2.delete_subnet(SubnetId=subnet_id)


def a_vpc_of_a_group(site: Site) -> Use:
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    group_id = group(site, "one")
    return lambda: site.ec2.delete_vpc(VpcId=site.vpc_id), lambda: site.ec2.delete_security_group(
        GroupId=group_id
    )


def a_vpc_of_a_table(site: Site) -> Use:
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    table = site.ec2.create_route_table(VpcId=site.vpc_id)["RouteTable"]["RouteTableId"]
    return lambda: site.ec2.delete_vpc(VpcId=site.vpc_id), lambda: site.ec2.delete_route_table(
        RouteTableId=table
    )


def a_vpc_of_an_acl(site: Site) -> Use:
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    acl = site.ec2.create_network_acl(VpcId=site.vpc_id)["NetworkAcl"]["NetworkAclId"]
    return lambda: site.ec2.delete_vpc(VpcId=site.vpc_id), lambda: site.ec2.delete_network_acl(
        NetworkAclId=acl
    )


def a_vpc_of_an_internet_gateway(site: Site) -> Use:
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    gateway = internet_gateway(site)
    return (
        lambda: site.ec2.delete_vpc(VpcId=site.vpc_id),
        lambda: site.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=site.vpc_id),
    )


def internet_gateway(site: Site) -> str:
    gateway = site.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    site.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=site.vpc_id)
    return gateway


def an_internet_gateway_of_a_vpc(site: Site) -> Use:
    gateway = internet_gateway(site)
    return (
        lambda: site.ec2.delete_internet_gateway(InternetGatewayId=gateway),
        lambda: site.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=site.vpc_id),
    )


def a_table_of_a_subnet(site: Site) -> Use:
    table = site.ec2.create_route_table(VpcId=site.vpc_id)["RouteTable"]["RouteTableId"]
    used = site.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet(site))["AssociationId"]
    return (
        lambda: site.ec2.delete_route_table(RouteTableId=table),
        lambda: site.ec2.disassociate_route_table(AssociationId=used),
    )


def an_acl_of_a_subnet(site: Site) -> Use:
    acl = site.ec2.create_network_acl(VpcId=site.vpc_id)["NetworkAcl"]["NetworkAclId"]
    subnet_id = subnet(site)
    acls = site.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}])
    before = acls["NetworkAcls"][0]
    (used,) = [
        association["NetworkAclAssociationId"]
        for association in before["Associations"]
        if association["SubnetId"] == subnet_id
    ]
    new = site.ec2.replace_network_acl_association(AssociationId=used, NetworkAclId=acl)["NewAssociationId"]
    return (
        lambda: site.ec2.delete_network_acl(NetworkAclId=acl),
        lambda: site.ec2.replace_network_acl_association(
            AssociationId=new, NetworkAclId=before["NetworkAclId"]
        ),
    )


def a_group_of_another_ones_rule(site: Site) -> Use:
    used, user = group(site, "used"), group(site, "user")
    rules: Any = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": used}]}]
    site.ec2.authorize_security_group_ingress(GroupId=user, IpPermissions=rules)
    return (
        lambda: site.ec2.delete_security_group(GroupId=used),
        lambda: site.ec2.revoke_security_group_ingress(GroupId=user, IpPermissions=rules),
    )


def options_of_a_vpc(site: Site) -> Use:
    configurations: Any = [{"Key": "domain-name", "Values": ["example.com"]}]
    made = site.ec2.create_dhcp_options(DhcpConfigurations=configurations)["DhcpOptions"]["DhcpOptionsId"]
    site.ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=site.vpc_id)
    return (
        lambda: site.ec2.delete_dhcp_options(DhcpOptionsId=made),
        lambda: site.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=site.vpc_id),
    )


def an_address_of_a_nat_gateway(site: Site) -> Use:
    internet_gateway(site)
    address = site.ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = site.ec2.create_nat_gateway(SubnetId=subnet(site), AllocationId=address)["NatGateway"]
    return (
        lambda: site.ec2.release_address(AllocationId=address),
        lambda: site.ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"]),
    )


def an_attached_internet_gateway_with_a_mapped_address(site: Site) -> Use:
    gateway = internet_gateway(site)
    address = site.ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = site.ec2.create_nat_gateway(SubnetId=subnet(site), AllocationId=address)["NatGateway"]
    return (
        lambda: site.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=site.vpc_id),
        lambda: site.ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"]),
    )


THING: dict[Callable[[Site], Use], str] = {
    a_subnet_of_a_nat_gateway: "subnet",
    a_vpc_of_a_subnet: "vpc",
    a_vpc_of_a_group: "vpc",
    a_vpc_of_a_table: "vpc",
    a_vpc_of_an_acl: "vpc",
    a_vpc_of_an_internet_gateway: "vpc",
    an_internet_gateway_of_a_vpc: "internetGateway",
    a_table_of_a_subnet: "routeTable",
    an_acl_of_a_subnet: "networkAcl",
    options_of_a_vpc: "dhcpOptions",
}
CASES: dict[Callable[[Site], Use], tuple[str, str]] = {
    case: ("DependencyViolation", rf"The {thing} '[a-z]+-\w+' has dependencies and cannot be deleted\.")
    for case, thing in THING.items()
} | {
    a_group_of_another_ones_rule: ("DependencyViolation", r"resource sg-\w+ has a dependent object"),
    an_address_of_a_nat_gateway: ("InvalidIPAddress.InUse", r"Address [0-9.]+ is in use\."),
    an_attached_internet_gateway_with_a_mapped_address: (
        "DependencyViolation",
        r"Network vpc-\w+ has some mapped public address\(es\)\. Please unmap those .*",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_is_in_use_is_not_deleted(site: Site, case: Callable[[Site], Use]) -> None:
    code, words = CASES[case]
    delete, end_use = case(site)
    with pytest.raises(ClientError) as refused:
        delete()
    assert refused.value.response["Error"]["Code"] == code
    assert re.fullmatch(words, refused.value.response["Error"]["Message"])
    end_use()
    delete()


def test_what_ec2_makes_for_a_vpc_goes_with_it_and_not_before(site: Site) -> None:
    mine: Any = [{"Name": "vpc-id", "Values": [site.vpc_id]}]
    (own,) = site.ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    (acl,) = site.ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    assert code_of(lambda: site.ec2.delete_security_group(GroupId=own["GroupId"])) == "CannotDelete"
    assert (
        code_of(lambda: site.ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"]))
        == "InvalidParameterValue"
    )
    table = site.main_route_table_id()
    assert code_of(lambda: site.ec2.delete_route_table(RouteTableId=table)) == "DependencyViolation"
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    site.ec2.delete_vpc(VpcId=site.vpc_id)
    assert site.ec2.describe_security_groups(Filters=mine)["SecurityGroups"] == []
    assert site.ec2.describe_network_acls(Filters=mine)["NetworkAcls"] == []
    assert site.ec2.describe_route_tables(Filters=mine)["RouteTables"] == []


def test_a_vpc_leaves_its_dhcp_options_behind(site: Site) -> None:
    configurations: Any = [{"Key": "domain-name", "Values": ["example.com"]}]
    made = site.ec2.create_dhcp_options(DhcpConfigurations=configurations)["DhcpOptions"]["DhcpOptionsId"]
    site.ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=site.vpc_id)
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    site.ec2.delete_vpc(VpcId=site.vpc_id)
    site.ec2.delete_dhcp_options(DhcpOptionsId=made)


def test_the_associations_of_a_subnet_go_with_it(site: Site) -> None:
    subnet_id = subnet(site)
    table = site.ec2.create_route_table(VpcId=site.vpc_id)["RouteTable"]["RouteTableId"]
    site.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
    site.ec2.delete_subnet(SubnetId=subnet_id)
    (shown,) = site.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert shown["Associations"] == []
    site.ec2.delete_route_table(RouteTableId=table)
    acls = site.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [site.vpc_id]}])
    assert acls["NetworkAcls"][0]["Associations"] == []


def test_a_nat_gateway_keeps_its_address_and_gives_it_back_with_its_interface(site: Site) -> None:
    internet_gateway(site)
    address = site.ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = site.ec2.create_nat_gateway(SubnetId=subnet(site), AllocationId=address)["NatGateway"]
    (held,) = site.ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    take = held["AssociationId"]
    assert code_of(lambda: site.ec2.disassociate_address(AssociationId=take)) == "AuthFailure"
    site.ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    (free,) = site.ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    assert "AssociationId" not in free
    assert site.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_what_a_cluster_uses_is_not_deleted(eks_site: EksSite) -> None:
    ec2 = eks_site.ec2
    eks_site.create()
    cluster = eks_site.eks.describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]
    for subnet_id in cluster["subnetIds"]:
        assert code_of(lambda: ec2.delete_subnet(SubnetId=subnet_id)) == "DependencyViolation"  # noqa: B023 - called at once
    own = cluster["clusterSecurityGroupId"]
    assert code_of(lambda: ec2.delete_security_group(GroupId=own)) == "DependencyViolation"


def test_a_policy_in_use_or_with_versions_is_not_deleted(twin: Twin) -> None:
    iam = twin.client("iam")
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    assert code_of(lambda: iam.delete_policy(PolicyArn=arn)) == "DeleteConflict"
    iam.detach_user_policy(UserName="u", PolicyArn=arn)
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)["PolicyVersion"]["VersionId"]
    assert code_of(lambda: iam.delete_policy(PolicyArn=arn)) == "DeleteConflict"
    iam.delete_policy_version(PolicyArn=arn, VersionId=second)
    iam.delete_policy(PolicyArn=arn)
    assert code_of(lambda: iam.get_policy(PolicyArn=arn)) == "NoSuchEntity"
