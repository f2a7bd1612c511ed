import json

import healthy_network as vn
import pytest

from twinspan.errors import DesignError
from twinspan.project.state import State, StateResource
from twinspan.verify.evaluate import evaluate
from twinspan.verify.expectation import from_outputs
from twinspan.verify.findings import Verification
from twinspan.verify.planned import planned_settings


def test_outputs_say_how_many_tunnels_there_must_be() -> None:
    expected = from_outputs(vn.outputs(), source="Terraform outputs")

    assert expected.tunnel_count == 4
    assert [tunnel.key for tunnel in expected.tunnels] == ["tunnel1", "tunnel2", "tunnel3", "tunnel4"]


def test_a_missing_output_is_named_with_the_remedy() -> None:
    outputs = {name: value for name, value in vn.outputs().items() if name != "tunnels"}

    with pytest.raises(DesignError, match=r"Terraform outputs tunnels: field required .* `twinspan apply`"):
        from_outputs(outputs, source="Terraform outputs")


def test_an_output_that_is_no_address_is_refused() -> None:
    outputs = vn.outputs()
    outputs["tunnels"]["tunnel1"]["outside_ip_address"] = "nonsense"

    with pytest.raises(DesignError, match=r"tunnels\.tunnel1\.outside_ip_address"):
        from_outputs(outputs, source="Terraform outputs")


def test_the_json_form_is_versioned_and_free_of_secrets() -> None:
    verification = Verification(expected_from="test", results=evaluate(vn.healthy()), duration_s=0.5)

    text = verification.model_dump_json()

    assert json.loads(text)["schema"] == "twinspan/verify/1"
    assert "Key.of." not in text


def test_a_verification_without_results_has_not_passed() -> None:
    assert not Verification(expected_from="test", results=(), duration_s=0.0).passed


@pytest.mark.parametrize(("shown", "planned"), [(15, ["15"]), (0, []), (None, [])])
def test_a_dpd_timeout_of_0_in_the_state_plans_nothing(shown: int | None, planned: list[str]) -> None:
    values = {"id": "/connections/one", "dpd_timeout_seconds": shown}
    resource = StateResource(
        address="azurerm_virtual_network_gateway_connection.one",
        type="azurerm_virtual_network_gateway_connection",
        values=values,
    )
    found = planned_settings(State(resources=(resource,)))
    assert [value for key, value in found.values.items() if key.name == "dpd_timeout_seconds"] == planned


def test_numbers_that_nobody_set_are_0_in_the_state_and_plan_nothing() -> None:
    unset = {
        "tunnel1_dpd_timeout_seconds": 0,
        "tunnel1_phase1_lifetime_seconds": 0,
        "tunnel1_phase2_lifetime_seconds": 0,
        "tunnel1_rekey_fuzz_percentage": 0,
        "tunnel1_rekey_margin_time_seconds": 0,
        "tunnel1_replay_window_size": 0,
        "tunnel1_dpd_timeout_action": "",
    }
    values = {"id": "vpn-00", "tunnel1_address": "203.0.113.1", "tunnel1_startup_action": "start", **unset}
    state = State(
        resources=(StateResource(address="aws_vpn_connection.x", type="aws_vpn_connection", values=values),)
    )

    planned = {key.name: value for key, value in planned_settings(state).values.items()}

    assert planned["tunnel 203.0.113.1 startup_action"] == "start"
    assert not [
        name for name in planned if name.removeprefix("tunnel 203.0.113.1 ") in {n[8:] for n in unset}
    ]


def test_ike_versions_that_nobody_set_are_those_that_aws_then_takes() -> None:
    values = {"id": "vpn-00", "tunnel1_address": "203.0.113.1", "tunnel1_ike_versions": []}
    state = State(
        resources=(StateResource(address="aws_vpn_connection.x", type="aws_vpn_connection", values=values),)
    )

    planned = {key.name: value for key, value in planned_settings(state).values.items()}

    assert planned["tunnel 203.0.113.1 ike_versions"] == "ikev1, ikev2"
