"""A cluster, its node groups and add-ons from beginning to end, as the data plane brings them up."""

import base64
import json
from pathlib import Path

import pytest
from aws_twin import Twin, code_of
from botocore.exceptions import ClientError
from cryptography import x509
from eks_site import GROUP, NAME, EksSite, cluster_access, eks_api

from twinspan.twin.aws.server import AwsApi
from twinspan.twin.observed import ObservedState
from twinspan.wait import wait_until

pytest_plugins = ("aws_fixtures",)


def test_a_cluster_is_creating_until_its_api_server_answers(eks_site: EksSite) -> None:
    made = eks_site.create()
    assert made["status"] == "CREATING"
    assert "endpoint" not in made
    eks_site.say(api_ready=False)
    assert eks_site.cluster()["status"] == "CREATING"
    eks_site.say(api_ready=True)
    ready = eks_site.cluster()
    assert ready["status"] == "ACTIVE"
    assert ready["endpoint"] == eks_site.access.url(eks_site.arn, name=NAME)
    assert ready["identity"]["oidc"]["issuer"].startswith("https://oidc.eks.eu-central-1.amazonaws.com/id/")


def test_the_certificate_authority_is_the_one_that_signs_the_api_servers_certificate(
    eks_site: EksSite,
) -> None:
    pem = base64.b64decode(eks_site.create_ready()["certificateAuthority"]["data"])
    certificate, _ = eks_site.access.authority(eks_site.arn, name=NAME).issue("server", names=["127.0.0.1"])
    x509.load_pem_x509_certificate(certificate.encode()).verify_directly_issued_by(
        x509.load_pem_x509_certificate(pem)
    )


def test_a_cluster_that_cannot_work_is_failed_with_the_reason(eks_site: EksSite) -> None:
    eks_site.create()
    eks_site.say(problem="no Kubernetes programs on this machine")
    cluster = eks_site.cluster()
    assert cluster["status"] == "FAILED"
    assert cluster["health"]["issues"][0]["message"] == "no Kubernetes programs on this machine"


def test_an_api_server_that_goes_away_makes_the_cluster_updating(eks_site: EksSite) -> None:
    eks_site.create_ready()
    eks_site.say(api_ready=False)
    assert eks_site.cluster()["status"] == "UPDATING"


def test_a_cluster_is_deleting_until_the_data_plane_has_nothing_left_of_it(eks_site: EksSite) -> None:
    made = eks_site.create_ready()
    assert eks_site.eks.delete_cluster(name=NAME)["cluster"]["status"] == "DELETING"
    assert eks_site.cluster()["status"] == "DELETING"
    eks_site.publish()
    assert code_of(eks_site.cluster) == "ResourceNotFoundException"
    assert eks_site.eks.list_clusters()["clusters"] == []
    assert eks_site.arn not in eks_site.access.urls()
    group_id = made["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert (
        code_of(lambda: eks_site.ec2.describe_security_groups(GroupIds=[group_id])) == "InvalidGroup.NotFound"
    )


def test_a_cluster_of_which_no_data_plane_ever_heard_is_deleted_at_once(eks_site: EksSite) -> None:
    eks_site.create()
    eks_site.eks.delete_cluster(name=NAME)
    assert eks_site.eks.list_clusters()["clusters"] == []


def test_the_cluster_security_group_lets_its_members_talk_and_everything_out(eks_site: EksSite) -> None:
    group_id = eks_site.create()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    (group,) = eks_site.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    assert group["GroupName"].startswith(f"eks-cluster-sg-{NAME}-")
    assert group["VpcId"] == eks_site.vpc_id
    (ingress,) = group["IpPermissions"]
    assert ingress["IpProtocol"] == "-1"
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [group_id]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]


def test_a_node_group_is_creating_until_all_its_nodes_are_ready(eks_site: EksSite) -> None:
    eks_site.create_ready()
    assert eks_site.create_group()["status"] == "CREATING"
    eks_site.say_nodes(0, waiting=1)
    assert eks_site.group()["status"] == "CREATING"
    eks_site.say_nodes(1)
    assert eks_site.group()["status"] == "ACTIVE"


