"""Subnet groups of Redshift. Source: Redshift API, ClusterSubnetGroup, and the actions below."""

from collections.abc import Iterator

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.redshift.models import redshift_backends

from twinspan.twin.aws.subnet_groups.groups import (
    SubnetGroup,
    SubnetGroupBackend,
    SubnetGroupError,
    Words,
    tag_list,
    tags_in,
)

_TYPE = "subnetgroup"


class RedshiftResponse(BaseResponse):
    """Redshift's actions on subnet groups."""

    def __init__(self) -> None:
        super().__init__(service_name="redshift")
        self.automated_parameter_parsing = True

    @property
    def _groups(self) -> SubnetGroupBackend:
        backend: SubnetGroupBackend = redshift_backends[self.current_account][self.region]  # type: ignore[assignment]
        return backend

    def create_cluster_subnet_group(self) -> ActionResult:
        """CreateClusterSubnetGroup."""
        made = self._groups.add(
            self._get_param("ClusterSubnetGroupName"),
            self._get_param("Description"),
            self._get_param("SubnetIds", []),
            tags_in(self._get_param("Tags")),
        )
        return ActionResult({"ClusterSubnetGroup": _view(made)})

    def describe_cluster_subnet_groups(self) -> ActionResult:
        """DescribeClusterSubnetGroups; all filters must match."""
        keys, values = self._get_param("TagKeys") or [], self._get_param("TagValues") or []
        groups = [
            group
            for group in self._groups.find(self._get_param("ClusterSubnetGroupName"))
            if (not keys or group.tags.keys() & set(keys))
            and (not values or set(group.tags.values()) & set(values))
        ]
        return ActionResult({"ClusterSubnetGroups": [_view(group) for group in groups]})

    def modify_cluster_subnet_group(self) -> ActionResult:
        """ModifyClusterSubnetGroup."""
        group = self._groups.change(
            self._get_param("ClusterSubnetGroupName"),
            self._get_param("Description"),
            self._get_param("SubnetIds"),
        )
        return ActionResult({"ClusterSubnetGroup": _view(group)})

    def delete_cluster_subnet_group(self) -> ActionResult:
        """DeleteClusterSubnetGroup."""
        self._groups.remove(self._get_param("ClusterSubnetGroupName"))
        return EmptyResult()

    def create_tags(self) -> ActionResult:
        """CreateTags."""
        self._tagged().tags |= tags_in(self._get_param("Tags"))
        return EmptyResult()

    def delete_tags(self) -> ActionResult:
        """DeleteTags."""
        tags = self._tagged().tags
        for key in self._get_param("TagKeys", []):
            tags.pop(key, None)
        return EmptyResult()

    def describe_tags(self) -> ActionResult:
        """DescribeTags, of one group or of all."""
        kind = self._get_param("ResourceType")
        if kind and self._get_param("ResourceName"):
            raise SubnetGroupError(
                "InvalidParameterValue", "ResourceName and ResourceType exclude each other"
            )
        if self._get_param("ResourceName"):
            groups = [self._tagged()]
        else:
            groups = self._groups.find(None) if kind in {None, "", _TYPE} else []
        keys, values = self._get_param("TagKeys") or [], self._get_param("TagValues") or []
        tags = [
            {"ResourceName": group.arn, "ResourceType": _TYPE, "Tag": {"Key": key, "Value": value}}
            for group, key, value in _tags(groups)
            if (not keys or key in keys) and (not values or value in values)
        ]
        return ActionResult({"TaggedResources": tags})

    def _tagged(self) -> SubnetGroup:
        try:
            return self._groups.tagged(self._get_param("ResourceName"))
        except SubnetGroupError as error:
            raise SubnetGroupError("ResourceNotFoundFault", error.message) from error


def _tags(groups: list[SubnetGroup]) -> Iterator[tuple[SubnetGroup, str, str]]:
    for group in groups:
        for key, value in group.tags.items():
            yield group, key, value


def _view(group: SubnetGroup) -> dict[str, object]:
    return {
        "ClusterSubnetGroupName": group.name,
        "Description": group.description,
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetAvailabilityZone": {"Name": zone},
                "SubnetIdentifier": subnet_id,
                "SubnetStatus": "Active",
            }
            for subnet_id, zone in group.zones.items()
        ],
        "SupportedClusterIpAddressTypes": ["ipv4"],
        "Tags": tag_list(group),
        "VpcId": group.vpc_id,
    }


class RedshiftBackend(SubnetGroupBackend):
    """Redshift of one region."""

    words = Words(
        arn="arn:{}:redshift:{}:{}:subnetgroup:{}",
        exists="ClusterSubnetGroupAlreadyExists",
        absent="ClusterSubnetGroupNotFoundFault",
        url_bases=[r"https?://redshift\.(.+)\.amazonaws\.com"],
    )
    responses = RedshiftResponse


def install() -> None:
    """Let the next backends of Redshift be these."""
    redshift_backends.backend = RedshiftBackend  # type: ignore[assignment]  # it has nothing of moto's
