"""Resource groups, lists, and what is kept on disk."""

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure_api_harness import Body, Lab, Twin, new_lab, new_twin

from twinspan.errors import HostError


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
    condition = "resourceType%20eq%20'Microsoft.Network/virtualNetworks'"
    some = lab.twin.call("GET", f"{place}?$filter={condition}").json["value"]
    assert [row["name"] for row in some] == ["vnet"]
    assert lab.twin.call("GET", f"{place}?$filter=tagName%20eq%20'a'").code == "InvalidFilterInQueryString"


def test_everything_survives_a_restart(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    lab.build()
    lab.post("virtualNetworkGateways/gw/reset")
    places = (
        "virtualNetworks/vnet",
        "virtualNetworkGateways/gw",
        "connections/tunnel1",
        "connections/tunnel1/sharedkey",
    )
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


def test_a_kept_connection_is_answered_without_waiting_for_nagle(lab: Lab) -> None:
    lab.made("virtualNetworks/vnet", lab.network())
    times = []
    for _ in range(40):  # the first ones of a connection are acknowledged at once in any case
        begun = time.perf_counter()
        lab.get("virtualNetworks/vnet")
        times.append(time.perf_counter() - begun)
    assert min(times[20:]) < 0.030


def test_requests_at_the_same_time_get_addresses_of_their_own(lab: Lab) -> None:
    operations = lab.twin.network().public_ip_addresses

    def make(index: int) -> str:
        made = operations.begin_create_or_update(lab.group, f"ip{index}", lab.public_ip()).result()
        return str(made.properties.ip_address)

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(make, range(16)))
    assert len(set(given)) == 16
