"""Identifiers in a request must name something: what moto would stumble over is refused in EC2's words.

Source: EC2 API, Error codes for the Amazon EC2 API (`Invalid...ID.NotFound` and relatives).
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidAllocationIdError,
    InvalidDHCPOptionsIdError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
)

from twinspan.twin.aws.ec2.routes import RouteBackend

_Find = Callable[[RouteBackend, str], object]


def check_references(backend: RouteBackend, action: str, params: Mapping[str, Any]) -> None:
    """Check that what a request names is there. Describe calls look by themselves.

    Raises:
        EC2ClientError: An identifier names nothing.
    """
    if action.startswith("Describe"):
        return
    for name, value in params.items():
        singular = name.removesuffix("s")
        find = _OWN.get((action, name)) or _FINDERS.get(singular)
        if find is None:
            continue
        for identifier in value if isinstance(value, list) else [value]:
            if isinstance(identifier, str):
                find(backend, identifier)


def _group(backend: RouteBackend, identifier: str) -> None:
    if backend.get_security_group_from_id(identifier) is None:
        raise InvalidSecurityGroupNotFoundError(identifier)


def _rule(backend: RouteBackend, identifier: str) -> None:
    for groups in backend.groups.values():
        for group in groups.values():
            if any(rule.id == identifier for rule in [*group.ingress_rules, *group.egress_rules]):
                return
    raise InvalidSecurityGroupRuleIdNotFoundError(identifier)


def _allocation(backend: RouteBackend, identifier: str) -> None:
    if all(address.allocation_id != identifier for address in backend.addresses):
        raise InvalidAllocationIdError(identifier)


def _public_address(backend: RouteBackend, text: str) -> None:
    if all(address.public_ip != text for address in backend.addresses):
        raise EC2ClientError("InvalidAddress.NotFound", f"Address '{text}' not found.")


def _address_association(backend: RouteBackend, identifier: str) -> None:
    if all(address.association_id != identifier for address in backend.addresses):
        raise _no_association(identifier)


def _route_table_association(backend: RouteBackend, identifier: str) -> None:
    # Moto looks with a filter, in which `*` stands for anything.
    if all(identifier not in table.all_associations_ids for table in backend.route_tables.values()):
        raise _no_association(identifier)


def _acl_association(backend: RouteBackend, identifier: str) -> None:
    if all(identifier not in acl._associations for acl in backend.network_acls.values()):  # noqa: SLF001 - moto's
        raise _no_association(identifier)


def _no_association(identifier: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidAssociationID.NotFound", f"The association ID '{identifier}' does not exist"
    )


def _nat_gateway(backend: RouteBackend, identifier: str) -> None:
    gateway = backend.nat_gateways.get(identifier)
    if gateway is None or gateway.state == "deleted":
        raise EC2ClientError("NatGatewayNotFound", f"NAT gateway {identifier} was not found")


def _dhcp_options(backend: RouteBackend, identifier: str) -> None:
    if identifier != "default" and identifier not in backend.dhcp_options_sets:
        raise InvalidDHCPOptionsIdError(identifier)


def _instance(backend: RouteBackend, identifier: str) -> None:
    backend.get_multi_instances_by_id([identifier])


_FINDERS: Mapping[str, _Find] = {
    "AllocationId": _allocation,
    "DhcpOptionsId": _dhcp_options,
    "GroupId": _group,
    "InstanceId": _instance,
    "InternetGatewayId": lambda backend, identifier: backend.get_internet_gateway(identifier),
    "NatGatewayId": _nat_gateway,
    "NetworkAclId": lambda backend, identifier: backend.get_network_acl(identifier),
    "NetworkInterfaceId": lambda backend, identifier: backend.get_network_interface(identifier),
    "PublicIp": _public_address,
    "RouteTableId": lambda backend, identifier: backend.get_route_table(identifier),
    "SecurityGroupId": _group,
    "SecurityGroupRuleId": _rule,
    "SubnetId": lambda backend, identifier: backend.get_subnet(identifier),
    "VpcId": lambda backend, identifier: backend.get_vpc(identifier),
}
"""Member -> what looks it up, and raises EC2's own error if there is none."""


def _any(_backend: RouteBackend, _identifier: str) -> None:
    """Accept it: the action itself looks, and has words of its own."""


_OWN: Mapping[tuple[str, str], _Find] = {
    ("CreateCustomerGateway", "PublicIp"): _any,
    ("CreateRoute", "NatGatewayId"): _any,
    # What is detached is an attachment: one to a VPC that has gone is not there, as one to any other VPC.
    # Terraform deletes a gateway and the VPC that it was attached to side by side, and expects that answer.
    ("DetachInternetGateway", "VpcId"): _any,
    ("DetachVpnGateway", "VpcId"): _any,
    ("ReplaceRoute", "NatGatewayId"): _any,
    ("DisassociateAddress", "AssociationId"): _address_association,
    ("DisassociateRouteTable", "AssociationId"): _route_table_association,
    ("ReplaceNetworkAclAssociation", "AssociationId"): _acl_association,
    ("ReplaceRouteTableAssociation", "AssociationId"): _route_table_association,
}
"""Members that mean something else in one action."""
