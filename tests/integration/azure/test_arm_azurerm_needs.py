"""What the Terraform provider azurerm 5.2.0 needs of an answer; without it an `apply` fails."""

import uuid

import pytest
from arm_samples import Estate, metric_alert, workbook
from azure_api_harness import LOCATION, Body, Lab, Reply

from twinspan.cloud.azure.gateways import connection
from twinspan.twin.azure.types import RESOURCE_TYPES


def _call(lab: Lab, method: str, place: str, body: Body | None = None) -> Reply:
    group = f"{lab.twin.subscription}/resourceGroups/{lab.group}"
    return lab.twin.call(method, f"{group}/providers/{place}", body)


def test_a_metric_alert_is_made_and_changed_with_200(lab: Lab) -> None:
    lab.build()
    for _ in range(2):
        made = _call(lab, "PUT", "Microsoft.Insights/metricAlerts/bgp", metric_alert(lab))
        assert made.status == 200, made.text
    properties = made.json["properties"]
    assert properties["targetResourceType"] == "Microsoft.Network/virtualNetworkGateways"
    assert properties["targetResourceRegion"] == LOCATION


def test_no_workspace_waits_to_be_recovered(lab: Lab) -> None:
    lists = f"{lab.twin.subscription}/resourceGroups/{lab.group}", lab.twin.subscription
    for scope in lists:
        reply = lab.twin.call("GET", f"{scope}/providers/Microsoft.OperationalInsights/deletedWorkspaces")
        assert (reply.status, reply.json) == (200, {"value": []})


def test_a_workbook_of_no_identity_is_made_and_put_back_as_it_was_read(lab: Lab) -> None:
    place = f"Microsoft.Insights/workbooks/{uuid.uuid4()}"
    made = _call(lab, "PUT", f"{place}?sourceId=azure%20monitor", workbook())
    assert made.status == 201, made.text
    assert "identity" not in made.json
    read = _call(lab, "GET", f"{place}?canFetchContent=true").json
    again = _call(lab, "PUT", place, read | {"tags": {"team": "net"}})
    assert again.status == 200, again.text
    assert again.json["properties"] == read["properties"]


def test_a_workbook_shows_the_principals_of_its_identities(lab: Lab) -> None:
    place = f"Microsoft.Insights/workbooks/{uuid.uuid4()}"
    made = _call(
        lab, "PUT", "Microsoft.ManagedIdentity/userAssignedIdentities/reader", {"location": LOCATION}
    ).json
    body = workbook() | {"identity": {"type": "UserAssigned", "userAssignedIdentities": {made["id"]: {}}}}
    identity = _call(lab, "PUT", place, body).json["identity"]["userAssignedIdentities"][made["id"]]
    assert identity == {name: made["properties"][name] for name in ("principalId", "clientId")}
    body["identity"]["userAssignedIdentities"] = {f"{made['id']}-none": {}}
    assert _call(lab, "PUT", place, body).code == "FailedIdentityOperation"


def test_a_dpd_timeout_that_nobody_set_is_shown_as_0_and_is_45_s_on_the_wire(lab: Lab) -> None:
    lab.build()
    body = lab.connection()
    for value in ({}, {"dpdTimeoutSeconds": 0}, {"dpdTimeoutSeconds": None}):
        del body["properties"]["dpdTimeoutSeconds"]
        body["properties"].update(value)
        assert lab.made("connections/tunnel1", body)["properties"]["dpdTimeoutSeconds"] == 0
        body["properties"].setdefault("dpdTimeoutSeconds", None)
    read = lab.twin.network().virtual_network_gateway_connections.get(lab.group, "tunnel1")
    twin_connection = connection(read)
    assert twin_connection is not None
    assert twin_connection.dpd_timeout_seconds == 45


def test_the_tags_of_every_type_are_patched_with_200(estate: Estate) -> None:
    estate.build()
    whole = [sample.place for sample in estate.samples if RESOURCE_TYPES[sample.type.lower()].top_level]
    assert {sample.type.lower() for sample in estate.samples} == RESOURCE_TYPES.keys()
    for place in whole:
        before = estate.call("GET", place).json
        for tags in ({"team": "net"}, {}):
            patched = estate.call("PATCH", place, {"tags": tags})
            assert (place, patched.status) == (place, 200), patched.text
            after = estate.call("GET", place).json
            assert after["tags"] == patched.json["tags"] == tags
            assert after["properties"] == before["properties"]
    assert estate.lab.twin.call("PATCH", estate.aks.group, {"tags": {"a": "b"}}).json["tags"] == {"a": "b"}


