"""Plans that are not of our tree: flat, static, with older arguments."""

from typing import Any

from twinspan.check.designs import design_of
from twinspan.check.findings import Report
from twinspan.check.run import check
from twinspan.project.plan import read_plan
from twinspan.results import Outcome

POLICY = {
    "ike_encryption": "AES256",
    "ike_integrity": "SHA256",
    "dh_group": "DHGroup14",
    "ipsec_encryption": "AES256",
    "ipsec_integrity": "SHA256",
    "pfs_group": "None",
    "sa_lifetime": 3600,
}


def static_project(**connection: Any) -> dict[str, Any]:
    """One static AWS connection and one Azure connection that names its first tunnel by outside address."""
    resources: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
        ("aws_customer_gateway", {"bgp_asn": "65000"}, {"ip_address": True, "id": True}, {}),
        ("aws_vpn_gateway", {}, {"id": True, "amazon_side_asn": True}, {}),
        (
            "aws_vpn_connection",
            {"static_routes_only": True},
            {"customer_gateway_id": True, "vpn_gateway_id": True, "tunnel1_inside_cidr": True},
            {
                "customer_gateway_id": ["aws_customer_gateway.main.id"],
                "vpn_gateway_id": ["aws_vpn_gateway.main.id"],
            },
        ),
        (
            "aws_vpn_connection_route",
            {"destination_cidr_block": "10.1.0.0/16"},
            {"vpn_connection_id": True},
            {"vpn_connection_id": ["aws_vpn_connection.main.id"]},
        ),
        (
            "azurerm_virtual_network_gateway",
            {"type": "Vpn", "sku": "VpnGw1AZ", "enable_bgp": False},
            {"bgp_settings": True},
            {},
        ),
        (
            "azurerm_local_network_gateway",
            {"address_space": ["10.2.0.0/16"]},
            {"gateway_address": True},
            {"gateway_address": ["aws_vpn_connection.main.tunnel1_address", "aws_vpn_connection.main"]},
        ),
        (
            "azurerm_virtual_network_gateway_connection",
            {"type": "IPsec", "ipsec_policy": [POLICY], **connection},
            {"local_network_gateway_id": True, "virtual_network_gateway_id": True, "shared_key": True},
            {
                "local_network_gateway_id": ["azurerm_local_network_gateway.main.id"],
                "virtual_network_gateway_id": ["azurerm_virtual_network_gateway.main.id"],
            },
        ),
    ]
    return {
        "format_version": "1.0",
        "planned_values": {
            "root_module": {
                "resources": [
                    {"address": f"{kind}.main", "type": kind, "name": "main", "values": values}
                    for kind, values, _, _ in resources
                ]
            }
        },
        "resource_changes": [
            {"address": f"{kind}.main", "change": {"after_unknown": unknown}}
            for kind, _, unknown, _ in resources
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "type": kind,
                        "name": "main",
                        "expressions": {name: {"references": to} for name, to in expressions.items()},
                    }
                    for kind, _, _, expressions in resources
                ]
            }
        },
    }


def outcomes(report: Report) -> dict[str, list[str]]:
    return {
        result.id: [finding.subject for finding in result.findings]
        for result in report.results
        if result.outcome is not Outcome.PASS
    }


def test_a_static_project_is_compared_by_the_outside_address_it_refers_to() -> None:
    report = check(design_of(read_plan(static_project(), where="x")), source="x")
    subjects = outcomes(report)
    assert subjects["POL-03"] == ["azurerm_virtual_network_gateway_connection.main ipsec_policy.pfs_group"]
    assert subjects["RED-06"] == ["aws_vpn_connection.main tunnel2"]
    assert not {"RTE-02", "ADDR-05", "ASN-04", "BGP-01", "BGP-07"} & set(subjects)
    assert not report.passed


def test_a_static_route_that_is_missing_is_an_error() -> None:
    plan = static_project()
    root = plan["planned_values"]["root_module"]
    root["resources"] = [
        resource for resource in root["resources"] if resource["type"] != "aws_vpn_connection_route"
    ]
    assert "RTE-02" in outcomes(check(design_of(read_plan(plan, where="x")), source="x"))


def test_defaults_that_the_providers_compute_are_taken_as_documented() -> None:
    plan = static_project()
    for resource in plan["planned_values"]["root_module"]["resources"]:
        resource["values"] = {**resource["values"], "static_routes_only": False, "bgp_enabled": True}
    subjects = outcomes(check(design_of(read_plan(plan, where="x")), source="x"))
    assert "ASN-01" not in subjects  # AWS's default, 64512
    assert subjects["ASN-04"] == ["aws_customer_gateway.main bgp_asn"]  # Azure's default is 65515, not 65000
