"""Where a cluster's API server is, and who we are to it."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import CloudRefusedError
from twinspan.network.aws import EksCluster
from twinspan.network.azure import AksCluster
from twinspan.network.clouds import Cloud
from twinspan.network.model import Network
from twinspan.network.regions import arn_region


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEndpoint:
    """An API server and the credentials for it: a client certificate, or tokens.

    Attributes:
        name: The cluster's name in its cloud.
        side: `aws` or `azure`.
        server: URL, e.g. `https://127.0.0.1:40123`.
        certificate_authority: What signs the server's certificate, PEM.
        client_certificate: PEM; empty with tokens.
        client_key: PEM; empty with tokens.
        token: Makes a bearer token that is good for ten minutes at least; None with a certificate.
    """

    name: str
    side: Cloud
    server: str
    certificate_authority: str
    client_certificate: str = ""
    client_key: str = field(default="", repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)


def clusters_of(network: Network, endpoints: Endpoints) -> tuple[ClusterEndpoint, ...]:
    """Return access to every cluster that has an API server: EKS first, then AKS, as the clouds list them.

    Args:
        network: What was read from the clouds.
        endpoints: The clouds it was read from; they give the credentials.

    Raises:
        CloudError: AKS does not hand out credentials.
    """
    clusters: list[ClusterEndpoint] = []
    if network.aws and endpoints.aws:
        clusters += [_eks(cluster, endpoints.aws) for cluster in network.aws.eks_clusters if cluster.endpoint]
    if network.azure and endpoints.azure:
        clusters += [_aks(cluster, endpoints.azure) for cluster in network.azure.aks_clusters if cluster.fqdn]
    return tuple(clusters)


def _eks(cluster: EksCluster, endpoint: AwsEndpoint) -> ClusterEndpoint:
    from twinspan.cloud.aws.eks import eks_token  # noqa: PLC0415 - botocore takes 0.3 s to load

    return ClusterEndpoint(
        name=cluster.name,
        side="aws",
        server=cluster.endpoint,
        certificate_authority=cluster.certificate_authority,
        token=partial(eks_token, endpoint.in_region(arn_region(cluster.arn)), cluster.name),
    )


def _aks(cluster: AksCluster, endpoint: AzureEndpoint) -> ClusterEndpoint:
    from twinspan.cloud.azure.clusters import aks_kubeconfig  # noqa: PLC0415 - the SDK takes a second to load

    return from_kubeconfig(aks_kubeconfig(endpoint, cluster.id), name=cluster.name, side="azure")


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Server(_Model):
    server: str
    authority: str = Field(default="", alias="certificate-authority-data")


class _NamedServer(_Model):
    name: str
    cluster: _Server


class _User(_Model):
    certificate: str = Field(default="", alias="client-certificate-data")
    key: str = Field(default="", alias="client-key-data", repr=False)
    token: str = Field(default="", repr=False)


class _NamedUser(_Model):
    name: str
    user: _User


class _Pair(_Model):
    cluster: str
    user: str


class _Context(_Model):
    name: str
    context: _Pair


class _KubeConfig(_Model):
    current: str = Field(alias="current-context")
    clusters: tuple[_NamedServer, ...]
    users: tuple[_NamedUser, ...]
    contexts: tuple[_Context, ...]


def from_kubeconfig(kubeconfig: Mapping[str, object], *, name: str, side: Cloud) -> ClusterEndpoint:
    """Return the cluster of a kubeconfig's current context.

    Args:
        kubeconfig: What is in it; certificates and keys must be inside, not in files.
        name: The cluster's name in its cloud.
        side: Which cloud.

    Raises:
        CloudRefusedError: It is none, or its user has neither a certificate nor a token in it (a cluster
            that only takes Entra ID sign-ins).
    """
    try:
        config = _KubeConfig.model_validate(kubeconfig)
        pair = {context.name: context.context for context in config.contexts}[config.current]
        server = {cluster.name: cluster.cluster for cluster in config.clusters}[pair.cluster]
        user = {named_user.name: named_user.user for named_user in config.users}[pair.user]
        pem = [
            base64.b64decode(credential, validate=True).decode()
            for credential in (server.authority, user.certificate, user.key)
        ]
    except (ValidationError, KeyError, binascii.Error, UnicodeDecodeError) as error:
        raise _unusable(name, "it is no kubeconfig with a current context") from error
    if not user.token and not (user.certificate and user.key):
        raise _unusable(name, "its user has neither a client certificate nor a token in it")
    token = user.token
    return ClusterEndpoint(
        name=name,
        side=side,
        server=server.server,
        certificate_authority=pem[0],
        client_certificate=pem[1],
        client_key=pem[2],
        token=(lambda: token) if token and not pem[1] else None,
    )


def _unusable(name: str, message: str) -> CloudRefusedError:
    return CloudRefusedError(
        operation=f"credentials of the cluster {name}", code="UnusableKubeconfig", message=message
    )


def one_per_side(
    clusters: tuple[ClusterEndpoint, ...], requested_names: Mapping[Cloud, str | None]
) -> tuple[ClusterEndpoint, ClusterEndpoint]:
    """Choose one cluster on each side: the one of the wanted name, or the only one.

    Raises:
        CloudRefusedError: There is none, none of that name, or several and none is named.
    """
    return _one(clusters, "aws", requested_names.get("aws")), _one(
        clusters, "azure", requested_names.get("azure")
    )


def _one(clusters: tuple[ClusterEndpoint, ...], side: Cloud, requested_name: str | None) -> ClusterEndpoint:
    there = [cluster for cluster in clusters if cluster.side == side]
    fitting = [cluster for cluster in there if requested_name in {None, cluster.name}]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(cluster.name for cluster in there) or "none"
    if requested_name and there:
        problem = f"there is no cluster {requested_name!r} with an API server; there are: {names}"
    elif there:
        problem = f"there are several clusters ({names}); say which with --{side}-cluster"
    else:
        problem = "there is none with an API server; run `twinspan apply` with kubernetes_enabled = true"
    raise CloudRefusedError(operation=f"cluster on {side}", code="NoSuchCluster", message=problem)
