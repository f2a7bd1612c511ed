"""VPCs and what is in them, from the EC2 API's answers. IPv6 has no place in our model and is left out.

Source: EC2 API, Vpc, Subnet, RouteTable, Route, SecurityGroup, IpPermission, NetworkAcl.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Literal

from twinspan.network.model import (
    AwsRoute,
    AwsRouteTable,
    AwsSubnet,
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    SecurityGroup,
    Vpc,
)
from twinspan.network.routes import USER_ORIGIN

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        IpPermissionOutputTypeDef,
        NetworkAclEntryTypeDef,
        NetworkAclTypeDef,
        RouteTableTypeDef,
        RouteTypeDef,
        SecurityGroupTypeDef,
        SubnetTypeDef,
        TagTypeDef,
        VpcTypeDef,
    )

_NO_PORT = -1
_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
)
"""Members of a route that can name its target; `InstanceId` after the interface that stands for it."""


def name_of(tags: "Iterable[TagTypeDef] | None") -> str:
    """Return the tag `Name`, or an empty text."""
    return next((tag.get("Value", "") for tag in tags or () if tag.get("Key") == "Name"), "")


def vpc(raw: "VpcTypeDef") -> Vpc:
    """Read a VPC with all the blocks that are associated with it; the first one is its own."""
    associated = [
        item["CidrBlock"]
        for item in raw.get("CidrBlockAssociationSet", ())
        if item.get("CidrBlockState", {}).get("State", "associated") in {"associated", "associating"}
    ]
    blocks = dict.fromkeys([raw["CidrBlock"], *associated])
    return Vpc(
        id=raw["VpcId"], name=name_of(raw.get("Tags")), cidr_blocks=tuple(IPv4Network(b) for b in blocks)
    )


def subnet(raw: "SubnetTypeDef") -> AwsSubnet:
    """Read a subnet."""
    return AwsSubnet(
        id=raw["SubnetId"],
        name=name_of(raw.get("Tags")),
        vpc_id=raw["VpcId"],
        cidr_block=IPv4Network(raw["CidrBlock"]),
        availability_zone=raw["AvailabilityZone"],
        map_public_ip_on_launch=raw.get("MapPublicIpOnLaunch", False),
    )


def route_table(raw: "RouteTableTypeDef") -> AwsRouteTable:
    """Read a route table with its associations."""
    associations = [
        item
        for item in raw.get("Associations", ())
        if item.get("AssociationState", {}).get("State", "associated") in {"associated", "associating"}
    ]
    return AwsRouteTable(
        id=raw["RouteTableId"],
        name=name_of(raw.get("Tags")),
        vpc_id=raw["VpcId"],
        main=any(item.get("Main", False) for item in associations),
        subnet_ids=tuple(item["SubnetId"] for item in associations if item.get("SubnetId")),
        propagating_vgw_ids=tuple(item["GatewayId"] for item in raw.get("PropagatingVgws", ())),
        routes=tuple(
            _route(item) for item in raw.get("Routes", ()) if item.get("DestinationCidrBlock") is not None
        ),
    )


def _route(raw: "RouteTypeDef") -> AwsRoute:
    return AwsRoute(
        destination=IPv4Network(raw["DestinationCidrBlock"]),
        target=next((str(raw[member]) for member in _TARGETS if raw.get(member)), ""),  # type: ignore[literal-required]
        state="blackhole" if raw.get("State") == "blackhole" else "active",
        origin=raw.get("Origin", USER_ORIGIN),
    )


def security_group(raw: "SecurityGroupTypeDef") -> SecurityGroup:
    """Read a security group; one permission per source or destination."""
    return SecurityGroup(
        id=raw["GroupId"],
        name=raw.get("GroupName", ""),
        vpc_id=raw.get("VpcId", ""),
        permissions=(
            *(p for item in raw.get("IpPermissions", ()) for p in _permissions("ingress", item)),
            *(p for item in raw.get("IpPermissionsEgress", ()) for p in _permissions("egress", item)),
        ),
    )


def _permissions(
    direction: Literal["ingress", "egress"], raw: "IpPermissionOutputTypeDef"
) -> Iterator[IpPermission]:
    def permission(cidr: IPv4Network | None, group_id: str | None) -> IpPermission:
        return IpPermission(
            direction=direction,
            ip_protocol=raw["IpProtocol"],
            from_port=raw.get("FromPort", _NO_PORT),
            to_port=raw.get("ToPort", _NO_PORT),
            cidr=cidr,
            group_id=group_id,
        )

    for item in raw.get("IpRanges", ()):
        yield permission(IPv4Network(item["CidrIp"]), None)
    for pair in raw.get("UserIdGroupPairs", ()):
        yield permission(None, pair["GroupId"])


def network_acl(raw: "NetworkAclTypeDef") -> NetworkAcl:
    """Read a network ACL; entries in order of their numbers, ingress first."""
    entries = [_entry(item) for item in raw.get("Entries", ()) if item.get("CidrBlock")]
    return NetworkAcl(
        id=raw["NetworkAclId"],
        vpc_id=raw["VpcId"],
        default=raw.get("IsDefault", False),
        subnet_ids=tuple(item["SubnetId"] for item in raw.get("Associations", ())),
        entries=tuple(sorted(entries, key=lambda entry: (entry.egress, entry.rule_number))),
    )


def _entry(raw: "NetworkAclEntryTypeDef") -> NetworkAclEntry:
    ports, icmp = raw.get("PortRange"), raw.get("IcmpTypeCode")
    return NetworkAclEntry(
        egress=raw["Egress"],
        rule_number=raw["RuleNumber"],
        protocol=raw["Protocol"],
        allow=raw["RuleAction"] == "allow",
        cidr_block=IPv4Network(raw["CidrBlock"]),
        port_range=(ports["From"], ports["To"]) if ports and "From" in ports and "To" in ports else None,
        icmp_type_code=(icmp["Type"], icmp["Code"]) if icmp and "Type" in icmp and "Code" in icmp else None,
    )
