"""What all resource types have in common."""

from typing import Any

import pytest
from azure_api_harness import Body, Lab


def test_a_resource_is_not_there_before_it_is_put(lab: Lab) -> None:
    missing = lab.get("virtualNetworks/vnet")
    assert (missing.status, missing.code) == (404, "ResourceNotFound")
    assert lab.put("virtualNetworks/vnet", lab.network()).status == 201
    assert lab.put("virtualNetworks/vnet", lab.network()).status == 200
    assert lab.get("virtualNetworks/vnet").status == 200


def test_a_missing_group_parent_or_part_has_a_code_of_its_own(lab: Lab) -> None:
    subscription = lab.twin.subscription
    group = lab.twin.call("GET", f"{subscription}/resourceGroups/none")
    assert (group.status, group.code) == (404, "ResourceGroupNotFound")
    inside = lab.twin.call("GET", lab.scope.replace(lab.group, "none") + "/virtualNetworks/vnet")
    assert inside.code == "ResourceGroupNotFound"
    assert lab.get("virtualNetworks/vnet/subnets/app").code == "ResourceNotFound"
    lab.made("virtualNetworks/vnet", lab.network())
    assert lab.get("virtualNetworks/vnet/subnets/none").code == "NotFound"
    orphan = lab.put("virtualNetworks/none/subnets/app", {"properties": {"addressPrefix": "10.1.2.0/24"}})
    assert (orphan.status, orphan.code) == (404, "ParentResourceNotFound")


def test_a_malformed_subscription_and_another_type_namespace_or_action_are_refused(lab: Lab) -> None:
    other = lab.twin.call("GET", "/subscriptions/sandbox/resourceGroups")
    assert (other.status, other.code) == (400, "InvalidSubscriptionId")
    assert lab.get("natGateways/nat").code == "InvalidResourceType"
    assert lab.get("natGateways").code == "InvalidResourceType"
    account = lab.scope.replace("Microsoft.Network", "Microsoft.Storage") + "/storageAccounts/one"
    assert lab.twin.call("GET", account).code == "InvalidResourceNamespace"
    lab.made("virtualNetworks/vnet", lab.network())
    assert lab.post("virtualNetworks/vnet/explode").status == 404
    assert lab.twin.call("GET", "/nonsense").status == 404


def test_the_api_version_is_required_and_any_date_will_do(lab: Lab) -> None:
    lab.made("virtualNetworks/vnet", lab.network())
    place = f"{lab.scope}/virtualNetworks/vnet"
    headers = {"Authorization": f"Bearer {lab.twin.token}"}
    assert lab.twin.raw("GET", place, None, headers).code == "MissingApiVersionParameter"
    assert lab.twin.call("GET", f"{place}?api-version=latest").code == "InvalidApiVersionParameter"
    for version in ("2018-01-01", "2024-05-01", "2026-03-01", "2023-01-01-preview"):
        assert lab.twin.call("GET", f"{place}?api-version={version}").status == 200


def test_an_operation_can_be_followed_at_once(lab: Lab) -> None:
    reply = lab.put("virtualNetworks/vnet", lab.network())
    assert reply.headers["retry-after"] == "1"
    where = reply.headers["azure-asyncoperation"].removeprefix(lab.twin.api.url)
    state = lab.twin.call("GET", where)
    assert (state.status, state.json) == (200, {"status": "Succeeded"})
    gone = lab.delete("virtualNetworks/vnet")
    assert (gone.status, gone.headers["retry-after"]) == (202, "1")
    assert lab.twin.call("GET", gone.headers["location"].removeprefix(lab.twin.api.url)).status == 204
    assert lab.delete("virtualNetworks/vnet").status == 204
    unknown = where.replace(where.split("/operations/")[1].split("?")[0], "none")
    assert lab.twin.call("GET", unknown).code == "OperationNotFound"


def test_ids_are_compared_without_case_and_answered_as_made(lab: Lab) -> None:
    made = lab.made("virtualNetworks/VNet", lab.network())
    again = lab.twin.call(
        "GET", f"{lab.scope}/virtualNetworks/VNet".upper().replace("API-VERSION", "api-version")
    )
    assert again.json["id"] == made["id"]
    assert made["id"] == f"{lab.scope}/virtualNetworks/VNet"
    updated = lab.made("VIRTUALNETWORKS/vnet", lab.network())
    assert updated["id"] == made["id"]


def test_an_etag_changes_with_each_write_and_guards_it(lab: Lab) -> None:
    first = lab.made("virtualNetworks/vnet", lab.network())
    blocked = lab.put("virtualNetworks/vnet", lab.network(), If_None_Match="*")
    assert (blocked.status, blocked.code) == (412, "PreconditionFailed")
    second = lab.put("virtualNetworks/vnet", lab.network(), If_Match=first["etag"])
    assert second.status == 200
    assert second.json["etag"] != first["etag"]
    assert second.json["properties"]["resourceGuid"] == first["properties"]["resourceGuid"]
    assert lab.put("virtualNetworks/vnet", lab.network(), If_Match=first["etag"]).status == 412


