"""VPC endpoints as entries: kept and shown, their interfaces' addresses taken; no packets go through them.

Source: EC2 API, VpcEndpoint, CreateVpcEndpoint, ModifyVpcEndpoint; AWS PrivateLink guide, "Gateway endpoints"
and "Access an AWS service using an interface VPC endpoint" (both DNS attributes of the VPC).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import random_vpc_ep_id

from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value
from twinspan.twin.aws.ec2.interfaces import InterfaceBackend, InterfaceRequest

GATEWAY, INTERFACE = "Gateway", "Interface"
ENDPOINT_INTERFACE = "vpc_endpoint"
"""`InterfaceType` of an endpoint's interfaces. Source: EC2 API, NetworkInterface."""
_OPEN: Mapping[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
OPEN_POLICY = json.dumps({"Version": "2008-10-17", "Statement": [_OPEN]})
"""What an endpoint lets through by default. Source: AWS PrivateLink guide, "Endpoint policies"."""


@dataclass(kw_only=True, eq=False)
class VpcEndpoint(TaggedEC2Resource):
    """An endpoint.

    Attributes:
        subnets: Subnet -> the interface in it; of interface endpoints.
    """

    ec2_backend: "EndpointBackend"
    vpc_id: str
    service_name: str
    kind: str
    policy: str = OPEN_POLICY
    private_dns: bool = False
    address_type: str = "ipv4"
    dns_options: dict[str, Any] = field(default_factory=dict)
    route_table_ids: list[str] = field(default_factory=list)
    group_ids: list[str] = field(default_factory=list)
    subnets: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=random_vpc_ep_id)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class EndpointBackend(InterfaceBackend):
    """EC2 with VPC endpoints."""

    @property
    def endpoints(self) -> dict[str, VpcEndpoint]:
        """The endpoints, where moto has its own."""
        by_id: dict[str, Any] = self.vpc_end_points
        return by_id

    def endpoint(self, endpoint_id: str) -> VpcEndpoint:
        """Return an endpoint. InvalidVpcEndpointId.NotFound: there is none."""
        if endpoint_id not in self.endpoints:
            raise EC2ClientError(
                "InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
            )
        return self.endpoints[endpoint_id]

    def add_endpoint(self, params: Mapping[str, Any], tags: Mapping[str, str]) -> VpcEndpoint:
        """Make an endpoint of what CreateVpcEndpoint says.

        Raises:
            EC2ClientError: What it names is not there, or does not fit its type.
        """
        kind = params.get("VpcEndpointType") or GATEWAY
        _check_kind(kind, params)
        endpoint = VpcEndpoint(
            ec2_backend=self, vpc_id=params["VpcId"], service_name=params["ServiceName"], kind=kind
        )
        self._set(endpoint, params)
        self._change_tables(endpoint, params.get("RouteTableIds") or (), ())
        if kind == INTERFACE:
            default = self.get_default_security_group(endpoint.vpc_id)
            groups = params.get("SecurityGroupIds") or ([default.id] if default else [])
            endpoint.group_ids = [group.id for group in self.groups_in(endpoint.vpc_id, groups)]
            addresses = params.get("SubnetConfigurations") or ()
            self._change_subnets(endpoint, params.get("SubnetIds") or (), (), addresses)
        self.endpoints[endpoint.id] = endpoint
        endpoint.add_tags(dict(tags))
        return endpoint

    def modify_endpoint(self, endpoint_id: str, params: Mapping[str, Any]) -> None:
        """Change an endpoint as ModifyVpcEndpoint says. EC2ClientError as for a new one."""
        endpoint = self.endpoint(endpoint_id)
        names = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")
        given = {name: params.get(f"Add{name}") or params.get(f"Remove{name}") for name in names}
        _check_kind(endpoint.kind, given)
        groups = [*endpoint.group_ids, *(params.get("AddSecurityGroupIds") or ())]
        gone = params.get("RemoveSecurityGroupIds") or ()
        security_groups = self.groups_in(
            endpoint.vpc_id, (group_id for group_id in dict.fromkeys(groups) if group_id not in gone)
        )
        self._set(endpoint, params)
        endpoint.group_ids = [group.id for group in security_groups]
        self._change_tables(
            endpoint, params.get("AddRouteTableIds") or (), params.get("RemoveRouteTableIds") or ()
        )
        addresses = params.get("SubnetConfigurations") or ()
        self._change_subnets(
            endpoint, params.get("AddSubnetIds") or (), params.get("RemoveSubnetIds") or (), addresses
        )

    def delete_endpoint(self, endpoint_id: str) -> None:
        """Delete an endpoint and its interfaces. InvalidVpcEndpointId.NotFound: there is none."""
        endpoint = self.endpoint(endpoint_id)
        for interface_id in endpoint.subnets.values():
            self.enis.pop(interface_id, None)
        del self.endpoints[endpoint_id]

    def _interfaces_of_gateways(self) -> set[str]:
        """Return the interfaces that nobody but their service deletes: an endpoint's are among them."""
        own = {name for endpoint in self.endpoints.values() for name in endpoint.subnets.values()}
        return super()._interfaces_of_gateways() | own

    def _set(self, endpoint: VpcEndpoint, params: Mapping[str, Any]) -> None:
        private_dns = params.get("PrivateDnsEnabled")
        if private_dns is None and endpoint.id not in self.endpoints:
            private_dns = endpoint.kind == INTERFACE
        if private_dns and endpoint.kind == INTERFACE:
            self._check_private_dns(endpoint.vpc_id)
        if private_dns is not None:
            endpoint.private_dns = private_dns and endpoint.kind == INTERFACE
        if params.get("ResetPolicy"):
            endpoint.policy = OPEN_POLICY
        if params.get("PolicyDocument"):
            endpoint.policy = _checked_policy(params["PolicyDocument"])
        endpoint.address_type = params.get("IpAddressType") or endpoint.address_type
        endpoint.dns_options |= params.get("DnsOptions") or {}

    def _check_private_dns(self, vpc_id: str) -> None:
        vpc = self.get_vpc(vpc_id)
        if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
            raise EC2ClientError(
                "InvalidParameter",
                f"Private DNS needs the attributes enableDnsSupport and enableDnsHostnames of {vpc_id}",
            )

    def _change_tables(self, endpoint: VpcEndpoint, added: Iterable[str], gone: Iterable[str]) -> None:
        for table_id in added:
            if self.get_route_table(table_id).vpc_id != endpoint.vpc_id:
                raise invalid_value("RouteTableId", table_id, f"It is not in VPC {endpoint.vpc_id}")
        kept = dict.fromkeys([*endpoint.route_table_ids, *added])
        endpoint.route_table_ids = [identifier for identifier in kept if identifier not in set(gone)]

    def _change_subnets(
        self,
        endpoint: VpcEndpoint,
        added: Iterable[str],
        gone: Iterable[str],
        configurations: Sequence[Mapping[str, Any]],
    ) -> None:
        addresses = {
            configuration.get("SubnetId"): configuration.get("Ipv4") for configuration in configurations
        }
        for subnet_id in added:
            if self.get_subnet(subnet_id).vpc_id != endpoint.vpc_id:
                raise invalid_value("SubnetId", subnet_id, f"It is not in VPC {endpoint.vpc_id}")
        for subnet_id in gone:
            self.enis.pop(endpoint.subnets.pop(subnet_id, ""), None)
        for subnet_id in dict.fromkeys(
            identifier for identifier in added if identifier not in endpoint.subnets
        ):
            address = addresses.get(subnet_id)
            request = InterfaceRequest(
                subnet_id=subnet_id,
                addresses=(address,) if address else (),
                group_ids=tuple(endpoint.group_ids),
                description=f"VPC Endpoint Interface {endpoint.id}",
            )
            interface = self.add_interface(request)
            interface.interface_type = ENDPOINT_INTERFACE
            interface.requester_managed = True
            interface.status = "in-use"
            endpoint.subnets[subnet_id] = interface.id
        for interface_id in endpoint.subnets.values():
            groups = self.groups_in(endpoint.vpc_id, endpoint.group_ids)
            self.get_network_interface(interface_id)._group_set = groups  # noqa: SLF001 - moto's only place


def _check_kind(kind: str, params: Mapping[str, Any]) -> None:
    """Refuse members that are for endpoints of the other type."""
    unfit = ("SubnetIds", "SecurityGroupIds") if kind == GATEWAY else ("RouteTableIds",)
    for name in unfit:
        if params.get(name):
            raise invalid_combination(f"{name} is not for endpoints of type {kind}")


def _checked_policy(text: str) -> str:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise EC2ClientError("InvalidPolicyDocument", "The policy document is not valid JSON")
    return text
