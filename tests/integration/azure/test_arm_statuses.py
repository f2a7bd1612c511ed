"""Every operation that the twin serves answers with a status that the SDKs take for success.

`tests/contract/arm_operations.json` says what they take: the Azure SDK for Python, and the SDK of the
Terraform provider. All operations in it are tried, served or not, so one that is new is tried by itself; a
new type needs new facts (`tools/arm_operations.py`) and a sample.
"""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path

from arm_samples import WORKBOOK, Estate
from azure_api_harness import LOCATION, Body, Reply

from twinspan.twin.azure.types import ALL_TYPES, RESOURCE_TYPES
from twinspan.twin.metrics.series import dimensions
from twinspan.wait import wait_until

_FACTS = json.loads((Path(__file__).parents[2] / "contract/arm_operations.json").read_text())
ACCEPTED: Mapping[tuple[str, str], frozenset[int]] = {
    (row["method"], row["path"]): frozenset.intersection(
        *(frozenset(row[sdk]) for sdk in ("python", "go") if sdk in row)
    )
    for row in _FACTS["operations"]
}
"""Method and path in small letters, parameters `{}` -> statuses that both SDKs take."""
_GROUP = "/subscriptions/{}/resourcegroups/{}"
_NAMES = {
    "virtualnetworks": "vnet",
    "subnets": "spare",
    "publicipaddresses": "ip0",
    "routetables": "table",
    "routes": "aws",
    "networksecuritygroups": "nsg",
    "securityrules": "in",
    "virtualnetworkgateways": "gw",
    "localnetworkgateways": "aws1",
    "connections": "tunnel1",
    "userassignedidentities": "aks",
    "managedclusters": "c",
    "agentpools": "user",
    "workspaces": "logs",
    "actiongroups": "desk",
    "metricalerts": "bgp",
    "workbooks": WORKBOOK,
    "locations": LOCATION,
    "deployments": "run",
    "roleassignments": "2f6fcd2b-6d4b-4f0e-9c0e-6f3d5e0f0a01",
    "roledefinitions": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "diagnosticsettings": "service",
    "applicationsecuritygroups": "web",
    "networkinterfaces": "nic",
    "availabilitysets": "set",
    "disks": "data",
    "sshpublickeys": "key",
    "virtualmachines": "0",
    "virtualmachinescalesets": "scale",
    "publishers": "Canonical",
    "offers": "0001-com-ubuntu-server-jammy",
    "skus": "22_04-lts",
    "versions": "22.04.202610010",
    "providers": "Microsoft.Network",
}
"""Collection -> the name in it that is asked for."""
_QUERIES = {
    "skus": "$filter=location eq 'westeurope'".replace(" ", "%20"),
    "getadvertisedroutes": "peer=169.254.21.1",
    "metrics": "metricnames=BgpPeerStatus",
}
_BODIES: Mapping[str, Body] = {
    "sharedkey": {"value": "Another_Key.1"},
    "reset": {"keyLength": 40},
    "delete": {"instanceIds": ["1"]},
    "runcommand": {"commandId": "RunShellScript", "script": ["true"]},
}
_GATEWAY_AND_WORKSPACE = (
    "Microsoft.Network/virtualNetworkGateways/gw",
    "Microsoft.OperationalInsights/workspaces/logs",
)
_BESIDE = {
    "/{}/providers/microsoft.insights/diagnosticsettings/{}",
    "/{}/providers/microsoft.authorization/roleassignments/{}",
    f"{_GROUP}/providers/microsoft.resources/deployments/{{}}",
    _GROUP,
}
"""What is written to and is no resource type."""
_GONE_IS_404 = {_GROUP, f"{_GROUP}/providers/microsoft.resources/deployments/{{}}"}
"""Where Azure answers 404 to a DELETE of what is not there, and clients expect it."""
_SERVED_TODAY = 142
"""Operations that the last test finds; fewer mean that one is not served any more."""
_NOT_SERVED = (
    "is not part of the twin",
    "The twin has no ",
    "InvalidResourceType",
    "InvalidResourceNamespace",
)


