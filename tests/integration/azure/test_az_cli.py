"""The Azure CLI, unmodified, does its work on the twin."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_api_harness import Twin, new_lab

from twinspan.command import Completed, environment, run

pytestmark = [pytest.mark.az, pytest.mark.slow]
_PROGRAM = os.environ.get("TWINSPAN_AZ") or shutil.which("az")


@dataclass(frozen=True, slots=True, kw_only=True)
class Az:
    """The CLI, signed in to a twin."""

    twin: Twin
    folder: Path

    def run(self, line: str, *, check: bool = True) -> Completed:
        settings = environment(
            REQUESTS_CA_BUNDLE=str(self.twin.tls.ca_certificate),
            AZURE_CONFIG_DIR=str(self.folder),
            AZURE_CORE_INSTANCE_DISCOVERY="false",
            AZURE_CORE_COLLECT_TELEMETRY="no",
            AZURE_EXTENSION_USE_DYNAMIC_INSTALL="no",
        )
        return run([_PROGRAM or "az", *line.split()], env=settings, timeout_s=120, check=check)

    def ask(self, line: str) -> Any:
        return json.loads(self.run(f"{line} --output json").stdout or "null")


@pytest.fixture
def az(own_azure_twin: Twin, tmp_path: Path) -> Az:
    """The CLI on a new twin; skips where it is not installed."""
    if _PROGRAM is None:
        pytest.skip("azure-cli is not installed; put `az` on PATH or its path into TWINSPAN_AZ")
    cli = Az(twin=own_azure_twin, folder=tmp_path / "az")
    owner = own_azure_twin.credentials
    cli.run(f"cloud register -n Twin --endpoint-resource-manager {own_azure_twin.api.url}")
    cli.run("cloud set -n Twin")
    cli.run(
        f"login --service-principal --username={owner.client_id} --password={owner.client_secret} "
        f"--tenant {owner.tenant_id}"
    )
    return cli


def test_the_seed_commands_work(az: Az) -> None:
    lab = new_lab(az.twin)
    lab.build()
    lab.made("routeTables/table", {"location": "westeurope"})
    of_gateway = f"-g {lab.group} -n gw"
    gateway = az.ask(f"network vnet-gateway show {of_gateway}")
    assert gateway["activeActive"] is True
    assert gateway["bgpSettings"]["bgpPeeringAddresses"][0]["tunnelIpAddresses"] == ["198.19.64.4"]
    query = "{s:connectionStatus,t:tunnelConnectionStatus,i:ingressBytesTransferred,p:provisioningState}"
    connection = az.ask(f"network vpn-connection show -g {lab.group} -n tunnel1 --query {query}")
    assert connection == {"s": "Unknown", "t": [], "i": 0, "p": "Succeeded"}
    tables = az.ask(f"network route-table list -g {lab.group}")
    assert [table["name"] for table in tables] == ["table"]
    assert az.ask(f"network vnet-gateway list-bgp-peer-status {of_gateway}") == {"value": []}
    assert az.ask(f"network vnet-gateway list-learned-routes {of_gateway}") == {"value": []}
    sent = az.ask(f"network vnet-gateway list-advertised-routes {of_gateway} --peer 169.254.21.1")
    assert sent == {"value": []}
    listed = az.ask(f"network vpn-connection list -g {lab.group} --vnet-gateway gw")
    assert [row["name"] for row in listed] == ["tunnel1"]
    az.run(f"network vnet-gateway reset {of_gateway}")
    assert list(az.twin.api.reset_generations().values()) == [1]


def test_the_cli_builds_and_removes_a_connection(az: Az) -> None:
    az.run("group create -n rg -l westeurope")
    az.run(
        "network vnet create -g rg -n vnet --address-prefixes 10.1.0.0/16 --subnet-name GatewaySubnet "
        "--subnet-prefixes 10.1.1.0/24"
    )
    for name in ("ip0", "ip1"):
        az.run(f"network public-ip create -g rg -n {name} --sku Standard --zone 1 2 3")
    az.run(
        "network vnet-gateway create -g rg -n gw --vnet vnet --public-ip-addresses ip0 ip1 --sku VpnGw1AZ "
        "--asn 65000 --gateway-type Vpn --vpn-type RouteBased"
    )
    az.run(
        "network local-gateway create -g rg -n aws1 --gateway-ip-address 203.0.113.1 --asn 64512 "
        "--bgp-peering-address 169.254.21.1"
    )
    az.run(
        "network vpn-connection create -g rg -n tunnel1 --vnet-gateway1 gw --local-gateway2 aws1 "
        "--shared-key Cli_Key.12345 --enable-bgp"
    )
    az.run(
        "network vpn-connection ipsec-policy add -g rg --connection-name tunnel1 --dh-group ECP384 "
        "--ike-encryption GCMAES256 --ike-integrity SHA384 --ipsec-encryption GCMAES256 "
        "--ipsec-integrity GCMAES256 --pfs-group ECP384 --sa-lifetime 3600 --sa-max-size 102400000"
    )
    az.run("network vpn-connection update -g rg -n tunnel1 --set dpdTimeoutSeconds=15")
    connection = az.ask("network vpn-connection show -g rg -n tunnel1")
    assert (connection["dpdTimeoutSeconds"], connection["ipsecPolicies"][0]["dhGroup"]) == (15, "ECP384")
    key = az.ask("network vpn-connection shared-key show -g rg --connection-name tunnel1")
    assert key["value"] == "Cli_Key.12345"
    refused = az.run("network vnet-gateway delete -g rg -n gw", check=False)
    assert (refused.returncode, "VirtualNetworkGatewayCannotBeDeleted" in refused.stderr) == (1, True)
    missing = az.run("network vnet-gateway show -g rg -n none", check=False)
    assert missing.returncode == 3
    az.run("network vpn-connection delete -g rg -n tunnel1")
    az.run("group delete -n rg --yes")
    assert az.ask("group list") == []


def test_monitor_shows_metrics_alerts_and_where_logs_go(az: Az) -> None:
    lab = new_lab(az.twin)
    lab.build()
    gateway = f"{lab.scope}/virtualNetworkGateways/gw"
    az.run(
        f"monitor action-group create -g {lab.group} -n desk --short-name desk "
        "--action webhook hook http://127.0.0.1:9/ usecommonalertschema"
    )
    az.run(f"monitor log-analytics workspace create -g {lab.group} -n logs -l westeurope")
    group = az.ask(f"monitor action-group show -g {lab.group} -n desk")
    assert group["webhookReceivers"][0]["useCommonAlertSchema"] is True
    logs = az.ask(f"monitor log-analytics workspace show -g {lab.group} -n logs")
    choice = json.dumps([{"category": "TunnelDiagnosticLog", "enabled": True}], separators=(",", ":"))
    az.run(
        f"monitor diagnostic-settings create --resource {gateway} -n vpn "
        f"--workspace {logs['id']} --logs {choice}"
    )
    listed = az.ask(f"monitor diagnostic-settings list --resource {gateway}")
    assert [diagnostic_setting["name"] for diagnostic_setting in listed] == ["vpn"]
    rule = f"{az.twin.subscription}/resourceGroups/{lab.group}/providers/Microsoft.Insights/metricAlerts/bgp"
    made = az.twin.call("PUT", rule, session_alert(gateway, group["id"]))
    assert made.status == 200, made.text
    rules = az.ask(f"monitor metrics alert list -g {lab.group}")
    assert [(alert_rule["name"], alert_rule["severity"]) for alert_rule in rules] == [("bgp", 1)]
    definitions = az.ask(f"monitor metrics list-definitions --resource {gateway}")
    assert "BgpPeerStatus" in {definition["name"]["value"] for definition in definitions}
    metrics = az.ask(f"monitor metrics list --resource {gateway} --metric BgpPeerStatus --interval PT1M")
    assert [metric["name"]["value"] for metric in metrics["value"]] == ["BgpPeerStatus"]


def session_alert(gateway: str, group: str) -> dict[str, Any]:
    """A rule as `az monitor metrics alert create` sends it; its condition has spaces, `run` splits there."""
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "cond0",
        "metricName": "BgpPeerStatus",
        "operator": "LessThan",
        "threshold": 1.0,
        "timeAggregation": "Maximum",
    }
    return {
        "location": "global",
        "properties": {
            "severity": 1,
            "enabled": True,
            "scopes": [gateway],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [criterion],
            },
            "actions": [{"actionGroupId": group}],
        },
    }
