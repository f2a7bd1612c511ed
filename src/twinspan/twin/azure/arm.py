"""The routes of Azure Resource Manager. Whoever comes here has shown a good token."""

import copy
import re
from dataclasses import replace
from functools import partial

from twinspan.twin.azure import (
    aks_routes,
    diagnostics,
    groups,
    images,
    metrics,
    offers,
    resources,
    roles,
    shared_keys,
    subscriptions,
)
from twinspan.twin.azure.alerts import routes as alert_routes
from twinspan.twin.azure.alerts.book import AlertBook
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.deployment_routes import DeploymentRoutes
from twinspan.twin.azure.documents import JsonObject
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.http import Answer, Request, check_api_version
from twinspan.twin.azure.logs import routes as log_routes
from twinspan.twin.azure.logs.table import LogTable
from twinspan.twin.azure.operations import RETRY_AFTER, Operations, Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.resources import Conditions
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import ALL_TYPES, ALWAYS_EMPTY, RESOURCE_TYPES, aks_progress, machine_progress
from twinspan.twin.azure.types.base import Action, Context, ResourceType
from twinspan.twin.azure.types.connections import CONNECTIONS, gateway_connections
from twinspan.twin.azure.types.virtual_network_gateways import VIRTUAL_NETWORK_GATEWAYS

_SUBSCRIPTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIAGNOSTICS = ["providers", "microsoft.insights", "diagnosticsettings"]
_CHANGING = {"reset", "resetconnection"}