def test_a_node_that_cannot_start_is_an_issue_of_its_group(eks_site: EksSite) -> None:
    eks_site.create_ready()
    eks_site.create_group()
    eks_site.say_nodes(0, waiting=1, problem="the subnet has no free address")
    group = eks_site.group()
    assert group["status"] == "CREATE_FAILED"
    assert group["health"]["issues"] == [
        {
            "code": "NodeCreationFailure",
            "message": "the subnet has no free address",
            "resourceIds": ["ip-10-2-1-4"],
        }
    ]


def test_scaling_is_in_progress_until_there_are_just_the_wanted_nodes(eks_site: EksSite) -> None:
    eks_site.create_ready()
    eks_site.create_group()
    eks_site.say_nodes(1)
    assert eks_site.group()["status"] == "ACTIVE"
    update = eks_site.eks.update_nodegroup_config(
        clusterName=NAME, nodegroupName=GROUP, scalingConfig={"desiredSize": 2}
    )["update"]
    assert update["status"] == "InProgress"
    assert eks_site.group()["status"] == "UPDATING"
    assert (
        code_of(
            lambda: eks_site.eks.update_nodegroup_config(
                clusterName=NAME, nodegroupName=GROUP, scalingConfig={"desiredSize": 3}
            )
        )
        == "ResourceInUseException"
    )
    eks_site.say_nodes(2)
    assert eks_site.group()["status"] == "ACTIVE"
    finished_update = eks_site.eks.describe_update(name=NAME, nodegroupName=GROUP, updateId=update["id"])[
        "update"
    ]
    assert finished_update["status"] == "Successful"
    assert eks_site.eks.list_updates(name=NAME, nodegroupName=GROUP)["updateIds"] == [update["id"]]
    assert eks_site.eks.list_updates(name=NAME)["updateIds"] == []


def test_a_node_that_is_lost_degrades_its_group(eks_site: EksSite) -> None:
    eks_site.create_ready()
    eks_site.create_group()
    eks_site.say_nodes(1)
    eks_site.group()
    eks_site.say_nodes(0, waiting=1)
    assert eks_site.group()["status"] == "DEGRADED"


def test_a_node_group_is_deleting_until_its_nodes_are_gone_and_holds_the_cluster(eks_site: EksSite) -> None:
    eks_site.create_ready()
    eks_site.create_group()
    eks_site.say_nodes(1)
    eks_site.eks.delete_nodegroup(clusterName=NAME, nodegroupName=GROUP)
    assert eks_site.group()["status"] == "DELETING"
    with pytest.raises(ClientError) as refused:
        eks_site.eks.delete_cluster(name=NAME)
    assert refused.value.response["Error"]["Code"] == "ResourceInUseException"
    assert dict(refused.value.response)["nodegroupName"] == GROUP
    eks_site.say_nodes(0)
    assert code_of(eks_site.group) == "ResourceNotFoundException"
    eks_site.eks.delete_cluster(name=NAME)


