"""Subnet groups of ElastiCache. Source: ElastiCache API, CacheSubnetGroup, and the actions below."""

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.elasticache.models import elasticache_backends

from twinspan.twin.aws.subnet_groups.groups import (
    SubnetGroup,
    SubnetGroupBackend,
    Words,
    tag_list,
    tags_in,
)


class ElastiCacheResponse(BaseResponse):
    """ElastiCache's actions on subnet groups."""

    def __init__(self) -> None:
        super().__init__(service_name="elasticache")
        self.automated_parameter_parsing = True

    @property
    def _groups(self) -> SubnetGroupBackend:
        backend: SubnetGroupBackend = elasticache_backends[self.current_account][self.region]  # type: ignore[assignment]
        return backend

    def create_cache_subnet_group(self) -> ActionResult:
        """CreateCacheSubnetGroup."""
        made = self._groups.add(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds", []),
            tags_in(self._get_param("Tags")),
        )
        return ActionResult({"CacheSubnetGroup": _view(made)})

    def describe_cache_subnet_groups(self) -> ActionResult:
        """DescribeCacheSubnetGroups."""
        groups = self._groups.find(self._get_param("CacheSubnetGroupName"))
        return ActionResult({"CacheSubnetGroups": [_view(group) for group in groups]})

    def modify_cache_subnet_group(self) -> ActionResult:
        """ModifyCacheSubnetGroup."""
        group = self._groups.change(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds"),
        )
        return ActionResult({"CacheSubnetGroup": _view(group)})

    def delete_cache_subnet_group(self) -> ActionResult:
        """DeleteCacheSubnetGroup."""
        self._groups.remove(self._get_param("CacheSubnetGroupName"))
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"TagList": tag_list(self._groups.tagged(self._get_param("ResourceName")))})

    def add_tags_to_resource(self) -> ActionResult:
        """AddTagsToResource, which shows them all."""
        group = self._groups.tagged(self._get_param("ResourceName"))
        group.tags |= tags_in(self._get_param("Tags"))
        return ActionResult({"TagList": tag_list(group)})

    def remove_tags_from_resource(self) -> ActionResult:
        """RemoveTagsFromResource, which shows those that are left."""
        group = self._groups.tagged(self._get_param("ResourceName"))
        for key in self._get_param("TagKeys", []):
            group.tags.pop(key, None)
        return ActionResult({"TagList": tag_list(group)})


def _view(group: SubnetGroup) -> dict[str, object]:
    return {
        "ARN": group.arn,
        "CacheSubnetGroupDescription": group.description,
        "CacheSubnetGroupName": group.name,
        "Subnets": [
            {
                "SubnetAvailabilityZone": {"Name": zone},
                "SubnetIdentifier": subnet_id,
                "SupportedNetworkTypes": ["ipv4"],
            }
            for subnet_id, zone in group.zones.items()
        ],
        "SupportedNetworkTypes": ["ipv4"],
        "VpcId": group.vpc_id,
    }


class ElastiCacheBackend(SubnetGroupBackend):
    """ElastiCache of one region."""

    words = Words(
        arn="arn:{}:elasticache:{}:{}:subnetgroup:{}",
        exists="CacheSubnetGroupAlreadyExists",
        absent="CacheSubnetGroupNotFoundFault",
        url_bases=[r"https?://elasticache\.(.+)\.amazonaws\.com"],
    )
    responses = ElastiCacheResponse


def install() -> None:
    """Let the next backends of ElastiCache be these."""
    elasticache_backends.backend = ElastiCacheBackend  # type: ignore[assignment]  # it has nothing of moto's
