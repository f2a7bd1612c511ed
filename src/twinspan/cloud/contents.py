"""What a resource group or a VPC holds, whoever made it: it cannot be removed before that is.

Sources: ARM, Resources - List By Resource Group; EC2 API, DeleteVpc ("you must detach or delete all gateways
and resources that are associated with the VPC").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twinspan.cloud.aws.client import clients, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import get_all
from twinspan.errors import CloudRefusedError

_API_VERSION = "2021-04-01"
_GONE = frozenset({"deleted", "deleting", "terminated", "shutting-down", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One object inside.

    Attributes:
        id: As its cloud names it.
        kind: What it is, e.g. `Microsoft.Network/publicIPAddresses` or `subnet`.
        removal: The command that removes it.
    """

    id: str
    kind: str
    removal: str


def held_by_group(endpoint: AzureEndpoint, group_id: str) -> tuple[Held, ...]:
    """Return the resources of a resource group.

    Args:
        endpoint: The subscription.
        group_id: `/subscriptions/S/resourceGroups/NAME`.

    Raises:
        CloudRefusedError: Azure said no; one that does not exist holds nothing.
        CloudUnreachableError: It did not answer.
    """
    try:
        resources = get_all(endpoint, f"{group_id}/resources", api_version=_API_VERSION)
    except CloudRefusedError as error:
        if error.code == "ResourceGroupNotFound":
            return ()
        raise
    return tuple(
        Held(id=resource["id"], kind=resource["type"], removal=f"az resource delete --ids {resource['id']}")
        for resource in resources
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of object in a VPC: how it is listed, named, told from what AWS makes itself, and removed."""

    words: str
    member: str
    identity: str
    filter: str = "vpc-id"
    own: Callable[[Mapping[str, Any]], bool] = lambda _: True
    removal: str


def _not_of_aws(group: Mapping[str, Any]) -> bool:
    tags = {tag["Key"] for tag in group.get("Tags", ())}
    return group.get("GroupName") != "default" and "aws:eks:cluster-name" not in tags


_KINDS: Mapping[str, _Kind] = {
    "describe_instances": _Kind(
        words="instance",
        member="Reservations",
        identity="InstanceId",
        removal="terminate-instances --instance-ids",
    ),
    "describe_nat_gateways": _Kind(
        words="NAT gateway",
        member="NatGateways",
        identity="NatGatewayId",
        removal="delete-nat-gateway --nat-gateway-id",
    ),
    "describe_vpc_endpoints": _Kind(
        words="endpoint",
        member="VpcEndpoints",
        identity="VpcEndpointId",
        removal="delete-vpc-endpoints --vpc-endpoint-ids",
    ),
    "describe_subnets": _Kind(
        words="subnet", member="Subnets", identity="SubnetId", removal="delete-subnet --subnet-id"
    ),
    "describe_route_tables": _Kind(
        words="route table",
        member="RouteTables",
        identity="RouteTableId",
        own=lambda table: not any(association.get("Main") for association in table.get("Associations", ())),
        removal="delete-route-table --route-table-id",
    ),
    "describe_security_groups": _Kind(
        words="security group",
        member="SecurityGroups",
        identity="GroupId",
        own=_not_of_aws,
        removal="delete-security-group --group-id",
    ),
    "describe_network_acls": _Kind(
        words="network ACL",
        member="NetworkAcls",
        identity="NetworkAclId",
        own=lambda acl: not acl.get("IsDefault"),
        removal="delete-network-acl --network-acl-id",
    ),
    "describe_internet_gateways": _Kind(
        words="internet gateway",
        member="InternetGateways",
        identity="InternetGatewayId",
        filter="attachment.vpc-id",
        removal="detach-internet-gateway --vpc-id {vpc} --internet-gateway-id",
    ),
    "describe_vpn_gateways": _Kind(
        words="virtual private gateway",
        member="VpnGateways",
        identity="VpnGatewayId",
        filter="attachment.vpc-id",
        removal="detach-vpn-gateway --vpc-id {vpc} --vpn-gateway-id",
    ),
}


def held_by_vpc(endpoint: AwsEndpoint, vpc_id: str) -> tuple[Held, ...]:
    """Return what is in a VPC or attached to it, without what AWS removes with it.

    Args:
        endpoint: The account and region.
        vpc_id: The VPC.

    Raises:
        CloudRefusedError: There are no usable credentials; kinds that may not be listed are left out.
        CloudUnreachableError: It did not answer.
    """
    held: list[Held] = []
    for operation, kind in _KINDS.items():
        entries = _listed(endpoint, operation, kind, vpc_id)
        instances = [instance for item in entries for instance in item.get("Instances", [item])]
        held += [
            Held(
                id=instance[kind.identity],
                kind=kind.words,
                removal=f"aws ec2 {kind.removal.format(vpc=vpc_id)} {instance[kind.identity]}",
            )
            for instance in instances
            if kind.own(instance) and _state(instance) not in _GONE
        ]
    return tuple(held)


def _listed(endpoint: AwsEndpoint, operation: str, kind: _Kind, vpc_id: str) -> list[Mapping[str, Any]]:
    ec2: Any = clients(endpoint).ec2
    asked = {"Filters": [{"Name": kind.filter, "Values": [vpc_id]}]}
    with translated(endpoint, f"ec2:{operation}"):
        try:
            if not ec2.can_paginate(operation):
                return list(getattr(ec2, operation)(**asked)[kind.member])
            pages = ec2.get_paginator(operation).paginate(**asked)
            return [item for page in pages for item in page[kind.member]]
        except ec2.exceptions.ClientError:
            return []  # e.g. for want of a right; the cloud itself refuses then what it has to


def _state(item: Mapping[str, Any]) -> str:
    state = item.get("State", "")
    return str(state.get("Name", "") if isinstance(state, Mapping) else state)
