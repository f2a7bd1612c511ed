"""What an EKS action works with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from moto.ec2.models import EC2Backend
from moto.iam.models import IAMBackend

from twinspan.twin.aws.eks.errors import in_use, invalid_parameter, invalid_request, not_found
from twinspan.twin.aws.eks.lifecycle import Plane, cluster_status
from twinspan.twin.aws.eks.records import Addon, EksClusterRecord, Nodegroup, Update
from twinspan.twin.kubernetes.access import ClusterAccess

PAGE_SIZE = 100
TAGS_PER_RESOURCE = 50
_RESERVED = "aws:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one region.

    Attributes:
        params: Checked against the API's model.
        clusters: The region's clusters by name; actions change them in place.
        ec2: The same region's EC2.
        iam: The account's IAM.
        plane: What the data plane says.
        access: Authorities and addresses of the clusters' API servers; None: there are none.
        caller_arn: The IAM principal that asks.
    """

    params: Mapping[str, Any]
    clusters: dict[str, EksClusterRecord]
    ec2: EC2Backend
    iam: IAMBackend
    plane: Plane
    access: ClusterAccess | None
    caller_arn: str
    partition: str
    region: str
    account_id: str

    @property
    def now(self) -> datetime:
        """When it was asked, UTC."""
        return self.plane.now

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON
        """Return a parameter."""
        return self.params.get(name, default)

    def arn(self, resource: str) -> str:
        """Return the ARN of an EKS resource, e.g. `cluster/main`."""
        return f"arn:{self.partition}:eks:{self.region}:{self.account_id}:{resource}"

    def cluster(self) -> EksClusterRecord:
        """Return the cluster that the request names. ResourceNotFoundException if there is none."""
        name = self.get("clusterName") or self.get("name")
        cluster = self.clusters.get(name)
        if cluster is None:
            raise not_found(f"No cluster found for name: {name}.", clusterName=name)
        return cluster

    def ready_cluster(self) -> EksClusterRecord:
        """Return the cluster that the request names and wants to change.

        Raises:
            EksError: There is none, or it is neither there nor being updated.
        """
        cluster = self.cluster()
        status = cluster_status(cluster, self.plane)
        if status not in {"ACTIVE", "UPDATING"}:
            raise invalid_request(f"Cluster '{cluster.name}' is not in ACTIVE status (it is {status})")
        return cluster

    def idle_cluster(self) -> EksClusterRecord:
        """Return the cluster that the request wants to change as a whole.

        Raises:
            EksError: There is none, it is not there yet, or another update is under way.
        """
        cluster = self.ready_cluster()
        if cluster_status(cluster, self.plane) == "UPDATING":
            raise in_use(f"Cluster {cluster.name} has an update in progress", clusterName=cluster.name)
        return cluster

    def nodegroup(self, cluster: EksClusterRecord) -> Nodegroup:
        """Return the node group that the request names. ResourceNotFoundException if there is none."""
        name = self.get("nodegroupName")
        nodegroup = cluster.nodegroups.get(name)
        if nodegroup is None:
            raise not_found(
                f"No node group found for name: {name}.", clusterName=cluster.name, nodegroupName=name
            )
        return nodegroup

    def addon(self, cluster: EksClusterRecord) -> Addon:
        """Return the add-on that the request names. ResourceNotFoundException if it is not installed."""
        name = self.get("addonName")
        addon = cluster.addons.get(name)
        if addon is None:
            raise not_found(
                f"No addon: {name} found in cluster: {cluster.name}", clusterName=cluster.name, addonName=name
            )
        return addon

    def tags(self) -> dict[str, str]:
        """Return the tags that the request gives. InvalidParameterException if some may not be given."""
        tags: dict[str, str] = dict(self.get("tags") or {})
        check_tags(tags)
        return tags

    def page(self, items: Iterable[str], member: str) -> dict[str, Any]:
        """Return one page of names, in order, and where the next page starts."""
        rest: Sequence[str] = sorted(name for name in items if name >= (self.get("nextToken") or ""))
        size = self.get("maxResults") or PAGE_SIZE
        return {member: list(rest[:size]), "nextToken": rest[size] if len(rest) > size else None}

    def record(
        self,
        cluster: EksClusterRecord,
        kind: str,
        params: Mapping[str, object],
        *,
        nodegroup: str = "",
        addon: str = "",
    ) -> Update:
        """Note an update, which is in progress until the data plane shows it."""
        update = Update(
            id=str(uuid4()),
            type=kind,
            params={name: str(value) for name, value in params.items() if value is not None},
            created_at=self.now,
            nodegroup=nodegroup,
            addon=addon,
        )
        cluster.updates[update.id] = update
        return update


def check_tags(tags: Mapping[str, str]) -> None:
    """Check what a resource is to be tagged with. Source: EKS API, TagResource."""
    if len(tags) > TAGS_PER_RESOURCE:
        raise invalid_parameter(f"A resource can have {TAGS_PER_RESOURCE} tags, not {len(tags)}")
    for key in tags:
        if key.lower().startswith(_RESERVED):
            raise invalid_parameter(f"Tag key {key}: keys that start with {_RESERVED} are reserved")
