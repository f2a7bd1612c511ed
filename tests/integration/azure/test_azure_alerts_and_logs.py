"""Azure Monitor's resource types, alerts and logs over HTTPS from a real server."""

import copy
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure_api_harness import LOCATION, Body, Lab, Reply, new_lab, new_twin

from twinspan.twin.azure.logs.table import Stored
from twinspan.twin.metrics.series import MetricStore, dimensions
from twinspan.wait import wait_until

PEER = dimensions(BgpPeerAddress="169.254.21.1", Instance="GatewayTenantWorker_IN_0")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    twin = new_twin(tmp_path_factory.mktemp("alerts"))
    twin.metrics = MetricStore(period_s=1)
    twin.start()
    made = new_lab(twin)
    made.build()
    yield made
    twin.stop()


def insights(lab: Lab, place: str) -> str:
    return f"{lab.twin.subscription}/resourceGroups/{lab.group}/providers/{place}"


def call(lab: Lab, method: str, place: str, body: Body | None = None) -> Reply:
    return lab.twin.call(method, insights(lab, place), body)


def group(*hooks: str) -> Body:
    return {
        "location": "Global",
        "properties": {
            "groupShortName": "vpn",
            "webhookReceivers": [
                {"name": f"hook{number}", "serviceUri": url, "useCommonAlertSchema": True}
                for number, url in enumerate(hooks)
            ],
            "emailReceivers": [{"name": "mail", "emailAddress": "a@example.com"}],
        },
    }


def alert(lab: Lab, **changes: Any) -> Body:
    return {
        "location": "global",
        "properties": {
            "description": "A session is down.",
            "severity": 1,
            "enabled": True,
            "scopes": [f"{lab.scope}/virtualNetworkGateways/gw"],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "name": "down",
                        "metricName": "BgpPeerStatus",
                        "metricNamespace": "microsoft.network/virtualnetworkgateways",
                        "operator": "lessthan",
                        "threshold": 1,
                        "timeAggregation": "Maximum",
                        "dimensions": [{"name": "BgpPeerAddress", "operator": "Include", "values": ["*"]}],
                    }
                ],
            },
            "actions": [],
            **changes,
        },
    }


def workspace() -> Body:
    return {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}}


def alerts(lab: Lab, query: str = "") -> list[Body]:
    path = f"{lab.twin.subscription}/providers/Microsoft.AlertsManagement/alerts{query}"
    listed_alerts: list[Body] = lab.twin.call("GET", path).json["value"]
    return listed_alerts


def test_an_alert_fires_tells_loopback_and_nobody_else_and_resolves(lab: Lab) -> None:
    notifications: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            notifications.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    value, stopping = [0.0], threading.Event()
    metrics = lab.twin.metrics
    assert metrics

    def measure() -> None:
        scope = f"{lab.scope}/virtualNetworkGateways/gw".lower()
        while not stopping.wait(0.1):
            metrics.sample(scope, "BgpPeerStatus", PEER, value[0], time.time())
            metrics.advance(time.time())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        measuring = threading.Thread(target=measure)
        measuring.start()
        try:
            own = f"http://127.0.0.1:{server.server_address[1]}/"
            made = call(
                lab, "PUT", "Microsoft.Insights/actionGroups/desk", group(own, "http://198.51.100.1/")
            )
            assert made.status == 201, made.text
            body = alert(lab, actions=[{"actionGroupId": made.json["id"]}])
            assert call(lab, "PUT", "Microsoft.Insights/metricAlerts/bgp", body).status == 200
            wait_until(
                lambda: alerts(lab, "?monitorCondition=Fired"),
                lambda fired_alerts: len(fired_alerts) == 1,
                what="it fires",
                timeout_s=30,
            )
            status = call(lab, "GET", "Microsoft.Insights/metricAlerts/bgp/status").json["value"]
            assert status[0]["properties"]["status"] == "Unhealthy"
            assert status[0]["properties"]["dimensions"] == {"BgpPeerAddress": "169.254.21.1"}
            value[0] = 1.0
            resolved_alerts = wait_until(
                lambda: alerts(lab, "?monitorCondition=Resolved"), bool, what="it resolves", timeout_s=30
            )
            wait_until(
                lambda: len(notifications), lambda count: count == 2, what="both are told", timeout_s=30
            )
        finally:
            stopping.set()
            measuring.join()
            server.shutdown()
    conditions = [notification["data"]["essentials"]["monitorCondition"] for notification in notifications]
    assert conditions == ["Fired", "Resolved"]
    essentials: Any = resolved_alerts[0]["properties"]
    assert essentials["essentials"]["monitorConditionResolvedDateTime"]
    history = lab.twin.call("GET", f"{resolved_alerts[0]['id']}/history").json["properties"]["modifications"]
    failed = {
        modification["newValue"]: modification["description"]
        for modification in history
        if modification["modificationEvent"] == "ActionsFailed"
    }
    assert failed == {
        "desk/mail": "the twin sends no mail",
        "desk/hook1": "the twin posts to loopback addresses only",
    }
    events = {modification["modificationEvent"] for modification in history}
    assert events == {"AlertCreated", "MonitorConditionChange", "ActionsFailed", "ActionsTriggered"}


