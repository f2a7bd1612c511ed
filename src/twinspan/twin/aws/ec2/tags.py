"""Tags of EC2 resources, as moto keeps them."""

from collections.abc import Mapping
from typing import Protocol


class Tagged(Protocol):
    """A resource that moto keeps tags for."""

    def get_tags(self) -> list[dict[str, str]]:
        """Return moto's own form: a dict with `key` and `value` each."""
        ...


def tags_of(resource: Tagged) -> Mapping[str, str]:
    """Return the tags of a resource."""
    return {tag["key"]: tag["value"] for tag in resource.get_tags()}


def tag_list(resource: Tagged) -> list[dict[str, str]]:
    """Return the tags of a resource in EC2's form."""
    return [{"Key": key, "Value": value} for key, value in tags_of(resource).items()]
