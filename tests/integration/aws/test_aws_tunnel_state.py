"""What the API says of tunnels and routes comes from the data plane, at the moment it is asked."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_twin import NOON, Site, Twin, code_of

from twinspan.twin.observed import Observed, ObservedState

pytest_plugins = ("aws_fixtures",)

Observe = Callable[..., None]


def test_a_tunnel_without_a_data_plane_is_down_since_it_was_made(site: Site) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    for tunnel in site.connect()["VgwTelemetry"]:
        assert (tunnel["Status"], tunnel["StatusMessage"]) == ("DOWN", "IPSEC IS DOWN")
        assert tunnel["AcceptedRouteCount"] == 0
        assert tunnel["LastStatusChange"] >= before


def test_a_tunnel_with_bgp_is_up_when_its_session_is_established(site: Site, observe: Observe) -> None:
    made = site.connect()
    observe(made)
    telemetry = site.connection(made["VpnConnectionId"])["VgwTelemetry"]
    assert [t["OutsideIpAddress"] for t in telemetry] == [
        t["OutsideIpAddress"] for t in made["Options"]["TunnelOptions"]
    ]
    assert {(t["Status"], t["StatusMessage"], t["AcceptedRouteCount"]) for t in telemetry} == {
        ("UP", "2 BGP ROUTES", 2)
    }
    assert telemetry[0]["LastStatusChange"] == NOON.replace(minute=1)


@pytest.mark.parametrize("state", ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "None"])
def test_ipsec_alone_does_not_make_a_tunnel_with_bgp_up(site: Site, observe: Observe, state: str) -> None:
    made = site.connect()
    observe(made, bgp_state=state)
    tunnel = site.connection(made["VpnConnectionId"])["VgwTelemetry"][0]
    assert (tunnel["Status"], tunnel["StatusMessage"], tunnel["AcceptedRouteCount"]) == (
        "DOWN",
        "IPSEC IS UP",
        0,
    )


def test_a_static_connection_is_up_with_ipsec_alone(site: Site, observe: Observe) -> None:
    made = site.connect(StaticRoutesOnly=True)
    name = made["VpnConnectionId"]
    site.ec2.create_vpn_connection_route(VpnConnectionId=name, DestinationCidrBlock="10.1.0.0/16")
    observe(made, bgp_state="None", accepted_routes=(), bgp_since=None)
    tunnel = site.connection(name)["VgwTelemetry"][0]
    assert (tunnel["Status"], tunnel["StatusMessage"], tunnel["AcceptedRouteCount"]) == (
        "UP",
        "IPSEC IS UP",
        1,
    )
    assert tunnel["LastStatusChange"] == NOON


def test_a_tunnel_that_goes_down_is_down_at_the_next_request(site: Site, observe: Observe) -> None:
    made = site.connect()
    observe(made)
    assert site.connection(made["VpnConnectionId"])["VgwTelemetry"][0]["Status"] == "UP"
    observe(made, ipsec_up=False, bgp_state="Active", since=NOON.replace(hour=13))
    tunnel = site.connection(made["VpnConnectionId"])["VgwTelemetry"][0]
    assert (tunnel["Status"], tunnel["LastStatusChange"]) == ("DOWN", NOON.replace(hour=13))


def test_the_negotiated_algorithms_are_the_daemons(site: Site, observe: Observe) -> None:
    made = site.connect()
    outside = made["Options"]["TunnelOptions"][0]["OutsideIpAddress"]

    def status() -> dict[str, object]:
        answer = site.ec2.get_active_vpn_tunnel_status(
            VpnConnectionId=made["VpnConnectionId"], VpnTunnelOutsideIpAddress=outside
        )
        return dict(answer["ActiveVpnTunnelStatus"])

    observe(made, sa=None, last_error="NO_PROPOSAL_CHOSEN")
    assert status() == {
        "ProvisioningStatus": "pending",
        "ProvisioningStatusReason": "NO_PROPOSAL_CHOSEN",
    }
    observe(made)
    assert status() == {
        "Phase1EncryptionAlgorithm": "AES256-GCM-16",
        "Phase1IntegrityAlgorithm": "SHA2-384",
        "Phase1DHGroup": 20,
        "Phase2EncryptionAlgorithm": "AES256-GCM-16",
        "Phase2IntegrityAlgorithm": "SHA2-256",
        "IkeVersion": "ikev2",
        "ProvisioningStatus": "available",
    }
    assert (
        code_of(
            lambda: site.ec2.get_active_vpn_tunnel_status(
                VpnConnectionId=made["VpnConnectionId"], VpnTunnelOutsideIpAddress="203.0.113.250"
            )
        )
        == "InvalidParameterValue"
    )


def routes(site: Site, table: str) -> set[tuple[str, str, str, str]]:
    entries = site.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return {(r["DestinationCidrBlock"], r["GatewayId"], r["Origin"], r["State"]) for r in entries}


LOCAL = ("10.2.0.0/16", "local", "CreateRouteTable", "active")


def test_propagation_puts_accepted_routes_into_the_table(site: Site, observe: Observe) -> None:
    observe(site.connect(), vgw_routes=("10.1.0.0/16", "10.9.0.0/24"))
    table = site.main_route_table_id()
    assert routes(site, table) == {LOCAL}
    site.ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    site.ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    propagated = {
        (prefix, site.vpn_gateway_id, "EnableVgwRoutePropagation", "active")
        for prefix in ("10.1.0.0/16", "10.9.0.0/24")
    }
    assert routes(site, table) == {LOCAL} | propagated
    answer = site.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    assert answer["PropagatingVgws"] == [{"GatewayId": site.vpn_gateway_id}]
    site.ec2.disable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    assert routes(site, table) == {LOCAL}


def test_a_static_route_wins_over_a_propagated_one(site: Site, observe: Observe) -> None:
    observe(site.connect(), vgw_routes=("10.1.0.0/16",))
    table = site.main_route_table_id()
    site.ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    site.ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", GatewayId=site.vpn_gateway_id
    )
    assert routes(site, table) == {
        LOCAL,
        ("10.1.0.0/16", site.vpn_gateway_id, "CreateRoute", "active"),
    }


def test_nothing_is_propagated_inside_the_vpc_itself(site: Site, observe: Observe) -> None:
    observe(site.connect(), vgw_routes=("10.2.0.0/16", "10.2.7.0/24", "10.0.0.0/8"))
    table = site.main_route_table_id()
    site.ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    assert {route[0] for route in routes(site, table)} == {"10.2.0.0/16", "10.0.0.0/8"}


def test_static_routes_of_a_connection_propagate_while_a_tunnel_is_up(site: Site, observe: Observe) -> None:
    made = site.connect(StaticRoutesOnly=True)
    site.ec2.create_vpn_connection_route(
        VpnConnectionId=made["VpnConnectionId"], DestinationCidrBlock="10.1.0.0/16"
    )
    table = site.main_route_table_id()
    site.ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    assert routes(site, table) == {LOCAL}
    observe(made, bgp_state="None")
    assert "10.1.0.0/16" in {route[0] for route in routes(site, table)}


def test_detaching_the_gateway_blackholes_its_routes(site: Site, observe: Observe) -> None:
    observe(site.connect(), vgw_routes=("10.1.0.0/16",))
    table = site.main_route_table_id()
    site.ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    site.ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="10.77.0.0/16", GatewayId=site.vpn_gateway_id
    )
    site.ec2.detach_vpn_gateway(VpnGatewayId=site.vpn_gateway_id, VpcId=site.vpc_id)
    assert routes(site, table) == {
        LOCAL,
        ("10.77.0.0/16", site.vpn_gateway_id, "CreateRoute", "blackhole"),
    }
    blackholes = site.ec2.describe_route_tables(Filters=[{"Name": "route.state", "Values": ["blackhole"]}])
    assert [route_table["RouteTableId"] for route_table in blackholes["RouteTables"]] == [table]


def test_propagation_needs_a_gateway_that_is_attached_there(site: Site) -> None:
    table = site.main_route_table_id()
    loose = site.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]

    def enable(gateway: str, route_table: str) -> str:
        return code_of(
            lambda: site.ec2.enable_vgw_route_propagation(GatewayId=gateway, RouteTableId=route_table)
        )

    assert enable(loose, table) == "Gateway.NotAttached"
    assert enable("vgw-0123", table) == "InvalidVpnGatewayID.NotFound"
    assert enable(site.vpn_gateway_id, "rtb-0123") == "InvalidRouteTableID.NotFound"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("route.state", "active"),
        ("route.origin", "EnableVgwRoutePropagation"),
        ("route.gateway-id", "vgw-*"),
        ("route.destination-cidr-block", "10.1.0.0/16"),
        ("association.subnet-id", "subnet-*"),
        ("tag:Name", "private"),
    ],
)
def test_route_tables_are_filtered_by_what_is_in_them(
    site: Site, observe: Observe, name: str, value: str
) -> None:
    observe(site.connect(), vgw_routes=("10.1.0.0/16",))
    table = site.ec2.create_route_table(VpcId=site.vpc_id)["RouteTable"]["RouteTableId"]
    subnet = site.ec2.create_subnet(VpcId=site.vpc_id, CidrBlock="10.2.1.0/24")["Subnet"]["SubnetId"]
    site.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    site.ec2.create_tags(Resources=[table], Tags=[{"Key": "Name", "Value": "private"}])
    site.ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    tables = site.ec2.describe_route_tables(
        Filters=[{"Name": name, "Values": [value]}, {"Name": "vpc-id", "Values": [site.vpc_id]}]
    )["RouteTables"]
    assert table in [entry["RouteTableId"] for entry in tables]
    none = site.ec2.describe_route_tables(Filters=[{"Name": name, "Values": ["nothing-like-it"]}])
    assert none["RouteTables"] == []


@pytest.mark.parametrize(
    ("gateway", "code"),
    [
        ("vgw-0123456789abcdef0", "InvalidVpnGatewayID.NotFound"),
        ("nonsense", "InvalidGatewayID.NotFound"),
        (None, "MissingParameter"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused(site: Site, gateway: str | None, code: str) -> None:
    table = site.main_route_table_id()
    target: dict[str, Any] = {} if gateway is None else {"GatewayId": gateway}
    assert (
        code_of(
            lambda: site.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", **target)
        )
        == code
    )


def test_a_route_to_a_gateway_of_another_vpc_is_refused(site: Site) -> None:
    other = site.ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    table = site.ec2.create_route_table(VpcId=other)["RouteTable"]["RouteTableId"]
    assert (
        code_of(
            lambda: site.ec2.create_route(
                RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", GatewayId=site.vpn_gateway_id
            )
        )
        == "InvalidParameterValue"
    )


def test_the_board_starts_empty_and_may_be_emptied(site: Site, observe: Observe, twin: Twin) -> None:
    assert twin.board.latest() == ObservedState().latest()
    made = site.connect()
    observe(made)
    twin.board.publish(Observed(generation=2))
    assert site.connection(made["VpnConnectionId"])["VgwTelemetry"][0]["Status"] == "DOWN"
