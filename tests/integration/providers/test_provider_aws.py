"""The offline provider for hashicorp/aws, driven by Terraform against the twin's AWS API."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from provider_workspace import Clouds, Workspace

_CONFIGURATION = (Path(__file__).parent / "configurations/aws.tf").read_text()
_TYPES = {line.split('"')[1] for line in _CONFIGURATION.splitlines() if line.startswith("resource ")}


@pytest.fixture
def name(workspace: Workspace) -> str:
    """A configuration with every supported type, initialised; returns the name used in it."""
    chosen = f"tsp-{secrets.token_hex(4)}"
    workspace.write(_CONFIGURATION)
    (workspace.folder / "terraform.tfvars").write_text(f'name = "{chosen}"\n')
    workspace.init()
    return chosen


def _connection(clouds: Clouds, identity: str) -> Any:
    answer = clouds.boto3("ec2").describe_vpn_connections(VpnConnectionIds=[identity])
    return answer["VpnConnections"][0]


@pytest.mark.long
@pytest.mark.usefixtures("name")
def test_every_type_is_created_planned_empty_changed_and_destroyed(
    workspace: Workspace, clouds: Clouds
) -> None:
    """One run for all: create, no change, in-place update, replacement, destroy."""
    made = workspace.apply().stdout
    assert all(f"{kind}." in made for kind in _TYPES)
    assert workspace.changes() == {}
    vpc = workspace.state("aws_vpc.this")["id"]
    connection = workspace.state("aws_vpn_connection.this")["id"]

    longer = "-var=dpd_timeout_seconds=60"
    changed = workspace.apply(longer).stdout
    assert "0 added, 1 changed, 0 destroyed" in changed
    first, _ = _connection(clouds, connection)["Options"]["TunnelOptions"]
    assert first["DpdTimeoutSeconds"] == 60

    replaced = workspace.apply(longer, "-var=inside_cidr=169.254.21.8/30").stdout
    assert "1 added, 2 changed, 1 destroyed" in replaced
    assert workspace.state("aws_vpn_connection.this")["id"] != connection

    rerouted = workspace.apply(
        longer, "-var=inside_cidr=169.254.21.8/30", "-var=static_destination=10.5.0.0/16"
    ).stdout
    assert "1 added, 0 changed, 1 destroyed" in rerouted
    route = workspace.state("aws_vpn_connection_route.this")
    assert route["id"] == f"10.5.0.0/16:{route['vpn_connection_id']}"
    assert [
        static_route["DestinationCidrBlock"]
        for static_route in _connection(clouds, route["vpn_connection_id"])["Routes"]
    ] == ["10.5.0.0/16"]

    assert "0 added, 0 changed, 33 destroyed" in workspace.apply("-destroy").stdout
    ec2 = clouds.boto3("ec2")
    assert vpc not in [item["VpcId"] for item in ec2.describe_vpcs()["Vpcs"]]
    left = [item["State"] for item in ec2.describe_vpn_connections()["VpnConnections"]]
    assert set(left) <= {"deleted"}


@pytest.mark.long
def test_drift_made_through_the_api_shows_in_the_plan_and_is_mended(
    workspace: Workspace, clouds: Clouds, name: str
) -> None:
    workspace.apply()
    ec2, group = clouds.boto3("ec2"), workspace.state("aws_security_group.this")
    ec2.delete_route(
        RouteTableId=workspace.state("aws_route_table.this")["id"], DestinationCidrBlock="0.0.0.0/0"
    )
    ec2.disable_vgw_route_propagation(
        RouteTableId=workspace.state("aws_route_table.this")["id"],
        GatewayId=workspace.state("aws_vpn_gateway.this")["id"],
    )
    ec2.modify_vpc_attribute(VpcId=workspace.state("aws_vpc.this")["id"], EnableDnsHostnames={"Value": False})
    ec2.create_tags(Resources=[group["id"]], Tags=[{"Key": "Owner", "Value": "somebody"}])
    clouds.boto3("cloudwatch").delete_dashboards(DashboardNames=[name])
    clouds.boto3("cloudwatch").put_metric_alarm(
        AlarmName=f"{name}-sum",
        ComparisonOperator="LessThanThreshold",
        EvaluationPeriods=2,
        Threshold=7,
        Namespace="AWS/VPN",
        MetricName="TunnelState",
        Statistic="Maximum",
        Period=60,
    )
    clouds.boto3("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})

    assert workspace.changes() == {
        "aws_route.this": ["create"],
        "aws_vpn_gateway_route_propagation.this": ["create"],
        "aws_vpc.this": ["update"],
        "aws_security_group.this": ["update"],
        "aws_s3_bucket_versioning.this": ["update"],
        "aws_cloudwatch_dashboard.this": ["create"],
        "aws_cloudwatch_metric_alarm.sum": ["update"],
    }
    workspace.apply()
    assert workspace.changes() == {}
    workspace.apply("-destroy")


@pytest.mark.long
def test_an_imported_object_needs_no_change(workspace: Workspace, name: str) -> None:
    workspace.apply()
    objects = {
        "aws_vpc.this": workspace.state("aws_vpc.this")["id"],
        "aws_subnet.this": workspace.state("aws_subnet.this")["id"],
        "aws_vpn_connection.this": workspace.state("aws_vpn_connection.this")["id"],
        "aws_customer_gateway.this": workspace.state("aws_customer_gateway.this")["id"],
        "aws_vpn_connection.static": workspace.state("aws_vpn_connection.static")["id"],
        "aws_route.this": workspace.state("aws_route_table.this")["id"] + "_0.0.0.0/0",
        "aws_route_table_association.this": "/".join(
            (workspace.state("aws_subnet.this")["id"], workspace.state("aws_route_table.this")["id"])
        ),
        "aws_s3_bucket_versioning.this": name,
        "aws_sns_topic.this": workspace.state("aws_sns_topic.this")["arn"],
        "aws_sns_topic_subscription.this": workspace.state("aws_sns_topic_subscription.this")["arn"],
        "aws_cloudwatch_metric_alarm.this": name,
        "aws_cloudwatch_metric_alarm.sum": f"{name}-sum",
        "aws_cloudwatch_dashboard.this": name,
    }
    for address, identity in objects.items():
        workspace.terraform("state", "rm", address)
        workspace.terraform("import", address, identity)
    static = workspace.state("aws_vpn_connection_route.this")["id"]
    workspace.terraform("state", "rm", "aws_vpn_connection_route.this")
    assert "support import" in workspace.refused("import", "aws_vpn_connection_route.this", static)
    workspace.apply()

    assert workspace.changes() == {}
    workspace.apply("-destroy")


@pytest.mark.long
def test_tunnel_one_is_the_tunnel_with_the_first_inside_range(
    workspace: Workspace, clouds: Clouds, name: str
) -> None:
    assert name
    workspace.apply()
    state = workspace.state("aws_vpn_connection.this")
    options_by_cidr = {
        option["TunnelInsideCidr"]: option
        for option in _connection(clouds, state["id"])["Options"]["TunnelOptions"]
    }

    first, second = options_by_cidr["169.254.21.0/30"], options_by_cidr["169.254.22.0/30"]
    assert (state["tunnel1_address"], state["tunnel2_address"]) == (
        first["OutsideIpAddress"],
        second["OutsideIpAddress"],
    )
    assert state["tunnel1_vgw_inside_address"] == "169.254.21.1"
    assert state["tunnel1_cgw_inside_address"] == "169.254.21.2"
    assert state["tunnel1_preshared_key"] == first["PreSharedKey"]
    assert state["tunnel1_bgp_asn"] == "64512"
    workspace.apply("-destroy")


@pytest.mark.long
def test_a_pre_shared_key_is_never_shown(workspace: Workspace, name: str) -> None:
    assert name
    shown = workspace.apply().stdout
    key = workspace.state("aws_vpn_connection.this")["tunnel1_preshared_key"]

    assert len(key) >= 8
    assert key not in shown + workspace.terraform("plan", "-no-color").stdout
    workspace.apply("-destroy")


def test_an_api_refusal_is_shown_with_its_code(workspace: Workspace) -> None:
    workspace.write('resource "aws_vpn_gateway" "this" {\n  amazon_side_asn = "7224"\n}\n')
    workspace.init()

    message = workspace.refused("apply", "-auto-approve")

    assert "creating aws_vpn_gateway: Invalid" in message
    assert "ec2:CreateVpnGateway refused with" in message


def test_wrong_credentials_are_refused_when_the_provider_is_configured(workspace: Workspace) -> None:
    workspace.write('resource "aws_vpc" "this" {\n  cidr_block = "10.0.0.0/16"\n}\n')
    workspace.init()

    message = workspace.refused("plan", AWS_SECRET_ACCESS_KEY="another")

    assert "configuring provider aws: SignatureDoesNotMatch" in message


def test_a_dead_endpoint_is_named(workspace: Workspace) -> None:
    workspace.write('resource "aws_vpc" "this" {\n  cidr_block = "10.0.0.0/16"\n}\n')
    workspace.init()

    message = workspace.refused("plan", AWS_ENDPOINT_URL="http://127.0.0.1:1")

    assert "configuring provider aws failed" in message
    assert "http://127.0.0.1:1" in message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("nonsense = 1", 'An argument named "nonsense" is not expected here'),
        ('tunnel1_inside_cidr = "169.254.6.0/29"', "expected a /30 within 169.254.0.0/16"),
        ('tunnel1_inside_cidr = "169.254.5.0/30"', "is reserved by AWS"),
        ('tunnel1_phase1_encryption_algorithms = ["3DES"]', "expected one of AES128"),
        ('tunnel1_preshared_key = "0secret-secret"', "not starting with 0"),
        ("tunnel1_dpd_timeout_seconds = 29", "expected a number from 30"),
        ('type = "ipsec.2"', "expected one of ipsec.1"),
    ],
)
def test_a_wrong_argument_is_refused_by_validate(workspace: Workspace, body: str, message: str) -> None:
    kind = "" if body.startswith("type") else '  type = "ipsec.1"\n'
    workspace.write(
        f'resource "aws_vpn_connection" "this" {{\n  customer_gateway_id = "cgw-1"\n{kind}  {body}\n}}\n'
    )
    workspace.init()

    assert message in workspace.refused("validate")


@pytest.mark.long
def test_an_object_half_made_is_kept_as_tainted(workspace: Workspace, clouds: Clouds) -> None:
    workspace.write('resource "aws_vpn_gateway" "this" {\n  vpc_id = "vpc-00000000000000000"\n}\n')
    workspace.init()

    assert "creating aws_vpn_gateway" in workspace.refused("apply", "-auto-approve")
    shown = workspace.terraform("state", "show", "-no-color", "aws_vpn_gateway.this").stdout
    assert "(tainted)" in shown
    workspace.apply("-destroy")
    gateways = clouds.boto3("ec2").describe_vpn_gateways()["VpnGateways"]
    assert all(gateway["State"] == "deleted" for gateway in gateways)


@pytest.mark.long
def test_two_regions_are_kept_apart(workspace: Workspace, clouds: Clouds) -> None:
    workspace.write(
        'provider "aws" {\n  region = "eu-west-1"\n}\n'
        'provider "aws" {\n  alias  = "other"\n  region = "us-east-1"\n}\n'
        'resource "aws_vpc" "here" {\n  cidr_block = "10.0.0.0/16"\n}\n'
        'resource "aws_vpc" "there" {\n  provider   = aws.other\n  cidr_block = "10.0.0.0/16"\n}\n'
    )
    workspace.init()
    workspace.apply()
    here = [item["VpcId"] for item in clouds.boto3("ec2").describe_vpcs()["Vpcs"]]

    assert workspace.state("aws_vpc.here")["id"] in here
    assert workspace.state("aws_vpc.there")["id"] not in here
    assert workspace.state("aws_vpc.there")["region"] == "us-east-1"
    workspace.apply("-destroy")
