"""Flow logs as entries, over moto's, which forgets most of what it is told; nothing writes records anywhere.

Source: EC2 API, FlowLog, CreateFlowLogs; Amazon VPC user guide, "Flow log records" (default format) and
"Flow logs basics" (aggregation interval).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import random_flow_log_id

from twinspan.twin.aws.ec2.base_response import ExactResult, TwinBaseResponse
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value, missing, unsupported
from twinspan.twin.aws.ec2.filters import Filterable, select
from twinspan.twin.aws.ec2.tags import tag_list, tags_of

LOGS, BUCKET = "cloud-watch-logs", "s3"
INTERVALS = (60, 600)
"""Seconds."""
DEFAULT_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol}"
    " ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)
_KEPT = (
    "DeliverCrossAccountRole",
    "DeliverLogsPermissionArn",
    "LogGroupName",
    "LogDestination",
    "TrafficType",
)


@dataclass(kw_only=True, eq=False)
class FlowLog(TaggedEC2Resource):
    """A flow log.

    Attributes:
        params: What it was made with, in EC2's words.
    """

    ec2_backend: Any
    resource_id: str
    params: Mapping[str, Any]
    id: str = field(default_factory=random_flow_log_id)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def wire(self) -> dict[str, object]:
        """Return it in the shape of `FlowLog`; what is not delivered has no status of delivery."""
        kind = self.params.get("LogDestinationType") or LOGS
        options = self.params.get("DestinationOptions") or {}
        return {
            **{name: self.params.get(name) for name in _KEPT},
            "CreationTime": self.created_at,
            "DestinationOptions": {
                "FileFormat": options.get("FileFormat") or "plain-text",
                "HiveCompatiblePartitions": bool(options.get("HiveCompatiblePartitions")),
                "PerHourPartition": bool(options.get("PerHourPartition")),
            }
            if kind == BUCKET
            else None,
            "FlowLogId": self.id,
            "FlowLogStatus": "ACTIVE",
            "LogDestinationType": kind,
            "LogFormat": self.params.get("LogFormat") or DEFAULT_FORMAT,
            "MaxAggregationInterval": self.params.get("MaxAggregationInterval") or INTERVALS[-1],
            "ResourceId": self.resource_id,
            "Tags": tag_list(self),
        }


FLOW_LOGS: Filterable[FlowLog] = Filterable(
    fields={
        "deliver-log-status": lambda _: [],
        "flow-log-id": lambda log: [log.id],
        "log-destination-type": lambda log: [log.params.get("LogDestinationType") or LOGS],
        "log-group-name": lambda log: [log.params.get("LogGroupName") or ""],
        "resource-id": lambda log: [log.resource_id],
        "traffic-type": lambda log: [log.params.get("TrafficType") or ""],
    },
    tags=tags_of,
)
"""Source: EC2 API, DescribeFlowLogs, Filter."""


class FlowLogActions(TwinBaseResponse):
    """Flow logs. Source of each: EC2 API, the action of that name."""

    @property
    def _flow_logs(self) -> dict[str, FlowLog]:
        by_id: dict[str, Any] = self.backend.flow_logs
        return by_id

    def create_flow_logs(self) -> ActionResult:
        """CreateFlowLogs."""
        params, tags = self._get_params(), self.tags_for("vpc-flow-log")
        _check(params)
        finders: Mapping[str, Callable[[str], object]] = {
            "VPC": self.backend.get_vpc,
            "Subnet": self.backend.get_subnet,
            "NetworkInterface": self.backend.get_network_interface,
        }
        find = finders.get(params["ResourceType"])
        if find is None:
            raise unsupported(
                f"The twin cannot do this: flow logs of {params['ResourceType']}; it has those of"
                f" {', '.join(finders)}"
            )
        made = []
        for resource_id in params["ResourceIds"]:
            find(resource_id)
            self._check_new(resource_id, params)
            made.append(FlowLog(ec2_backend=self.backend, resource_id=resource_id, params=dict(params)))
        for flow_log in made:
            self._flow_logs[flow_log.id] = flow_log
            flow_log.add_tags(tags)
        return ExactResult({"FlowLogIds": [log.id for log in made], "Unsuccessful": []})

    def describe_flow_logs(self) -> ActionResult:
        """DescribeFlowLogs; whose filters are called `Filter`."""
        names = self._get_param("FlowLogIds") or list(self._flow_logs)
        logs = [self._flow_logs[name] for name in names if name in self._flow_logs]
        matching = select(FLOW_LOGS, logs, self._get_param("Filter", []))
        return ExactResult({"FlowLogs": [log.wire() for log in matching]})

    def delete_flow_logs(self) -> ActionResult:
        """DeleteFlowLogs."""
        names = self._get_param("FlowLogIds")
        lost = [name for name in names if name not in self._flow_logs]
        if lost:
            raise EC2ClientError(
                "InvalidFlowLogId.NotFound", f"These flow log ids in the input list are not found: {lost}"
            )
        for name in dict.fromkeys(names):
            del self._flow_logs[name]
        return ExactResult({"Unsuccessful": []})

    def _check_new(self, resource_id: str, params: Mapping[str, Any]) -> None:
        names = ("LogDestination", "LogGroupName", "TrafficType")
        for other in self._flow_logs.values():
            if other.resource_id == resource_id and all(
                other.params.get(name) == params.get(name) for name in names
            ):
                raise EC2ClientError(
                    "FlowLogAlreadyExists",
                    "Error. There is an existing Flow Log with the same configuration and log destination.",
                )


def _check(params: Mapping[str, Any]) -> None:
    """Check what goes with what. Source: EC2 API, CreateFlowLogs."""
    kind, interval = params.get("LogDestinationType") or LOGS, params.get("MaxAggregationInterval")
    if interval is not None and interval not in INTERVALS:
        raise invalid_value("MaxAggregationInterval", interval, "Valid values: 60 | 600")
    if not params.get("TrafficType"):
        raise missing("TrafficType")
    if kind == LOGS:
        if not params.get("LogDestination") and not params.get("LogGroupName"):
            raise missing("LogDestination or LogGroupName")
        if not params.get("DeliverLogsPermissionArn"):
            raise missing("DeliverLogsPermissionArn")
        if params.get("DestinationOptions"):
            raise invalid_combination(f"DestinationOptions are for the destination type {BUCKET}")
        return
    if not params.get("LogDestination"):
        raise missing("LogDestination")
    if params.get("LogGroupName"):
        raise invalid_combination(f"LogGroupName is for the destination type {LOGS}")
