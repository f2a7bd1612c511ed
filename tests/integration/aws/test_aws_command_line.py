"""The commands that the documentation shows, run by the real aws CLI."""

import json
from collections.abc import Callable

from aws_twin import Site

from twinspan.command import Completed
from twinspan.wait import wait_until

pytest_plugins = ("aws_fixtures",)

Cli = Callable[..., Completed]


def test_attached_gateways_are_listed(site: Site, aws_cli: Cli) -> None:
    done = aws_cli("ec2", "describe-vpn-gateways", "--filters", "Name=attachment.state,Values=attached")
    gateways = json.loads(done.stdout)["VpnGateways"]
    assert [gateway["VpnGatewayId"] for gateway in gateways] == [site.vpn_gateway_id]


def test_available_connections_are_listed_with_their_tunnels(
    site: Site, observe: Callable[..., None], aws_cli: Cli
) -> None:
    made = site.connect()
    observe(made)
    wait_until(
        lambda: site.connection(made["VpnConnectionId"])["State"],
        lambda state: state == "available",
        what="available",
        timeout_s=5,
    )
    done = aws_cli(
        "ec2",
        "describe-vpn-connections",
        "--filters",
        "Name=state,Values=available",
        "--query",
        "VpnConnections[].VgwTelemetry[].{s:Status,n:AcceptedRouteCount,m:StatusMessage}",
    )
    assert json.loads(done.stdout) == [{"s": "UP", "n": 2, "m": "2 BGP ROUTES"}] * 2


def test_propagated_routes_are_found_by_their_origin(
    site: Site, observe: Callable[..., None], aws_cli: Cli
) -> None:
    observe(site.connect(), vgw_routes=("10.1.0.0/16",))
    table = site.main_route_table_id()
    aws_cli(
        "ec2", "enable-vgw-route-propagation", "--gateway-id", site.vpn_gateway_id, "--route-table-id", table
    )
    done = aws_cli(
        "ec2",
        "describe-route-tables",
        "--filters",
        f"Name=vpc-id,Values={site.vpc_id}",
        f"Name=route.gateway-id,Values={site.vpn_gateway_id}",
        "Name=route.state,Values=active",
        "--query",
        "RouteTables[].Routes[?Origin=='EnableVgwRoutePropagation'][].DestinationCidrBlock",
    )
    assert json.loads(done.stdout) == ["10.1.0.0/16"]


def test_a_filter_that_ec2_does_not_have_fails_with_its_words(aws_cli: Cli) -> None:
    done = aws_cli("ec2", "describe-route-tables", "--filters", "Name=state,Values=active", check=False)
    assert done.returncode != 0
    assert "(InvalidParameterValue)" in done.stderr
    assert "The filter 'state' is invalid" in done.stderr


def test_the_identity_and_a_file_in_s3(aws_cli: Cli) -> None:
    assert json.loads(aws_cli("sts", "get-caller-identity").stdout)["Account"] == "123456789012"
    aws_cli("s3", "mb", "s3://tf-state")
    aws_cli("s3api", "put-object", "--bucket", "tf-state", "--key", "a b/ü")
    listed = json.loads(aws_cli("s3api", "list-objects-v2", "--bucket", "tf-state").stdout)
    assert [entry["Key"] for entry in listed["Contents"]] == ["a b/ü"]