class ResourceManager:
    """Answers the requests about one subscription, and finds the one that answers about another.

    Whoever owns the twin owns every subscription that a request names: a user's configuration names its own.
    What all have in common is one store, so that a resource can refer to one of another subscription.
    """

    def __init__(
        self,
        *,
        context: Context,
        credentials: ArmCredentials,
        base_url: str,
        alerts: AlertBook,
        logs: LogTable,
    ) -> None:
        self._context = context
        self._alerts = alerts
        self._logs = logs
        self._credentials = credentials
        self._base_url = base_url
        self._operations = Operations(base_url=base_url, subscription_id=credentials.subscription_id)
        self._deployments = DeploymentRoutes(
            context=context, credentials=credentials, operations=self._operations, base_url=base_url
        )

    def handle(self, request: Request) -> Answer:
        """Answer a request.

        Raises:
            ArmError: It is refused.
        """
        match [part for part in request.path.split("/") if part]:
            case ["v1", "workspaces", workspace, "query"] if request.method in {"GET", "POST"}:
                return log_routes.answer(self._context.store, self._logs, request, workspace)
        check_api_version(request.query)
        settled = aks_progress.settle(self._context) | machine_progress.settle(self._context)
        answer = self._answer(request)
        return replace(answer, changed=True) if settled else answer

    def _answer(self, request: Request) -> Answer:
        """Answer a request with a good API version."""
        parts = [part for part in request.path.split("/") if part]
        match [part.lower() for part in parts]:
            case ["tenants"] if request.method == "GET":
                return Answer(document=subscriptions.tenants(self._credentials))
            case ["subscriptions"] if request.method == "GET":
                return self._subscriptions()
            case ["subscriptions", given, *_] if given != self._credentials.subscription_id:
                return self._of_subscription(given)._answer(request)  # noqa: SLF001 - another of this class
            case ["subscriptions", _, *rest]:
                answer = self._roles(request, parts)
                return answer if answer is not None else self._in_subscription(request, parts[2:], rest)
            case ["providers", "microsoft.authorization", "roledefinitions", *_]:
                return self._roles(request, parts) or Answer(status=404)
            case _:
                raise _no_route(request)

    def _subscriptions(self) -> Answer:
        """List the twin's own subscription, and those with a resource group."""
        ids = dict.fromkeys((self._credentials.subscription_id, *self._context.store.subscriptions()))
        every = [replace(self._credentials, subscription_id=subscription_id) for subscription_id in ids]
        return Answer(document={"value": [subscriptions.subscription(group) for group in every]})

    def _of_subscription(self, subscription_id: str) -> "ResourceManager":
        """Return what answers about another subscription.

        Raises:
            ArmError: `InvalidSubscriptionId`.
        """
        if not _SUBSCRIPTION.fullmatch(subscription_id):
            raise ArmError(
                400,
                "InvalidSubscriptionId",
                f"The provided subscription identifier '{subscription_id}' is malformed or invalid.",
            )
        other = copy.copy(self)
        other._credentials = replace(self._credentials, subscription_id=subscription_id)  # noqa: SLF001 - as above
        other._deployments = replace(self._deployments, credentials=other._credentials)  # noqa: SLF001 - as above
        return other

    @property
    def _scope(self) -> str:
        return f"/subscriptions/{self._credentials.subscription_id}"

    def _roles(self, request: Request, parts: list[str]) -> Answer | None:
        """Answer about roles, at whatever scope; None if the request is about something else."""
        lower = [part.lower() for part in parts]
        for place in range(len(lower) - 2, -1, -1):
            if lower[place : place + 2] == ["providers", "microsoft.authorization"] and parts[place + 2 :]:
                scope = "".join(f"/{part}" for part in parts[:place])
                return roles.answer(self._context, request, scope, parts[place + 2 :])
        return None

    def _in_subscription(self, request: Request, parts: list[str], lower: list[str]) -> Answer:
        """Answer below `/subscriptions/{id}`."""
        match lower:
            case ["resourcegroups", *_] if len(parts) > 1:
                return self._in_groups(request, parts, lower)
            case ["providers", _, *_]:
                return self._in_providers(request, parts, lower)
            case ["operationresults", operation] if request.method == "GET":
                return self._operations.result(operation)
            case [name] if request.method == "GET":
                return self._list_of(request, name)
            case [] if request.method == "GET":
                return Answer(document=subscriptions.subscription(self._credentials))
            case _:
                raise _no_route(request)

    def _list_of(self, request: Request, name: str) -> Answer:
        """Answer one of the subscription's lists."""
        match name:
            case "locations":
                return Answer(document=subscriptions.locations(self._credentials))
            case "providers":
                return Answer(document=subscriptions.providers(self._credentials))
            case "resources":
                return self._summaries(request, self._scope)
            case "resourcegroups":
                every = self._context.store.groups.values()
                own = [group for group in every if group.id.lower().startswith(f"{self._scope}/")]
                return Answer(document={"value": [groups.render(resource_group) for resource_group in own]})
            case _:
                raise _no_route(request)

    def _in_providers(self, request: Request, parts: list[str], lower: list[str]) -> Answer:
        """Answer below `/subscriptions/{id}/providers`: registration, operations, lists."""
        offered = offers.answer(self._context.store, request, lower[1:])
        scope = self._scope
        offered = aks_routes.in_provider(request, lower[1:]) if offered is None else offered
        offered = images.answer(request, scope, lower[1:]) if offered is None else offered
        if offered is None:
            offered = alert_routes.in_provider(self._alerts, request, lower[1:], scope)
        if offered is not None:
            return offered
        match request.method, lower[2:]:
            case ("GET", []) | ("POST", ["register"]):
                return Answer(document=subscriptions.provider(self._credentials, parts[1]))
            case "GET", ["locations", _, "operations", operation]:
                return self._operations.state(operation)
            case "GET", ["locations", _, "operationresults", operation]:
                return self._operations.result(operation)
            case "GET", [_]:
                return self._listed(request, parts[1], parts[2], scope=scope)
            case _:
                raise _no_route(request)

    def _in_groups(self, request: Request, parts: list[str], lower: list[str]) -> Answer:
        """Answer on a resource group and on what is in it."""
        match request.method, lower[2:]:
            case _, []:
                return self._group(request, parts[1])
            case "GET", ["resources"]:
                group = groups.read(self._context.store, self._group_id(parts[1]))
                return self._summaries(request, group.id)
            case _, ["providers", "microsoft.resources", "deployments", *_]:
                return self._deployments.handle(request, parts[1], parts[5:])
            case "GET", ["providers", _, _]:
                group = groups.read(self._context.store, self._group_id(parts[1]))
                return self._listed(request, parts[3], parts[4], scope=group.id)
            case _, ["providers", _, _, _, *_]:
                return self._resource(request, parts)
            case _:
                raise _no_route(request)

    def _group(self, request: Request, name: str) -> Answer:
        """Answer on one resource group."""
        answer = groups.answer(self._context.store, request, self._credentials.subscription_id, name)
        if answer is None:
            raise _no_route(request)
        if request.method != "DELETE":
            return answer
        version = request.query["api-version"]
        url = f"{self._base_url}{self._scope}/operationresults/{self._operations.keep(Outcome)}"
        return replace(answer, headers={"Location": f"{url}?api-version={version}", **RETRY_AFTER})

    def _resource(self, request: Request, parts: list[str]) -> Answer:
        """Answer on a resource, a list of its parts, or one of its actions."""
        scope, tail = parts[:4], parts[4:]
        response = self._monitored(request, parts)
        if response is not None:
            return response
        if [part.lower() for part in tail[2:]] in (["sharedkey"], ["sharedkey", "reset"]):
            connection = self._resource_id([*scope, *tail[:2]])
            answer = shared_keys.answer(self._context, self._operations, request, connection, tail[2:])
            if answer is None:
                raise _no_route(request)
            return answer
        response = aks_routes.of_cluster(
            self._context, request, self._resource_id([*parts, ""] if len(tail) % 2 else parts)
        )
        if response is not None:
            return response
        if len(tail) % 2 == 0:
            return self._one(request, self._resource_id(parts))
        owner = self._resource_id(parts[:-1])
        if request.method == "GET":
            return self._parts(request, owner, tail[-1])
        if request.method == "POST":
            return self._act(request, owner, tail[-1])
        raise _no_route(request)

    def _monitored(self, request: Request, parts: list[str]) -> Answer | None:
        """Answer about a resource's metrics or logs, or an alert's status; None if it is another request."""
        lower = [part.lower() for part in parts[4:]]
        for last in (len(parts), len(parts) - 1):
            if [part.lower() for part in parts[last - 3 : last]] == _DIAGNOSTICS:
                logged = resources.read(self._context, self._resource_id(parts[: last - 3]))
                return diagnostics.answer(self._context.store, request, logged, parts[last:])
        if lower[-3:-1] == ["providers", "microsoft.insights"]:
            measured = resources.read(self._context, self._resource_id(parts[:-3]))
            return metrics.answer(self._context, request, measured, lower[-1])
        if request.method == "GET" and lower[::2] == ["metricalerts", "status"]:
            subscription_id = resources.read(self._context, self._resource_id(parts[:-1]))
            return Answer(document=alert_routes.status_of(self._alerts, subscription_id.id))
        return None

    def _one(self, request: Request, identity: ResourceId) -> Answer:
        """Answer on one resource."""
        conditions = Conditions(
            if_match=request.headers.get("if-match"), if_none_match=request.headers.get("if-none-match")
        )
        version = request.query["api-version"]
        match request.method:
            case "GET":
                return Answer(document=self._read(identity, request.query.get("$expand", "")))
            case "HEAD":
                resources.read(self._context, identity)
                return Answer(status=204)
            case "PUT":
                return self._put(identity, request.json_object(), conditions, version)
            case "PATCH":
                return self._patch(identity, request.json_object(), version)
            case "DELETE":
                return self._delete(identity, conditions, version)
            case _:
                raise _no_route(request)

    def _read(self, identity: ResourceId, expand: str) -> JsonObject:
        resource = resources.read(self._context, identity)
        document = self._render(resource)
        resources.type_of(resource.id).expand(self._context, resource, document, expand)
        return document

    def _put(self, identity: ResourceId, body: JsonObject, conditions: Conditions, version: str) -> Answer:
        """Make or replace a resource."""
        resource, created = resources.put(self._context, identity, body, conditions)
        kind, document = resources.type_of(resource.id), self._render(resource)
        if kind.at_once:
            return Answer(status=kind.created if created else 200, document=document, changed=True)
        asked = partial(kind.outcome, self._context, resource.id)
        return self._operations.written(document, created=created, api_version=version, asked=asked)

    def _patch(self, identity: ResourceId, body: JsonObject, version: str) -> Answer:
        """Change a resource."""
        resource = resources.patch(self._context, identity, body)
        kind, document = resources.type_of(resource.id), self._render(resource)
        if not kind.patched_later:
            return Answer(document=document, changed=True)
        asked = partial(kind.outcome, self._context, resource.id)
        return self._operations.written(document, created=False, api_version=version, asked=asked)

    def _delete(self, identity: ResourceId, conditions: Conditions, version: str) -> Answer:
        """Delete a resource, or begin to."""
        resource = self._context.store.get(identity)
        body: JsonObject = dict(resource.body) if resource is not None else {}
        if not resources.delete(self._context, identity, conditions):
            return Answer(status=204)
        kind = resources.type_of(identity)
        if kind.at_once:
            return Answer(status=200, changed=True)
        asked = partial(kind.outcome, self._context, identity)
        return self._operations.deleted(body, api_version=version, asked=asked)

    def _parts(self, request: Request, owner: ResourceId, kind: str) -> Answer:
        """List the parts of a resource, or a gateway's connections."""
        resource = resources.read(self._context, owner)
        if owner.type.lower() == VIRTUAL_NETWORK_GATEWAYS.type.lower() and kind.lower() == "connections":
            return self._rows(request, CONNECTIONS, gateway_connections(self._context, resource))
        viewed = resources.type_of(owner).view(self._context, resource, kind.lower())
        if viewed is not None:
            return Answer(document=viewed)
        part = ALL_TYPES.get(f"{owner.type}/{kind}".lower())
        if part is None:
            raise resources.unknown_type(owner.provider, (*owner.types, kind))
        return self._rows(request, part, self._context.store.children(resource.id, kind))

    def _act(self, request: Request, owner: ResourceId, name: str) -> Answer:
        """Carry out a POST action."""
        resource = resources.read(self._context, owner)
        action = Action(name=name.lower(), query=request.query, body=request.json_object())
        kind = resources.type_of(owner)
        asked = kind.begin(self._context, resource, action)
        if asked is None:
            result = kind.act(self._context, resource, action)
            if action.name in kind.synchronous:
                return Answer(document=result)
            over = kind.outcome(self._context, resource.id) is not None
            asked = (
                partial(Outcome, result=result) if over else partial(kind.outcome, self._context, resource.id)
            )
        return self._operations.acted(
            resource.body,
            asked,
            api_version=request.query["api-version"],
            changed=action.name in kind.changing or action.name in _CHANGING,
            null_body=owner.provider.lower() == "microsoft.network",
        )

    def _listed(self, request: Request, provider: str, kind: str, *, scope: str) -> Answer:
        """List the resources of a type."""
        known = RESOURCE_TYPES.get(f"{provider}/{kind}".lower())
        if f"{provider}/{kind}".lower() in ALWAYS_EMPTY:
            return Answer(document={"value": []})
        if known is None:
            raise resources.unknown_type(provider, (kind,))
        return self._rows(request, known, list(self._context.store.of_type(known.type, scope=scope)))

    def _rows(self, request: Request, kind: ResourceType, rows: list[Resource]) -> Answer:
        """Return a list, with what it is asked to expand."""
        documents = [kind.render(self._context, row, listed=True) for row in rows]
        for row, document in zip(rows, documents, strict=True):
            kind.expand(self._context, row, document, request.query.get("$expand", ""))
        return Answer(document={"value": list(documents)})

    def _summaries(self, request: Request, scope: str) -> Answer:
        condition = request.query.get("$filter")
        return Answer(document=groups.summaries(self._context.store, scope=scope, condition=condition))

    def _render(self, resource: Resource) -> JsonObject:
        return resources.type_of(resource.id).render(self._context, resource)

    def _resource_id(self, parts: list[str]) -> ResourceId:
        """Return the id of `resourceGroups/{group}/providers/...`, in the API's own spelling of keywords."""
        group, provider = parts[1], parts[3]
        kinds, names = parts[4::2], parts[5::2]
        known = ALL_TYPES.get("/".join([provider, *kinds]).lower())
        if known is not None:
            provider, *kinds = known.type.split("/")
        existing = self._context.store.groups.get(self._group_id(group).lower())
        return ResourceId(
            subscription_id=self._credentials.subscription_id,
            resource_group=existing.name if existing is not None else group,
            provider=provider,
            types=tuple(kinds),
            names=tuple(names),
        )

    def _group_id(self, name: str) -> str:
        return f"{self._scope}/resourceGroups/{name}"


def _no_route(request: Request) -> ArmError:
    """Return the refusal of a method or path that the twin does not have."""
    return ArmError(404, "NotFound", f"The twin has no {request.method} {request.path}.")
