"""VPC, subnet, internet gateway."""

from typing import ClassVar

from twinspan.twin.providers.aws.base import (
    TIMEOUT_S,
    AwsResource,
    differs,
    filters,
    find,
    gone_is_fine,
    retry_while,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record, one_of
from twinspan.wait import wait_until

_VPC_ATTRIBUTES = {
    "enable_dns_hostnames": "EnableDnsHostnames",
    "enable_dns_support": "EnableDnsSupport",
    "enable_network_address_usage_metrics": "EnableNetworkAddressUsageMetrics",
}
_VPC_DEFAULTS = {
    "enable_dns_hostnames": False,
    "enable_dns_support": True,
    "enable_network_address_usage_metrics": False,
}
"""What a new VPC has. Source: EC2 API, DescribeVpcAttribute."""


class Vpc(AwsResource):
    """`aws_vpc`."""

    type_name = "aws_vpc"
    facts = Facts(
        defaults={"enable_dns_support": True, "instance_tenancy": "default"},
        force_new=frozenset({"region", "cidr_block", "ipv4_ipam_pool_id", "ipv4_netmask_length"}),
    )
    rules: ClassVar = {"instance_tenancy": one_of("default", "dedicated")}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateVpc, then the attributes that differ from a new VPC's."""
        made = cloud.call(
            "ec2",
            "create_vpc",
            CidrBlock=planned["cidr_block"],
            InstanceTenancy=planned["instance_tenancy"],
            AmazonProvidedIpv6CidrBlock=planned["assign_generated_ipv6_cidr_block"],
            TagSpecifications=tag_specifications("vpc", planned["tags_all"]),
        )
        identity: str = made["Vpc"]["VpcId"]
        record(identity)
        wait_until(
            lambda: find(cloud, "describe_vpcs", "Vpcs", VpcIds=[identity]),
            lambda vpc: vpc is not None and vpc["State"] == "available",
            what=f"VPC {identity} available",
            timeout_s=TIMEOUT_S,
        )
        self._set_attributes(cloud, identity, _VPC_DEFAULTS, planned)
        return identity

    def _set_attributes(self, cloud: AwsCloud, identity: str, old: State, new: State) -> None:
        """Set what differs; DNS support first, as host names need it."""
        for name in sorted(_VPC_ATTRIBUTES, reverse=True):
            if isinstance(new[name], bool) and new[name] != old[name]:
                change = {_VPC_ATTRIBUTES[name]: {"Value": new[name]}}
                cloud.call("ec2", "modify_vpc_attribute", VpcId=identity, **change)

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeVpcs, its attributes, and the default objects that came with it."""
        identity = state["id"]
        vpc = find(cloud, "describe_vpcs", "Vpcs", VpcIds=[identity])
        if vpc is None:
            return None
        own = filters(vpc_id=identity)
        table = find(
            cloud,
            "describe_route_tables",
            "RouteTables",
            Filters=own + filters(association__main="true"),
        )
        acl = find(cloud, "describe_network_acls", "NetworkAcls", Filters=own + filters(default="true"))
        group = find(
            cloud, "describe_security_groups", "SecurityGroups", Filters=own + filters(group_name="default")
        )
        table_id = table["RouteTableId"] if table else None
        return {
            "arn": cloud.arn("ec2", f"vpc/{identity}"),
            "cidr_block": vpc["CidrBlock"],
            "instance_tenancy": vpc["InstanceTenancy"],
            "dhcp_options_id": vpc.get("DhcpOptionsId"),
            "owner_id": vpc.get("OwnerId", cloud.account_id),
            "region": cloud.region,
            "main_route_table_id": table_id,
            "default_route_table_id": table_id,
            "default_network_acl_id": acl["NetworkAclId"] if acl else None,
            "default_security_group_id": group["GroupId"] if group else None,
            **{name: self._attribute(cloud, identity, member) for name, member in _VPC_ATTRIBUTES.items()},
            **_ipv6_of(vpc),
            **self.tag_state(cloud, tags_of(vpc), state),
        }

    def _attribute(self, cloud: AwsCloud, identity: str, member: str) -> bool:
        name = member[0].lower() + member[1:]
        answer = cloud.call("ec2", "describe_vpc_attribute", VpcId=identity, Attribute=name)
        return bool(answer.get(member, {}).get("Value"))

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Attributes, tenancy (to default only) and tags."""
        identity = prior["id"]
        self._set_attributes(cloud, identity, prior, planned)
        if differs(prior, planned, "instance_tenancy"):
            cloud.call(
                "ec2", "modify_vpc_tenancy", VpcId=identity, InstanceTenancy=planned["instance_tenancy"]
            )
        self.update_tags(cloud, identity, prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteVpc, waiting for what is still in it."""
        with gone_is_fine():
            retry_while(
                "DependencyViolation",
                lambda: cloud.call("ec2", "delete_vpc", VpcId=state["id"]),
                what=f"VPC {state['id']} empty",
            )


def _ipv6_of(vpc: State) -> State:
    blocks = [
        block
        for block in vpc.get("Ipv6CidrBlockAssociationSet", [])
        if block["Ipv6CidrBlockState"]["State"] == "associated"
    ]
    first = blocks[0] if blocks else {}
    return {
        "assign_generated_ipv6_cidr_block": bool(blocks),
        "ipv6_association_id": first.get("AssociationId", ""),
        "ipv6_cidr_block": first.get("Ipv6CidrBlock", ""),
        "ipv6_cidr_block_network_border_group": first.get("NetworkBorderGroup", ""),
    }


class Subnet(AwsResource):
    """`aws_subnet`."""

    type_name = "aws_subnet"
    facts = Facts(
        defaults={
            "assign_ipv6_address_on_creation": False,
            "enable_dns64": False,
            "enable_resource_name_dns_a_record_on_launch": False,
            "enable_resource_name_dns_aaaa_record_on_launch": False,
            "ipv6_native": False,
            "map_public_ip_on_launch": False,
        },
        force_new=frozenset(
            {"region", "vpc_id", "cidr_block", "availability_zone", "availability_zone_id", "ipv6_native"}
            | {"outpost_arn"}
        ),
    )

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateSubnet, then public addresses on launch if wanted."""
        known = {name: value for name, value in planned.items() if isinstance(value, str | bool)}
        made = cloud.call(
            "ec2",
            "create_subnet",
            VpcId=planned["vpc_id"],
            CidrBlock=planned["cidr_block"],
            AvailabilityZone=known.get("availability_zone"),
            AvailabilityZoneId=known.get("availability_zone_id"),
            TagSpecifications=tag_specifications("subnet", planned["tags_all"]),
        )
        identity: str = made["Subnet"]["SubnetId"]
        record(identity)
        wait_until(
            lambda: find(cloud, "describe_subnets", "Subnets", SubnetIds=[identity]),
            lambda subnet: subnet is not None and subnet["State"] == "available",
            what=f"subnet {identity} available",
            timeout_s=TIMEOUT_S,
        )
        if planned["map_public_ip_on_launch"]:
            self._map_public_ip(cloud, identity, on=True)
        return identity

    def _map_public_ip(self, cloud: AwsCloud, identity: str, *, on: bool) -> None:
        cloud.call("ec2", "modify_subnet_attribute", SubnetId=identity, MapPublicIpOnLaunch={"Value": on})

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeSubnets."""
        subnet = find(cloud, "describe_subnets", "Subnets", SubnetIds=[state["id"]])
        if subnet is None:
            return None
        names = subnet.get("PrivateDnsNameOptionsOnLaunch", {})
        return {
            "arn": subnet.get("SubnetArn") or cloud.arn("ec2", f"subnet/{state['id']}"),
            "vpc_id": subnet["VpcId"],
            "cidr_block": subnet.get("CidrBlock"),
            "availability_zone": subnet["AvailabilityZone"],
            "availability_zone_id": subnet.get("AvailabilityZoneId"),
            "assign_ipv6_address_on_creation": subnet.get("AssignIpv6AddressOnCreation", False),
            "enable_dns64": subnet.get("EnableDns64", False),
            "enable_resource_name_dns_a_record_on_launch": names.get("EnableResourceNameDnsARecord", False),
            "enable_resource_name_dns_aaaa_record_on_launch": names.get(
                "EnableResourceNameDnsAAAARecord", False
            ),
            "private_dns_hostname_type_on_launch": names.get("HostnameType", "ip-name"),
            "ipv6_native": subnet.get("Ipv6Native", False),
            "ipv6_cidr_block": None,
            "ipv6_cidr_block_association_id": "",
            "map_public_ip_on_launch": subnet.get("MapPublicIpOnLaunch", False),
            "owner_id": subnet.get("OwnerId", cloud.account_id),
            "region": cloud.region,
            **self.tag_state(cloud, tags_of(subnet), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Public addresses on launch, and tags."""
        if differs(prior, planned, "map_public_ip_on_launch"):
            self._map_public_ip(cloud, prior["id"], on=bool(planned["map_public_ip_on_launch"]))
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteSubnet, waiting for what is still in it."""
        with gone_is_fine():
            retry_while(
                "DependencyViolation",
                lambda: cloud.call("ec2", "delete_subnet", SubnetId=state["id"]),
                what=f"subnet {state['id']} empty",
            )


class InternetGateway(AwsResource):
    """`aws_internet_gateway`."""

    type_name = "aws_internet_gateway"
    facts = Facts(force_new=frozenset({"region"}))

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateInternetGateway, attached if `vpc_id` is given."""
        made = cloud.call(
            "ec2",
            "create_internet_gateway",
            TagSpecifications=tag_specifications("internet-gateway", planned["tags_all"]),
        )
        identity: str = made["InternetGateway"]["InternetGatewayId"]
        record(identity)
        if isinstance(planned["vpc_id"], str):
            cloud.call("ec2", "attach_internet_gateway", InternetGatewayId=identity, VpcId=planned["vpc_id"])
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeInternetGateways."""
        gateway = find(
            cloud, "describe_internet_gateways", "InternetGateways", InternetGatewayIds=[state["id"]]
        )
        if gateway is None:
            return None
        attachments = gateway.get("Attachments", [])
        return {
            "arn": cloud.arn("ec2", f"internet-gateway/{state['id']}"),
            "owner_id": gateway.get("OwnerId", cloud.account_id),
            "region": cloud.region,
            "vpc_id": attachments[0]["VpcId"] if attachments else "",
            **self.tag_state(cloud, tags_of(gateway), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Another VPC, and tags."""
        if differs(prior, planned, "vpc_id"):
            self._detach(cloud, prior)
            cloud.call(
                "ec2", "attach_internet_gateway", InternetGatewayId=prior["id"], VpcId=planned["vpc_id"]
            )
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def _detach(self, cloud: AwsCloud, state: State) -> None:
        if state["vpc_id"]:
            cloud.call("ec2", "detach_internet_gateway", InternetGatewayId=state["id"], VpcId=state["vpc_id"])

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """Detach and delete."""
        with gone_is_fine():
            self._detach(cloud, state)
        with gone_is_fine():
            cloud.call("ec2", "delete_internet_gateway", InternetGatewayId=state["id"])
