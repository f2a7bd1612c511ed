"""`azurerm_monitor_diagnostic_setting`: which logs of a resource go to which workspace."""

import re
from typing import ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.azurerm.base import given, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record, Resource, one_of

_ID = re.compile(r"(?P<target>/subscriptions/[^|]+)\|(?P<name>[^|/]+)")


class DiagnosticSetting(Resource[ArmCloud]):
    """A setting whose destination is a Log Analytics workspace. Its id is `TARGET|NAME`."""

    type_name = "azurerm_monitor_diagnostic_setting"
    facts = Facts(force_new=frozenset({"name", "target_resource_id"}))
    rules: ClassVar = {"log_analytics_destination_type": one_of("AzureDiagnostics", "Dedicated")}

    def create(self, cloud: ArmCloud, planned: State, record: Record) -> str:
        """PUT the setting; refused if there is one already."""
        path = _path(planned["target_resource_id"], planned["name"])
        with cloud.lock(planned["target_resource_id"]):
            if cloud.get(path) is not None:
                raise CloudRefusedError(
                    operation=f"create {planned['name']}",
                    code="AlreadyExists",
                    message=f"{path} already exists; import it to manage it with Terraform",
                )
            cloud.put(path, _document(planned))
        identity = f"{planned['target_resource_id']}|{planned['name']}"
        record(identity)
        return identity

    def read(self, cloud: ArmCloud, state: State) -> State | None:
        """GET the setting."""
        target, name = _parts(state["id"])
        document = cloud.get(_path(target, name))
        if document is None:
            return None
        properties = document["properties"]
        known = state.get("target_resource_id")
        same = isinstance(known, str) and known.lower() == target.lower()
        return {
            "name": name,
            "target_resource_id": known if same else target,
            "log_analytics_workspace_id": properties.get("workspaceId", ""),
            "log_analytics_destination_type": properties.get("logAnalyticsDestinationType", ""),
            "enabled_log": [
                {"category": log.get("category", ""), "category_group": log.get("categoryGroup", "")}
                for log in properties.get("logs", [])
                if log["enabled"]
            ],
            "enabled_metric": [
                {"category": metric["category"]}
                for metric in properties.get("metrics", [])
                if metric["enabled"]
            ],
        }

    def update(self, cloud: ArmCloud, prior: State, planned: State) -> State:
        """PUT the whole setting again."""
        with cloud.lock(prior["target_resource_id"]):
            cloud.put(_path(*_parts(prior["id"])), _document(planned))
        return {}

    def delete(self, cloud: ArmCloud, state: State) -> None:
        """DELETE the setting."""
        target, name = _parts(state["id"])
        with cloud.lock(target):
            cloud.delete(_path(target, name))

    def import_state(self, cloud: ArmCloud, import_id: str) -> State:  # noqa: ARG002 - Resource's arguments
        """Read `TARGET|NAME`."""
        if not _ID.fullmatch(import_id):
            raise ValueError("expected /subscriptions/ID/...|NAME, the resource and the setting's name")
        return {"id": import_id}


def _parts(identity: str) -> tuple[str, str]:
    target, _, name = identity.rpartition("|")
    return target, name


def _path(target: str, name: str) -> str:
    return f"{target}/providers/Microsoft.Insights/diagnosticSettings/{name}"


def _document(planned: State) -> Document:
    properties: Document = {
        "workspaceId": given(planned["log_analytics_workspace_id"]),
        "logAnalyticsDestinationType": given(planned["log_analytics_destination_type"]),
        "logs": [
            without_nones(
                {
                    "category": given(log["category"]),
                    "categoryGroup": given(log["category_group"]),
                    "enabled": True,
                }
            )
            for log in planned["enabled_log"]
        ],
        "metrics": [
            {"category": metric["category"], "enabled": True} for metric in planned["enabled_metric"]
        ],
    }
    return {"properties": without_nones(properties)}