def test_alerts_that_are_not_there_and_filters_without_sense_are_refused(lab: Lab) -> None:
    path = f"{lab.twin.subscription}/providers/Microsoft.AlertsManagement/alerts"
    assert lab.twin.call("GET", f"{path}/none").status == 404
    assert lab.twin.call("GET", f"{path}?monitorCondition=Maybe").status == 400
    assert lab.twin.call("GET", f"{path}?severity=Sev9").status == 400
    assert call(lab, "GET", "Microsoft.Insights/metricAlerts/none/status").status == 404


def changed(body: Body, path: str, value: Any) -> Body:
    """Return a copy with another value at a dotted path; numbers are places in lists."""
    copied = copy.deepcopy(body)
    at: Any = copied
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    for step in steps:
        at = at[step]
    at[last] = value
    return copied


CRITERION = "properties/criteria/allOf/0"


@pytest.mark.parametrize(
    ("path", "value", "status", "said"),
    [
        ("location", "westeurope", 400, "global"),
        ("properties/severity", 5, 400, "properties.severity"),
        ("properties/severity", "1", 400, "properties.severity"),
        ("properties/windowSize", "PT2M", 400, "PT5M"),
        ("properties/evaluationFrequency", "PT1H", 400, "must not be longer"),
        ("properties/scopes", [], 400, "properties.scopes"),
        ("properties/scopes", ["/subscriptions/x"], 400, "not the id of a resource"),
        ("properties/nonsense", 1, 400, "properties.nonsense"),
        (f"{CRITERION}/metricName", "TunnelReverseRouteCount", 400, "Valid metrics"),
        (f"{CRITERION}/metricNamespace", "Microsoft.Compute/virtualMachines", 400, "namespace"),
        (f"{CRITERION}/operator", "About", 400, "LessThan"),
        (f"{CRITERION}/threshold", "one", 400, "threshold"),
        (f"{CRITERION}/timeAggregation", "Median", 400, "Average"),
        (f"{CRITERION}/criterionType", "DynamicThresholdCriterion", 400, "StaticThresholdCriterion"),
        (f"{CRITERION}/dimensions/0/name", "RemoteIP", 400, "no dimension RemoteIP"),
        (f"{CRITERION}/dimensions/0/values", [], 400, "values"),
        ("properties/actions", [{"actionGroupId": "/none"}], 400, "could not be found"),
        ("properties/criteria/allOf", [], 400, "allOf"),
        ("properties/criteria/odata.type", "Microsoft.Azure.Monitor.WebtestLocation", 400, "odata.type"),
    ],
)
def test_bad_rules_are_refused_and_say_where(lab: Lab, path: str, value: Any, status: int, said: str) -> None:
    refused = call(lab, "PUT", "Microsoft.Insights/metricAlerts/bad", changed(alert(lab), path, value))
    assert refused.status == status
    assert said in refused.text
    assert call(lab, "GET", "Microsoft.Insights/metricAlerts/bad").status == 404


def test_a_scope_that_is_gone_or_measures_nothing_is_refused(lab: Lab) -> None:
    gone = alert(lab, scopes=[f"{lab.scope}/virtualNetworkGateways/none"])
    assert call(lab, "PUT", "Microsoft.Insights/metricAlerts/bad", gone).status == 404
    other = alert(lab, scopes=[f"{lab.scope}/virtualNetworks/vnet"])
    assert "has no metrics" in call(lab, "PUT", "Microsoft.Insights/metricAlerts/bad", other).text


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("properties/groupShortName", "longer than twelve", "groupShortName"),
        ("properties/emailReceivers/0/emailAddress", "nobody", "emailAddress"),
        ("properties/webhookReceivers/0/serviceUri", "ftp://127.0.0.1/", "serviceUri"),
        ("properties/webhookReceivers/0/name", "mail", "same name"),
        ("properties/smsReceivers", [{"name": "phone"}], "smsReceivers"),
    ],
)
def test_bad_action_groups_are_refused(lab: Lab, path: str, value: Any, said: str) -> None:
    body = changed(group("http://127.0.0.1:9/"), path, value)
    refused = call(lab, "PUT", "Microsoft.Insights/actionGroups/bad", body)
    assert refused.status == 400
    assert said in refused.text