def _template(kind: str) -> str:
    """Return the path of a resource of a type, as the facts have it."""
    provider, *kinds = kind.lower().split("/")
    return f"{_GROUP}/providers/{provider}/" + "/".join(f"{segment}/{{}}" for segment in kinds)


class Census:
    """Asks, and notes each answer that a client would not take."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.wrong: list[str] = []
        self.served: set[tuple[str, str]] = set()

    def ask(self, method: str, template: str, path: str, body: Body | None = None) -> None:
        self.note(method, template, path, self.call(method, path, body))

    def call(self, method: str, path: str, body: Body | None) -> Reply:
        """Ask as soon as the operation before is over."""
        reply = wait_until(
            lambda: self.estate.lab.twin.call(method, path, body),
            lambda answer: "AnotherOperationInProgress" not in answer.text,
            what=f"{path} is idle",
            timeout_s=30,
        )
        self.estate.settle(path)
        return reply

    def note(self, method: str, template: str, path: str, reply: Reply) -> None:
        accepted = ACCEPTED[method, template]
        self.served.add((method, template))
        if reply.status not in accepted:
            self.wrong.append(f"{method} {path}: {reply.status}, not {sorted(accepted)}: {reply.text}")
        self._follow(method, path, reply)

    def _follow(self, method: str, path: str, reply: Reply) -> None:
        """Ask how an operation ended, as pollers do."""
        for name, good in (("azure-asyncoperation", {200}), ("location", {200, 204})):
            if name in reply.headers:
                where = reply.headers[name].removeprefix(self.estate.lab.twin.api.url)
                end = self.estate.lab.twin.call("GET", where)
                if end.status not in good or "Failed" in end.text:
                    self.wrong.append(f"{method} {path}, {name}: {end.status} {end.text}")


def test_every_type_is_made_read_changed_and_removed(estate: Estate) -> None:
    census = Census(estate)
    assert {estate_sample.type.lower() for estate_sample in estate.samples} == RESOURCE_TYPES.keys()
    places = [(sample, _template(sample.type), estate.path(sample.place)) for sample in estate.samples]
    for sample, template, path in places:
        census.ask("PUT", template, path, sample.body)
    for sample, template, path in places:
        census.ask("PUT", template, path, sample.body)
        census.ask("GET", template, path)
        if ("PATCH", template) in ACCEPTED:
            census.ask("PATCH", template, path, {"tags": {"a": "b"}})
        group_list, whole_list = template.removesuffix("/{}"), path.rpartition("/")[0]
        census.ask("GET", group_list, whole_list)
        if ("GET", group_list.replace("/resourcegroups/{}", "")) in ACCEPTED:
            everywhere = re.sub("/resourceGroups/[^/]+", "", whole_list)
            census.ask("GET", group_list.replace("/resourcegroups/{}", ""), everywhere)
    for _, template, path in reversed(places):
        census.ask("DELETE", template, path)
        assert estate.lab.twin.call("GET", path).status == 404
        census.ask("DELETE", template, path)
    assert census.wrong == []


def _concrete(estate: Estate, template: str) -> str:
    """Return a path of the facts with names of things that are there."""
    path = template.replace("/subscriptions/{}", estate.lab.twin.subscription)
    path = path.replace("/resourcegroups/{}", f"/resourceGroups/{estate.lab.group}")
    if path.startswith("/{}"):
        path = path.replace("/{}", estate.path("Microsoft.Network/virtualNetworkGateways/gw"), 1)
    steps = path.split("/")
    for place, step in enumerate(steps):
        if step == "{}":
            steps[place] = _NAMES.get(steps[place - 1].lower(), "default")
    query = _QUERIES.get(steps[-1])
    return "/".join(steps) + (f"?{query}" if query else "")


def _beside(estate: Estate) -> Mapping[str, tuple[str, Body]]:
    """Return what is written to and is no resource type: path as in the facts -> path, body."""
    gateway, workspace = (estate.path(place) for place in _GATEWAY_AND_WORKSPACE)
    principal = estate.call("GET", "Microsoft.ManagedIdentity/userAssignedIdentities/aks").json["properties"]
    role = f"{estate.lab.twin.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    assignment: Body = {
        "roleDefinitionId": f"{role}/{_NAMES['roledefinitions']}",
        "principalId": principal["principalId"],
    }
    logs = [{"category": "TunnelDiagnosticLog", "enabled": True}]
    run: Body = {"mode": "Incremental", "template": {"resources": []}}
    name = f"rg-beside-{estate.lab.group}"
    bodies: Mapping[str, Body] = {
        "/{}/providers/microsoft.insights/diagnosticsettings/{}": {"workspaceId": workspace, "logs": logs},
        "/{}/providers/microsoft.authorization/roleassignments/{}": assignment,
        f"{_GROUP}/providers/microsoft.resources/deployments/{{}}": run,
    }
    requests = {
        template: (_concrete(estate, template), Body(properties=properties))
        for template, properties in bodies.items()
    }
    requests[_GROUP] = (f"{estate.lab.twin.subscription}/resourceGroups/{name}", {"location": LOCATION})
    assert gateway in requests["/{}/providers/microsoft.insights/diagnosticsettings/{}"][0]
    return requests


def test_what_is_no_type_is_made_read_changed_and_removed(estate: Estate) -> None:
    estate.build()
    census = Census(estate)
    for template, (path, body) in _beside(estate).items():
        census.ask("PUT", template, path, body)
        census.ask("PUT", template, path, body)
        for method in ("GET", "HEAD", "PATCH"):
            if (method, template) in ACCEPTED:
                census.ask(method, template, path, {"tags": {"a": "b"}} if method == "PATCH" else None)
        census.ask("DELETE", template, path)
        if template not in _GONE_IS_404:
            census.ask("DELETE", template, path)
    assert census.wrong == []


def test_everything_else_that_is_served_answers_as_clients_expect(estate: Estate) -> None:
    estate.build()
    census = Census(estate)
    bodies = {path.lower(): body for path, body in _beside(estate).values()}
    for path, body in bodies.items():
        assert estate.lab.twin.call("PUT", path, body).status in {200, 201}
    alert = _ring(estate)
    written = {_template(kind) for kind in ALL_TYPES} | _BESIDE
    for method, template in sorted(ACCEPTED, key=lambda key: (key[0] != "GET", key)):
        if method in {"PUT", "PATCH", "DELETE"} and template in written:
            continue
        path = _concrete(estate, template).replace("/alerts/default", f"/alerts/{alert}")
        if template.endswith("/restart"):  # which takes a machine that runs
            census.call("POST", path.removesuffix("restart") + "start", None)
        default = _BODIES.get(template.rpartition("/")[2]) if method != "GET" else None
        reply = census.call(method, path, bodies.get(path.lower().removesuffix("/validate"), default))
        absent = any(message in reply.text for message in _NOT_SERVED) or method == "HEAD"
        if reply.status not in {404, 405} or not absent:
            census.note(method, template, path, reply)
    assert "\n".join(census.wrong) == ""
    assert len(census.served) >= _SERVED_TODAY


def _ring(estate: Estate) -> str:
    """Let the metric alert of the samples fire, and return the alert's name."""
    twin = estate.lab.twin
    assert twin.metrics is not None
    scope = estate.path("Microsoft.Network/virtualNetworkGateways/gw").lower()
    peer = dimensions(BgpPeerAddress="169.254.21.1", Instance="GatewayTenantWorker_IN_0")
    path = f"{twin.subscription}/providers/Microsoft.AlertsManagement/alerts"

    def fired() -> list[Body]:
        assert twin.metrics is not None
        twin.metrics.sample(scope, "BgpPeerStatus", peer, 0.0, time.time())
        twin.metrics.advance(time.time())
        alerts: list[Body] = twin.call("GET", path).json["value"]
        return alerts

    (alert, *_) = wait_until(fired, bool, what="the alert fires", timeout_s=30)
    return str(alert["id"]).rpartition("/")[2]
