"""Whatever goes wrong is an error of the API that was called."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_twin import Site, Twin, code_of, send, signed
from botocore.exceptions import ClientError

pytest_plugins = ("aws_fixtures",)

Call = Callable[[Any], Any]


@pytest.mark.parametrize(
    "call",
    [
        lambda ec2: ec2.describe_vpcs(DryRun=True),
        lambda ec2: ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True),
        lambda ec2: ec2.create_vpn_gateway(Type="ipsec.1", DryRun=True),
        lambda ec2: ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.4", DryRun=True),
        lambda ec2: ec2.describe_vpn_connections(DryRun=True),
        lambda ec2: ec2.describe_route_tables(DryRun=True),
    ],
)
def test_a_dry_run_is_refused_with_412_and_does_nothing(twin: Twin, call: Call) -> None:
    ec2 = twin.client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    with pytest.raises(ClientError) as refused:
        call(ec2)
    assert refused.value.response["Error"]["Code"] == "DryRunOperation"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    assert ec2.describe_vpn_gateways()["VpnGateways"] == []
    assert ec2.describe_customer_gateways()["CustomerGateways"] == []
    ec2.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda ec2: ec2.describe_ipam_pools(),
        lambda ec2: ec2.get_vpn_connection_device_types(),
        lambda ec2: ec2.get_vpn_connection_device_sample_configuration(
            VpnConnectionId="vpn-1", VpnConnectionDeviceTypeId="x"
        ),
        lambda ec2: ec2.modify_vpn_tunnel_certificate(
            VpnConnectionId="vpn-1", VpnTunnelOutsideIpAddress="203.0.113.10"
        ),
        lambda ec2: ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1),
    ],
)
def test_an_action_that_the_twin_lacks_is_an_ec2_error_of_status_400(twin: Twin, call: Call) -> None:
    ec2 = twin.client("ec2")
    with pytest.raises(ClientError) as refused:
        call(ec2)
    assert refused.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    ec2.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda ec2, f: ec2.describe_vpn_connections(Filters=f),
        lambda ec2, f: ec2.describe_vpn_gateways(Filters=f),
        lambda ec2, f: ec2.describe_customer_gateways(Filters=f),
        lambda ec2, f: ec2.describe_route_tables(Filters=f),
        lambda ec2, f: ec2.describe_subnets(Filters=f),
        lambda ec2, f: ec2.describe_internet_gateways(Filters=f),
    ],
)
def test_an_unknown_filter_is_refused_by_name(twin: Twin, call: Callable[[Any, Any], Any]) -> None:
    ec2 = twin.client("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    ec2.create_internet_gateway()
    with pytest.raises(ClientError) as refused:
        call(ec2, [{"Name": "nonsense", "Values": ["x"]}])
    assert refused.value.response["Error"] == {
        "Code": "InvalidParameterValue",
        "Message": "The filter 'nonsense' is invalid",
    }
    ec2.close()


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("an unknown action", "Action=MakeCoffee", "InvalidAction"),
        ("a missing parameter", "Action=CreateVpnGateway", "MissingParameter"),
        (
            "no number",
            "Action=CreateVpnGateway&Type=ipsec.1&AmazonSideAsn=x",
            "InvalidParameterValue",
        ),
    ],
)
def test_requests_that_no_client_would_send_are_ec2_errors(
    twin: Twin, action: str, body: str, code: str
) -> None:
    request = f"{body}&Version=2016-11-15".encode()
    status, text = send(twin, signed(twin, request), body=request)
    assert (status, f"<Code>{code}</Code>" in text) == (400, True), action
    assert "request-id" not in text


def test_errors_of_other_services_are_in_their_own_form(twin: Twin) -> None:
    logs, iam, s3 = twin.client("logs"), twin.client("iam"), twin.client("s3")
    assert code_of(lambda: logs.describe_index_policies(logGroupIdentifiers=["x"])) == "UnsupportedOperation"
    assert code_of(lambda: logs.delete_log_group(logGroupName="x")) == "ResourceNotFoundException"
    assert (
        code_of(lambda: iam.simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["ec2:x"]))
        == "UnsupportedOperation"
    )
    assert code_of(lambda: iam.get_user(UserName="nobody")) == "NoSuchEntity"
    assert code_of(lambda: s3.get_object(Bucket="nowhere", Key="x")) == "NoSuchBucket"
    for client in (logs, iam, s3):
        client.close()


def test_tags_for_another_kind_of_resource_are_refused(site: Site) -> None:
    def create(kind: str, key: str) -> Any:
        tags: Any = [{"ResourceType": kind, "Tags": [{"Key": key, "Value": "v"}]}]
        return site.ec2.create_vpn_gateway(Type="ipsec.1", TagSpecifications=tags)

    assert code_of(lambda: create("vpc", "Name")) == "InvalidParameterValue"
    assert code_of(lambda: create("vpn-gateway", "aws:x")) == "InvalidParameterValue"
    made = create("vpn-gateway", "Name")["VpnGateway"]
    assert made["Tags"] == [{"Key": "Name", "Value": "v"}]
