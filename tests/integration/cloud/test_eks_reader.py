"""EKS clusters as the reader sees them, on a real API."""

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from twinspan.cloud.aws import AwsEndpoint, read_aws
from twinspan.cloud.aws.client import service_client
from twinspan.cloud.aws.eks import eks_kubeconfig, eks_token
from twinspan.errors import CloudRefusedError
from twinspan.network.aws import EksAddon, EksNodeGroup
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.spec import ClusterHealth
from twinspan.twin.observed import Observed, ObservedState

KEY_ID, SECRET = "AKIAEKSREADERTEST001", "eks-readers-test-secret-eks-readers-test"
VALUES = json.dumps({"env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "true"}})
TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture(scope="module")
def board() -> ObservedState:
    return ObservedState()


@pytest.fixture(scope="module")
def endpoint(board: ObservedState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEndpoint]:
    folder = tmp_path_factory.mktemp("eks")
    access = ClusterAccess(folder / "clusters", sockets=folder)
    access.start()
    api = AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws.state",
        on_change=lambda: None,
        clusters=access,
    )
    api.start()
    yield AwsEndpoint(
        region="us-west-2", endpoint_url=api.url, access_key_id=KEY_ID, secret_access_key=SECRET
    )
    api.stop()
    access.stop()


@pytest.fixture(scope="module")
def cluster(endpoint: AwsEndpoint, board: ObservedState) -> dict[str, Any]:
    """A cluster that is ready, with a node group and two add-ons, as EKS describes it."""
    ec2, iam = service_client(endpoint, "ec2"), service_client(endpoint, "iam")
    eks = service_client(endpoint, "eks")
    vpc_id = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.2.{number}.0/24", AvailabilityZone=f"us-west-2{zone}")
        for number, zone in ((1, "a"), (2, "b"))
    ]
    subnet_ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
    role = iam.create_role(RoleName="eks", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    made = eks.create_cluster(
        name="main",
        roleArn=role,
        version="1.34",
        resourcesVpcConfig={"subnetIds": subnet_ids, "publicAccessCidrs": ["198.51.100.0/24"]},
        kubernetesNetworkConfig={"serviceIpv4Cidr": "172.20.0.0/16"},
    )["cluster"]
    health = ClusterHealth(key=made["arn"], api_ready=True, system_ready=True)
    board.publish(Observed(generation=1, clusters=(health,)))
    eks.create_nodegroup(
        clusterName="main",
        nodegroupName="default",
        nodeRole=role,
        subnets=subnet_ids,
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
        labels={"tier": "web"},
    )
    eks.create_addon(clusterName="main", addonName="vpc-cni", configurationValues=VALUES)
    eks.create_addon(clusterName="main", addonName="kube-proxy")
    described_cluster: dict[str, Any] = eks.describe_cluster(name="main")["cluster"]
    return described_cluster


def test_a_cluster_is_read_with_its_groups_and_addons(endpoint: AwsEndpoint, cluster: dict[str, Any]) -> None:
    network, _ = read_aws(endpoint)
    (eks_cluster,) = network.eks_clusters
    config = cluster["resourcesVpcConfig"]
    assert (eks_cluster.name, eks_cluster.arn, eks_cluster.status, eks_cluster.version) == (
        "main",
        cluster["arn"],
        "ACTIVE",
        "1.34",
    )
    assert eks_cluster.endpoint == cluster["endpoint"]
    assert eks_cluster.certificate_authority.startswith("-----BEGIN CERTIFICATE-----")
    assert eks_cluster.service_ipv4_cidr == IPv4Network("172.20.0.0/16")
    assert (eks_cluster.vpc_id, list(eks_cluster.subnet_ids)) == (config["vpcId"], config["subnetIds"])
    assert eks_cluster.cluster_security_group_id == config["clusterSecurityGroupId"]
    assert eks_cluster.public_access_cidrs == (IPv4Network("198.51.100.0/24"),)
    assert eks_cluster.node_groups == (
        EksNodeGroup(
            name="default",
            cluster_name="main",
            status="CREATING",
            subnet_ids=eks_cluster.subnet_ids,
            instance_types=("t3.medium",),
            capacity_type="ON_DEMAND",
            desired_size=2,
            min_size=1,
            max_size=3,
            labels={"tier": "web"},
        ),
    )
    proxy, cni = eks_cluster.addons
    assert proxy.name == "kube-proxy"
    assert cni == EksAddon(name="vpc-cni", version=cni.version, status="ACTIVE", configuration_values=VALUES)


def test_a_kubeconfig_gets_its_tokens_from_the_aws_cli(
    endpoint: AwsEndpoint, cluster: dict[str, Any]
) -> None:
    network, _ = read_aws(endpoint)
    document = eks_kubeconfig(endpoint, network.eks_clusters[0])
    entry = document["clusters"][0]["cluster"]
    assert entry["certificate-authority-data"] == cluster["certificateAuthority"]["data"]
    command = document["users"][0]["user"]["exec"]
    assert [command["command"], *command["args"]][:5] == ["aws", "--region", "us-west-2", "eks", "get-token"]
    assert SECRET not in json.dumps(document)


def test_what_is_being_deleted_is_left_out(
    endpoint: AwsEndpoint, cluster: dict[str, Any], board: ObservedState
) -> None:
    elsewhere = replace(endpoint, region="eu-west-1")
    assert read_aws(elsewhere)[0].eks_clusters == ()
    eks = service_client(elsewhere, "eks")
    ec2 = service_client(elsewhere, "ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.3.{number}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for number, zone in ((1, "a"), (2, "b"))
    ]
    made = eks.create_cluster(
        name="going",
        roleArn=cluster["roleArn"],
        resourcesVpcConfig={"subnetIds": [subnet["Subnet"]["SubnetId"] for subnet in subnets]},
    )["cluster"]
    assert [eks_cluster.name for eks_cluster in read_aws(elsewhere)[0].eks_clusters] == ["going"]
    before = board.latest()
    here = ClusterHealth(key=made["arn"], api_ready=True, system_ready=True)
    board.publish(replace(before, clusters=(*before.clusters, here)))
    eks.delete_cluster(name="going")
    assert eks.list_clusters()["clusters"] == ["going"]
    assert read_aws(elsewhere)[0].eks_clusters == ()
    board.publish(before)


def test_a_wrong_key_is_refused_and_not_taken_for_no_clusters(endpoint: AwsEndpoint) -> None:
    wrong = AwsEndpoint(
        region="us-west-2",
        endpoint_url=endpoint.endpoint_url,
        access_key_id=KEY_ID,
        secret_access_key="something else",
    )
    with pytest.raises(CloudRefusedError):
        read_aws(wrong)


def test_no_token_is_made_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CloudRefusedError, match="NoCredentials"):
        eks_token(AwsEndpoint(region="ap-south-1"), "main")
