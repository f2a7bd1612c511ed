"""What takes a while: a new key keeps its connection busy, actions answer where they say."""

import pytest
from azure_api_harness import Lab, Reply

from twinspan.wait import wait_until


def test_a_new_key_keeps_the_connection_busy_for_a_moment(lab: Lab) -> None:
    """Azure/azure-rest-api-specs issues 14473 and 26660; the status in public logs."""
    lab.build()
    key = {"value": "Another_Key.1"}

    def collided() -> Reply:
        lab.put("connections/tunnel1/sharedkey", key)
        return lab.put("connections/tunnel1", lab.connection())

    reply = wait_until(collided, lambda answer: answer.status == 409, what="collision", timeout_s=60)
    assert reply.code == "AnotherOperationInProgress"
    words = (
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation"
    )
    assert reply.json["error"]["message"].startswith(f"{words} use uri: {lab.twin.api.url}/subscriptions/")


def test_a_connection_is_updating_after_a_new_key_and_then_no_more(lab: Lab) -> None:
    lab.build()

    def state() -> str:
        return str(lab.get("connections/tunnel1").json["properties"]["provisioningState"])

    def state_after_a_key() -> str:
        lab.put("connections/tunnel1/sharedkey", {"value": "Another_Key.1"})
        return state()

    wait_until(
        state_after_a_key,
        lambda provisioning_state: provisioning_state == "Updating",
        what="Updating",
        timeout_s=60,
    )
    wait_until(
        state, lambda provisioning_state: provisioning_state == "Succeeded", what="Succeeded", timeout_s=60
    )
    assert lab.put("connections/tunnel1", lab.connection()).status == 200


@pytest.mark.parametrize(
    "action", ["getLearnedRoutes", "getBgpPeerStatus", "getAdvertisedRoutes?peer=169.254.21.1", "reset"]
)
def test_actions_answer_202_with_null_and_the_result_at_the_location(lab: Lab, action: str) -> None:
    lab.build()
    reply = lab.post(f"virtualNetworkGateways/gw/{action}")
    assert (reply.status, reply.text) == (202, "null")
    result = lab.twin.call("GET", reply.headers["location"].removeprefix(lab.twin.api.url))
    assert (result.status, type(result.json)) == (200, dict)
