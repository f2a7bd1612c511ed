"""Filters that each Describe call knows. Source: EC2 API, `Filters` of each action, as its model says."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from moto.core.utils import get_service_model
from moto.ec2.exceptions import EC2ClientError

from twinspan.twin.aws.ec2.errors import unsupported

_NAME = re.compile(r"<li> <p> *<code>([a-z][a-z0-9.-]+)</code>")
_ALWAYS = frozenset({"tag-key", "tag-value"})
_MORE: Mapping[str, frozenset[str]] = {"DescribeVpcs": frozenset({"isDefault"})}
"""Action -> filters that AWS takes and does not document. Source: hashicorp/aws, data source aws_vpc."""
_THE_TWIN_HAS: Mapping[str, frozenset[str]] = {
    "DescribeInstanceTypes": frozenset(
        {
            "bare-metal",
            "burstable-performance-supported",
            "current-generation",
            "free-tier-eligible",
            "hypervisor",
            "instance-type",
            "processor-info.supported-architecture",
            "supported-usage-class",
            "supported-virtualization-type",
        }
    ),
}
"""Action -> filters, where the twin has fewer than AWS and moto would stumble over the others."""


def check_filters(action: str, filters: Sequence[Mapping[str, Any]]) -> None:
    """Check the names of a request's filters.

    Raises:
        EC2ClientError: AWS, or the twin, does not have one of them.
    """
    for item in filters:
        name = item.get("Name", "")
        if name in _ALWAYS or name.startswith("tag:"):
            continue
        documented = documented_filters(action)
        if name == "tag" or (documented and name not in documented):
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
        if name not in _THE_TWIN_HAS.get(action, {name}):
            raise unsupported(f"The twin cannot do this: {action} with the filter {name}")


@cache
def documented_filters(action: str) -> frozenset[str]:
    """Return the filters of an action by its model; none if it takes no filters, or any."""
    shape = get_service_model("ec2").operation_model(action).input_shape
    members = shape.members if shape is not None else {}
    if "Filters" not in members:
        return frozenset()
    return frozenset(_NAME.findall(members["Filters"].documentation)) | _MORE.get(action, frozenset())
