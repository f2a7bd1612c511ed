"""Changes to the good plans that look like faults and are none."""

from typing import Any

import pytest
from broken_plan import broken

from twinspan.check.designs import design_of
from twinspan.check.run import check
from twinspan.project.plan import read_plan

AZURE = "module.azure_vpn_gateway.azurerm_virtual_network_gateway_connection.this"
SOUND: dict[str, tuple[str, dict[str, Any]]] = {
    "the provider looks for the instance of each custom address": (
        "BGP-04",
        {
            f'{AZURE}["tunnel1"]': {
                "custom_bgp_addresses.0": {"primary": "169.254.21.6", "secondary": "169.254.21.2"}
            }
        },
    ),
    "a gateway that exists shows the VPC that its attachment names": (
        "GW-11",
        {
            "module.aws_vpc.aws_vpc.this": {"id": "vpc-1"},
            "module.aws_vpn.aws_vpn_gateway.this": {"vpc_id": "vpc-1"},
            "module.aws_vpn.aws_vpn_gateway_attachment.this": {"vpc_id": "vpc-1"},
        },
    ),
}


@pytest.mark.parametrize(("check_id", "changes"), SOUND.values(), ids=SOUND)
def test_what_only_looks_like_a_fault_is_none(check_id: str, changes: dict[str, Any]) -> None:
    report = check(design_of(read_plan(broken({"set": changes}), where="x")), source="x")
    assert next(result for result in report.results if result.id == check_id).findings == ()
