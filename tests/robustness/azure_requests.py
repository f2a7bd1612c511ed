"""Requests of every kind to Azure Resource Manager: what it takes, what is nearly that, and what is not.

Bodies are good ones with members changed, and ones made up from the models that the API checks them with.
"""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import azure_bodies
import json_mutations
from azure_bodies import Body, Scope
from robustness_runner import Connection, Reply, Sent

from twinspan.network.model import BgpPeer, GatewayRoute
from twinspan.twin.azure import schema
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.azure.types import RESOURCE_TYPES
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.spec import ClusterHealth
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservationBoard, Observed

_VERSIONS = ("2025-01-01",) * 20 + (
    "2018-03-01",
    "2024-05-01-preview",
    "",
    "latest",
    "2099-99-99",
    "20",
    "\0",
)
_METHODS = ("GET", "GET", "PUT", "PUT", "PUT", "PATCH", "DELETE", "POST", "HEAD")
_ODD_METHODS = ("OPTIONS", "TRACE", "PROPFIND", "get", "PURGE")
_ACTIONS = (
    "getBgpPeerStatus",
    "getLearnedRoutes",
    "getAdvertisedRoutes",
    "reset",
    "resetconnection",
    "sharedkey",
    "sharedkey/reset",
    "connections",
    "startPacketCapture",
    "stopPacketCapture",
    "getikesas",
    "vpndeviceconfigurationscript",
    "supportedvpndevices",
    "generatevpnclientpackage",
    "listClusterAdminCredential",
    "listClusterUserCredential",
    "upgradeProfiles/default",
    "availableAgentPoolVersions",
    "start",
    "stop",
    "status",
    "moveResources",
    "natRules/a",
    "virtualNetworkPeerings/a",
    "CheckIPAddressAvailability",
    "subnets",
    "routes",
    "agentPools",
    "unknown",
    "",
)
_OWN_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "Microsoft.Network/virtualNetworkGateways": (
        "getBgpPeerStatus",
        "getLearnedRoutes",
        "getAdvertisedRoutes",
        "reset",
        "connections",
    ),
    "Microsoft.Network/connections": ("sharedkey", "sharedkey/reset", "resetconnection"),
    "Microsoft.ContainerService/managedClusters": (
        "listClusterAdminCredential",
        "listClusterUserCredential",
        "upgradeProfiles/default",
        "availableAgentPoolVersions",
        "start",
        "stop",
    ),
    "Microsoft.ContainerService/managedClusters/agentPools": ("upgradeProfiles/default",),
    "Microsoft.Insights/metricAlerts": ("status",),
}
"""Type -> actions and lists that it has."""
_LISTS = (
    "",
    "/locations",
    "/providers",
    "/resources",
    "/resourceGroups",
    "/resourcegroups/a/resources",
    "/providers/Microsoft.Network/locations/westeurope/usages",
    "/providers/Microsoft.Network/locations/westeurope/operations/a",
    "/providers/Microsoft.Network/locations/westeurope/operationResults/a",
    "/providers/Microsoft.Compute/skus",
    "/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions",
    "/providers/Microsoft.AlertsManagement/alerts",
    "/providers/Microsoft.AlertsManagement/alerts/a/history",
    "/providers/Microsoft.Authorization/permissions",
    "/providers/Microsoft.Authorization/roleDefinitions",
    "/providers/Microsoft.Authorization/roleAssignments",
    "/providers/Microsoft.Network/networkInterfaces",
    "/providers/Microsoft.OperationalInsights/deletedWorkspaces",
    "/operationresults/a",
)
_QUERIES: Mapping[str, tuple[str, ...]] = {
    "$filter": (
        "roleName eq 'Reader'",
        "location eq 'westeurope'",
        "resourceType eq 'Microsoft.Network/virtualNetworks' and name eq 'a'",
        "atScope() and assignedTo('a')",
        "principalId eq 'x'",
        "Instance eq '*' and BgpPeerAddress eq '169.254.21.1'",
    ),
    "$top": ("1", "0", "-1", "99999999999999999999", "x"),
    "$expand": ("a", ""),
    "timespan": (
        "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z",
        "PT1H",
        "0001-01-01/9999-12-31",
        "a/b",
        "/",
        "0001-01-01T00:00:00+14:00/9999-12-31T23:59:59-14:00",
        " " * 2000,
    ),
    "interval": ("PT1M", "FULL", "P99999D", "x", ""),
    "metricnames": ("BgpPeerStatus", "TunnelIngressBytes,TunnelEgressBytes", ",", "x"),
    "aggregation": ("Average", "Total,Count", "none", "x"),
    "orderby": ("average desc", "x y z", ""),
    "peer": ("169.254.21.1", "x", "", "::1"),
    "gatewayVip": ("198.51.100.4", "None", "x"),
    "monitorCondition": ("Fired", "x"),
    "severity": ("Sev1", "Sev9"),
    "targetResource": ("a",),
    "api-version": ("2025-01-01", "x"),
}
_SEGMENTS = (
    "",
    ".",
    "..",
    "%2e%2e",
    "%2F",
    "%00",
    "%ff",
    "a b",
    "ä",
    "%F0%9F%98%80",
    "a" * 300,
    "~",
    "*",
    "a;b",
)
_TYPES = ("application/json",) * 30 + (
    "application/json; charset=utf-16",
    "text/plain",
    "",
    "*/*",
    "multipart/form-data",
)
_STEPS = (
    ("", ""),
    ("Microsoft.Network/virtualNetworks", "a"),
    ("Microsoft.Network/publicIPAddresses", "a"),
    ("Microsoft.Network/publicIPAddresses", "b"),
    ("Microsoft.Network/routeTables", "a"),
    ("Microsoft.Network/networkSecurityGroups", "a"),
    ("Microsoft.Network/virtualNetworkGateways", "a"),
    ("Microsoft.Network/localNetworkGateways", "a"),
    ("Microsoft.Network/connections", "a"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "a"),
    ("Microsoft.ContainerService/managedClusters", "a"),
    ("Microsoft.ContainerService/managedClusters/agentPools", "b"),
    ("Microsoft.Insights/actionGroups", "a"),
    ("Microsoft.Insights/metricAlerts", "a"),
    ("Microsoft.OperationalInsights/workspaces", "a"),
)
"""What a whole resource group is built of, in order: type and name; no type is the group itself."""
_UUID = "11111111-2222-3333-4444-555555555555"


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
        self._kinds = sorted(each.type for each in RESOURCE_TYPES.values())
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
            told = json.loads(reply.body)
            identity = told.get("properties", {}).get("customerId")
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
        group, place = divmod(self._steps, len(_STEPS))
        self._steps += 1
        scope = Scope(self._draw, f"{self._subscription}/resourceGroups/{'abc'[group % 3]}", usual=1)
        kind, name = _STEPS[place]
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
        method = self._draw.choice(_METHODS)
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
        told = self._of_shape(model, 0)
        inner = told.get("properties") if isinstance(told, dict) else None
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
                str: self._draw.choice(("a", "10.1.0.0/24", _UUID)),
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
        kind, action = self._draw.choice(self._kinds), self._draw.choice(_ACTIONS)
        if self._draw.random() < 0.7:
            kind = self._draw.choice([each for each in self._kinds if each in _OWN_ACTIONS])
            action = self._draw.choice(_OWN_ACTIONS[kind])
        path = f"{self._identity(scope, kind)}/{action}"
        body: Any = self._draw.choice(({}, {"value": "Key_0123456789"}, {"keyLength": 20}, None))
        if self._draw.random() < 0.3:
            body = json_mutations.odd_value(self._draw)
        return self._draw.choice(("POST", "POST", "GET", "PUT", "DELETE")), path, body

    def _list(self) -> tuple[str, str, Any]:
        """Return a request for a list."""
        scope, kind = self._scope(), self._draw.choice(self._kinds)
        if self._draw.random() < 0.5:
            return "GET", self._subscription + self._draw.choice(_LISTS), None
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
                    f"{owner}/providers/Microsoft.Authorization/roleAssignments/{_UUID}",
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
                    parts.insert(place, self._draw.choice(_SEGMENTS))
                case 1:
                    parts[place : place + 1] = [self._draw.choice(_SEGMENTS)]
                case 2:
                    del parts[place:]
                case _:
                    parts = [part.upper() for part in parts] or ["a"]
        method = self._draw.choice((*_METHODS, *_ODD_METHODS))
        return method, "/" + "/".join(parts), azure_bodies.GOOD[kind](scope)

    def _target(self, path: str) -> str:
        """Return the request target: the path and its query, encoded, now and then oddly."""
        query = [("api-version", self._draw.choice(_VERSIONS))] if self._draw.random() < 0.98 else []
        while self._draw.random() < 0.25:
            name = self._draw.choice(list(_QUERIES))
            value = self._draw.choice(_QUERIES[name])
            query.append(
                (name, value if self._draw.random() < 0.8 else str(json_mutations.odd_value(self._draw)))
            )
        text = "&".join(f"{quote(name)}={quote(value, errors='surrogatepass')}" for name, value in query)
        return f"{quote(path, safe='/%')}?{text}" if text else quote(path, safe="/%")

    def _headers(self) -> Mapping[str, str]:
        """Return headers: good ones most of the time."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": self._draw.choice(_TYPES)}
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


class AzureUnderTest:
    """A running ARM API."""

    name = "azure"

    def __init__(self, api: ArmApi, credentials: ArmCredentials, tls: ssl.SSLContext) -> None:
        self._credentials = credentials
        self.subscription = credentials.subscription_id
        self.tls = tls
        self.port = api.port
        self._workspaces = [_UUID]
        self.token = self._signed_in(api.url)

    def client(self, seed: int) -> AzureClient:
        """Return a client of its own."""
        return AzureClient(
            seed,
            subscription=self._credentials.subscription_id,
            tenant=self._credentials.tenant_id,
            token=self.token,
            workspaces=self._workspaces,
        )

    def problem(self, sent: Sent, reply: Reply) -> str | None:
        """Return what is wrong with an answer: each refusal says which code and what is wrong."""
        if sent.method == "HEAD" or not reply.body:
            return None if reply.status < 400 or sent.method == "HEAD" else f"{reply.status} without a body"
        try:
            document = json.loads(reply.body, parse_constant=_no_number)
        except ValueError:
            return f"{reply.status} with a body that is no JSON"
        if reply.status < 400:
            return None
        error = document.get("error") if isinstance(document, dict) else None
        if isinstance(error, str):  # the token endpoint has its own form
            return None if document.get("error_description") else "refusal of a token without a description"
        if not isinstance(error, dict) or not error.get("code") or not error.get("message"):
            return f"{reply.status} without code and message"
        return None

    def _signed_in(self, url: str) -> str:
        form = (
            f"grant_type=client_credentials&client_id={self._credentials.client_id}"
            f"&client_secret={quote(self._credentials.client_secret)}&scope={quote(f'{url}/.default')}"
        )
        opened = Connection(self)
        reply = opened.ask(
            Sent(
                method="POST",
                target=f"/{self._credentials.tenant_id}/oauth2/v2.0/token",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=form.encode(),
            )
        )
        opened.close()
        return str(json.loads(reply.body)["access_token"])


def _no_number(text: str) -> float:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(f"{text} is no JSON")


def _observed(subscription: str) -> Observed:
    """Return a data plane that has built the usual gateway and cluster of each group."""
    address = IPv4Address("169.254.21.2")
    peer = BgpPeer(
        local_address=address,
        neighbor=IPv4Address("169.254.21.1"),
        asn=64512,
        state="Connected",
        connected_duration="00:00:10",
        routes_received=1,
        messages_sent=1,
        messages_received=1,
    )
    route = GatewayRoute(
        local_address=address,
        network=IPv4Network("10.2.0.0/16"),
        next_hop=None,
        source_peer=IPv4Address("169.254.21.1"),
        origin="EBgp",
        as_path="64512",
        weight=32768,
    )
    groups = [f"/subscriptions/{subscription}/resourcegroups/{name}/providers" for name in "abc"]
    gateways = [f"{group}/microsoft.network/virtualnetworkgateways/a" for group in groups]
    return Observed(
        generation=1,
        azure_bgp_peers=dict.fromkeys(gateways, (peer,)),
        azure_learned_routes=dict.fromkeys(gateways, (route,)),
        azure_advertised_routes=dict.fromkeys(gateways, (route,)),
        clusters=tuple(
            ClusterHealth(
                key=f"{group}/microsoft.containerservice/managedclusters/a",
                api_ready=True,
                system_ready=True,
                problem="",
                nodes=(),
            )
            for group in groups
        ),
    )


@contextmanager
def serving(folder: Path) -> Iterator[AzureUnderTest]:
    """Yield an ARM API of its own, whose files are in `folder`."""
    credentials, files = ArmCredentials.generate(), ensure_tls(folder / "tls")
    board = ObservationBoard()
    board.publish(_observed(credentials.subscription_id))
    clusters = ClusterAccess(folder / "clusters", sockets=folder)
    api = ArmApi(
        board=board,
        credentials=credentials,
        tls=files,
        state_file=folder / "azure.json",
        on_change=lambda: None,
        metrics=MetricStore(period_s=10),
        clusters=clusters,
    )
    api.start()
    try:
        context = ssl.create_default_context(cafile=str(files.ca_certificate))
        yield AzureUnderTest(api, credentials, context)
    finally:
        api.stop()
        clusters.stop()
