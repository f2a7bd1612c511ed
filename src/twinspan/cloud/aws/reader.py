"""The calls that read one AWS account and region."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from twinspan.cloud.aws import eks, vpc, vpn
from twinspan.cloud.aws.client import CONNECTIONS, AwsClients, clients, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.network.model import AwsNetwork

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_PAGED = {
    "describe_vpcs": "Vpcs",
    "describe_subnets": "Subnets",
    "describe_route_tables": "RouteTables",
    "describe_security_groups": "SecurityGroups",
    "describe_network_acls": "NetworkAcls",
}
"""Operations that answer in pages, and the member that holds the objects."""

_WHOLE = {
    "describe_vpn_gateways": "VpnGateways",
    "describe_customer_gateways": "CustomerGateways",
    "describe_vpn_connections": "VpnConnections",
}
"""Operations that answer with everything at once."""


def read(endpoint: AwsEndpoint) -> tuple[AwsNetwork, Mapping[tuple[str, str], str]]:
    """Read everything; see `twinspan.cloud.aws.read_aws`."""
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="read-aws") as pool:
        account = pool.submit(_account_id, endpoint)
        clusters = pool.submit(eks.cluster_names, endpoint)
        futures = {
            name: pool.submit(_describe, endpoint, name, member) for name, member in (_WHOLE | _PAGED).items()
        }
        raw = {name: future.result() for name, future in futures.items()}
        account_id = account.result()
        eks_clusters = eks.read_clusters(endpoint, clusters.result(), pool)
    network = AwsNetwork(
        account_id=account_id,
        region=endpoint.region,
        vpcs=tuple(map(vpc.vpc, raw["describe_vpcs"])),
        subnets=tuple(map(vpc.subnet, raw["describe_subnets"])),
        route_tables=tuple(map(vpc.route_table, raw["describe_route_tables"])),
        security_groups=tuple(map(vpc.security_group, raw["describe_security_groups"])),
        network_acls=tuple(map(vpc.network_acl, raw["describe_network_acls"])),
        vpn_gateways=tuple(map(vpn.vpn_gateway, vpn.existing(raw["describe_vpn_gateways"]))),
        customer_gateways=tuple(map(vpn.customer_gateway, vpn.existing(raw["describe_customer_gateways"]))),
        vpn_connections=tuple(map(vpn.vpn_connection, vpn.existing(raw["describe_vpn_connections"]))),
        eks_clusters=eks_clusters,
    )
    return network, vpn.pre_shared_keys(vpn.existing(raw["describe_vpn_connections"]))


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
    return [item for page in pages for item in page[member]]
