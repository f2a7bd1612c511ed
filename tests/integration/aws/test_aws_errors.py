"""Whatever goes wrong is an error of the API that was called."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_twin import KEY_ID, REGION, SECRET, Site, Twin, code_of, send, signed
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from twinspan.twin.aws.requests.edge import MODELS
from twinspan.twin.aws.requests.served import SERVED

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
    ("method", "target", "code"),
    [
        ("PUT", "/bucket-a?encryption", "MissingRequestBodyError"),
        ("PUT", "/bucket-a?tagging", "MissingRequestBodyError"),
        ("POST", "/bucket-a?delete", "MissingRequestBodyError"),
        ("POST", "/10.0.0.1%2F8?delete", "InvalidBucketName"),
        ("GET", "/a%20b", "InvalidBucketName"),
    ],
)
def test_s3_refuses_a_missing_document_and_a_name_that_no_bucket_has(
    twin: Twin, method: str, target: str, code: str
) -> None:
    request = AWSRequest(method, f"{twin.api.url}{target}")
    request.headers["Host"] = f"127.0.0.1:{twin.api.port}"
    S3SigV4Auth(Credentials(KEY_ID, SECRET), "s3", REGION).add_auth(request)
    status, text = send(twin, dict(request.headers.items()), body=b"", method=method, path=target)
    assert (status, f"<Code>{code}</Code>" in text) == (400, True), text


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
        lambda ec2: ec2.get_console_output(InstanceId="i-1"),
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


@pytest.mark.parametrize(
    ("call", "lack"),
    [
        (lambda ec2: ec2.create_transit_gateway(), "no transit gateways"),
        (lambda ec2: ec2.describe_transit_gateways(), "no transit gateways"),
        (lambda ec2: ec2.create_vpc_peering_connection(VpcId="vpc-1"), "no VPC peering"),
        (lambda ec2: ec2.create_vpc_endpoint_service_configuration(), "no endpoint services of users'"),
        (lambda ec2: ec2.create_image(InstanceId="i-1", Name="mine"), "no images"),
        (lambda ec2: ec2.create_snapshot(VolumeId="vol-1"), "no contents of disks"),
    ],
)
def test_what_would_be_a_mere_entry_is_refused_by_name(twin: Twin, call: Call, lack: str) -> None:
    ec2 = twin.client("ec2")
    with pytest.raises(ClientError) as refused:
        call(ec2)
    error = refused.value.response["Error"]
    assert (error["Code"], lack in error["Message"]) == ("UnsupportedOperation", True), error
    ec2.close()


def test_a_subscription_answers_with_its_arn_if_asked(twin: Twin) -> None:
    """`ReturnSubscriptionArn` ends as members do that hold an ARN, and is none."""
    sns = twin.client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    made = sns.subscribe(
        TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True
    )
    assert made["SubscriptionArn"].startswith(topic)
    assert code_of(lambda: sns.get_topic_attributes(TopicArn="alarms")) == "ValidationError"
    sns.close()


def test_every_operation_that_is_served_exists_in_the_service_model() -> None:
    unknown = {
        service: names - set(get_service_model(MODELS[service]).operation_names)
        for service, names in SERVED.items()
    }
    assert {service: names for service, names in unknown.items() if names} == {}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("Action=CreateVpc&CidrBlock=10.0.0.0%2F16&Colour=red", "UnknownParameter", "Colour"),
        (
            "Action=CreateVpc&CidrBlock=10.0.0.0%2F16&InstanceTenancy=shared",
            "InvalidParameterValue",
            "shared",
        ),
        ("Action=DescribeVpcs&MaxResults=99999999999999999999", "InvalidParameterValue", "MaxResults"),
        ("Action=DescribeVpcs&MaxResults=4", "InvalidParameterValue", "at least 5"),
        ("Action=DescribeVpcs&Filter.1.Value.1=x", "MissingParameter", "Filters.1.Name"),
        ("Action=CreateVpc&CidrBlock=%ff", "MalformedQueryString", "UTF-8"),
        ("Action=CreateVpc&CidrBlock=a&CidrBlock=b", "MalformedQueryString", "more than once"),
        ("Action=DescribeVpcs&NextToken=never", "InvalidNextToken", "never"),
        (
            "Action=ReplaceRouteTableAssociation&AssociationId=*&RouteTableId=rtb-1",
            "InvalidAssociationID.NotFound",
            "*",
        ),
        ("Action=DisassociateRouteTable&AssociationId=*", "InvalidAssociationID.NotFound", "*"),
        (
            "Action=CreateDefaultSubnet&AvailabilityZoneId=usw2-az1",
            "UnsupportedOperation",
            "AvailabilityZoneId",
        ),
        ("Action=CreateDefaultSubnet", "MissingParameter", "AvailabilityZone"),
        ("", "MissingAction", "Action"),
    ],
)
def test_a_parameter_that_no_model_allows_is_named(twin: Twin, body: str, code: str, words: str) -> None:
    request = f"{body}&Version=2016-11-15".encode()
    status, text = send(twin, signed(twin, request), body=request)
    assert (status, f"<Code>{code}</Code>" in text, words in text) == (400, True, True), text


def test_describe_calls_answer_page_by_page(twin: Twin) -> None:
    ec2 = twin.client("ec2")
    for number in range(6):
        ec2.create_security_group(GroupName=f"g{number}", Description="x")
    every = {group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]}
    pages = list(ec2.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["SecurityGroups"]) for page in pages] == [5, len(every) - 5]
    assert {group["GroupId"] for page in pages for group in page["SecurityGroups"]} == every
    ec2.close()
