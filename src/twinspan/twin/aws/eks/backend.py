"""EKS of one region: its clusters, and the way from an HTTP request to an action."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import moto.eks.urls
from moto.core.base_backend import BaseBackend
from moto.core.common_types import TYPE_RESPONSE
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import Request
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.eks.models import eks_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from twinspan.twin.aws.application import SCOPE_KEY
from twinspan.twin.aws.ec2.base_response import BOARD_KEY
from twinspan.twin.aws.eks import access_entries, addons, clusters, lifecycle, nodegroups
from twinspan.twin.aws.eks.call import Call
from twinspan.twin.aws.eks.errors import EksError, unsupported
from twinspan.twin.aws.eks.lifecycle import Plane
from twinspan.twin.aws.eks.records import EksClusterRecord
from twinspan.twin.aws.eks.request import parse
from twinspan.twin.aws.eks.views import to_json
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.observed import ObservedState

CLUSTERS_KEY = "twinspan.clusters"
"""Where the server puts the clusters' authorities and addresses; may be absent."""

SETTLED_KEY = "twinspan.eks.settled"
"""Where the server puts what is called when the data plane has ended something: the state is to be saved."""

_JSON = "application/json"

Action = Callable[[Call], Mapping[str, Any]]

ACTIONS: Mapping[str, Action] = {
    "AssociateAccessPolicy": access_entries.associate,
    "CreateAccessEntry": access_entries.create,
    "CreateAddon": addons.create,
    "CreateCluster": clusters.create,
    "CreateNodegroup": nodegroups.create,
    "DeleteAccessEntry": access_entries.delete,
    "DeleteAddon": addons.delete,
    "DeleteCluster": clusters.delete,
    "DeleteNodegroup": nodegroups.delete,
    "DescribeAccessEntry": access_entries.describe,
    "DescribeAddon": addons.describe,
    "DescribeAddonConfiguration": addons.describe_configuration,
    "DescribeAddonVersions": addons.describe_versions,
    "DescribeCluster": clusters.describe,
    "DescribeClusterVersions": clusters.describe_versions,
    "DescribeNodegroup": nodegroups.describe,
    "DescribeUpdate": clusters.describe_update,
    "DisassociateAccessPolicy": access_entries.disassociate,
    "ListAccessEntries": access_entries.list_principals,
    "ListAccessPolicies": access_entries.list_policies,
    "ListAddons": addons.list_names,
    "ListAssociatedAccessPolicies": access_entries.list_associated,
    "ListClusters": clusters.list_names,
    "ListNodegroups": nodegroups.list_names,
    "ListTagsForResource": clusters.list_tags,
    "ListUpdates": clusters.list_updates,
    "TagResource": clusters.tag,
    "UntagResource": clusters.untag,
    "UpdateAccessEntry": access_entries.update,
    "UpdateAddon": addons.update,
    "UpdateClusterConfig": clusters.update_config,
    "UpdateClusterVersion": clusters.update_version,
    "UpdateNodegroupConfig": nodegroups.update_config,
    "UpdateNodegroupVersion": nodegroups.update_version,
}