def test_tags_are_patched_and_nothing_else_is(lab: Lab) -> None:
    made = lab.made("virtualNetworks/vnet", lab.network())
    place = f"{lab.scope}/virtualNetworks/vnet"
    patched = lab.twin.call("PATCH", place, {"tags": {"team": "net"}})
    assert patched.json["tags"] == {"team": "net"}
    assert patched.json["properties"] == made["properties"] | {
        "subnets": patched.json["properties"]["subnets"]
    }
    assert lab.twin.call("PATCH", place, {"properties": {}}).code == "InvalidRequestFormat"
    assert lab.twin.call("PATCH", place, {"tags": {"n": 1}}).code == "InvalidRequestFormat"
    assert lab.twin.call("PATCH", f"{place}/subnets/app", {"tags": {}}).status == 405


def test_read_only_members_are_dropped(lab: Lab) -> None:
    body = lab.network()
    body.update(name="other", type="Other/type", etag="x", id="/other")
    body["properties"].update(provisioningState="Failed", resourceGuid="mine")
    made = lab.made("virtualNetworks/vnet", body)
    assert (made["name"], made["type"]) == ("vnet", "Microsoft.Network/virtualNetworks")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["properties"]["resourceGuid"] != "mine"


def test_empty_strings_and_nulls_count_as_absent(lab: Lab) -> None:
    lab.made("virtualNetworks/vnet", lab.network())
    properties = {
        "addressPrefix": "10.1.3.0/24",
        "sharingScope": "",
        "routeTable": None,
        "networkSecurityGroup": None,
    }
    made = lab.made("virtualNetworks/vnet/subnets/extra", {"properties": properties})
    assert "sharingScope" not in made["properties"]
    assert "routeTable" not in made["properties"]


def test_enumerations_are_answered_in_azures_spelling(lab: Lab) -> None:
    lab.build()
    body = lab.connection()
    body["properties"].update(connectionType="IPSec", connectionProtocol="ikev2")
    body["properties"]["ipsecPolicies"][0].update(ikeEncryption="gcmaes256", dhGroup="ecp384")
    properties = lab.made("connections/tunnel1", body)["properties"]
    assert (properties["connectionType"], properties["connectionProtocol"]) == ("IPsec", "IKEv2")
    assert properties["ipsecPolicies"][0]["ikeEncryption"] == "GCMAES256"
    assert properties["ipsecPolicies"][0]["dhGroup"] == "ECP384"


def test_a_whole_resource_in_the_place_of_a_reference_becomes_its_id(lab: Lab) -> None:
    lab.build()
    gateway = lab.get("virtualNetworkGateways/gw").json
    body = lab.connection()
    body["properties"]["virtualNetworkGateway1"] = gateway
    properties = lab.made("connections/tunnel1", body)["properties"]
    assert properties["virtualNetworkGateway1"] == {"id": gateway["id"]}


@pytest.mark.parametrize(
    "place",
    [
        "virtualNetworks/vnet",
        "virtualNetworks/vnet/subnets/app",
        "virtualNetworks/vnet/subnets/GatewaySubnet",
        "publicIPAddresses/ip0",
        "routeTables/table",
        "networkSecurityGroups/nsg",
        "virtualNetworkGateways/gw",
        "localNetworkGateways/aws1",
        "connections/tunnel1",
    ],
)
def test_what_was_read_can_be_put_back_and_changes_nothing(lab: Lab, place: str) -> None:
    lab.build()
    hop = {"addressPrefix": "10.2.0.0/16", "nextHopType": "VirtualNetworkGateway"}
    rule = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "*",
        "sourceAddressPrefix": "VirtualNetwork",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRanges": ["22", "80-90"],
    }
    routes = {"routes": [{"name": "aws", "properties": hop}]}
    rules = {"securityRules": [{"name": "in", "properties": rule}]}
    table = lab.made("routeTables/table", {"location": "westeurope", "properties": routes})
    group = lab.made("networkSecurityGroups/nsg", {"location": "westeurope", "properties": rules})
    references = {"routeTable": {"id": table["id"]}, "networkSecurityGroup": {"id": group["id"]}}
    app = {"properties": {"addressPrefixes": ["10.1.2.0/24"], **references}}
    lab.made("virtualNetworks/vnet/subnets/app", app)
    before = lab.get(place).json
    lab.made(place, before)
    after = lab.get(place).json
    assert _without_etags(after) == _without_etags(before)
    assert lab.get("connections/tunnel1/sharedkey").json["value"] == "Twin.Key_0123456789"