def test_bad_workspaces_and_workbooks_are_refused(lab: Lab) -> None:
    place = "Microsoft.OperationalInsights/workspaces/bad"
    for path, value in (("retentionInDays", 8), ("retentionInDays", 731), ("sku", {"name": "Gold"})):
        body = changed(workspace(), f"properties/{path}", value)
        assert call(lab, "PUT", place, body).status == 400
    book = {"location": LOCATION, "properties": {"displayName": "x", "serializedData": "{"}}
    refused = call(lab, "PUT", "Microsoft.Insights/workbooks/bad", book)
    assert (refused.status, "not JSON" in refused.text) == (400, True)


def setting(workspace_id: str, *categories: str) -> Body:
    return {
        "properties": {
            "workspaceId": workspace_id,
            "logs": [{"category": category, "enabled": True} for category in categories],
        }
    }


def test_diagnostic_settings_live_with_their_gateway(lab: Lab) -> None:
    logs = call(lab, "PUT", "Microsoft.OperationalInsights/workspaces/logs", workspace()).json["id"]
    gateway = f"{lab.scope}/virtualNetworkGateways/gw/providers/Microsoft.Insights/diagnosticSettings"
    made = lab.twin.call("PUT", f"{gateway}/vpn", setting(logs, "TunnelDiagnosticLog"))
    assert (made.status, made.json["name"]) == (200, "vpn")
    assert [
        diagnostic_setting["name"] for diagnostic_setting in lab.twin.call("GET", gateway).json["value"]
    ] == ["vpn"]
    twice = lab.twin.call("PUT", f"{gateway}/other", setting(logs, "TunnelDiagnosticLog"))
    assert (twice.status, twice.code) == (409, "Conflict")
    for bad in (
        setting(logs, "FlowLog"),
        setting(logs),
        setting(f"{logs}-none", "IKEDiagnosticLog"),
        {"properties": {"workspaceId": logs, "logs": [{"enabled": True}]}},
    ):
        assert lab.twin.call("PUT", f"{gateway}/bad", bad).status == 400
    identity = f"{lab.scope}/virtualNetworkGateways/gw"
    assert lab.twin.api.log_destinations(identity, "TunnelDiagnosticLog") == (logs.lower(),)
    assert lab.twin.api.log_destinations(identity, "IKEDiagnosticLog") == ()
    lab.twin.restart()
    assert lab.twin.call("GET", f"{gateway}/vpn").status == 200
    assert lab.twin.call("DELETE", f"{gateway}/vpn").status == 200
    assert lab.twin.call("DELETE", f"{gateway}/vpn").status == 204
    assert lab.twin.call("GET", f"{gateway}/vpn").status == 404
    other = f"{lab.scope}/virtualNetworks/vnet/providers/Microsoft.Insights/diagnosticSettings"
    assert lab.twin.call("GET", other).code == "ResourceTypeNotSupported"


def test_a_workspace_answers_queries_of_its_rows(lab: Lab) -> None:
    made = call(lab, "PUT", "Microsoft.OperationalInsights/workspaces/asked", workspace()).json
    query = f"/v1/workspaces/{made['properties']['customerId']}/query"
    now_s = time.time()
    for age_s, status in ((7200, "Disconnected"), (60, "Connected")):
        columns = {"Category": "TunnelDiagnosticLog", "status_s": status}
        lab.twin.api.logs.add(made["id"], Stored(at_s=now_s - age_s, columns=columns))

    def ask(**body: str) -> Reply:
        return lab.twin.call("POST", query, {"query": "AzureDiagnostics | project status_s", **body})

    assert ask().json["tables"][0]["rows"] == [["Disconnected"], ["Connected"]]
    assert ask(timespan="PT1H").json["tables"][0]["rows"] == [["Connected"]]
    assert ask(timespan="yesterday").code == "BadArgumentError"
    assert ask(query="AzureDiagnostics | summarize count()").code == "BadArgumentError"
    assert lab.twin.call("POST", query, {}).code == "BadArgumentError"
    none = lab.twin.call("POST", "/v1/workspaces/none/query", {"query": "AzureDiagnostics"})
    assert (none.status, none.code) == (404, "WorkspaceNotFoundError")
    bare = lab.twin.raw("POST", query, b"{}", {"Content-Type": "application/json"})
    assert bare.status == 401