class TwinEksBackend(BaseBackend):
    """The EKS state of one region of the twin."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.clusters: dict[str, EksClusterRecord] = {}

    @property
    def ec2(self) -> EC2Backend:
        """The same region's EC2."""
        return ec2_backends[self.account_id][self.region_name]

    def caller_arn(self, access_key_id: str) -> str:
        """Return what GetCallerIdentity says to the owner of a key."""
        sts = sts_backends[self.account_id][self.partition]
        return str(sts.get_caller_identity(access_key_id, self.region_name)[1])

    def call(
        self, params: Mapping[str, Any], plane: Plane, access: ClusterAccess | None, access_key_id: str
    ) -> Call:
        """Return what an action needs."""
        return Call(
            params=params,
            clusters=self.clusters,
            ec2=self.ec2,
            iam=iam_backends[self.account_id][self.partition],
            plane=plane,
            access=access,
            caller_arn=access_entries.principal_of(self.caller_arn(access_key_id)),
            partition=self.partition,
            region=self.region_name,
            account_id=self.account_id,
        )

    def settle(self, plane: Plane, access: ClusterAccess | None) -> bool:
        """Note what the data plane has finished since the last request; tell whether there was anything."""
        changed = False
        for cluster in list(self.clusters.values()):
            if lifecycle.gone(cluster, plane):
                self._remove(cluster, access)
                changed = True
            else:
                changed |= _settle(cluster, plane)
        return changed

    def _remove(self, cluster: EksClusterRecord, access: ClusterAccess | None) -> None:
        del self.clusters[cluster.name]
        # If rules of other groups name it, or the user deleted it already, EKS leaves it at that, too.
        with suppress(EC2ClientError):
            self.ec2.delete_security_group(group_id=cluster.cluster_security_group_id)
        if access is not None:
            access.forget(cluster.arn)

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours all lead to one function."""
        return SimpleNamespace(url_bases=moto.eks.urls.url_bases, url_paths={"{0}/.*": answer})


def _settle(cluster: EksClusterRecord, plane: Plane) -> bool:
    changed = False
    if not cluster.settled and lifecycle.cluster_ready(cluster, plane):
        cluster.settled = changed = True
    for group in list(cluster.nodegroups.values()):
        if lifecycle.nodegroup_gone(cluster, group, plane):
            del cluster.nodegroups[group.name]
            changed = True
        elif not group.settled and lifecycle.nodegroup_ready(cluster, group, plane):
            group.settled = changed = True
    for addon in cluster.addons.values():
        if not addon.settled and lifecycle.addon_ready(cluster, addon, plane):
            addon.settled = changed = True
    for update in cluster.updates.values():
        if not update.done and lifecycle.update_done(cluster, update, plane):
            update.done = changed = True
    return changed


def answer(request: Request, full_url: str, _headers: object) -> TYPE_RESPONSE:
    """Answer one request."""
    environ = request.environ
    board = environ[BOARD_KEY]
    if not isinstance(board, ObservedState):
        raise TypeError(f"{BOARD_KEY} is a {type(board).__name__}")
    access: ClusterAccess | None = environ.get(CLUSTERS_KEY)
    scope = environ[SCOPE_KEY]
    backend = backend_of(scope.region)
    plane = Plane(board=board, reachable=access is not None, now=datetime.now(UTC))
    if backend.settle(plane, access):
        environ[SETTLED_KEY]()
    try:
        asked = parse(request.method, full_url, request.get_data())
        action = ACTIONS.get(asked.operation)
        if action is None:
            raise unsupported(f"it has no {asked.operation}")
        result = action(backend.call(asked.params, plane, access, scope.access_key_id))
    except EksError as error:
        headers = {"Content-Type": _JSON, "x-amzn-ErrorType": error.code}
        return (
            error.status,
            headers,
            to_json({"message": error.message, "__type": error.code, **error.members}),
        )
    return 200, {"Content-Type": _JSON}, to_json(result)


def find_user(cluster_name: str, region: str, access_key_id: str) -> access_entries.KubernetesUser | None:
    """Return who the owner of a key is to a cluster: of `region` if it is there, else of any other.

    Returns:
        None if there is no such cluster, or the owner has no access entry there.
    """
    others = sorted({region for _, region, _ in eks_backends.iter_backends()} - {region})
    for name in (region, *others):
        backend = backend_of(name)
        cluster = backend.clusters.get(cluster_name)
        if cluster is not None and not cluster.deleting:
            return access_entries.user_of(cluster, backend.caller_arn(access_key_id))
    return None


def backend_of(region: str) -> TwinEksBackend:
    """Return the state of a region."""
    backend: BaseBackend = eks_backends[DEFAULT_ACCOUNT_ID][region]
    if not isinstance(backend, TwinEksBackend):
        raise TypeError(f"the EKS backend is a {type(backend).__name__}, not the twin's")
    return backend
