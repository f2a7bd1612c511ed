"""EKS clusters, from the EKS API's answers, and the way into them.

Source: EKS API, Cluster, Nodegroup, Addon; EKS User Guide, "Connect kubectl to an EKS cluster by creating a
kubeconfig file".
"""

import base64
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from botocore.signers import RequestSigner

from twinspan.cloud.aws.client import service_client, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.cloud.objects import Unreadable, read_each
from twinspan.errors import CloudRefusedError
from twinspan.network.aws import EksAddon, EksCluster, EksNodeGroup

if TYPE_CHECKING:
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_eks.type_defs import AddonTypeDef, ClusterTypeDef, NodegroupTypeDef

TOKEN_PREFIX = "k8s-aws-v1."  # noqa: S105 - what every token starts with, and no secret
TOKEN_EXPIRES_S = 60
"""What the AWS CLI asks for; EKS takes a token for 15 minutes all the same."""

_CLUSTER_HEADER = "x-k8s-aws-id"
_GONE = "DELETING"
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
_NOT_FOUND = "ResourceNotFoundException"
_LOG = logging.getLogger(__name__)


def cluster_names(endpoint: AwsEndpoint) -> tuple[str, ...]:
    """Return the names of the region's clusters; none, with a note in the log, where we may not look.

    Raises:
        CloudError: AWS said no for another reason, or nothing.
    """
    try:
        with translated(endpoint, "eks:ListClusters"):
            return tuple(_pages(_client(endpoint), "list_clusters", "clusters"))
    except CloudRefusedError as error:
        if error.code not in _DENIED:
            raise
        _LOG.warning("EKS clusters are left out: %s", error)
        return ()


def read_clusters(
    endpoint: AwsEndpoint, names: tuple[str, ...], pool: ThreadPoolExecutor, unreadable: Unreadable
) -> tuple[EksCluster, ...]:
    """Read clusters with their node groups and add-ons; what is being deleted is left out.

    Args:
        endpoint: The account and region.
        names: What `cluster_names` returned.
        pool: Makes the calls; its own threads must not call this.
        unreadable: Gets clusters that cannot be understood.

    Raises:
        CloudError: AWS said no, or nothing.
    """
    jobs = [
        (
            name,
            pool.submit(_describe, endpoint, "cluster", name=name),
            pool.submit(_members, endpoint, "nodegroup", name),
            pool.submit(_members, endpoint, "addon", name),
        )
        for name in names
    ]
    parts = [
        (
            cluster,
            [
                pool.submit(_describe, endpoint, "nodegroup", clusterName=name, nodegroupName=group_name)
                for group_name in groups.result()
            ],
            [
                pool.submit(_describe, endpoint, "addon", clusterName=name, addonName=addon_name)
                for addon_name in addons.result()
            ],
        )
        for name, cluster, groups, addons in jobs
    ]
    read = [
        (cluster.result(), [group.result() for group in groups], [addon.result() for addon in addons])
        for cluster, groups, addons in parts
    ]
    return read_each(
        [(cluster, groups, addons) for cluster, groups, addons in read if cluster is not None],
        lambda parts: _cluster(parts[0], [g for g in parts[1] if g], [a for a in parts[2] if a]),
        name=lambda parts: f"EKS cluster {parts[0].get('name')}",
        unreadable=unreadable,
    )


def eks_kubeconfig(endpoint: AwsEndpoint, cluster: EksCluster) -> dict[str, Any]:
    """Return a kubeconfig document whose user gets its tokens from the AWS CLI.

    It is what `aws eks update-kubeconfig` writes. The CLI takes endpoint and key from its environment.
    """
    authority = base64.b64encode(cluster.certificate_authority.encode()).decode()
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": [
            "--region",
            endpoint.region,
            "eks",
            "get-token",
            "--cluster-name",
            cluster.name,
            "--output",
            "json",
        ],
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster.arn,
                "cluster": {"server": cluster.endpoint, "certificate-authority-data": authority},
            }
        ],
        "users": [{"name": cluster.arn, "user": {"exec": command}}],
        "contexts": [{"name": cluster.arn, "context": {"cluster": cluster.arn, "user": cluster.arn}}],
        "current-context": cluster.arn,
        "preferences": {},
    }


