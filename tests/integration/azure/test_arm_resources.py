"""What all resource types have in common."""

import json
import logging
from pathlib import Path

import pytest
from azure_api_harness import Body, Lab, Twin, new_lab, new_twin

from twinspan.errors import HostError


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


def test_another_subscription_type_namespace_or_action_is_refused(lab: Lab) -> None:
    other = lab.twin.call("GET", "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups")
    assert (other.status, other.code) == (404, "SubscriptionNotFound")
    assert lab.get("natGateways/nat").code == "InvalidResourceType"
    assert lab.get("natGateways").code == "InvalidResourceType"
    machine = lab.scope.replace("Microsoft.Network", "Microsoft.Compute") + "/virtualMachines/vm"
    assert lab.twin.call("GET", machine).code == "InvalidResourceNamespace"
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
    again = lab.twin.call("GET", f"{lab.scope}/virtualNetworks/VNet".upper().replace("API-VERSION", "api-version"))
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
    told = {"addressPrefix": "10.1.3.0/24", "sharingScope": "", "routeTable": None, "networkSecurityGroup": None}
    made = lab.made("virtualNetworks/vnet/subnets/extra", {"properties": told})
    assert "sharingScope" not in made["properties"]
    assert "routeTable" not in made["properties"]


def test_enumerations_are_answered_in_azures_spelling(lab: Lab) -> None:
    lab.build()
    body = lab.connection()
    body["properties"].update(connectionType="IPSec", connectionProtocol="ikev2")
    body["properties"]["ipsecPolicies"][0].update(ikeEncryption="gcmaes256", dhGroup="ecp384")
    told = lab.made("connections/tunnel1", body)["properties"]
    assert (told["connectionType"], told["connectionProtocol"]) == ("IPsec", "IKEv2")
    assert told["ipsecPolicies"][0]["ikeEncryption"] == "GCMAES256"
    assert told["ipsecPolicies"][0]["dhGroup"] == "ECP384"


def test_a_whole_resource_in_the_place_of_a_reference_becomes_its_id(lab: Lab) -> None:
    lab.build()
    gateway = lab.get("virtualNetworkGateways/gw").json
    body = lab.connection()
    body["properties"]["virtualNetworkGateway1"] = gateway
    told = lab.made("connections/tunnel1", body)["properties"]
    assert told["virtualNetworkGateway1"] == {"id": gateway["id"]}


def test_parts_are_seen_in_their_parent_and_the_other_way_round(lab: Lab) -> None:
    table = lab.made("routeTables/table", {"location": "westeurope"})
    assert table["properties"]["routes"] == []
    hop = {"addressPrefix": "10.2.0.0/16", "nextHopType": "VirtualNetworkGateway"}
    lab.made("routeTables/table/routes/aws", {"properties": hop})
    routes = lab.get("routeTables/table").json["properties"]["routes"]
    assert [(route["name"], route["properties"]["addressPrefix"]) for route in routes] == [("aws", "10.2.0.0/16")]
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
    told = {"addressPrefix": "10.1.2.0/24", "routeTable": {"id": table["id"]}}
    subnet = lab.made("virtualNetworks/vnet/subnets/app", {"properties": told})
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
    assert first.startswith("198.51.100.")
    again = lab.made("publicIPAddresses/ip0", lab.public_ip())
    assert again["properties"]["ipAddress"] == first
    other = lab.public_ip() | {"zones": ["1"]}
    assert lab.put("publicIPAddresses/ip0", other).code == "ResourceAvailabilityZonesCannotBeModified"


def test_an_existing_resource_cannot_move_to_another_region(lab: Lab) -> None:
    lab.made("virtualNetworks/vnet", lab.network())
    moved = lab.put("virtualNetworks/vnet", lab.network() | {"location": "East US"})
    assert (moved.status, moved.code) == (409, "InvalidResourceLocation")
    assert lab.made("virtualNetworks/vnet", lab.network() | {"location": "West Europe"})["location"] == "westeurope"


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


def test_a_resource_group_is_deleted_with_everything_in_it(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    other = new_lab(own_azure_twin)
    lab.build()
    other.build()
    place = f"{own_azure_twin.subscription}/resourceGroups/{lab.group}"
    gone = own_azure_twin.call("DELETE", place)
    assert (gone.status, gone.headers["retry-after"]) == (202, "1")
    followed = own_azure_twin.call("GET", gone.headers["location"].removeprefix(own_azure_twin.api.url))
    assert followed.status == 204
    assert own_azure_twin.call("HEAD", place).status == 404
    assert own_azure_twin.call("DELETE", place).code == "ResourceGroupNotFound"
    left = own_azure_twin.call("GET", f"{own_azure_twin.subscription}/resources").json["value"]
    assert {row["id"].split("/")[4] for row in left} == {other.group}
    state = (own_azure_twin.folder / "azure.json").read_text()
    assert lab.group not in state


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("group.", {"location": "westeurope"}, 400, "InvalidResourceGroupName"),
        ("g" * 91, {"location": "westeurope"}, 400, "InvalidResourceGroupName"),
        ("group", {}, 400, "LocationRequired"),
        ("group", {"location": "moon"}, 400, "LocationNotAvailableForResourceType"),
        ("group", {"location": "westeurope", "tags": {"a": 1}}, 400, "InvalidTagsFormat"),
    ],
)
def test_a_bad_resource_group_is_refused(
    azure_twin: Twin, name: str, body: Body, status: int, code: str
) -> None:
    reply = azure_twin.call("PUT", f"{azure_twin.subscription}/resourceGroups/{name}", body)
    assert (reply.status, reply.code) == (status, code)


