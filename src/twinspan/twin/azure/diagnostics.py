"""`{gateway}/providers/Microsoft.Insights/diagnosticSettings`: which logs go to which workspace.

Source: Azure Monitor REST API, Diagnostic Settings, 2021-05-01-preview; "Monitoring data reference for Azure
VPN Gateway" for the categories.
"""

from typing import Annotated, Any

from pydantic import Field

from twinspan.twin.azure.documents import Json, JsonObject, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource, Store
from twinspan.twin.azure.types.bodies import Body, parsed
from twinspan.twin.azure.types.virtual_network_gateways import VIRTUAL_NETWORK_GATEWAYS
from twinspan.twin.azure.types.workspaces import WORKSPACES

CATEGORIES = (
    "GatewayDiagnosticLog",
    "TunnelDiagnosticLog",
    "RouteDiagnosticLog",
    "IKEDiagnosticLog",
    "P2SDiagnosticLog",
)
_GROUPS = {"alllogs"}
_TYPE = "Microsoft.Insights/diagnosticSettings"


class Retention(Body):
    """How long a storage account keeps it; of no use for a workspace, and deprecated."""

    enabled: bool
    days: int


class Log(Body):
    """One category, or a group of them."""

    category: str | None = None
    category_group: Annotated[str | None, Field(alias="categoryGroup")] = None
    enabled: bool
    retention_policy: Annotated[Retention | None, Field(alias="retentionPolicy")] = None


class Metric(Body):
    """A group of metrics to be exported too."""

    category: str
    enabled: bool
    time_grain: Annotated[str | None, Field(alias="timeGrain")] = None
    retention_policy: Annotated[Retention | None, Field(alias="retentionPolicy")] = None


class Properties(Body):
    """A setting whose destination is a workspace, the only one that the twin has."""

    workspace_id: Annotated[str, Field(alias="workspaceId")]
    logs: Annotated[list[Log], Field(default_factory=list)]
    metrics: Annotated[list[Metric], Field(default_factory=list)]
    destination_type: Annotated[str | None, Field(alias="logAnalyticsDestinationType")] = None


class DiagnosticSetting(Body):
    """The whole document."""

    properties: Properties
    id: Annotated[Any, Field(exclude=True)] = None
    name: Annotated[Any, Field(exclude=True)] = None
    type: Annotated[Any, Field(exclude=True)] = None
    system_data: Annotated[Any, Field(alias="systemData", exclude=True)] = None


def answer(store: Store, request: Request, owner: Resource, rest: list[str]) -> Answer:
    """Answer on the settings of a resource.

    Args:
        store: The subscription.
        request: What was asked.
        owner: The resource.
        rest: The name of a setting; empty for the list.

    Raises:
        ArmError: The resource has no logs, there is no such setting, or its body breaks a rule.
    """
    if owner.id.type.lower() != VIRTUAL_NETWORK_GATEWAYS.type.lower():
        raise bad_request("ResourceTypeNotSupported", f"The resource type '{owner.id.type}' has no logs.")
    prefix = f"{owner.id.key}/providers/microsoft.insights/diagnosticsettings/"
    match request.method, rest:
        case "GET", []:
            settings = [setting for key, setting in store.diagnostics.items() if key.startswith(prefix)]
            return Answer(document={"value": list[Json](settings)})
        case "GET", [name]:
            return Answer(document=_existing(store, prefix, name))
        case "PUT", [name]:
            document = _checked(store, owner.id, name, request.json_object())
            store.diagnostics[f"{prefix}{name.lower()}"] = document
            return Answer(document=document, changed=True)
        case "DELETE", [name]:
            gone = store.diagnostics.pop(f"{prefix}{name.lower()}", None)
            return Answer(status=204 if gone is None else 200, changed=gone is not None)
        case _:
            raise ArmError(404, "NotFound", f"The twin has no {request.method} {request.path}.")


def destinations(store: Store, gateway: str, category: str) -> tuple[str, ...]:
    """Return the lower-case ids of the workspaces that a category of a gateway's logs goes to."""
    prefix = f"{gateway.lower()}/providers/microsoft.insights/diagnosticsettings/"
    return tuple(
        setting.workspace_id.lower()
        for key, document in store.diagnostics.items()
        if key.startswith(prefix)
        for setting in (parsed(DiagnosticSetting, document).properties,)
        if category in _categories(setting)
    )


def _existing(store: Store, prefix: str, name: str) -> JsonObject:
    setting = store.diagnostics.get(f"{prefix}{name.lower()}")
    if setting is None:
        raise ArmError(404, "ResourceNotFound", f"The diagnostic setting '{name}' was not found.")
    return setting


def _categories(setting: Properties) -> set[str]:
    """Return the categories that are switched on."""
    chosen = {log.category for log in setting.logs if log.enabled and log.category}
    whole = any(log.enabled and log.category_group for log in setting.logs)
    return {*CATEGORIES} if whole else {str(category) for category in chosen}


def _checked(store: Store, owner: ResourceId, name: str, body: JsonObject) -> JsonObject:
    """Return the document of a good setting."""
    setting = parsed(DiagnosticSetting, body)
    members = setting.properties
    for log in members.logs:
        if (log.category is None) == (log.category_group is None):
            raise bad_request("BadRequest", "A log has either a category or a categoryGroup.")
        if log.category is not None and log.category not in CATEGORIES:
            raise bad_request(
                "BadRequest", f"Category '{log.category}' is not supported. It has {', '.join(CATEGORIES)}."
            )
        if log.category_group is not None and log.category_group.lower() not in _GROUPS:
            raise bad_request("BadRequest", f"Category group '{log.category_group}' is not supported.")
    for metric in members.metrics:
        if metric.category != "AllMetrics":
            raise bad_request("BadRequest", f"Metric category '{metric.category}' is not supported.")
    if not any(
        [log.enabled for log in members.logs] + [metric_setting.enabled for metric_setting in members.metrics]
    ):
        raise bad_request("BadRequest", "A diagnostic setting has to switch on a category at least.")
    workspace = store.get(members.workspace_id)
    if workspace is None or workspace.id.type.lower() != WORKSPACES.type.lower():
        raise bad_request("ResourceNotFound", f"The workspace {members.workspace_id} was not found.")
    _check_others(store, owner, name, members)
    return {
        "id": f"{owner}/providers/microsoft.insights/diagnosticSettings/{name}",
        "type": _TYPE,
        "name": name,
        **setting.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def _check_others(store: Store, owner: ResourceId, name: str, members: Properties) -> None:
    """Refuse a category that another setting sends to the same workspace already."""
    prefix = f"{owner.key}/providers/microsoft.insights/diagnosticsettings/"
    for key, document in store.diagnostics.items():
        if not key.startswith(prefix) or key == f"{prefix}{name.lower()}":
            continue
        other = parsed(DiagnosticSetting, document).properties
        twice = _categories(other) & _categories(members)
        if twice and other.workspace_id.lower() == members.workspace_id.lower():
            raise ArmError(
                409,
                "Conflict",
                f"Data sink '{members.workspace_id}' is already used in diagnostic setting "
                f"'{text(document, 'name')}' for category '{min(twice)}'. Data sinks can't be reused in "
                "different settings on the same category for the same resource.",
            )
