"""The calls that read one AWS account, region by region."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from twinspan.cloud.aws import eks, machines, vpc, vpn
from twinspan.cloud.aws.client import CONNECTIONS, AwsClients, clients, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.cloud.objects import Unreadable, read_each
from twinspan.network.merged import merged
from twinspan.network.model import AwsNetwork, EksCluster
from twinspan.network.regions import in_further_region

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

R = TypeVar("R")

_PAGED = {
    "describe_vpcs": "Vpcs",
    "describe_subnets": "Subnets",
    "describe_route_tables": "RouteTables",
    "describe_security_groups": "SecurityGroups",
    "describe_network_acls": "NetworkAcls",
    "describe_network_interfaces": "NetworkInterfaces",
    "describe_instances": "Reservations[].Instances",
}
"""Operations that answer in pages, and the member that holds the objects (JMESPath)."""

_WHOLE = {
    "describe_vpn_gateways": "VpnGateways",
    "describe_customer_gateways": "CustomerGateways",
    "describe_vpn_connections": "VpnConnections",
}
"""Operations that answer with everything at once."""


def read(endpoint: AwsEndpoint, unreadable: Unreadable) -> tuple[AwsNetwork, Mapping[tuple[str, str], str]]:
    """Read every region in use; see `twinspan.cloud.aws.read_aws`."""
    places = endpoint.each_region()
    with ThreadPoolExecutor(len(places), thread_name_prefix="read-regions") as pool:
        parts = list(pool.map(lambda place: _read_region(place, unreadable), places))
    main, *further = (network for network, _ in parts)
    keys = {name: key for _, read_keys in parts for name, key in read_keys.items()}
    return merged([main, *map(in_further_region, further)]), keys


def _read_region(
    endpoint: AwsEndpoint, unreadable: Unreadable
) -> tuple[AwsNetwork, Mapping[tuple[str, str], str]]:
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="read-aws") as pool:
        account = pool.submit(_account_id, endpoint)
        clusters = pool.submit(eks.cluster_names, endpoint)
        futures = {
            name: pool.submit(_describe, endpoint, name, member) for name, member in (_WHOLE | _PAGED).items()
        }
        raw = {name: future.result() for name, future in futures.items()}
        account_id = account.result()
        eks_clusters = eks.read_clusters(endpoint, clusters.result(), pool, unreadable)
    return _network(raw, account_id, endpoint.region, eks_clusters, unreadable)


def _network(
    raw: Mapping[str, list[Any]],
    account_id: str,
    region: str,
    eks_clusters: tuple[EksCluster, ...],
    unreadable: Unreadable,
) -> tuple[AwsNetwork, Mapping[tuple[str, str], str]]:
    def each(operation: str, read_one: Callable[[Any], R | None], member: str) -> tuple[R, ...]:
        def staying(item: Any) -> R | None:  # noqa: ANN401 - any object of the API
            there = vpn.existing([item]) if operation in _WHOLE else [item]
            return next(map(read_one, there), None)

        objects = read_each(
            raw[operation],
            staying,
            name=lambda item: item.get(member, operation),
            unreadable=unreadable,
        )
        return tuple(item for item in objects if item is not None)

    keys = each("describe_vpn_connections", lambda item: vpn.pre_shared_keys([item]), "VpnConnectionId")
    network = AwsNetwork(
        account_id=account_id,
        region=region,
        vpcs=each("describe_vpcs", vpc.vpc, "VpcId"),
        subnets=each("describe_subnets", vpc.subnet, "SubnetId"),
        route_tables=each("describe_route_tables", vpc.route_table, "RouteTableId"),
        security_groups=each("describe_security_groups", vpc.security_group, "GroupId"),
        network_acls=each("describe_network_acls", vpc.network_acl, "NetworkAclId"),
        vpn_gateways=each("describe_vpn_gateways", vpn.vpn_gateway, "VpnGatewayId"),
        customer_gateways=each("describe_customer_gateways", vpn.customer_gateway, "CustomerGatewayId"),
        vpn_connections=each("describe_vpn_connections", vpn.vpn_connection, "VpnConnectionId"),
        eks_clusters=eks_clusters,
        network_interfaces=each(
            "describe_network_interfaces", machines.network_interface, "NetworkInterfaceId"
        ),
        machines=each("describe_instances", machines.machine, "InstanceId"),
    )
    return network, {name: key for connection_keys in keys for name, key in connection_keys.items()}


@lru_cache(maxsize=8)
def _account_id(endpoint: AwsEndpoint) -> str:
    """Return whose account it is; a key never changes its account."""
    with translated(endpoint, "sts:GetCallerIdentity"):
        return clients(endpoint).sts.get_caller_identity()["Account"]


def _describe(endpoint: AwsEndpoint, operation: str, member: str) -> list[Any]:
    made: AwsClients = clients(endpoint)
    shown = "".join(part.capitalize() for part in operation.split("_"))
    with translated(endpoint, f"ec2:{shown}"):
        if operation in _PAGED:
            return _all_pages(made.ec2, operation, member)
        call: Callable[[], Mapping[str, list[Any]]] = partial(getattr(made.ec2, operation))
        return call()[member]


def _all_pages(ec2: "EC2Client", operation: str, member: str) -> list[Any]:
    pages = ec2.get_paginator(operation).paginate()  # type: ignore[call-overload]
    return list(pages.search(f"{member}[]"))
