"""Subnet groups of RDS. Source: RDS API, DBSubnetGroup, and the actions below.

The words about zones are those that terraform-aws-modules/terraform-aws-vpc issue 821 quotes.
"""

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.rds.models import rds_backends

from twinspan.twin.aws.subnet_groups.groups import (
    SubnetGroup,
    SubnetGroupBackend,
    Words,
    tag_list,
    tags_in,
)


class RdsResponse(BaseResponse):
    """RDS's actions on subnet groups."""

    def __init__(self) -> None:
        super().__init__(service_name="rds")
        self.automated_parameter_parsing = True

    @property
    def _groups(self) -> SubnetGroupBackend:
        backend: SubnetGroupBackend = rds_backends[self.current_account][self.region]  # type: ignore[assignment]
        return backend

    def create_db_subnet_group(self) -> ActionResult:
        """CreateDBSubnetGroup."""
        made = self._groups.add(
            self._get_param("DBSubnetGroupName"),
            self._get_param("DBSubnetGroupDescription"),
            self._get_param("SubnetIds", []),
            tags_in(self._get_param("Tags")),
        )
        return ActionResult({"DBSubnetGroup": _view(made)})

    def describe_db_subnet_groups(self) -> ActionResult:
        """DescribeDBSubnetGroups."""
        groups = self._groups.find(self._get_param("DBSubnetGroupName"))
        return ActionResult({"DBSubnetGroups": [_view(group) for group in groups]})

    def modify_db_subnet_group(self) -> ActionResult:
        """ModifyDBSubnetGroup."""
        group = self._groups.change(
            self._get_param("DBSubnetGroupName"),
            self._get_param("DBSubnetGroupDescription"),
            self._get_param("SubnetIds"),
        )
        return ActionResult({"DBSubnetGroup": _view(group)})

    def delete_db_subnet_group(self) -> ActionResult:
        """DeleteDBSubnetGroup."""
        self._groups.remove(self._get_param("DBSubnetGroupName"))
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"TagList": tag_list(self._groups.tagged(self._get_param("ResourceName")))})

    def add_tags_to_resource(self) -> ActionResult:
        """AddTagsToResource."""
        self._groups.tagged(self._get_param("ResourceName")).tags |= tags_in(self._get_param("Tags"))
        return EmptyResult()

    def remove_tags_from_resource(self) -> ActionResult:
        """RemoveTagsFromResource."""
        tags = self._groups.tagged(self._get_param("ResourceName")).tags
        for key in self._get_param("TagKeys", []):
            tags.pop(key, None)
        return EmptyResult()


def _view(group: SubnetGroup) -> dict[str, object]:
    return {
        "DBSubnetGroupArn": group.arn,
        "DBSubnetGroupDescription": group.description,
        "DBSubnetGroupName": group.name,
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetAvailabilityZone": {"Name": zone},
                "SubnetIdentifier": subnet_id,
                "SubnetStatus": "Active",
            }
            for subnet_id, zone in group.zones.items()
        ],
        "SupportedNetworkTypes": ["IPV4"],
        "VpcId": group.vpc_id,
    }


class RdsBackend(SubnetGroupBackend):
    """RDS of one region."""

    words = Words(
        arn="arn:{}:rds:{}:{}:subgrp:{}",
        exists="DBSubnetGroupAlreadyExists",
        absent="DBSubnetGroupNotFoundFault",
        url_bases=[r"https?://rds\.(.+)\.amazonaws\.com"],
        zones=2,
    )
    responses = RdsResponse


def install() -> None:
    """Let the next backends of RDS be these."""
    rds_backends.backend = RdsBackend  # type: ignore[assignment]  # it has nothing of moto's
