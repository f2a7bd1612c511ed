"""Azure's alerts on a whole network: each rings when its thing is broken, and clears when it is repaired.

The twin's grain is 5 seconds here, so what are 5 minutes in the cloud lasts 5 seconds; times to alert are
recorded as they are here, with the grain.
"""

import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pytest
import verify_lab
from verify_lab import Lab

from twinspan.cloud.azure.client import clients, credential_of
from twinspan.cloud.azure.rest import get
from twinspan.monitor.read import Monitor
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.twin.metrics.clock import Clock
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]
PERIOD_S = 5
LIMIT_S = 150.0
CLOCK = Clock(period_s=PERIOD_S)
PREFIX = "twinspan-dev-vpn-"
PEERS = {
    "tunnel1": "169.254.21.1",
    "tunnel2": "169.254.22.1",
    "tunnel3": "169.254.21.5",
    "tunnel4": "169.254.22.5",
}
"""Tunnel of dev -> the BGP address of its far end."""
Record = Callable[[str, object], None]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Somebody who is told by webhook."""

    url: str
    told: list[dict[str, Any]] = field(default_factory=list)

    def heard(self, rule: str, condition: str, about: str) -> dict[str, Any] | None:
        """Return what was told of a rule and one dimension: others may ring while dev is built."""
        for alert in list(self.told):
            essentials, context = alert["data"]["essentials"], alert["data"]["alertContext"]
            criterion = context["condition"]["allOf"][0]
            if (essentials["alertRule"], essentials["monitorCondition"]) == (rule, condition) and [about] == [
                value["value"] for value in criterion["dimensions"]
            ]:
                return alert
        return None


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A real web server on a loopback address."""
    alerts: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            alerts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Desk(url=f"http://127.0.0.1:{server.server_address[1]}/vpn", told=alerts)
        server.shutdown()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """dev without clusters on a twin of the module's own, whole, with a grain of a few seconds."""
    home = tmp_path_factory.mktemp("alarms") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home))
        with verify_lab.lab(home, up=("--metrics-period", str(PERIOD_S))) as built:
            whole = built.verify(wait_s=verify_lab.SEEN_WITHIN_S)
            assert whole.passed, verify_lab.causes(whole)
            yield built


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """What Azure says of the alerts of a lab."""

    lab: Lab
    desk: Desk

    def fired(self) -> dict[str, set[str]]:
        """Rule without its prefix -> the values of the dimension that it rings for; empty for none."""
        assert self.lab.target.endpoints.azure
        endpoint = self.lab.target.endpoints.azure
        path = f"/subscriptions/{endpoint.subscription_id}/providers/Microsoft.AlertsManagement/alerts"
        answer = get(endpoint, path, api_version="2019-05-05-preview", params={"monitorCondition": "Fired"})
        rings: dict[str, set[str]] = {}
        for alert in answer["value"]:
            criterion = alert["properties"]["context"]["context"]["condition"]["allOf"][0]
            values = {dimension["value"] for dimension in criterion["dimensions"]}
            rings.setdefault(alert["name"].removeprefix(PREFIX), set()).update(values)
        return rings

    def wait(self, expected_alerts: dict[str, set[str]], what: str) -> None:
        """Wait until these alerts are fired, and no others."""
        wait_until(
            self.fired, lambda seen: seen == expected_alerts, what=what, timeout_s=LIMIT_S, interval_s=0.5
        )

    def ring(self, record: Record, fault: Callable[[], object], expected_alerts: dict[str, set[str]]) -> None:
        """Break something, wait for its alerts, and record how long the slowest took."""
        started = time.monotonic()
        fault()
        self.wait(expected_alerts, f"alerts {expected_alerts}")
        took_s = time.monotonic() - started
        record("time_to_alert_s", f"{took_s:.1f}")
        record("grain_s", PERIOD_S)
        record("times_faster_than_the_cloud", f"{CLOCK.factor:.0f}")

    def logs(self, query: str) -> list[dict[str, str]]:
        """Ask the workspace that Terraform made."""
        endpoint = self.lab.target.endpoints.azure
        assert endpoint
        assert endpoint.resource_manager_url
        scope = f"/subscriptions/{endpoint.subscription_id}/resourceGroups/{self.lab.group}"
        path = f"{scope}/providers/Microsoft.OperationalInsights/workspaces/{PREFIX.rstrip('-')}"
        workspace = get(endpoint, path, api_version="2022-10-01")["properties"]["customerId"]
        token = credential_of(endpoint).get_token(f"{endpoint.resource_manager_url}/.default").token
        request = urllib.request.Request(
            f"{endpoint.resource_manager_url}/v1/workspaces/{workspace}/query",
            data=json.dumps({"query": query, "timespan": "PT1H"}).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        trust = ssl.create_default_context(cafile=str(endpoint.ca_certificate))
        with urllib.request.urlopen(request, context=trust, timeout=20) as answer:
            table = json.load(answer)["tables"][0]
        names = [column["name"] for column in table["columns"]]
        return [dict(zip(names, row, strict=True)) for row in table["rows"]]


@pytest.fixture(scope="module")
def alarms(lab: Lab, desk: Desk) -> Alarms:
    """The alerts that Terraform made, with the desk in their action group."""
    assert lab.target.endpoints.azure
    manager = clients(lab.target.endpoints.azure).resources.resources
    scope = f"/subscriptions/{lab.target.endpoints.azure.subscription_id}/resourceGroups/{lab.group}"
    group = f"{scope}/providers/Microsoft.Insights/actionGroups/{PREFIX.rstrip('-')}"
    action_group = manager.get_by_id(group, api_version="2023-01-01").as_dict()
    hook = {"name": "desk", "serviceUri": desk.url, "useCommonAlertSchema": True}
    action_group["properties"]["webhookReceivers"] = [hook]
    body: dict[str, Any] = {
        name: action_group[name] for name in ("location", "tags", "properties") if name in action_group
    }
    manager.begin_create_or_update_by_id(group, body, api_version="2023-01-01").result()
    return Alarms(lab=lab, desk=desk)


@pytest.fixture
def quiet(alarms: Alarms) -> Iterator[Alarms]:
    """The alerts when nothing rings, before and after the test."""
    alarms.wait({}, "no alert before")
    yield alarms
    alarms.wait({}, "every alert resolved")


def fault_on(lab: Lab, key: str, kind: str) -> FaultSpec:
    outside = lab.tunnel(key).outside_ip_address
    tunnels = Monitor(lab.target.endpoints).read().tunnels
    public = next(tunnel.azure_address for tunnel in tunnels if tunnel.aws_address == outside)
    assert public
    return FaultSpec(kind=kind, outside_ip_address=outside, public_ip_address=public)


def name_of(lab: Lab, key: str) -> str:
    return lab.tunnel(key).azure_connection_name


def test_a_cut_tunnel_rings_for_itself_tells_the_webhook_and_clears(
    quiet: Alarms, record_property: Record
) -> None:
    lab = quiet.lab
    fault, name, peer = fault_on(lab, "tunnel1", "path-cut"), name_of(lab, "tunnel1"), PEERS["tunnel1"]
    expected_alerts = {"tunnel-down": {name}, "bgp-down": {peer}, "no-routes": {peer}}
    with lab.broken(lambda: None, lambda: lab.twin.heal(fault)):
        quiet.ring(record_property, lambda: lab.twin.inject(fault), expected_alerts)
        rule = f"{PREFIX}tunnel-down"
        alert = wait_until(
            lambda: quiet.desk.heard(rule, "Fired", name), bool, what="a told webhook", timeout_s=LIMIT_S
        )
    wait_until(
        lambda: quiet.desk.heard(rule, "Resolved", name),
        bool,
        what="a webhook told the end",
        timeout_s=LIMIT_S,
    )
    assert alert is not None
    assert alert["schemaId"] == "azureMonitorCommonAlertSchema"
    condition = alert["data"]["alertContext"]["condition"]["allOf"][0]
    assert condition["dimensions"] == [{"name": "ConnectionName", "value": name}]
    assert (condition["metricName"], condition["metricValue"]) == ("QmsaCount", 0)


def test_a_closed_session_rings_and_its_tunnel_does_not(quiet: Alarms, record_property: Record) -> None:
    lab = quiet.lab
    fault, peer = fault_on(lab, "tunnel2", "bgp-closed"), PEERS["tunnel2"]
    with lab.broken(lambda: None, lambda: lab.twin.heal(fault)):
        expected_alerts = {"bgp-down": {peer}, "no-routes": {peer}}
        quiet.ring(record_property, lambda: lab.twin.inject(fault), expected_alerts)


def test_withdrawn_routes_ring_alone(quiet: Alarms, record_property: Record) -> None:
    lab = quiet.lab
    fault, peer = fault_on(lab, "tunnel3", "route-withdrawn"), PEERS["tunnel3"]
    with lab.broken(lambda: None, lambda: lab.twin.heal(fault)):
        quiet.ring(record_property, lambda: lab.twin.inject(fault), {"no-routes": {peer}})


def test_all_tunnels_down_ring_together_and_as_one(quiet: Alarms, record_property: Record) -> None:
    lab = quiet.lab
    faults = [fault_on(lab, key, "path-cut") for key in PEERS]

    def cut() -> None:
        for fault in faults:
            lab.twin.inject(fault)

    def repair() -> None:
        for fault in faults:
            lab.twin.heal(fault)

    peers = set(PEERS.values())
    expected_alerts = {
        "tunnel-down": {name_of(lab, key) for key in PEERS},
        "all-down": set[str](),
        "bgp-down": peers,
        "no-routes": peers,
    }
    with lab.broken(lambda: None, repair):
        quiet.ring(record_property, cut, expected_alerts)


def test_the_logs_tell_what_the_daemons_did_in_the_order_it_happened(alarms: Alarms) -> None:
    """Last in this file: it reads what the faults above have left in the logs."""
    remote = str(alarms.lab.tunnel("tunnel1").outside_ip_address)
    where = f'where remoteIP_s == "{remote}"'
    shown = "project TimeGenerated, OperationName, status_s, stateChangeReason_s, instance_s"
    tunnel = alarms.logs(
        f'AzureDiagnostics | where Category == "TunnelDiagnosticLog" | {where} | {shown} '
        "| order by TimeGenerated asc"
    )
    states = [row["status_s"] for row in tunnel]
    assert states[-1] == "Connected"
    assert states.count("Disconnected") >= 2
    assert all(before != after for before, after in pairwise(states))
    assert "DPD timed out" in {row["stateChangeReason_s"] for row in tunnel}
    assert {row["instance_s"] for row in tunnel} == {"GatewayTenantWorker_IN_0"}
    for category, operation in (
        ("IKEDiagnosticLog", "IKELogEvent"),
        ("RouteDiagnosticLog", "BgpDisconnectedEvent"),
        ("RouteDiagnosticLog", "BgpConnectedEvent"),
    ):
        chosen = f'where Category == "{category}" and OperationName == "{operation}"'
        assert alarms.logs(f"AzureDiagnostics | {chosen} | {where} | take 1"), (category, operation)
    updates = alarms.logs('AzureDiagnostics | where OperationName == "BgpRouteUpdate" | project Message')
    assert {update["Message"] for update in updates} >= {
        "Route 10.2.0.0/16 added",
        "Route 10.2.0.0/16 removed",
    }