def test_addons_of_daemon_sets_need_no_node_and_coredns_does(eks_site: EksSite) -> None:
    eks_site.create_ready()
    values = json.dumps({"env": {"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "10.1.0.0/16"}})
    eks_site.eks.create_addon(clusterName=NAME, addonName="vpc-cni", configurationValues=values)
    eks_site.eks.create_addon(clusterName=NAME, addonName="coredns")

    def addon(name: str) -> str:
        return eks_site.eks.describe_addon(clusterName=NAME, addonName=name)["addon"]["status"]

    cni = eks_site.eks.describe_addon(clusterName=NAME, addonName="vpc-cni")["addon"]
    assert (cni["status"], cni["configurationValues"]) == ("ACTIVE", values)
    assert addon("coredns") == "DEGRADED"
    eks_site.create_group()
    assert addon("coredns") == "CREATING"
    eks_site.say_nodes(1)
    assert addon("coredns") == "ACTIVE"
    assert eks_site.eks.list_addons(clusterName=NAME)["addons"] == ["coredns", "vpc-cni"]
    eks_site.eks.update_addon(clusterName=NAME, addonName="vpc-cni", configurationValues="{}")
    assert (
        eks_site.eks.describe_addon(clusterName=NAME, addonName="vpc-cni")["addon"]["configurationValues"]
        == "{}"
    )
    eks_site.eks.delete_addon(clusterName=NAME, addonName="coredns")
    assert eks_site.eks.list_addons(clusterName=NAME)["addons"] == ["vpc-cni"]


def test_the_endpoint_and_the_version_can_be_changed(eks_site: EksSite) -> None:
    eks_site.create_ready(version="1.34")
    update = eks_site.eks.update_cluster_config(
        name=NAME,
        resourcesVpcConfig={"endpointPrivateAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]},
    )["update"]
    assert update["type"] == "EndpointAccessUpdate"
    assert eks_site.eks.describe_update(name=NAME, updateId=update["id"])["update"]["status"] == "Successful"
    eks_site.eks.update_cluster_version(name=NAME, version="1.35")
    cluster = eks_site.cluster()
    assert cluster["version"] == "1.35"
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"]
    assert cluster["resourcesVpcConfig"]["publicAccessCidrs"] == ["198.51.100.0/24"]


def test_a_cluster_goes_back_to_where_an_update_brought_it_from_and_no_further(eks_site: EksSite) -> None:
    eks_site.create_ready(version="1.35")
    eks_site.eks.update_cluster_version(name=NAME, version="1.36")
    update = eks_site.eks.update_cluster_version(name=NAME, version="1.35")["update"]
    assert update["type"] == "VersionRollback"
    assert eks_site.cluster()["version"] == "1.35"
    with pytest.raises(eks_site.eks.exceptions.InvalidParameterException):
        eks_site.eks.update_cluster_version(name=NAME, version="1.34")


def test_node_groups_follow_the_control_plane_and_keep_it_from_going_back(eks_site: EksSite) -> None:
    eks_site.create_ready(version="1.35")
    name = eks_site.create_group()["nodegroupName"]
    eks_site.say_nodes(1)
    eks_site.eks.update_cluster_version(name=NAME, version="1.36")
    group = eks_site.eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"]
    assert group["version"] == "1.35"
    eks_site.eks.update_nodegroup_version(clusterName=NAME, nodegroupName=name)
    group = eks_site.eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"]
    assert group["version"] == "1.36"
    with pytest.raises(eks_site.eks.exceptions.InvalidRequestException):
        eks_site.eks.update_cluster_version(name=NAME, version="1.35")


def test_tags_of_clusters_and_groups_can_be_changed(eks_site: EksSite) -> None:
    eks_site.create_ready(tags={"env": "dev"})
    arn = eks_site.create_group()["nodegroupArn"]
    eks_site.eks.tag_resource(resourceArn=arn, tags={"a/b": "c"})
    assert eks_site.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"a/b": "c"}
    eks_site.eks.untag_resource(resourceArn=eks_site.arn, tagKeys=["env"])
    assert eks_site.cluster()["tags"] == {}


def test_names_come_in_pages(eks_site: EksSite) -> None:
    for number in range(3):
        eks_site.create(name=f"c{number}")
    pages = eks_site.eks.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2})
    assert [page["clusters"] for page in pages] == [["c0", "c1"], ["c2"]]


def test_the_same_request_twice_makes_one_cluster(eks_site: EksSite) -> None:
    first = eks_site.create(clientRequestToken="once")
    assert eks_site.create(clientRequestToken="once")["createdAt"] == first["createdAt"]
    assert code_of(lambda: eks_site.create(clientRequestToken="twice")) == "ResourceInUseException"


def test_changes_wake_the_data_plane_and_looking_does_not(eks_site: EksSite) -> None:
    eks_site.twin.changes.clear()
    eks_site.create()
    assert eks_site.twin.changes == ["change"]
    eks_site.say(api_ready=True)
    eks_site.cluster()
    eks_site.eks.list_clusters()
    eks_site.eks.describe_addon_versions()
    assert eks_site.twin.changes == ["change"]
    assert eks_site.twin.api.region == "eu-central-1"


def test_clusters_survive_a_restart_and_come_up_again(eks_site: EksSite, tmp_path: Path) -> None:
    made = eks_site.create_ready(tags={"env": "dev"})
    eks_site.create_group()
    eks_site.say_nodes(1)
    eks_site.eks.create_addon(clusterName=NAME, addonName="vpc-cni")
    assert eks_site.group()["status"] == "ACTIVE"
    eks_site.twin.api.stop()
    eks_site.access.stop()
    board, changes, access = ObservedState(), list[str](), cluster_access(tmp_path)
    state_file = eks_site.twin.state_file
    api = eks_api(state_file.parent, board, access, changes)
    api.start()
    again = Twin(api=api, board=board, changes=changes, state_file=state_file)
    eks_site.twin, eks_site.eks = again, again.client("eks")
    try:
        assert eks_site.cluster()["status"] == "UPDATING"
        assert eks_site.group()["status"] == "DEGRADED"
        eks_site.say_nodes(1)
        cluster = eks_site.cluster()
        assert cluster["status"] == eks_site.group()["status"] == "ACTIVE"
        assert cluster["endpoint"] == made["endpoint"]
        assert cluster["certificateAuthority"] == made["certificateAuthority"]
        assert cluster["tags"] == {"env": "dev"}
        assert eks_site.eks.list_addons(clusterName=NAME)["addons"] == ["vpc-cni"]
    finally:
        api.stop()
        access.stop()


def test_an_api_that_stands_alone_makes_clusters_active_without_an_endpoint(tmp_path: Path) -> None:
    board = ObservedState()
    api = AwsApi(
        board=board,
        access_key_id="AKIATWINSPANTEST0001",
        secret_access_key="a-secret-only-this-test-knows",
        state_file=tmp_path / "aws.state",
        on_change=lambda: None,
    )
    api.start()
    try:
        twin = Twin(api=api, board=board, changes=[], state_file=tmp_path / "aws.state")
        eks = twin.client("eks")
        ec2, iam = twin.client("ec2"), twin.client("iam")
        vpc_id = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.2.{n}.0/24", AvailabilityZone=f"eu-central-1{z}")
            for n, z in ((1, "a"), (2, "b"))
        ]
        role = iam.create_role(
            RoleName="eks", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
        )
        eks.create_cluster(
            name=NAME,
            roleArn=role["Role"]["Arn"],
            resourcesVpcConfig={"subnetIds": [subnet["Subnet"]["SubnetId"] for subnet in subnets]},
        )
        active_cluster = wait_until(
            lambda: eks.describe_cluster(name=NAME)["cluster"],
            lambda cluster: cluster["status"] == "ACTIVE",
            what="ACTIVE",
            timeout_s=20,
        )
        assert "endpoint" not in active_cluster
    finally:
        api.stop()


@pytest.mark.parametrize(
    "name",
    [
        "AmazonEKSClusterPolicy",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEC2ContainerRegistryPullOnly",
    ],
)
def test_the_policies_that_clusters_need_can_be_attached(eks_site: EksSite, name: str) -> None:
    arn = f"arn:aws:iam::aws:policy/{name}"
    eks_site.iam.attach_role_policy(RoleName="eks", PolicyArn=arn)
    attached = eks_site.iam.list_attached_role_policies(RoleName="eks")["AttachedPolicies"]
    assert attached == [{"PolicyName": name, "PolicyArn": arn}]
    assert eks_site.iam.get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == name
