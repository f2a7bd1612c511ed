"""What EKS refuses, and in which words."""

import http.client
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_twin import KEY_ID, REGION, SECRET, code_of
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from eks_site import GROUP, NAME, EksSite

pytest_plugins = ("aws_fixtures",)

PARAMETER, REQUEST = "InvalidParameterException", "InvalidRequestException"
NOT_FOUND, IN_USE, UNSUPPORTED = "ResourceNotFoundException", "ResourceInUseException", "UnsupportedOperation"


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"name": "-main"}, PARAMETER, "must match"),
        ({"name": "a" * 101}, PARAMETER, "at most 100"),
        ({"version": "1.20"}, PARAMETER, "unsupported Kubernetes version 1.20"),
        ({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, PARAMETER, "does not exist"),
        ({"roleArn": "eks"}, PARAMETER, "not the ARN"),
        ({"tags": {"aws:own": "x"}}, PARAMETER, "reserved"),
        ({"accessConfig": {"authenticationMode": "ALL"}}, PARAMETER, "Valid values: API"),
        ({"logging": {"clusterLogging": [{"types": ["x"], "enabled": True}]}}, PARAMETER, "Valid values"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/11"}}, PARAMETER, "not an IPv4 range"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.128.0.0/11"}}, PARAMETER, "/24 and /12"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/25"}}, PARAMETER, "/24 and /12"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "100.64.0.0/16"}}, PARAMETER, "within 10.0.0.0/8"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.2.128.0/20"}}, PARAMETER, "overlaps the VPC"),
        ({"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}, UNSUPPORTED, "IPv6"),
        ({"computeConfig": {"enabled": True}}, UNSUPPORTED, "Auto Mode"),
        ({"encryptionConfig": [{"resources": ["secrets"]}]}, UNSUPPORTED, "encryptionConfig"),
    ],
)
def test_clusters_that_eks_refuses(eks_site: EksSite, changes: dict[str, Any], code: str, text: str) -> None:
    error = refusal(lambda: eks_site.create(**changes))
    assert error[0] == code
    assert text in error[1]
    assert eks_site.eks.list_clusters()["clusters"] == []
    groups = eks_site.ec2.describe_security_groups()["SecurityGroups"]
    assert not [group for group in groups if group["GroupName"].startswith("eks-")]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"subnetIds": []}, "at least two different AZs"),
        ({"subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}, "does not exist"),
        ({"endpointPublicAccess": False}, "cannot both be disabled"),
        ({"publicAccessCidrs": ["10.0.0.0/8"]}, "private"),
        ({"publicAccessCidrs": ["198.51.100.7/24"]}, "not an IPv4 range"),
        ({"publicAccessCidrs": [f"198.51.{n}.0/24" for n in range(41)]}, "At most 40"),
        ({"securityGroupIds": ["sg-0123456789abcdef0"]}, "does not exist"),
        ({"securityGroupIds": [f"sg-{n}" for n in range(6)]}, "At most 5"),
    ],
)
def test_networks_that_eks_refuses(eks_site: EksSite, config: dict[str, Any], text: str) -> None:
    vpc_config = {"subnetIds": eks_site.subnet_ids[:2]} | config
    code, message = refusal(lambda: eks_site.create(resourcesVpcConfig=vpc_config))
    assert code == PARAMETER
    assert text in message


