"""What the Terraform provider azurerm 5.2.0 needs of an answer; without it an `apply` fails."""

import uuid

from azure_api_harness import LOCATION, Body, Lab, Reply

from twinspan.cloud.azure.gateways import connection


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


def _workbook() -> Body:
    return {
        "location": LOCATION,
        "kind": "shared",
        "identity": {"type": "None", "userAssignedIdentities": None},
        "tags": None,
        "properties": {
            "category": "workbook",
            "displayName": "vpn",
            "serializedData": '{"version":"Notebook/1.0","items":[]}',
            "sourceId": "azure monitor",
        },
    }


def test_a_workbook_of_no_identity_is_made_and_put_back_as_it_was_read(lab: Lab) -> None:
    place = f"Microsoft.Insights/workbooks/{uuid.uuid4()}"
    made = _call(lab, "PUT", f"{place}?sourceId=azure%20monitor", _workbook())
    assert made.status == 201, made.text
    assert "identity" not in made.json
    read = _call(lab, "GET", f"{place}?canFetchContent=true").json
    again = _call(lab, "PUT", place, read | {"tags": {"team": "net"}})
    assert again.status == 200, again.text
    assert again.json["properties"] == read["properties"]


def test_a_workbook_tells_the_principals_of_its_identities(lab: Lab) -> None:
    place = f"Microsoft.Insights/workbooks/{uuid.uuid4()}"
    made = _call(
        lab, "PUT", "Microsoft.ManagedIdentity/userAssignedIdentities/reader", {"location": LOCATION}
    ).json
    body = _workbook() | {"identity": {"type": "UserAssigned", "userAssignedIdentities": {made["id"]: {}}}}
    told = _call(lab, "PUT", place, body).json["identity"]["userAssignedIdentities"][made["id"]]
    assert told == {name: made["properties"][name] for name in ("principalId", "clientId")}
    body["identity"]["userAssignedIdentities"] = {f"{made['id']}-none": {}}
    assert _call(lab, "PUT", place, body).code == "FailedIdentityOperation"


def test_a_dpd_timeout_that_nobody_set_is_told_as_0_and_is_45_s_on_the_wire(lab: Lab) -> None:
    lab.build()
    body = lab.connection()
    for value in ({}, {"dpdTimeoutSeconds": 0}, {"dpdTimeoutSeconds": None}):
        del body["properties"]["dpdTimeoutSeconds"]
        body["properties"].update(value)
        assert lab.made("connections/tunnel1", body)["properties"]["dpdTimeoutSeconds"] == 0
        body["properties"].setdefault("dpdTimeoutSeconds", None)
    read = lab.twin.network().virtual_network_gateway_connections.get(lab.group, "tunnel1")
    found = connection(read)
    assert found is not None
    assert found.dpd_timeout_seconds == 45
