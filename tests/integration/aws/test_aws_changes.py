"""Changing a connection that is there: tunnel options, gateways, static routes, replacement."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_twin import Site, Twin, code_of

pytest_plugins = ("aws_fixtures",)


@pytest.fixture
def connection(site: Site, observe: Callable[..., None]) -> Any:
    made = site.connect(TunnelOptions=[{"DPDTimeoutSeconds": 45}])
    observe(made)
    return made


def modify_tunnel(site: Site, connection: Any, number: int = 0, **options: Any) -> Any:
    return site.ec2.modify_vpn_tunnel_options(
        VpnConnectionId=connection["VpnConnectionId"],
        VpnTunnelOutsideIpAddress=connection["Options"]["TunnelOptions"][number]["OutsideIpAddress"],
        TunnelOptions=options,  # type: ignore[arg-type]
    )["VpnConnection"]


def test_one_tunnel_changes_and_the_rest_stays(site: Site, connection: Any) -> None:
    changed = modify_tunnel(site, connection, DPDTimeoutSeconds=60, IKEVersions=[{"Value": "ikev2"}])
    before, after = connection["Options"]["TunnelOptions"], changed["Options"]["TunnelOptions"]
    assert after[0] == before[0] | {"DpdTimeoutSeconds": 60, "IkeVersions": [{"Value": "ikev2"}]}
    assert after[1] == before[1]


def test_a_changed_option_is_checked_against_those_that_stay(site: Site, connection: Any) -> None:
    modify_tunnel(site, connection, Phase1LifetimeSeconds=1800, Phase2LifetimeSeconds=900)
    assert code_of(lambda: modify_tunnel(site, connection, Phase2LifetimeSeconds=1800)) == (
        "InvalidParameterValue"
    )
    assert code_of(lambda: modify_tunnel(site, connection, DPDTimeoutSeconds=29)) == ("InvalidParameterValue")
    taken = connection["Options"]["TunnelOptions"][1]["TunnelInsideCidr"]
    assert code_of(lambda: modify_tunnel(site, connection, TunnelInsideCidr=taken)) == (
        "InvalidParameterValue"
    )


@pytest.mark.usefixtures("always_pending")
def test_a_pending_connection_is_not_changed(site: Site) -> None:
    made = site.connect()
    assert code_of(lambda: modify_tunnel(site, made, DPDTimeoutSeconds=60)) == (
        "InvalidVpnConnection.InvalidState"
    )


def test_replacement_may_be_skipped_only_with_life_cycle_control(site: Site, connection: Any) -> None:
    request: dict[str, Any] = {
        "VpnConnectionId": connection["VpnConnectionId"],
        "VpnTunnelOutsideIpAddress": connection["Options"]["TunnelOptions"][0]["OutsideIpAddress"],
        "SkipTunnelReplacement": True,
    }

    def modify(**options: Any) -> Any:
        return site.ec2.modify_vpn_tunnel_options(**request | {"TunnelOptions": options})

    assert code_of(lambda: modify(DPDTimeoutSeconds=60)) == "InvalidParameterCombination"
    changed = modify(EnableTunnelLifecycleControl=True)["VpnConnection"]
    assert changed["Options"]["TunnelOptions"][0]["EnableTunnelLifecycleControl"] is True


def test_a_connection_moves_to_another_customer_gateway_with_its_tunnels(
    site: Site,
    connection: Any,
) -> None:
    other = site.ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.5", BgpAsn=65000)
    name = other["CustomerGateway"]["CustomerGatewayId"]
    moved = site.ec2.modify_vpn_connection(
        VpnConnectionId=connection["VpnConnectionId"], CustomerGatewayId=name
    )["VpnConnection"]
    assert moved["CustomerGatewayId"] == name
    assert moved["Options"] == connection["Options"]
    assert "198.51.100.5" in moved["CustomerGatewayConfiguration"]


@pytest.mark.parametrize(
    ("request_members", "code"),
    [
        ({}, "MissingParameter"),
        ({"CustomerGatewayId": "cgw-0123"}, "InvalidCustomerGatewayID.NotFound"),
        ({"VpnGatewayId": "vgw-0123"}, "InvalidVpnGatewayID.NotFound"),
        ({"TransitGatewayId": "tgw-0123"}, "UnsupportedOperation"),
    ],
)
def test_a_move_to_nowhere_is_refused(
    site: Site,
    connection: Any,
    request_members: dict[str, Any],
    code: str,
) -> None:
    assert (
        code_of(
            lambda: site.ec2.modify_vpn_connection(
                VpnConnectionId=connection["VpnConnectionId"], **request_members
            )
        )
        == code
    )


def test_connection_options_change_and_are_checked(site: Site, connection: Any) -> None:
    def modify(**options: str) -> Any:
        return site.ec2.modify_vpn_connection_options(
            VpnConnectionId=connection["VpnConnectionId"],
            **options,  # type: ignore[arg-type]
        )["VpnConnection"]

    assert modify(LocalIpv4NetworkCidr="10.1.0.0/16")["Options"]["LocalIpv4NetworkCidr"] == "10.1.0.0/16"
    assert modify(RemoteIpv4NetworkCidr="10.2.0.0/16")["Options"]["LocalIpv4NetworkCidr"] == "10.1.0.0/16"
    assert code_of(lambda: modify(TunnelBandwidth="large")) == "InvalidParameterCombination"
    assert code_of(lambda: modify(LocalIpv4NetworkCidr="ten")) == "InvalidParameterValue"


def test_static_routes_come_and_go_on_static_connections_only(site: Site) -> None:
    dynamic = site.connect()["VpnConnectionId"]

    def add(name: str, cidr: str = "10.1.0.0/16") -> Any:
        return site.ec2.create_vpn_connection_route(VpnConnectionId=name, DestinationCidrBlock=cidr)

    def remove(name: str) -> Any:
        return site.ec2.delete_vpn_connection_route(VpnConnectionId=name, DestinationCidrBlock="10.1.0.0/16")

    assert code_of(lambda: add(dynamic)) == "InvalidVpnConnection.InvalidType"
    site.ec2.delete_vpn_connection(VpnConnectionId=dynamic)
    static = site.connect(StaticRoutesOnly=True)["VpnConnectionId"]
    add(static)
    add(static)
    assert site.connection(static)["Routes"] == [
        {"DestinationCidrBlock": "10.1.0.0/16", "Source": "Static", "State": "available"}
    ]
    remove(static)
    assert site.connection(static)["Routes"] == []
    assert code_of(lambda: remove(static)) == "InvalidRoute.NotFound"
    assert code_of(lambda: add(static, "10.1.0.1/16")) == "InvalidParameterValue"
    assert "<bgp>" not in site.connection(static)["CustomerGatewayConfiguration"]


def test_a_replaced_tunnel_is_remembered(site: Site, connection: Any) -> None:
    request = {
        "VpnConnectionId": connection["VpnConnectionId"],
        "VpnTunnelOutsideIpAddress": connection["Options"]["TunnelOptions"][1]["OutsideIpAddress"],
    }
    before = site.ec2.get_vpn_tunnel_replacement_status(**request)
    assert "LastMaintenanceApplied" not in before["MaintenanceDetails"]
    assert site.ec2.replace_vpn_tunnel(**request)["Return"] is True
    after = site.ec2.get_vpn_tunnel_replacement_status(**request)
    assert "LastMaintenanceApplied" in after["MaintenanceDetails"]
    assert after["VpnGatewayId"] == site.vpn_gateway_id


def test_only_changes_that_succeeded_are_announced(site: Site, twin: Twin) -> None:
    seen = len(twin.changes)
    site.ec2.describe_vpn_connections()
    code_of(lambda: site.ec2.delete_vpn_connection(VpnConnectionId="vpn-0123"))
    code_of(lambda: site.ec2.create_vpn_gateway(Type="ipsec.1", DryRun=True))
    twin.client("s3").create_bucket(
        Bucket="not-ec2", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    assert len(twin.changes) == seen
    site.connect()
    assert len(twin.changes) == seen + 1
