"""Where a tunnel's logs would go. Source: EC2 API, CloudWatchLogOptionsSpecification."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from twinspan.twin.aws.ec2.errors import invalid_value

_LOG_GROUP_ARN = re.compile(r"arn:[a-z-]+:logs:[a-z0-9-]+:\d{12}:log-group:[A-Za-z0-9_./#-]{1,512}(:\*)?")
_FORMATS = ("json", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """`LogOptions.CloudWatchLogOptions` of a tunnel; the two halves are IKE logs and BGP logs."""

    log_enabled: bool = False
    log_group_arn: str | None = None
    log_output_format: str | None = None
    bgp_log_enabled: bool = False
    bgp_log_group_arn: str | None = None
    bgp_log_output_format: str | None = None


def parse_log_options(base: LogOptions, request: Mapping[str, Any]) -> LogOptions:
    """Return `base` with `LogOptions` of a parsed request put over it.

    Raises:
        EC2ClientError: An ARN is not a log group's, or a format is unknown.
    """
    options = request.get("CloudWatchLogOptions", {})
    changes: dict[str, Any] = {}
    for prefix, attribute in (("", "log"), ("Bgp", "bgp_log")):
        enabled = options.get(f"{prefix}LogEnabled")
        if enabled is not None:
            changes[f"{attribute}_enabled"] = bool(enabled)
        arn = options.get(f"{prefix}LogGroupArn")
        if arn:
            if not _LOG_GROUP_ARN.fullmatch(arn):
                raise invalid_value(f"{prefix}LogGroupArn", arn, "It must be the ARN of a log group")
            changes[f"{attribute}_group_arn"] = arn
        output_format = options.get(f"{prefix}LogOutputFormat")
        if output_format:
            if output_format not in _FORMATS:
                raise invalid_value(f"{prefix}LogOutputFormat", output_format, "Valid values: json | text")
            changes[f"{attribute}_output_format"] = output_format
    return replace(base, **changes)
