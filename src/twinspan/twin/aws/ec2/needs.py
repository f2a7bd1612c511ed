"""What EC2's documentation requires and its service model does not say.

Source: EC2 API, each action's and data type's page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from moto.ec2.exceptions import EC2ClientError

from twinspan.twin.aws.ec2.errors import missing

_NEEDED: Mapping[str, Sequence[Sequence[str]]] = {
    "AssociateDhcpOptions": [["DhcpOptionsId"]],
    "CreateDefaultSubnet": [["AvailabilityZone", "AvailabilityZoneId"]],
    "AssociateRouteTable": [["SubnetId"]],
    "AssociateVpcCidrBlock": [["CidrBlock"]],
    "AuthorizeSecurityGroupEgress": [["IpPermissions", "IpProtocol"]],
    "AuthorizeSecurityGroupIngress": [["GroupId", "GroupName"], ["IpPermissions", "IpProtocol"]],
    "CreateLaunchTemplateVersion": [["LaunchTemplateId", "LaunchTemplateName"]],
    "CreateNetworkAclEntry": [["CidrBlock", "Ipv6CidrBlock"]],
    "CreateRoute": [["DestinationCidrBlock"]],
    "CreateSubnet": [["CidrBlock"]],
    "CreateVpc": [["CidrBlock"]],
    "CreateVpcEndpoint": [["ServiceName"]],
    "DeleteRoute": [["DestinationCidrBlock"]],
    "DeleteSecurityGroup": [["GroupId", "GroupName"]],
    "DisassociateAddress": [["AssociationId", "PublicIp"]],
    "AssociateAddress": [["AllocationId", "PublicIp"]],
    "ReleaseAddress": [["AllocationId", "PublicIp"]],
    "ReplaceNetworkAclEntry": [["CidrBlock", "Ipv6CidrBlock"]],
    "ReplaceRoute": [["DestinationCidrBlock"]],
    "RevokeSecurityGroupEgress": [["IpPermissions", "IpProtocol", "SecurityGroupRuleIds"]],
    "RevokeSecurityGroupIngress": [
        ["GroupId", "GroupName"],
        ["IpPermissions", "IpProtocol", "SecurityGroupRuleIds"],
    ],
    "UpdateSecurityGroupRuleDescriptionsEgress": [["GroupId"], ["IpPermissions"]],
    "UpdateSecurityGroupRuleDescriptionsIngress": [["GroupId"], ["IpPermissions"]],
}
"""Action -> groups of members, of each of which one must be there."""

_NEEDED_INSIDE: Mapping[str, Sequence[str]] = {
    "DhcpConfigurations": ("Key", "Values"),
    "Filters": ("Name",),
    "IpPermissions": ("IpProtocol",),
    "SecurityGroupRules": ("SecurityGroupRuleId", "SecurityGroupRule"),
    "SecurityGroupRule": ("IpProtocol",),
    "TagSpecifications": ("ResourceType",),
    "Tags": ("Key",),
}
"""Member -> what each of its entries must have."""


def check_needs(action: str, params: Mapping[str, Any]) -> None:
    """Check what the model leaves open.

    Raises:
        EC2ClientError: Something is missing.
    """
    for names in _NEEDED.get(action, ()):
        if all(params.get(name) in (None, "", []) for name in names):
            raise missing(" or ".join(names))
    for place, name in _holes(params, ""):
        raise missing(f"{place}.{name}" if place else name)
    _check_tag_specifications(action, params.get("TagSpecifications") or ())


_TAGGED: Mapping[str, str] = {
    "AllocateAddress": "elastic-ip",
    "AuthorizeSecurityGroupEgress": "security-group-rule",
    "AuthorizeSecurityGroupIngress": "security-group-rule",
    "CreateDhcpOptions": "dhcp-options",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateNetworkAcl": "network-acl",
    "CreateNetworkInterface": "network-interface",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
}
"""Action -> the resource type that its tags are for. Source: EC2 API, TagSpecification."""


def _check_tag_specifications(action: str, specifications: Sequence[Mapping[str, Any]]) -> None:
    kind = _TAGGED.get(action)
    for specification in specifications:
        given = specification["ResourceType"]
        if kind is not None and given != kind:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"'{given}' is not a valid taggable resource type for this operation.",
            )
    kinds = [specification["ResourceType"] for specification in specifications]
    if len(kinds) > len(set(kinds)):
        raise EC2ClientError(
            "InvalidParameterValue", "The tag specification must hold each resource type once"
        )


def _holes(params: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    """Yield what entries lack, with the place."""
    for member, value in params.items():
        entries: Iterable[Any] = value if isinstance(value, list) else [value]
        for number, entry in enumerate(entries, start=1):
            if not isinstance(entry, Mapping):
                continue
            place = f"{where}{member}.{number}" if isinstance(value, list) else f"{where}{member}"
            for name in _NEEDED_INSIDE.get(member, ()):
                if name not in entry:
                    yield place, name
            yield from _holes(entry, f"{place}.")


_WITH_PORTS: Mapping[str, str] = {
    **dict.fromkeys(("tcp", "udp", "6", "17"), "TCP/UDP"),
    **dict.fromkeys(("icmp", "1"), "ICMP"),
}


def port_range_error(protocol: str, entry: Mapping[str, Any]) -> EC2ClientError | None:
    """Return EC2's refusal of a rule whose protocol has ports, and which lacks them.

    Source: neither port: chef-boneyard/chef-provisioning-aws issue 183 and pull request 217 of
    awsdocs/aws-cloudformation-user-guide; one of them: boto/boto3 issue 336.
    """
    name = _WITH_PORTS.get(protocol.lower())
    absent = [port for port in ("FromPort", "ToPort") if entry.get(port) is None]
    if name is None or not absent:
        return None
    if len(absent) == 1 and name != "ICMP":
        return EC2ClientError("InvalidPermission.Malformed", "TCP/UDP port (-1) out of range")
    return EC2ClientError(
        "InvalidParameterValue",
        f"Invalid value 'Must specify both from and to ports with {name}.' for portRange.",
    )
