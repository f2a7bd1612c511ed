"""Requests of every kind to Azure Resource Manager: what it takes, what is nearly that, and what is not.

Bodies are good ones with members changed, and ones made up from the models that the API checks them with.
"""

import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import quote

import azure_bodies
import json_mutations
from azure_bodies import Body, Scope
from azure_choices import (
    ACTIONS,
    LISTS,
    METHODS,
    ODD_METHODS,
    OWN_ACTIONS,
    QUERIES,
    SEGMENTS,
    STEPS,
    TYPES,
    UUID,
    VERSIONS,
)
from robustness_runner import Reply, Sent

from twinspan.twin.azure import schema
from twinspan.twin.azure.types import RESOURCE_TYPES


class AzureClient:
    """Makes up the requests of one client."""

    def __init__(
        self, seed: int, *, subscription: str, tenant: str, token: str, workspaces: list[str]
    ) -> None:
        self._draw = Random(seed)
        self._subscription = f"/subscriptions/{subscription}"
        self._tenant = tenant
        self._token = token
        self._workspaces = workspaces
        self._followed: list[str] = []
        self._kinds = sorted(resource_type.type for resource_type in RESOURCE_TYPES.values())
        self._steps = 0

    def next(self) -> Sent:
        """Return the next request."""
        if self._draw.random() < 0.25:
            return self._built()
        make = self._draw.choices(
            (
                self._resource,
                self._action,
                self._list,
                self._group,
                self._beside,
                self._follow,
                self._anything,
            ),
            (50, 18, 6, 6, 10, 5, 5),
        )[0]
        method, path, body = make()
        return Sent(
            method=method,
            target=self._target(path),
            headers=self._headers(),
            body=b"" if body is None else json_mutations.encoded(self._draw, body),
        )

    def heard(self, sent: Sent, reply: Reply) -> None:
        """Follow operations now and then, and learn the ids of workspaces."""
        for name in ("azure-asyncoperation", "location"):
            url = reply.headers.get(name)
            if url is not None:
                self._followed = [*self._followed[-20:], "/" + url.split("/", 3)[3].partition("?")[0]]
        if b'"customerId"' in reply.body and reply.status == 200 and sent.method == "GET":
            document = json.loads(reply.body)
            identity = document.get("properties", {}).get("customerId")
            if isinstance(identity, str):
                self._workspaces[:] = [*self._workspaces[-5:], identity]

    def _scope(self) -> Scope:
        group = self._draw.choice(("a", "b", "c"))
        return Scope(self._draw, f"{self._subscription}/resourceGroups/{group}")

    def _identity(self, scope: Scope, kind: str) -> str:
        provider, _, rest = kind.partition("/")
        return scope.id(rest, provider)

    def _built(self) -> Sent:
        """Return the next step of building whole resource groups: what else is sent is about them."""
        group, place = divmod(self._steps, len(STEPS))
        self._steps += 1
        scope = Scope(self._draw, f"{self._subscription}/resourceGroups/{'abc'[group % 3]}", usual=1)
        kind, name = STEPS[place]
        path, body = scope.group, {"location": azure_bodies.LOCATION}
        if kind:
            path = f"{self._identity(scope, kind).rpartition('/')[0]}/{name}"
            body = azure_bodies.GOOD[kind](scope)
        return Sent(
            method="PUT",
            target=f"{path}?api-version=2025-01-01",
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            body=json.dumps(body).encode(),
        )

    def _resource(self) -> tuple[str, str, Any]:
        """Return a request about a resource: mostly good, or nearly so."""
        scope, kind = self._scope(), self._draw.choice(self._kinds)
        method = self._draw.choice(METHODS)
        path = self._identity(scope, kind)
        if method in {"GET", "HEAD", "DELETE"}:
            return method, path, None
        body = azure_bodies.GOOD[kind](scope)
        if method == "PATCH":
            body = {"tags": {"a": "b"}}
        return method, path, self._changed(kind, body)

    def _changed(self, kind: str, body: Body) -> Any:
        """Return a good body, a changed one, one made up from the type's model, or something else."""
        chance = self._draw.random()
        if chance < 0.35:
            return body
        if chance < 0.75:
            return json_mutations.mutated(self._draw, body)
        if chance < 0.95:
            body["properties"] = {**body.get("properties", {}), **self._made_up(kind)}
            return body
        return json_mutations.odd_value(self._draw)

    def _made_up(self, kind: str) -> Body:
        """Return some members of a type's model with values of the right kind, or nearly."""
        try:
            model = schema.model_class(RESOURCE_TYPES[kind.lower()].model)
        except LookupError:
            return {"unknown": json_mutations.odd_value(self._draw)}
        body = self._of_shape(model, 0)
        inner = body.get("properties") if isinstance(body, dict) else None
        return inner if isinstance(inner, dict) else {}

    def _of_shape(self, shape: schema.Shape, depth: int) -> Any:
        """Return a value that fits a shape, most of the time."""
        if depth > 4 or self._draw.random() < 0.08:
            return json_mutations.odd_value(self._draw)
        match shape:
            case schema.Choice(values=values):
                return self._draw.choice(list(values.values()))
            case schema.ListOf(item=item):
                return [self._of_shape(item, depth + 1) for _ in range(self._draw.randrange(3))]
            case schema.MapOf(item=item):
                return {name: self._of_shape(item, depth + 1) for name in ("a", "b")}
        if shape in (str, int, bool, float):
            plain: Mapping[Any, Any] = {
                str: self._draw.choice(("a", "10.1.0.0/24", UUID)),
                int: 1,
                bool: True,
                float: 0.5,
            }
            return plain[shape]
        table = schema.members(shape)  # type: ignore[arg-type]  # the plain types are gone
        kept = [name for name in table if depth == 0 or self._draw.random() < 0.3]
        return {name: self._of_shape(table[name].shape, depth + 1) for name in kept}

    def _action(self) -> tuple[str, str, Any]:
        """Return a POST or a GET below a resource."""
        scope = self._scope()
        kind, action = self._draw.choice(self._kinds), self._draw.choice(ACTIONS)
        if self._draw.random() < 0.7:
            kind = self._draw.choice([own_kind for own_kind in self._kinds if own_kind in OWN_ACTIONS])
            action = self._draw.choice(OWN_ACTIONS[kind])
        path = f"{self._identity(scope, kind)}/{action}"
        body: Any = self._draw.choice(({}, {"value": "Key_0123456789"}, {"keyLength": 20}, None))
        if self._draw.random() < 0.3:
            body = json_mutations.odd_value(self._draw)
        return self._draw.choice(("POST", "POST", "GET", "PUT", "DELETE")), path, body

    def _list(self) -> tuple[str, str, Any]:
        """Return a request for a list."""
        scope, kind = self._scope(), self._draw.choice(self._kinds)
        if self._draw.random() < 0.5:
            return "GET", self._subscription + self._draw.choice(LISTS), None
        root = self._draw.choice((self._subscription, scope.group))
        return "GET", f"{root}/providers/{kind}", None

    def _group(self) -> tuple[str, str, Any]:
        """Return a request about a resource group."""
        method = self._draw.choices(("PUT", "GET", "HEAD", "PATCH", "DELETE", "POST"), (60, 10, 5, 10, 3, 5))[
            0
        ]
        body: Any = {"location": "westeurope", "tags": {"a": "b"}}
        if self._draw.random() < 0.3:
            body = json_mutations.mutated(self._draw, body)
        return method, self._scope().group, body if method in {"PUT", "PATCH"} else None

    def _beside(self) -> tuple[str, str, Any]:
        """Return a request about roles, diagnostic settings, deployments, metrics, logs or sign-in."""
        scope = self._scope()
        owner = self._draw.choice(
            (self._subscription, scope.group, self._identity(scope, self._draw.choice(self._kinds)))
        )
        gateway = scope.id("virtualNetworkGateways")
        path, body = self._draw.choice(
            (
                (
                    f"{owner}/providers/Microsoft.Authorization/roleAssignments/{UUID}",
                    azure_bodies.role_assignment(scope),
                ),
                (
                    f"{gateway}/providers/Microsoft.Insights/diagnosticSettings/a",
                    azure_bodies.diagnostic_setting(scope),
                ),
                (
                    f"{scope.group}/providers/Microsoft.Resources/deployments/a",
                    azure_bodies.deployment(scope),
                ),
                (
                    f"{scope.group}/providers/Microsoft.Resources/deployments/a/validate",
                    azure_bodies.deployment(scope),
                ),
                (f"{gateway}/providers/Microsoft.Insights/metrics", None),
                (f"{gateway}/providers/Microsoft.Insights/metricDefinitions", None),
                (f"/v1/workspaces/{self._draw.choice(self._workspaces)}/query", self._log_query()),
                (f"/{self._tenant}/oauth2/v2.0/token", {"grant_type": "client_credentials"}),
                (f"/{self._tenant}/.well-known/openid-configuration", None),
                ("/metadata/endpoints", None),
                ("/tenants", None),
                ("/subscriptions", None),
            )
        )
        if body is not None and self._draw.random() < 0.6:
            body = json_mutations.mutated(self._draw, body)
        return self._draw.choice(("PUT", "PUT", "POST", "GET", "DELETE", "HEAD")), path, body

    def _log_query(self) -> Body:
        """Return a query of logs."""
        return {
            "query": self._draw.choice(
                (
                    "AzureDiagnostics | where Category == 'TunnelDiagnosticLog' | take 5",
                    "AzureDiagnostics | project TimeGenerated | order by TimeGenerated desc",
                    "AzureDiagnostics | count",
                    "AzureDiagnostics | where",
                    "| | |",
                    "AzureDiagnostics | take 99999999999999999999",
                    "let x = 1; x",
                    "'",
                )
            ),
            "timespan": self._draw.choice(("PT1H", "P99999999999D", "2026-01-01/0001-01-01", "x", "/")),
        }

    def _follow(self) -> tuple[str, str, Any]:
        """Return a request for how an operation went."""
        return "GET", self._draw.choice(self._followed or ["/subscriptions"]), None

    def _anything(self) -> tuple[str, str, Any]:
        """Return a request whose path is odd."""
        scope, kind = self._scope(), self._draw.choice(self._kinds)
        parts = self._identity(scope, kind).split("/")[1:]
        for _ in range(self._draw.randrange(1, 4)):
            place = self._draw.randrange(len(parts) + 1)
            match self._draw.randrange(4):
                case 0:
                    parts.insert(place, self._draw.choice(SEGMENTS))
                case 1:
                    parts[place : place + 1] = [self._draw.choice(SEGMENTS)]
                case 2:
                    del parts[place:]
                case _:
                    parts = [part.upper() for part in parts] or ["a"]
        method = self._draw.choice((*METHODS, *ODD_METHODS))
        return method, "/" + "/".join(parts), azure_bodies.GOOD[kind](scope)

    def _target(self, path: str) -> str:
        """Return the request target: the path and its query, encoded, now and then oddly."""
        query = [("api-version", self._draw.choice(VERSIONS))] if self._draw.random() < 0.98 else []
        while self._draw.random() < 0.25:
            name = self._draw.choice(list(QUERIES))
            value = self._draw.choice(QUERIES[name])
            query.append(
                (name, value if self._draw.random() < 0.8 else str(json_mutations.odd_value(self._draw)))
            )
        text = "&".join(f"{quote(name)}={quote(value, errors='surrogatepass')}" for name, value in query)
        return f"{quote(path, safe='/%')}?{text}" if text else quote(path, safe="/%")

    def _headers(self) -> Mapping[str, str]:
        """Return headers: good ones most of the time."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": self._draw.choice(TYPES)}
        chance = self._draw.random()
        if chance < 0.01:
            headers["Authorization"] = self._draw.choice(
                ("", "Bearer", "Bearer a.b.c", "Basic YTpi", "Bearer \xe4")
            )
        elif chance < 0.02:
            headers["Host"] = self._draw.choice(("", "evil.example", "localhost:1", "[::1", "\xe4"))
        elif chance < 0.03:
            headers["Origin"] = self._draw.choice(("null", "https://evil.example", "http://[::1", "\xe4"))
        elif chance < 0.06:
            headers["If-Match"] = self._draw.choice(("*", '"x"', "", "\xe4"))
        elif chance < 0.09:
            headers["If-None-Match"] = self._draw.choice(("*", '"x"', ""))
        elif chance < 0.1:
            headers["Accept"] = "application/xml"
        return headers
