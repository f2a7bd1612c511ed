"""What someone changes past Terraform is reported with both values; what breaks nothing is no root cause."""

from functools import partial
from typing import Any

import pytest
import verify_lab
from verify_lab import Lab

pytestmark = [pytest.mark.root, pytest.mark.long]


def test_a_tunnel_option_changed_in_the_console_is_drift_and_breaks_nothing(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel4")
    inject = partial(lab.modify_tunnel, "tunnel4", DPDTimeoutSeconds=60)
    heal = partial(lab.modify_tunnel, "tunnel4", DPDTimeoutSeconds=45)

    with lab.broken(inject, heal):
        lab.finds_nothing()
        drift = verify_lab.drift(lab.readings[-1])

    assert not lab.readings[0].drift
    address = 'module.network.module.aws_vpn.aws_vpn_connection.this["instance1"]'
    assert drift == [
        (
            "DRF-01",
            f"{address} ({tunnel.aws_vpn_connection_id})",
            f"tunnel {tunnel.outside_ip_address} dpd_timeout_seconds: planned 45, deployed 60",
        )
    ]


def test_an_extra_route_is_drift_with_where_it_leads(lab: Lab) -> None:
    table = lab.table_of(lab.private_subnets[0])
    route: dict[str, Any] = {"RouteTableId": table, "DestinationCidrBlock": "192.0.2.0/24"}

    with lab.broken(
        partial(lab.ec2.create_route, **route, GatewayId=lab.vpn_gateway),
        partial(lab.ec2.delete_route, **route),
    ):
        lab.finds_nothing()
        ((check, subject, evidence),) = verify_lab.drift(lab.readings[-1])

    assert check == "DRF-01"
    assert table in subject
    assert evidence == f"route: 192.0.2.0/24: planned absent, deployed {lab.vpn_gateway}"


def test_a_security_rule_removed_in_the_portal_is_drift_with_what_it_said(lab: Lab) -> None:
    (group,) = lab.azure.network_security_groups.list(lab.group)
    assert group.name
    at = (lab.group, group.name, "AllowLoadBalancerProbesInBound")
    rule = lab.azure.security_rules.get(*at)

    with lab.broken(
        lambda: lab.azure.security_rules.begin_delete(*at).result(),
        lambda: lab.azure.security_rules.begin_create_or_update(*at, rule).result(),
    ):
        lab.finds_nothing()
        ((check, subject, evidence),) = verify_lab.drift(lab.readings[-1])

    assert (check, subject) == (
        "DRF-02",
        f"module.network.module.azure_vnet.azurerm_network_security_group.workload ({group.name})",
    )
    assert "planned 120 Inbound Allow * from AzureLoadBalancer port *" in evidence
    assert evidence.endswith("deployed absent")
