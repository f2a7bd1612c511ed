"""What whole services ask of their parameters beyond what their models say."""

import re
from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel

from twinspan.twin.aws.requests.flaws import Flaw, FlawKind

_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:.+", re.DOTALL)
_PAGE = re.compile(r"[0-9]{1,9}")
_NUMBERED_PAGES = frozenset({"iam", "sns"})
"""Services whose pages moto numbers; their tokens are ours to give out."""
_ONE_OF: Mapping[tuple[str, str], tuple[str, ...]] = {("sns", "Publish"): ("TopicArn", "TargetArn")}
"""Operation -> members of which one must be there."""


def check(service: str, operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Check the top-level parameters of a query request.

    Raises:
        Flaw: A name is no ARN, or a page's token was never given out.
    """
    names = _ONE_OF.get((service, operation.name))
    if names is not None and not any(params.get(name) for name in names):
        raise Flaw(FlawKind.MISSING, names[0], "It is required")
    shape = operation.input_shape
    for name, value in params.items():
        if shape is None or not isinstance(value, str) or shape.members[name].type_name != "string":
            continue
        names_one = service == "sns" and name.lower().endswith("arn")
        if names_one and _ARN.fullmatch(value) is None:
            raise Flaw(FlawKind.VALUE, name, "It must be an ARN", value=value[:100])
        paged = service in _NUMBERED_PAGES and name in {"Marker", "NextToken", "nextToken"}
        if paged and _PAGE.fullmatch(value) is None:
            raise Flaw(FlawKind.VALUE, name, "It must be a token of an earlier answer", value=value[:100])
