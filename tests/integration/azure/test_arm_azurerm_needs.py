"""What the Terraform provider azurerm 5.2.0 needs of an answer; without it an `apply` fails."""

from azure_api_harness import LOCATION, Body, Lab, Reply


def _call(lab: Lab, method: str, place: str, body: Body | None = None) -> Reply:
    group = f"{lab.twin.subscription}/resourceGroups/{lab.group}"
    return lab.twin.call(method, f"{group}/providers/{place}", body)


def _alert(lab: Lab) -> Body:
    return {
        "location": "global",
        "tags": {},
        "properties": {
            "severity": 3,
            "enabled": True,
            "autoMitigate": True,
            "description": "",
            "scopes": [f"{lab.scope}/virtualNetworkGateways/gw"],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "targetResourceType": "",
            "targetResourceRegion": "",
            "actions": [],
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "name": "Metric1",
                        "metricName": "BgpPeerStatus",
                        "metricNamespace": "Microsoft.Network/virtualNetworkGateways",
                        "operator": "LessThan",
                        "threshold": 1,
                        "timeAggregation": "Maximum",
                        "dimensions": [],
                        "skipMetricValidation": False,
                    }
                ],
            },
        },
    }


def test_a_metric_alert_is_made_and_changed_with_200(lab: Lab) -> None:
    lab.build()
    for _ in range(2):
        made = _call(lab, "PUT", "Microsoft.Insights/metricAlerts/bgp", _alert(lab))
        assert made.status == 200, made.text
    told = made.json["properties"]
    assert told["targetResourceType"] == "Microsoft.Network/virtualNetworkGateways"
    assert told["targetResourceRegion"] == LOCATION


def test_no_workspace_waits_to_be_recovered(lab: Lab) -> None:
    lists = f"{lab.twin.subscription}/resourceGroups/{lab.group}", lab.twin.subscription
    for scope in lists:
        found = lab.twin.call("GET", f"{scope}/providers/Microsoft.OperationalInsights/deletedWorkspaces")
        assert (found.status, found.json) == (200, {"value": []})
