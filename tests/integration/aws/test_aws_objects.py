"""Objects that have nothing behind them: kept, shown, checked, listed as such, and there after a restart."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aws_twin import KEY_ID, REGION, SECRET, Site, Twin, code_of
from botocore import xform_name
from botocore.exceptions import ClientError

from twinspan.cloud.aws import read_aws
from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.network.model import AwsNetwork
from twinspan.twin.aws.requests.served import OBJECTS_ONLY
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.observed import ObservedState

pytest_plugins = ("aws_fixtures",)
GATEWAY, INTERFACE = "com.amazonaws.eu-central-1.s3", "com.amazonaws.eu-central-1.kms"
_COMMENT = b"<UpdateHostedZoneCommentRequest>%s</UpdateHostedZoneCommentRequest>"


@pytest.fixture
def subnets(site: Site) -> list[str]:
    """Subnets of the site in three zones."""
    return [
        site.ec2.create_subnet(
            VpcId=site.vpc_id, CidrBlock=f"10.2.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("abc", start=1)
    ]


def _read(twin: Twin) -> AwsNetwork:
    """Return the network as the twin itself reads it."""
    endpoint = AwsEndpoint(
        endpoint_url=twin.api.url, region=REGION, access_key_id=KEY_ID, secret_access_key=SECRET
    )
    return read_aws(endpoint)[0]


def _interface_endpoint(site: Site, **more: Any) -> Mapping[str, Any]:
    return site.ec2.create_vpc_endpoint(
        VpcId=site.vpc_id,
        ServiceName=INTERFACE,
        VpcEndpointType="Interface",
        PrivateDnsEnabled=False,
        **more,
    )["VpcEndpoint"]


# VPC endpoints


def test_an_interface_endpoint_takes_an_address_in_each_subnet_and_gives_it_back(
    site: Site, subnets: list[str]
) -> None:
    made = _interface_endpoint(
        site,
        SubnetIds=subnets[:2],
        SubnetConfigurations=[{"SubnetId": subnets[0], "Ipv4": "10.2.1.10"}],
    )
    shown = site.ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])
    interfaces = {interface["SubnetId"]: interface for interface in shown["NetworkInterfaces"]}
    assert interfaces.keys() == set(subnets[:2])
    assert interfaces[subnets[0]]["PrivateIpAddress"] == "10.2.1.10"
    assert {interface["InterfaceType"] for interface in interfaces.values()} == {"vpc_endpoint"}
    assert code_of(lambda: site.ec2.delete_subnet(SubnetId=subnets[0])) == "DependencyViolation"
    used = interfaces[subnets[0]]["NetworkInterfaceId"]
    refused = code_of(lambda: site.ec2.delete_network_interface(NetworkInterfaceId=used))
    assert refused == "InvalidParameterValue"

    site.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    site.ec2.delete_subnet(SubnetId=subnets[0])


def test_an_endpoint_is_not_on_the_network_that_is_read(twin: Twin, site: Site, subnets: list[str]) -> None:
    _interface_endpoint(site, SubnetIds=subnets)
    site.ec2.create_vpc_endpoint(VpcId=site.vpc_id, ServiceName=GATEWAY)
    assert _read(twin).network_interfaces == ()


def test_a_vpc_with_an_endpoint_is_not_deleted(site: Site) -> None:
    vpc_id = site.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = site.ec2.create_vpc_endpoint(VpcId=vpc_id, ServiceName=GATEWAY)["VpcEndpoint"]
    assert code_of(lambda: site.ec2.delete_vpc(VpcId=vpc_id)) == "DependencyViolation"
    site.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    site.ec2.delete_vpc(VpcId=vpc_id)


def test_subnets_and_groups_of_an_endpoint_change(site: Site, subnets: list[str]) -> None:
    group = site.ec2.create_security_group(GroupName="e", Description="e", VpcId=site.vpc_id)["GroupId"]
    made = _interface_endpoint(site, SubnetIds=subnets[:1])
    name, default = made["VpcEndpointId"], made["Groups"][0]["GroupId"]
    site.ec2.modify_vpc_endpoint(
        VpcEndpointId=name,
        AddSubnetIds=[subnets[1]],
        RemoveSubnetIds=[subnets[0]],
        AddSecurityGroupIds=[group],
        RemoveSecurityGroupIds=[default],
    )
    shown = site.ec2.describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"][0]
    assert shown["SubnetIds"] == [subnets[1]]
    assert [member["GroupId"] for member in shown["Groups"]] == [group]
    assert code_of(lambda: site.ec2.delete_security_group(GroupId=group)) == "DependencyViolation"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ServiceName": "com.amazonaws.eu-central-1.nothing"}, "InvalidServiceName"),
        ({"ServiceName": GATEWAY, "VpcId": "vpc-0123456789abcdef0"}, "InvalidVpcID.NotFound"),
        ({"ServiceName": GATEWAY, "RouteTableIds": ["rtb-1"]}, "InvalidRouteTableID.NotFound"),
        ({"ServiceName": GATEWAY, "PolicyDocument": "{"}, "InvalidPolicyDocument"),
        ({"ServiceName": INTERFACE, "VpcEndpointType": "Interface"}, "InvalidParameter"),
        ({"ServiceName": GATEWAY, "VpcEndpointType": "GatewayLoadBalancer"}, "UnsupportedOperation"),
        ({"ServiceName": INTERFACE, "IpAddressType": "dualstack"}, "UnsupportedOperation"),
        ({}, "MissingParameter"),
    ],
)
def test_a_wrong_endpoint_is_refused(site: Site, params: dict[str, Any], code: str) -> None:
    assert code_of(lambda: site.ec2.create_vpc_endpoint(**{"VpcId": site.vpc_id, **params})) == code
    assert site.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_an_endpoint_that_is_not_there_is_named(site: Site) -> None:
    names = ["vpce-0123456789abcdef0"]
    lost = code_of(lambda: site.ec2.describe_vpc_endpoints(VpcEndpointIds=names))
    failed = site.ec2.delete_vpc_endpoints(VpcEndpointIds=names)["Unsuccessful"]
    assert lost == failed[0]["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"
    assert failed[0]["ResourceId"] == names[0]


# Flow logs


def _flow_log(site: Site, **more: Any) -> Mapping[str, Any]:
    given = {
        "ResourceType": "VPC",
        "ResourceIds": [site.vpc_id],
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::flows",
        **more,
    }
    return site.ec2.create_flow_logs(**given)


def test_a_flow_log_says_nothing_of_its_delivery(site: Site) -> None:
    options = {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True}
    (name,) = _flow_log(site, DestinationOptions=options)["FlowLogIds"]
    (shown,) = site.ec2.describe_flow_logs(FlowLogIds=[name])["FlowLogs"]
    assert shown["DestinationOptions"] == options
    assert "DeliverLogsStatus" not in shown


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"MaxAggregationInterval": 61}, "InvalidParameterValue"),
        ({"ResourceIds": ["vpc-0123456789abcdef0"]}, "InvalidVpcID.NotFound"),
        ({"ResourceType": "TransitGateway", "ResourceIds": ["tgw-1"]}, "UnsupportedOperation"),
        ({"LogDestinationType": "cloud-watch-logs"}, "MissingParameter"),
        ({"LogGroupName": "flows"}, "InvalidParameterCombination"),
        (
            {"TagFieldSpecifications": [{"ResourceType": "instance", "TagKeys": ["a"]}]},
            "UnsupportedOperation",
        ),
    ],
)
def test_a_wrong_flow_log_is_refused(site: Site, more: dict[str, Any], code: str) -> None:
    assert code_of(lambda: _flow_log(site, **more)) == code
    assert site.ec2.describe_flow_logs()["FlowLogs"] == []


def test_a_flow_log_is_made_once_and_deleted_once(site: Site) -> None:
    (name,) = _flow_log(site)["FlowLogIds"]
    assert code_of(lambda: _flow_log(site)) == "FlowLogAlreadyExists"
    site.ec2.delete_flow_logs(FlowLogIds=[name])
    assert code_of(lambda: site.ec2.delete_flow_logs(FlowLogIds=[name])) == "InvalidFlowLogId.NotFound"


# What the public VPC module sends besides


def test_an_ipv6_entry_of_a_network_acl_is_kept_and_filters_nothing(twin: Twin, site: Site) -> None:
    acl = site.ec2.create_network_acl(VpcId=site.vpc_id)["NetworkAcl"]["NetworkAclId"]
    site.ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=101,
        Protocol="-1",
        RuleAction="allow",
        Egress=False,
        Ipv6CidrBlock="::/0",
    )
    (shown,) = site.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    read = next(network_acl for network_acl in _read(twin).network_acls if network_acl.id == acl)
    assert "::/0" in {entry.get("Ipv6CidrBlock") for entry in shown["Entries"]}
    assert 101 not in {entry.rule_number for entry in read.entries}


def test_an_ipv6_entry_that_is_no_block_is_refused(site: Site) -> None:
    acl = site.ec2.create_network_acl(VpcId=site.vpc_id)["NetworkAcl"]["NetworkAclId"]
    refused = code_of(
        lambda: site.ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=101,
            Protocol="-1",
            RuleAction="allow",
            Egress=False,
            Ipv6CidrBlock="10.0.0.0/8",
        )
    )
    assert refused == "InvalidParameterValue"


def test_the_default_vpc_is_found_as_the_provider_asks_for_it(site: Site) -> None:
    vpcs = site.ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]


# Subnet groups


GROUPS: Mapping[str, tuple[str, str, str]] = {
    "rds": ("DBSubnetGroup", "DBSubnetGroupName", "DBSubnetGroupDescription"),
    "elasticache": ("CacheSubnetGroup", "CacheSubnetGroupName", "CacheSubnetGroupDescription"),
    "redshift": ("ClusterSubnetGroup", "ClusterSubnetGroupName", "Description"),
}
"""Signing name -> noun in operations and error codes, member with the name, member with the description."""


@pytest.mark.parametrize("service", GROUPS)
def test_a_subnet_group_is_of_subnets_that_are_there(
    twin: Twin, site: Site, subnets: list[str], service: str
) -> None:
    noun, name, description = GROUPS[service]
    elsewhere = site.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    foreign = site.ec2.create_subnet(VpcId=elsewhere, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    client = twin.client(service)

    def create(*subnet_ids: str) -> None:
        params = {name: "Data", description: "d", "SubnetIds": list(subnet_ids)}
        getattr(client, xform_name(f"Create{noun}"))(**params)

    assert code_of(lambda: create("subnet-1")) == "InvalidSubnet"
    assert code_of(lambda: create(subnets[0], foreign)) == "InvalidSubnet"
    create(*subnets[:2])
    assert code_of(lambda: create(*subnets[:2])) == f"{noun}AlreadyExists"
    describe = getattr(client, xform_name(f"Describe{noun}s"))
    assert code_of(lambda: describe(**{name: "other"})) == f"{noun}NotFoundFault"


@pytest.mark.parametrize("operation", ["Modify", "Delete"])
@pytest.mark.parametrize("service", GROUPS)
def test_no_name_is_the_name_of_no_subnet_group(
    twin: Twin, subnets: list[str], service: str, operation: str
) -> None:
    noun, name, _ = GROUPS[service]
    params = {name: ""} | ({"SubnetIds": subnets[:2]} if operation == "Modify" else {})
    change = getattr(twin.client(service), xform_name(f"{operation}{noun}"))
    assert code_of(lambda: change(**params)) == f"{noun}NotFoundFault"


def test_a_group_of_rds_covers_two_zones(twin: Twin, subnets: list[str]) -> None:
    given = {"DBSubnetGroupName": "data", "DBSubnetGroupDescription": "d"}
    rds = twin.client("rds")
    refused = code_of(lambda: rds.create_db_subnet_group(**given, SubnetIds=subnets[:1]))
    assert refused == "DBSubnetGroupDoesNotCoverEnoughAZs"


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("rds", "create_db_instance"),
        ("elasticache", "create_cache_cluster"),
        ("redshift", "create_cluster"),
        ("route53", "create_health_check"),
        ("secretsmanager", "rotate_secret"),
        ("kms", "generate_random"),
    ],
)
def test_what_these_services_have_besides_is_refused_by_name(
    twin: Twin, service: str, operation: str
) -> None:
    params: Mapping[str, Mapping[str, Any]] = {
        "create_db_instance": {"DBInstanceIdentifier": "a", "DBInstanceClass": "b", "Engine": "c"},
        "create_cache_cluster": {"CacheClusterId": "a"},
        "create_cluster": {"ClusterIdentifier": "a", "NodeType": "b", "MasterUsername": "c"},
        "create_health_check": {"CallerReference": "a", "HealthCheckConfig": {"Type": "TCP"}},
        "rotate_secret": {"SecretId": "a"},
        "generate_random": {},
    }
    client = twin.client(service)
    assert code_of(lambda: getattr(client, operation)(**params[operation])) == "UnsupportedOperation"


# Keys, secrets, zones


def test_a_secret_has_versions_and_a_key_encrypts(twin: Twin) -> None:
    secrets, kms = twin.client("secretsmanager"), twin.client("kms")
    made = secrets.create_secret(Name="site/key", SecretBinary=b"one")
    secrets.put_secret_value(SecretId="site/key", SecretString="two", VersionStages=["NEXT"])
    assert secrets.get_secret_value(SecretId=made["ARN"])["SecretBinary"] == b"one"
    assert secrets.get_secret_value(SecretId=made["ARN"], VersionStage="NEXT")["SecretString"] == "two"

    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"


def test_a_zone_with_a_vpc_is_a_private_one(twin: Twin, site: Site) -> None:
    route53 = twin.client("route53")
    made = route53.create_hosted_zone(
        Name="in.example", CallerReference="a", VPC={"VPCRegion": "eu-central-1", "VPCId": site.vpc_id}
    )
    shown = route53.get_hosted_zone(Id=made["HostedZone"]["Id"])
    assert shown["HostedZone"]["Config"]["PrivateZone"] is True
    assert shown["VPCs"] == [{"VPCRegion": "eu-central-1", "VPCId": site.vpc_id}]


def test_a_zone_gets_another_comment_and_other_tags(twin: Twin) -> None:
    route53 = twin.client("route53")
    path = route53.create_hosted_zone(
        Name="a.example", CallerReference="a", HostedZoneConfig={"Comment": "first"}
    )["HostedZone"]["Id"]
    zone = {"ResourceType": "hostedzone", "ResourceId": path.rpartition("/")[2]}

    route53.update_hosted_zone_comment(Id=path, Comment="second")
    route53.change_tags_for_resource(**zone, AddTags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    route53.change_tags_for_resource(**zone, RemoveTagKeys=["b"])

    assert route53.get_hosted_zone(Id=path)["HostedZone"]["Config"]["Comment"] == "second"
    tags = route53.list_tags_for_resource(**zone)["ResourceTagSet"]["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]


@pytest.mark.parametrize(
    ("operation", "body", "status", "comment"),
    [
        ("UpdateHostedZoneComment", b"", 200, None),
        ("UpdateHostedZoneComment", _COMMENT % b"", 200, None),
        ("UpdateHostedZoneComment", _COMMENT % b"<Comment/><Comment/>", 400, "first"),
        ("UpdateHostedZoneComment", _COMMENT % b"<Note>a</Note>", 400, "first"),
        ("UpdateHostedZoneComment", b"Comment=a", 400, "first"),
        ("UpdateHostedZoneComment", b"<Other><Comment>a</Comment></Other>", 400, "first"),
        ("GetHostedZone", b"", 200, "first"),
        ("GetHostedZone", b"Comment=a", 200, "first"),
        ("GetHostedZone", _COMMENT % b"", 200, "first"),
    ],
)
def test_a_body_without_a_comment_sets_none(
    twin: Twin, operation: str, body: bytes, status: int, comment: str | None
) -> None:
    route53 = twin.client("route53")
    zone = route53.create_hosted_zone(
        Name="a.example", CallerReference="a", HostedZoneConfig={"Comment": "first"}
    )["HostedZone"]["Id"]

    assert _status_with_body(route53, operation, body, Id=zone) == status

    assert route53.get_hosted_zone(Id=zone)["HostedZone"]["Config"].get("Comment") == comment


def _status_with_body(client: Any, operation: str, body: bytes, **params: str) -> int:
    """Return the HTTP status of a call whose body is replaced."""

    def replace(params: dict[str, Any], **_: Any) -> None:
        params["body"] = body

    client.meta.events.register("before-call", replace)
    try:
        answer = getattr(client, xform_name(operation))(**params)
    except ClientError as error:
        answer = error.response
    finally:
        client.meta.events.unregister("before-call", replace)
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status


# All of them


def _make_one_of_each(twin: Twin, site: Site, subnets: list[str]) -> None:
    site.ec2.create_vpc_endpoint(VpcId=site.vpc_id, ServiceName=GATEWAY)
    _flow_log(site)
    twin.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    twin.client("secretsmanager").create_secret(Name="site/key", SecretString="one")
    twin.client("route53").create_hosted_zone(Name="a.example", CallerReference="a")
    twin.client("rds").create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="d", SubnetIds=subnets
    )
    twin.client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName="cache", CacheSubnetGroupDescription="d", SubnetIds=subnets
    )
    twin.client("redshift").create_cluster_subnet_group(
        ClusterSubnetGroupName="wide", Description="d", SubnetIds=subnets
    )


def test_the_status_lists_them_as_objects_only(twin: Twin, site: Site, subnets: list[str]) -> None:
    before = {entry.kind for entry in twin.api.objects_only()}
    _make_one_of_each(twin, site, subnets)
    listed = {entry.kind: entry for entry in twin.api.objects_only() if entry.kind not in before}
    assert {kind: len(texts.names) for kind, texts in listed.items()} == dict.fromkeys(
        (
            "VPC endpoints",
            "flow logs",
            "KMS keys",
            "secrets",
            "zones of Route 53",
            "subnet groups of RDS",
            "subnet groups of ElastiCache",
            "subnet groups of Redshift",
        ),
        1,
    )
    assert listed["VPC endpoints"].reason == OBJECTS_ONLY["CreateVpcEndpoint"]
    assert listed["subnet groups of RDS"].names == ("data",)


def test_they_are_there_after_a_restart(twin: Twin, site: Site, subnets: list[str]) -> None:
    _make_one_of_each(twin, site, subnets)
    before = twin.api.objects_only()
    key = before[[entry.kind for entry in before].index("KMS keys")].names[0]
    public = twin.client("kms").get_public_key(KeyId=key)["PublicKey"]
    twin.api.stop()
    again = AwsApi(
        board=ObservedState(),
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=twin.state_file,
        on_change=lambda: None,
    )
    again.start()
    try:
        entries = again.objects_only()
        kms = Twin(api=again, board=twin.board, changes=[], state_file=twin.state_file).client("kms")
        assert json.dumps([entry.names for entry in entries]) == json.dumps([entry.names for entry in before])
        assert kms.get_public_key(KeyId=key)["PublicKey"] == public
    finally:
        again.stop()
        twin.api.start()