def _without_etags(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: _without_etags(value) for name, value in document.items() if name != "etag"}
    if isinstance(document, list):
        return [_without_etags(item) for item in document]
    return document


def test_parts_are_seen_in_their_parent_and_the_other_way_round(lab: Lab) -> None:
    table = lab.made("routeTables/table", {"location": "westeurope"})
    assert table["properties"]["routes"] == []
    hop = {"addressPrefix": "10.2.0.0/16", "nextHopType": "VirtualNetworkGateway"}
    lab.made("routeTables/table/routes/aws", {"properties": hop})
    routes = lab.get("routeTables/table").json["properties"]["routes"]
    assert [(route["name"], route["properties"]["addressPrefix"]) for route in routes] == [
        ("aws", "10.2.0.0/16")
    ]
    body: Body = {"location": "westeurope", "properties": {"routes": [{"name": "two", "properties": hop}]}}
    lab.made("routeTables/table", body)
    assert [row["name"] for row in lab.get("routeTables/table/routes").json["value"]] == ["two"]
    assert lab.get("routeTables/table/routes/aws").status == 404
    assert lab.delete("routeTables/table/routes/two").status == 202
    assert lab.get("routeTables/table").json["properties"]["routes"] == []


def test_a_network_put_without_subnets_keeps_them(lab: Lab) -> None:
    lab.made("virtualNetworks/vnet", lab.network())
    body = lab.network()
    del body["properties"]["subnets"]
    kept = lab.made("virtualNetworks/vnet", body)["properties"]["subnets"]
    assert [subnet["name"] for subnet in kept] == ["GatewaySubnet", "app"]
    body["properties"]["subnets"] = []
    assert lab.made("virtualNetworks/vnet", body)["properties"]["subnets"] == []


def test_users_are_shown_on_what_they_use(lab: Lab) -> None:
    lab.build()
    table = lab.made("routeTables/table", {"location": "westeurope"})
    properties = {"addressPrefix": "10.1.2.0/24", "routeTable": {"id": table["id"]}}
    subnet = lab.made("virtualNetworks/vnet/subnets/app", {"properties": properties})
    assert lab.get("routeTables/table").json["properties"]["subnets"] == [{"id": subnet["id"]}]
    public = lab.get("publicIPAddresses/ip0").json["properties"]
    assert public["ipConfiguration"] == {"id": lab.configuration_id(0)}
    gateway_subnet = lab.get("virtualNetworks/vnet/subnets/GatewaySubnet").json["properties"]
    assert [row["id"] for row in gateway_subnet["ipConfigurations"]] == [
        lab.configuration_id(0),
        lab.configuration_id(1),
    ]


def test_public_addresses_are_distinct_documentation_addresses_and_stay(lab: Lab) -> None:
    lab.build_network()
    first = lab.get("publicIPAddresses/ip0").json["properties"]["ipAddress"]
    second = lab.get("publicIPAddresses/ip1").json["properties"]["ipAddress"]
    assert first != second
    assert first.startswith("198.19.64.")
    again = lab.made("publicIPAddresses/ip0", lab.public_ip())
    assert again["properties"]["ipAddress"] == first
    other = lab.public_ip() | {"zones": ["1"]}
    assert lab.put("publicIPAddresses/ip0", other).code == "ResourceAvailabilityZonesCannotBeModified"


def test_an_existing_resource_cannot_move_to_another_region(lab: Lab) -> None:
    lab.made("virtualNetworks/vnet", lab.network())
    moved = lab.put("virtualNetworks/vnet", lab.network() | {"location": "East US"})
    assert (moved.status, moved.code) == (409, "InvalidResourceLocation")
    assert (
        lab.made("virtualNetworks/vnet", lab.network() | {"location": "West Europe"})["location"]
        == "westeurope"
    )


@pytest.mark.parametrize("name", ["-vnet", "vnet-", "v" * 81, "v%20net", "v!"])
def test_a_bad_name_is_refused(lab: Lab, name: str) -> None:
    assert lab.put(f"virtualNetworks/{name}", lab.network()).code == "InvalidResourceName"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "InvalidRequestContent"),
        (b"[]", "application/json", 400, "InvalidRequestContent"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "UnsupportedMediaType"),
        (b" " * (4 * 1024 * 1024 + 1), "application/json", 413, "RequestEntityTooLarge"),
    ],
    ids=["half", "list", "form", "huge"],
)
def test_a_bad_body_is_refused(lab: Lab, content: bytes, kind: str, status: int, code: str) -> None:
    headers = {"Authorization": f"Bearer {lab.twin.token}", "Content-Type": kind}
    place = f"{lab.scope}/virtualNetworks/vnet?api-version=2025-01-01"
    reply = lab.twin.raw("PUT", place, content, headers)
    assert (reply.status, reply.code) == (status, code)
