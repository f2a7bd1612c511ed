"""Pages of Describe calls. Source: EC2 API, "Paginate the results": MaxResults, NextToken."""

import base64
import binascii
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from moto.ec2.exceptions import EC2ClientError

PAGE_SIZE = 1000
"""How many entries an answer has at most if the request does not say."""

_SMALLER: Mapping[str, int] = {"DescribeInstanceTypes": 100}
"""Source: EC2 API, DescribeInstanceTypes, MaxResults."""


@cache
def _results() -> Mapping[str, str]:
    """Return the paginated actions, and the member of their answers that is cut."""
    loader = botocore.session.get_session().get_component("data_loader")
    pagination = loader.load_service_model("ec2", "paginators-1")["pagination"]
    return {action: config["result_key"] for action, config in pagination.items() if "output_token" in config}


def page(action: str, params: Mapping[str, Any], result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the page of an answer that the request asks for.

    Raises:
        EC2ClientError: The token is none that was given out.
    """
    member = _results().get(action)
    entries = result.get(member) if isinstance(member, str) else None
    if not isinstance(entries, list):
        return result
    begin = _offset(params.get("NextToken"))
    end = begin + (params.get("MaxResults") or _SMALLER.get(action, PAGE_SIZE))
    shown: dict[str, Any] = {**result, str(member): entries[begin:end]}
    if end < len(entries):
        shown["NextToken"] = base64.urlsafe_b64encode(f"page:{end}".encode()).decode()
    return shown


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    start = text.removeprefix("page:")
    if start == text or not start.isdigit() or len(start) > len(str(10**9)):
        raise EC2ClientError("InvalidNextToken", f"The token '{token[:100]}' is invalid")
    return int(start)
