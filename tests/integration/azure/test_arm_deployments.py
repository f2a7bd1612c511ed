"""Template deployments, as `az network vpn-connection create` makes them."""

import json
from typing import Any

import pytest
from azure_api_harness import Body, Lab

KEY = "From_A.Template_1"


def _template(lab: Lab, **resource: Any) -> Body:
    properties = lab.connection()["properties"]
    properties["sharedKey"] = "[parameters('sharedKey')]"
    connection = {
        "type": "Microsoft.Network/connections",
        "name": "tunnel2",
        "location": "[resourceGroup().location]",
        "apiVersion": "2025-01-01",
        "dependsOn": [],
        "properties": properties,
        **resource,
    }
    return {
        "properties": {
            "mode": "incremental",
            "parameters": {"sharedKey": {"value": KEY}},
            "template": {
                "$schema": "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0",
                "parameters": {"sharedKey": {"type": "securestring"}},
                "variables": {},
                "resources": [connection],
                "outputs": {"resource": {"type": "object", "value": "[reference('tunnel2')]"}},
            },
        }
    }


def _place(lab: Lab, tail: str = "") -> str:
    group = f"{lab.twin.subscription}/resourcegroups/{lab.group}"
    return f"{group}/providers/Microsoft.Resources/deployments/deploy1{tail}"


@pytest.fixture
def ready(lab: Lab) -> Lab:
    lab.build()
    lab.delete("connections/tunnel1")
    return lab


def test_a_deployment_makes_its_resources_and_keeps_its_secrets(ready: Lab) -> None:
    reply = ready.twin.call("PUT", _place(ready), _template(ready))
    assert reply.status == 201
    state = ready.twin.call("GET", reply.headers["azure-asyncoperation"].removeprefix(ready.twin.api.url))
    assert state.json == {"status": "Succeeded"}
    deployment = ready.twin.call("GET", _place(ready))
    assert deployment.json["properties"]["outputs"]["resource"]["value"]["connectionType"] == "IPsec"
    assert KEY not in deployment.text + reply.text
    assert ready.get("connections/tunnel2/sharedkey").json["value"] == KEY
    assert ready.twin.call("DELETE", _place(ready)).status == 204
    assert ready.twin.call("GET", _place(ready)).code == "DeploymentNotFound"


def test_a_refused_resource_fails_the_deployment_and_says_why(ready: Lab) -> None:
    body = _template(ready)
    body["properties"]["parameters"]["sharedKey"]["value"] = "not allowed"
    reply = ready.twin.call("PUT", _place(ready), body)
    state = ready.twin.call(
        "GET", reply.headers["azure-asyncoperation"].removeprefix(ready.twin.api.url)
    ).json
    assert state["status"] == "Failed"
    assert state["error"]["code"] == "DeploymentFailed"
    assert [detail["code"] for detail in state["error"]["details"]] == ["InvalidSharedKey"]
    assert "not allowed" not in json.dumps(state)


def test_validation_makes_nothing(ready: Lab) -> None:
    reply = ready.twin.call("POST", _place(ready, "/validate"), _template(ready))
    assert reply.json["properties"]["validatedResources"] == [{"id": f"{ready.scope}/connections/tunnel2"}]
    assert ready.get("connections/tunnel2").status == 404


def test_resources_are_made_after_what_they_depend_on(lab: Lab) -> None:
    subnet = {
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "name": "[concat(variables('name'), '/late')]",
        "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]"],
        "properties": {"addressPrefix": "10.1.9.0/24"},
    }
    vnet = {"type": "Microsoft.Network/virtualNetworks", "name": "vnet", **lab.network()}
    body = _template(lab)
    body["properties"]["template"].update(resources=[subnet, vnet], outputs={}, variables={"name": "vnet"})
    assert lab.twin.call("PUT", _place(lab), body).json["properties"]["provisioningState"] == "Succeeded"
    assert lab.get("virtualNetworks/vnet/subnets/late").status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "Complete"},
        {"parameters": {}},
        {"template": {"resources": [{"type": "Microsoft.Network/connections"}]}},
        {"template": {"resources": [{"type": "Microsoft.Network/connections", "name": "a/b"}]}},
        {"template": {"resources": [{"type": "A/b", "name": "[parameters('none')]"}]}},
        {
            "template": {
                "resources": [
                    {"type": "A/b", "name": "one", "dependsOn": ["two"]},
                    {"type": "A/b", "name": "two", "dependsOn": ["one"]},
                ]
            }
        },
    ],
    ids=["mode", "no parameter", "no name", "name too long", "unknown parameter", "circle"],
)
def test_a_bad_template_is_refused(ready: Lab, change: Body) -> None:
    body = _template(ready)
    body["properties"].update(change)
    reply = ready.twin.call("PUT", _place(ready), body)
    assert (reply.status, reply.code) == (400, "InvalidTemplate")