def test_an_identity_is_patched_as_the_provider_does_it(lab: Lab) -> None:
    place = "Microsoft.ManagedIdentity/userAssignedIdentities/aks"
    made = _call(lab, "PUT", place, {"location": LOCATION}).json
    assert _call(lab, "PATCH", place, {"tags": {"a": "b"}, "properties": {}}).status == 200
    scope = {"properties": {"isolationScope": "Regional"}, "location": LOCATION}
    patched = _call(lab, "PATCH", place, scope).json
    assert patched["tags"] == {"a": "b"}
    assert patched["properties"] == {**made["properties"], "isolationScope": "Regional"}


@pytest.mark.parametrize(
    ("place", "change", "status", "said"),
    [
        ("Microsoft.Insights/actionGroups/desk", {"properties": {"enabled": False}}, 200, ""),
        ("Microsoft.Insights/actionGroups/desk", {"properties": {"groupShortName": "x"}}, 400, "ShortName"),
        ("Microsoft.Insights/actionGroups/desk", {"location": "westeurope"}, 400, "location"),
        ("Microsoft.OperationalInsights/workspaces/logs", {"properties": {"retentionInDays": 60}}, 200, ""),
        ("Microsoft.OperationalInsights/workspaces/logs", {"properties": {"retentionInDays": 9}}, 400, "9"),
        ("Microsoft.OperationalInsights/workspaces/logs", {"location": "eastus"}, 400, "location"),
        ("Microsoft.OperationalInsights/workspaces/logs", {"location": None, "properties": {}}, 200, ""),
    ],
)
def test_a_patch_changes_what_it_names_and_refuses_the_rest(
    lab: Lab, place: str, change: Body, status: int, said: str
) -> None:
    bodies = {"desk": {"groupShortName": "desk", "enabled": True}, "logs": {"retentionInDays": 30}}
    where = {"location": "Global" if place.endswith("desk") else LOCATION}
    assert _call(lab, "PUT", place, where | {"properties": bodies[place[-4:]]}).status == 201
    before = _call(lab, "GET", place).json["properties"]
    patched = _call(lab, "PATCH", place, change)
    assert patched.status == status
    assert said in patched.text
    after = _call(lab, "GET", place).json["properties"]
    assert after == (before | change["properties"] if status == 200 else before)


def test_a_workspace_whose_retention_nobody_set_keeps_data_for_30_days(lab: Lab) -> None:
    sent = {"sku": {"name": "PerGB2018"}, "retentionInDays": 0, "features": {"disableLocalAuth": False}}
    place = "Microsoft.OperationalInsights/workspaces/logs"
    made = _call(lab, "PUT", place, {"location": LOCATION, "properties": sent})
    assert made.status == 201, made.text
    assert made.json["properties"]["retentionInDays"] == 30


def test_a_null_counts_as_absent_also_where_a_list_belongs(lab: Lab) -> None:
    lab.build()
    workspace = _call(lab, "PUT", "Microsoft.OperationalInsights/workspaces/logs", {"location": LOCATION})
    sent = {
        "workspaceId": workspace.json["id"],
        "logs": [{"category": "TunnelDiagnosticLog", "enabled": True, "retentionPolicy": None}],
        "metrics": None,
        "logAnalyticsDestinationType": None,
    }
    place = "virtualNetworkGateways/gw/providers/Microsoft.Insights/diagnosticSettings/logs"
    made = lab.put(place, {"properties": sent})
    assert made.status == 200, made.text
    assert made.json["properties"]["metrics"] == []


def test_a_pool_shows_no_workload_runtime_that_nobody_set(estate: Estate) -> None:
    estate.build()
    pool = "Microsoft.ContainerService/managedClusters/c/agentPools/user"
    assert "workloadRuntime" not in estate.call("GET", pool).json["properties"]
    (sample,) = (candidate for candidate in estate.samples if candidate.place == pool)
    sample.body["properties"]["workloadRuntime"] = "OCIContainer"
    assert estate.put(sample).json["properties"]["workloadRuntime"] == "OCIContainer"
