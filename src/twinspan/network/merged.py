"""One network of a cloud, of what its regions or subscriptions hold."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from twinspan.network.aws import AwsNetwork
from twinspan.network.azure import AzureNetwork

Part = TypeVar("Part", AwsNetwork, AzureNetwork)


def merged(parts: Sequence[Part]) -> Part:
    """Return one network with the objects of all; account, main region and subscription are the first's.

    Args:
        parts: At least one.
    """
    together: dict[str, Any] = {
        field.name: tuple(item for part in parts for item in getattr(part, field.name))
        for field in fields(parts[0])
        if isinstance(getattr(parts[0], field.name), tuple)
    }
    return replace(parts[0], **together)
