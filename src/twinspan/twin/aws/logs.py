"""CloudWatch Logs of the twin: moto's, with the class of a log group."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import moto.logs.urls
from moto.core.common_types import TYPE_RESPONSE
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

STANDARD = "STANDARD"


class TwinLogsResponse(LogsResponse):
    """CloudWatch Logs' actions."""

    def call_action(self) -> TYPE_RESPONSE:
        """Answer without members that have nothing to say, which moto writes as null."""
        status, headers, body = super().call_action()
        if body and status == HTTPStatus.OK:
            shown = {name: value for name, value in json.loads(body).items() if value is not None}
            body = json.dumps(shown)
        return status, headers, body

    def create_log_group(self) -> str:
        """Create a group that keeps its class. Source: CloudWatch Logs API, CreateLogGroup."""
        self.logs_backend.create_log_group(
            self._get_param("logGroupName"),
            self._get_param("tags") or {},
            kmsKeyId=self._get_param("kmsKeyId"),
            log_group_class=self._get_param("logGroupClass") or STANDARD,
        )
        return ""

    def describe_log_groups(self) -> str:
        """Show groups with their class. Source: CloudWatch Logs API, DescribeLogGroups."""
        answer: dict[str, Any] = json.loads(super().describe_log_groups())
        asked = self._get_param("logGroupClass")
        views = [{**view, "logGroupClass": self._class_of(view)} for view in answer["logGroups"]]
        answer["logGroups"] = [view for view in views if asked in {None, view["logGroupClass"]}]
        return json.dumps(answer)

    def _class_of(self, view: Mapping[str, Any]) -> str:
        group = self.logs_backend.groups[view["logGroupName"]]
        return str(getattr(group, "log_group_class", STANDARD))


class TwinLogsBackend(LogsBackend):
    """CloudWatch Logs' state of one region of the twin."""

    def create_log_group(self, log_group_name: str, tags: dict[str, str], **kwargs: Any) -> LogGroup:  # noqa: ANN401 - moto's own
        """Create a group; `log_group_class` says which kind."""
        group = super().create_log_group(log_group_name, tags, **kwargs)
        group.log_group_class = kwargs.get("log_group_class", STANDARD)  # type: ignore[attr-defined]
        return group

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        return SimpleNamespace(
            url_bases=moto.logs.urls.url_bases, url_paths={"{0}/$": TwinLogsResponse.dispatch}
        )
