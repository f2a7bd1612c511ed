"""Subnet groups of one region, whichever service they are of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar

from moto.core.base_backend import BaseBackend
from moto.core.exceptions import ServiceException
from moto.core.responses import BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

Tags = dict[str, str]


class SubnetGroupError(ServiceException):
    """A refusal in the words of the service that was asked; moto looks it up in that one's model."""


@dataclass(kw_only=True)
class SubnetGroup:
    """A group.

    Attributes:
        zones: Subnet -> the zone that it is in, as they were when they were named.
    """

    name: str
    arn: str
    description: str
    vpc_id: str
    zones: Mapping[str, str]
    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What one service says of its groups.

    Attributes:
        arn: Its ARN, with places for partition, region, account and name.
        exists: Code for a name that is taken.
        absent: Code for one that is not there.
        url_bases: Hosts of the service, in moto's form.
        zones: In how many zones the subnets must be at least.
    """

    arn: str
    exists: str
    absent: str
    url_bases: Sequence[str]
    zones: int = 1


class SubnetGroupBackend(BaseBackend):
    """The groups of one service in one region."""

    words: ClassVar[Words]
    responses: ClassVar[type[BaseResponse]]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.groups: dict[str, SubnetGroup] = {}

    def add(self, name: str, description: str, subnet_ids: Sequence[str], tags: Tags) -> SubnetGroup:
        """Make a group; its name is kept in small letters, as all three services say.

        Raises:
            SubnetGroupError: There is one, or the subnets make none.
        """
        name = name.lower()
        if name in self.groups:
            raise SubnetGroupError(self.words.exists, f"The subnet group '{name}' already exists.")
        vpc_id, zones = self._placed(subnet_ids)
        made = SubnetGroup(
            name=name,
            arn=self.words.arn.format(self.partition, self.region_name, self.account_id, name),
            description=description,
            vpc_id=vpc_id,
            zones=zones,
            tags=tags,
        )
        self.groups[name] = made
        return made

    def change(
        self, name: str | None, description: str | None, subnet_ids: Sequence[str] | None
    ) -> SubnetGroup:
        """Change a group; None leaves what there is. SubnetGroupError as for a new one."""
        group = self.named(name)
        if subnet_ids:
            group.vpc_id, group.zones = self._placed(subnet_ids)
        group.description = group.description if description is None else description
        return group

    def find(self, name: str | None) -> list[SubnetGroup]:
        """Return a group, or all. SubnetGroupError: there is none of that name."""
        return [self.named(name)] if name else list(self.groups.values())

    def named(self, name: str | None) -> SubnetGroup:
        """Return a group. SubnetGroupError: there is none of that name, or no name is given."""
        group = self.groups.get((name or "").lower())
        if group is None:
            raise SubnetGroupError(self.words.absent, f"The subnet group '{name or ''}' does not exist.")
        return group

    def remove(self, name: str | None) -> None:
        """Delete a group. SubnetGroupError: there is none of that name, or no name is given."""
        del self.groups[self.named(name).name]

    def tagged(self, arn: str) -> SubnetGroup:
        """Return the group that an ARN names. SubnetGroupError: none."""
        for group in self.groups.values():
            if group.arn == arn:
                return group
        raise SubnetGroupError(self.words.absent, f"The subnet group {arn} does not exist.")

    def _placed(self, subnet_ids: Sequence[str]) -> tuple[str, Mapping[str, str]]:
        """Return the VPC of subnets, and the zone of each."""
        backend = ec2_backends[self.account_id][self.region_name]
        try:
            subnets = [backend.get_subnet(subnet_id) for subnet_id in subnet_ids]
        except EC2ClientError as error:
            raise SubnetGroupError(
                "InvalidSubnet", f"Some input subnets are invalid: {error.message}"
            ) from error
        zones = {subnet.id: subnet.availability_zone for subnet in subnets}
        if len({subnet.vpc_id for subnet in subnets}) != 1:
            raise SubnetGroupError("InvalidSubnet", "The subnets must be in one VPC.")
        if len(set(zones.values())) < self.words.zones:
            raise SubnetGroupError(
                "DBSubnetGroupDoesNotCoverEnoughAZs",
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
                f" Current AZ coverage: {', '.join(sorted(set(zones.values())))}."
                f" Add subnets to cover at least {self.words.zones} AZs.",
            )
        return subnets[0].vpc_id, zones

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class."""
        return SimpleNamespace(url_bases=self.words.url_bases, url_paths={"{0}/$": self.responses.dispatch})


def tags_in(listed: Iterable[Mapping[str, str]] | None) -> Tags:
    """Read tags as requests have them; one without a value has an empty one."""
    return {tag.get("Key", ""): tag.get("Value", "") for tag in listed or ()}


def tag_list(group: SubnetGroup) -> list[Mapping[str, str]]:
    """Return a group's tags as answers have them."""
    return [{"Key": key, "Value": value} for key, value in group.tags.items()]