def test_subnets_in_one_zone_or_two_vpcs_are_refused(eks_site: EksSite) -> None:
    one_zone = [eks_site.subnet_ids[0], eks_site.subnet_ids[2]]
    assert (
        "two different AZs" in refusal(lambda: eks_site.create(resourcesVpcConfig={"subnetIds": one_zone}))[1]
    )
    other = eks_site.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    foreign = eks_site.ec2.create_subnet(
        VpcId=other, CidrBlock="10.9.1.0/24", AvailabilityZone="eu-central-1b"
    )["Subnet"]["SubnetId"]
    mixed = [eks_site.subnet_ids[0], foreign]
    assert "same VPC" in refusal(lambda: eks_site.create(resourcesVpcConfig={"subnetIds": mixed}))[1]
    group = eks_site.ec2.create_security_group(GroupName="x", Description="x", VpcId=other)["GroupId"]
    config = {"subnetIds": eks_site.subnet_ids[:2], "securityGroupIds": [group]}
    assert "is not in the VPC" in refusal(lambda: eks_site.create(resourcesVpcConfig=config))[1]
    eks_site.create_ready()
    assert "must be in" in refusal(lambda: eks_site.create_group(subnets=[foreign]))[1]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 2}}, PARAMETER, "maximum size 2"),
        ({"scalingConfig": {"minSize": 2, "maxSize": 3, "desiredSize": 1}}, PARAMETER, "desired size 1"),
        ({"scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 3}}, PARAMETER, "max size 2"),
        ({"scalingConfig": {"minSize": 1, "maxSize": 451, "desiredSize": 1}}, PARAMETER, "450"),
        ({"nodegroupName": "-x"}, PARAMETER, "must start with"),
        ({"nodegroupName": "x" * 64}, PARAMETER, "no longer than 63"),
        ({"nodeRole": "arn:aws:iam::123456789012:role/nobody"}, PARAMETER, "does not exist"),
        ({"subnets": []}, PARAMETER, "empty"),
        ({"version": "1.34"}, PARAMETER, "is not the cluster's"),
        ({"amiType": "AL1"}, PARAMETER, "Valid values"),
        ({"amiType": "WINDOWS_CORE_2022_x86_64"}, UNSUPPORTED, "Windows"),
        ({"labels": {"a b": "c"}}, PARAMETER, "not a valid Kubernetes label"),
        ({"labels": {"eks.amazonaws.com/nodegroup": "c"}}, PARAMETER, "reserved"),
        ({"taints": [{"key": "a"}]}, PARAMETER, "key and an effect"),
        ({"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 10}}, PARAMETER, "not both"),
        ({"launchTemplate": {"id": "lt-1"}}, UNSUPPORTED, "launchTemplate"),
    ],
)
def test_node_groups_that_eks_refuses(
    eks_site: EksSite, changes: dict[str, Any], code: str, text: str
) -> None:
    eks_site.create_ready()
    error = refusal(lambda: eks_site.create_group(**changes))
    assert error[0] == code
    assert text in error[1]
    assert eks_site.eks.list_nodegroups(clusterName=NAME)["nodegroups"] == []


def test_a_cluster_that_is_not_active_takes_no_node_groups_and_no_changes(eks_site: EksSite) -> None:
    eks_site.create()
    assert code_of(eks_site.create_group) == REQUEST
    assert code_of(lambda: eks_site.eks.create_addon(clusterName=NAME, addonName="coredns")) == REQUEST
    assert code_of(lambda: eks_site.eks.update_cluster_version(name=NAME, version="1.35")) == REQUEST


@pytest.mark.parametrize(
    ("addon", "values", "text"),
    [
        ("ebs", "{}", "not supported"),
        ("vpc-cni", "{", "not JSON or YAML"),
        ("vpc-cni", "[1]", "not a JSON object"),
        ("vpc-cni", '{"environment": {}}', "environment: no such member"),
        ("vpc-cni", '{"env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": true}}', "must be a string"),
        ("vpc-cni", '{"env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "maybe"}}', "true or false"),
        ("vpc-cni", '{"env": {"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "10.1.0.0"}}', None),
        ("vpc-cni", '{"env": {"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "10.1.0.1/16"}}', "not an IPv4 range"),
        ("vpc-cni", '{"enableNetworkPolicy": true}', "must be a string"),
        ("vpc-cni", '{"enableNetworkPolicy": "on"}', "true or false"),
        ("vpc-cni", 'enableNetworkPolicy: "true"', None),
        ("coredns", '{"env": {}}', "no such member"),
    ],
)
def test_configuration_values_are_checked(
    eks_site: EksSite, addon: str, values: str, text: str | None
) -> None:
    eks_site.create_ready()

    def create() -> object:
        return eks_site.eks.create_addon(clusterName=NAME, addonName=addon, configurationValues=values)

    if text is None:
        create()
        return
    code, message = refusal(create)
    assert code == PARAMETER
    assert text in message


def test_addons_must_be_there_once_and_of_a_known_version(eks_site: EksSite) -> None:
    eks_site.create_ready()
    eks = eks_site.eks
    assert code_of(lambda: eks.describe_addon(clusterName=NAME, addonName="coredns")) == NOT_FOUND
    assert (
        code_of(lambda: eks.create_addon(clusterName=NAME, addonName="coredns", addonVersion="v0"))
        == PARAMETER
    )
    eks.create_addon(clusterName=NAME, addonName="coredns")
    assert code_of(lambda: eks.create_addon(clusterName=NAME, addonName="coredns")) == IN_USE
    (offered,) = eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.34")["addons"]
    version = offered["addonVersions"][0]["addonVersion"]
    eks.update_addon(clusterName=NAME, addonName="coredns", addonVersion=version)
    schema = eks.describe_addon_configuration(addonName="coredns", addonVersion=version)
    assert "replicaCount" in json.loads(schema["configurationSchema"])["properties"]


def test_what_does_not_exist_is_not_found(eks_site: EksSite) -> None:
    eks = eks_site.eks
    assert code_of(eks_site.cluster) == NOT_FOUND
    assert code_of(lambda: eks.delete_cluster(name=NAME)) == NOT_FOUND
    assert code_of(lambda: eks.list_nodegroups(clusterName=NAME)) == NOT_FOUND
    assert code_of(lambda: eks.list_tags_for_resource(resourceArn=eks_site.arn)) == NOT_FOUND
    eks_site.create_ready()
    assert code_of(eks_site.group) == NOT_FOUND
    assert code_of(lambda: eks.describe_update(name=NAME, updateId="x")) == NOT_FOUND
    assert (
        code_of(lambda: eks.describe_access_entry(clusterName=NAME, principalArn=eks_site.role_arn))
        == NOT_FOUND
    )


def test_updates_that_eks_refuses(eks_site: EksSite) -> None:
    eks_site.create_ready(version="1.34")
    eks = eks_site.eks
    assert code_of(lambda: eks.update_cluster_version(name=NAME, version="1.36")) == PARAMETER
    assert code_of(lambda: eks.update_cluster_version(name=NAME, version="1.34")) == PARAMETER
    assert code_of(lambda: eks.update_cluster_version(name=NAME, version="1.33")) == PARAMETER
    assert code_of(lambda: eks.update_cluster_config(name=NAME)) == PARAMETER
    same = {"endpointPublicAccess": True}
    assert code_of(lambda: eks.update_cluster_config(name=NAME, resourcesVpcConfig=same)) == PARAMETER  # type: ignore[arg-type]
    assert (
        code_of(
            lambda: eks.update_cluster_config(name=NAME, accessConfig={"authenticationMode": "CONFIG_MAP"})
        )
        == PARAMETER
    )
    eks_site.create_group()
    eks_site.say_nodes(1)
    eks_site.group()
    assert (
        code_of(
            lambda: eks.update_nodegroup_config(
                clusterName=NAME, nodegroupName=GROUP, scalingConfig={"desiredSize": 4}
            )
        )
        == PARAMETER
    )
    assert eks_site.group()["scalingConfig"]["desiredSize"] == 1


def test_deletion_protection_holds_a_cluster(eks_site: EksSite) -> None:
    eks_site.create_ready(deletionProtection=True)
    assert code_of(lambda: eks_site.eks.delete_cluster(name=NAME)) == REQUEST
    eks_site.eks.update_cluster_config(name=NAME, deletionProtection=False)
    eks_site.eks.delete_cluster(name=NAME)


def test_members_that_a_client_should_have_checked_are_checked_again(eks_site: EksSite) -> None:
    unchecked: Any = boto3.client(
        "eks",
        endpoint_url=eks_site.twin.api.url,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        region_name=REGION,
        config=Config(parameter_validation=False),
    )
    assert code_of(lambda: unchecked.create_cluster(name=NAME)) == PARAMETER
    assert code_of(lambda: eks_site.create(resourcesVpcConfig={"subnetIds": []})) == PARAMETER
    assert code_of(lambda: unchecked.list_clusters(maxResults=101)) == PARAMETER


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/clusters", b"{", 400),
        ("POST", "/clusters", b"[]", 400),
        ("POST", "/clusters", b'{"name": 1, "roleArn": "x", "resourcesVpcConfig": {}}', 400),
        ("GET", "/nothing", b"", 404),
        ("GET", "/clusters?maxResults=x", b"", 400),
        ("GET", "/clusters/x/fargate-profiles", b"", 400),
    ],
)
def test_what_is_not_a_request_of_eks_is_refused_as_json(
    eks_site: EksSite, method: str, path: str, body: bytes, status: int
) -> None:
    answered, code, document = ask(eks_site, method, path, body)
    assert (answered, code) == (status, document["__type"])
    assert document["message"]


def test_members_that_no_model_knows_are_refused_by_name(eks_site: EksSite) -> None:
    body = {"name": "a", "roleArn": eks_site.role_arn, "resourcesVpcConfig": {}, "colour": "red"}
    status, code, document = ask(eks_site, "POST", "/clusters", json.dumps(body).encode())
    assert (status, code) == (400, PARAMETER)
    assert "colour" in document["message"]


def ask(eks_site: EksSite, method: str, path: str, body: bytes) -> tuple[int, str | None, dict[str, Any]]:
    """Send what no client would; return status, code and document of the answer."""
    port = eks_site.twin.api.port
    request = AWSRequest(method, f"http://127.0.0.1:{port}{path}", data=body)
    request.headers["Host"] = f"127.0.0.1:{port}"
    SigV4Auth(Credentials(KEY_ID, SECRET), "eks", REGION).add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, dict(request.headers.items()))
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    return answer.status, answer.getheader("x-amzn-ErrorType"), document
