"""VPC endpoints, and the services that there are endpoints for, as the EC2 API answers them.

Source: EC2 API, VpcEndpoint, ServiceDetail, DescribeVpcEndpoints, DescribeVpcEndpointServices; AWS
PrivateLink guide, "AWS services that integrate" and "Gateway endpoints" (S3 and DynamoDB).
"""

import zlib
from collections.abc import Iterator, Sequence

from moto.core.base_backend import BaseBackend
from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES

from twinspan.twin.aws.ec2.endpoints import GATEWAY, INTERFACE, VpcEndpoint
from twinspan.twin.aws.ec2.filters import Filterable
from twinspan.twin.aws.ec2.tags import tag_list, tags_of

Wire = dict[str, object]
_BY_GATEWAY = ("dynamodb", "s3")
_ZONE = "Z1HUB23UULQXV"
"""One hosted zone for the names of all endpoints; AWS has one for each region."""


def endpoint_view(endpoint: VpcEndpoint) -> Wire:
    """Return an endpoint in the shape of `VpcEndpoint`."""
    interface = endpoint.kind == INTERFACE
    groups = [endpoint.ec2_backend.get_security_group_from_id(group_id) for group_id in endpoint.group_ids]
    return {
        "CreationTimestamp": endpoint.created_at,
        "DnsEntries": _dns_entries(endpoint) if interface else [],
        "DnsOptions": {"DnsRecordIpType": "ipv4", **endpoint.dns_options} if interface else None,
        "Groups": [{"GroupId": group.id, "GroupName": group.name} for group in groups if group],
        "IpAddressType": endpoint.address_type if interface else None,
        "NetworkInterfaceIds": list(endpoint.subnets.values()),
        "OwnerId": endpoint.ec2_backend.account_id,
        "PolicyDocument": endpoint.policy,
        "PrivateDnsEnabled": endpoint.private_dns,
        "RequesterManaged": False,
        "RouteTableIds": [
            table_id for table_id in endpoint.route_table_ids if table_id in endpoint.ec2_backend.route_tables
        ],
        "ServiceName": endpoint.service_name,
        "ServiceRegion": endpoint.ec2_backend.region_name,
        "State": "available",
        "SubnetIds": list(endpoint.subnets),
        "Tags": tag_list(endpoint),
        "VpcEndpointId": endpoint.id,
        "VpcEndpointType": endpoint.kind,
        "VpcId": endpoint.vpc_id,
    }


def _dns_entries(endpoint: VpcEndpoint) -> list[Wire]:
    region, service = endpoint.service_name.removeprefix("com.amazonaws.").split(".", 1)
    domain = ".".join(reversed(service.split(".")))
    names = [f"{endpoint.id}-{endpoint.id[-8:]}.{domain}.{region}.vpce.amazonaws.com"]
    names += [f"{domain}.{region}.amazonaws.com"] if endpoint.private_dns else []
    return [{"DnsName": name, "HostedZoneId": _ZONE} for name in names]


def service_views(region: str, zones: Sequence[str]) -> Iterator[Wire]:
    """Yield the services of a region in the shape of `ServiceDetail`, with the same id each time."""
    pairs = [(service, INTERFACE) for service in dict.fromkeys(AWS_ENDPOINT_SERVICES)]
    for service, kind in [*((service, GATEWAY) for service in _BY_GATEWAY), *pairs]:
        (made,) = BaseBackend.default_vpc_endpoint_service_factory(
            region, list(zones), service, kind, private_dns_names=kind == INTERFACE
        )
        number = zlib.crc32(f"{region}/{service}/{kind}".encode())
        yield {
            **made,
            "ServiceId": f"vpce-svc-{number:017x}",
            "ServiceRegion": region,
            "SupportedIpAddressTypes": ["ipv4"],
        }


def _types(view: Wire) -> list[str]:
    listed = view["ServiceType"]
    return [str(service_type["ServiceType"]) for service_type in listed] if isinstance(listed, list) else []


ENDPOINTS: Filterable[VpcEndpoint] = Filterable(
    fields={
        "ip-address-type": lambda vpc_endpoint: [vpc_endpoint.address_type],
        "service-name": lambda vpc_endpoint: [vpc_endpoint.service_name],
        "service-region": lambda vpc_endpoint: [vpc_endpoint.ec2_backend.region_name],
        "vpc-endpoint-id": lambda vpc_endpoint: [vpc_endpoint.id],
        "vpc-endpoint-state": lambda _: ["available"],
        "vpc-endpoint-type": lambda vpc_endpoint: [vpc_endpoint.kind],
        "vpc-id": lambda vpc_endpoint: [vpc_endpoint.vpc_id],
    },
    tags=tags_of,
)
"""Source: EC2 API, DescribeVpcEndpoints, Filters."""

SERVICES: Filterable[Wire] = Filterable(
    fields={
        "owner": lambda offer: [str(offer["Owner"])],
        "service-name": lambda offer: [str(offer["ServiceName"])],
        "service-region": lambda offer: [str(offer["ServiceRegion"])],
        "service-type": _types,
        "supported-ip-address-types": lambda _: ["ipv4"],
    },
    tags=lambda _: {},
)
"""Source: EC2 API, DescribeVpcEndpointServices, Filters."""