def test_a_resource_group_keeps_its_region_and_takes_tags(lab: Lab) -> None:
    place = f"{lab.twin.subscription}/resourceGroups/{lab.group}"
    moved = lab.twin.call("PUT", place, {"location": "eastus"})
    assert (moved.status, moved.code) == (409, "InvalidResourceGroupLocation")
    tagged = lab.twin.call("PATCH", place, {"tags": {"env": "dev"}})
    assert tagged.json["tags"] == {"env": "dev"}
    assert lab.twin.call("GET", place).json["tags"] == {"env": "dev"}
    assert lab.twin.call("HEAD", place).status == 204


def test_resources_can_be_listed_and_filtered(lab: Lab) -> None:
    lab.build_network()
    place = f"{lab.twin.subscription}/resourceGroups/{lab.group}/resources"
    everything = lab.twin.call("GET", place).json["value"]
    assert sorted(row["name"] for row in everything) == ["ip0", "ip1", "vnet"]
    wanted = "resourceType%20eq%20'Microsoft.Network/virtualNetworks'"
    some = lab.twin.call("GET", f"{place}?$filter={wanted}").json["value"]
    assert [row["name"] for row in some] == ["vnet"]
    assert lab.twin.call("GET", f"{place}?$filter=tagName%20eq%20'a'").code == "InvalidFilterInQueryString"


def test_everything_survives_a_restart(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    lab.build()
    lab.post("virtualNetworkGateways/gw/reset")
    places = ("virtualNetworks/vnet", "virtualNetworkGateways/gw", "connections/tunnel1", "connections/tunnel1/sharedkey")
    before = [lab.get(place).json for place in places]
    resets = own_azure_twin.api.reset_generations()
    own_azure_twin.restart()
    assert [lab.get(place).json for place in places] == before
    assert own_azure_twin.api.reset_generations() == resets
    assert list(resets.values()) == [1]


def test_a_change_is_on_disk_before_it_is_answered(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    lab.made("virtualNetworks/vnet", lab.network())
    document = json.loads((own_azure_twin.folder / "azure.json").read_text())
    assert f"{lab.scope}/virtualNetworks/vnet" in [row["id"] for row in document["resources"]]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1, "groups": 3}'])
def test_a_damaged_state_file_is_an_error_and_stays(tmp_path: Path, content: str) -> None:
    (tmp_path / "azure.json").write_text(content)
    with pytest.raises(HostError, match="is not a state file of the twin's Azure API"):
        new_twin(tmp_path).start()
    assert (tmp_path / "azure.json").read_text() == content


def test_only_changes_that_succeed_are_announced(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    seen = len(own_azure_twin.changes)
    lab.get("virtualNetworks")
    lab.put("virtualNetworks/vnet", {})
    lab.delete("virtualNetworks/vnet")
    assert len(own_azure_twin.changes) == seen
    lab.made("virtualNetworks/vnet", lab.network())
    assert len(own_azure_twin.changes) == seen + 1


def test_a_refused_put_changes_nothing(lab: Lab) -> None:
    lab.build()
    before = lab.get("virtualNetworks/vnet").json
    body = lab.network()
    body["properties"]["subnets"].append({"name": "late", "properties": {"addressPrefix": "10.9.0.0/24"}})
    assert lab.put("virtualNetworks/vnet", body).status == 400
    assert lab.get("virtualNetworks/vnet").json == before


def test_shared_keys_and_secrets_are_in_no_log_and_no_other_answer(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    lab.build()
    key = "Twin.Key_0123456789"
    replies = [
        lab.put("connections/tunnel1", lab.connection()),
        lab.get("connections/tunnel1"),
        lab.get("connections"),
        lab.get("virtualNetworkGateways/gw/connections"),
    ]
    assert [key in reply.text for reply in replies] == [False] * 4
    assert lab.get("connections/tunnel1/sharedkey").json["value"] == key
    lab.put("connections/tunnel1/sharedkey", {"value": "bad key"})
    assert key not in caplog.text
    assert lab.twin.credentials.client_secret not in caplog.text
    assert lab.twin.token not in caplog.text
    assert lab.twin.credentials.client_secret not in repr(lab.twin.credentials)