def eks_token(endpoint: AwsEndpoint, cluster_name: str) -> str:
    """Return a bearer token for a cluster, as `aws eks get-token` makes it; nothing is sent.

    It is good for 15 minutes.

    Raises:
        CloudRefusedError: There are no usable credentials.
    """
    sts = service_client(endpoint, "sts")
    with translated(endpoint, "eks:GetToken"):
        # Botocore presigns operations, but has no public way to sign one more header with them.
        signer: RequestSigner = sts._request_signer  # noqa: SLF001
        request = {
            "method": "GET",
            "url": f"{sts.meta.endpoint_url.rstrip('/')}/?Action=GetCallerIdentity&Version=2011-06-15",
            "body": {},
            "headers": {_CLUSTER_HEADER: cluster_name},
            "context": {},
        }
        url = signer.generate_presigned_url(
            request, region_name=endpoint.region, expires_in=TOKEN_EXPIRES_S, operation_name=""
        )
    return TOKEN_PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _client(endpoint: AwsEndpoint) -> "EKSClient":
    client: EKSClient = service_client(endpoint, "eks")
    return client


def _pages(client: "EKSClient", operation: str, member: str, **arguments: str) -> Iterator[str]:
    pages = client.get_paginator(operation).paginate(**arguments)  # type: ignore[call-overload]
    return (name for page in pages for name in page[member])


def _members(endpoint: AwsEndpoint, kind: str, cluster: str) -> list[str]:
    """Return the names of a cluster's node groups or add-ons; none if it is gone."""
    read = partial(_pages, _client(endpoint), f"list_{kind}s", f"{kind}s", clusterName=cluster)
    return _unless_gone(endpoint, f"eks:List{kind.capitalize()}s", lambda: list(read())) or []


def _describe(endpoint: AwsEndpoint, kind: str, **arguments: str) -> Any:  # noqa: ANN401 - one of three shapes
    """Return an object; None if it is gone or going."""
    call = getattr(_client(endpoint), f"describe_{kind}")
    raw = _unless_gone(endpoint, f"eks:Describe{kind.capitalize()}", lambda: call(**arguments)[kind])
    return None if raw is None or raw.get("status") == _GONE else raw


def _unless_gone(endpoint: AwsEndpoint, operation: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as `call`
    try:
        with translated(endpoint, operation):
            return call()
    except CloudRefusedError as error:
        if error.code != _NOT_FOUND:
            raise
        return None


def _cluster(
    raw: "ClusterTypeDef", groups: "list[NodegroupTypeDef]", addons: "list[AddonTypeDef]"
) -> EksCluster:
    network = raw.get("resourcesVpcConfig", {})
    services = raw.get("kubernetesNetworkConfig", {}).get("serviceIpv4Cidr")
    return EksCluster(
        name=raw["name"],
        arn=raw["arn"],
        status=raw.get("status", ""),
        version=raw.get("version", ""),
        endpoint=raw.get("endpoint", ""),
        certificate_authority=base64.b64decode(raw.get("certificateAuthority", {}).get("data", "")).decode(),
        service_ipv4_cidr=IPv4Network(services) if services else None,
        vpc_id=network.get("vpcId", ""),
        subnet_ids=tuple(network.get("subnetIds", ())),
        security_group_ids=tuple(network.get("securityGroupIds", ())),
        cluster_security_group_id=network.get("clusterSecurityGroupId", ""),
        endpoint_public_access=network.get("endpointPublicAccess", True),
        endpoint_private_access=network.get("endpointPrivateAccess", False),
        public_access_cidrs=tuple(
            IPv4Network(text) for text in network.get("publicAccessCidrs", ()) if ":" not in text
        ),
        node_groups=tuple(map(_node_group, groups)),
        addons=tuple(map(_addon, addons)),
    )


def _node_group(raw: "NodegroupTypeDef") -> EksNodeGroup:
    scaling: Mapping[str, int] = raw.get("scalingConfig", {})  # type: ignore[assignment]  # all its members are
    return EksNodeGroup(
        name=raw["nodegroupName"],
        cluster_name=raw["clusterName"],
        status=raw.get("status", ""),
        subnet_ids=tuple(raw.get("subnets", ())),
        instance_types=tuple(raw.get("instanceTypes", ())),
        capacity_type=raw.get("capacityType", "ON_DEMAND"),
        desired_size=scaling.get("desiredSize", 0),
        min_size=scaling.get("minSize", 0),
        max_size=scaling.get("maxSize", 0),
        labels=dict(raw.get("labels", {})),
    )


def _addon(raw: "AddonTypeDef") -> EksAddon:
    return EksAddon(
        name=raw["addonName"],
        version=raw.get("addonVersion", ""),
        status=raw.get("status", ""),
        configuration_values=raw.get("configurationValues", ""),
    )
