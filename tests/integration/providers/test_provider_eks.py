"""EKS through the offline provider, driven by Terraform against the twin's AWS API."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_clouds import ClusterClouds
from provider_workspace import Workspace

_CONFIGURATION = (Path(__file__).parent / "configurations/eks.tf").read_text()
_MANY = "-parallelism=20"


@pytest.fixture
def name(cluster_workspace: Workspace) -> Iterator[str]:
    """A cluster applied; returns its name. Destroyed in the end."""
    chosen = f"tsp-{secrets.token_hex(4)}"
    cluster_workspace.write(_CONFIGURATION)
    (cluster_workspace.folder / "terraform.tfvars").write_text(f'name = "{chosen}"\n')
    cluster_workspace.init()
    cluster_workspace.apply(_MANY)
    yield chosen
    cluster_workspace.apply("-destroy", _MANY)


@pytest.mark.long
def test_a_cluster_is_applied_planned_empty_scaled_configured_and_destroyed(
    cluster_workspace: Workspace, cluster_clouds: ClusterClouds, name: str
) -> None:
    """One run for all: the changes that are made in place, and one that is not."""
    workspace, eks = cluster_workspace, cluster_clouds.clouds.boto3("eks")
    assert workspace.changes() == {}
    cluster = workspace.state("aws_eks_cluster.this")
    assert (cluster["status"], cluster["id"]) == ("ACTIVE", name)
    assert cluster["endpoint"].startswith("https://")
    assert cluster["certificate_authority"][0]["data"]
    assert cluster["vpc_config"][0]["cluster_security_group_id"].startswith("sg-")

    larger = ("-var=desired_size=2", '-var=labels={ role = "other", tier = "1" }', "-var=excluded=10.0.0.0/8")
    assert workspace.changes(*larger) == {
        "aws_eks_node_group.this": ["update"],
        "aws_eks_addon.vpc_cni": ["update"],
    }
    workspace.apply(*larger)
    group = eks.describe_nodegroup(clusterName=name, nodegroupName="default")["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 2
    assert group["labels"] == {"role": "other", "tier": "1"}
    addon = eks.describe_addon(clusterName=name, addonName="vpc-cni")["addon"]
    assert (
        json.loads(addon["configurationValues"])["env"]["AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"] == "10.0.0.0/8"
    )
    assert workspace.changes(*larger) == {}

    assert workspace.changes(*larger, "-var=instance_type=t3.large") == {
        "aws_eks_node_group.this": ["delete", "create"]
    }

    private = (*larger, "-var=public=false", '-var=tags={ team = "net" }')
    workspace.apply(*private)
    cluster = eks.describe_cluster(name=name)["cluster"]
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False
    assert cluster["tags"]["team"] == "net"
    assert workspace.changes(*private) == {}


@pytest.mark.long
def test_a_change_in_the_console_shows_in_the_plan_and_is_mended(
    cluster_workspace: Workspace, cluster_clouds: ClusterClouds, name: str
) -> None:
    clouds = cluster_clouds.clouds
    eks, iam = clouds.boto3("eks"), clouds.boto3("iam")
    eks.update_nodegroup_config(
        clusterName=name,
        nodegroupName="default",
        scalingConfig={"desiredSize": 3},
        labels={"addOrUpdateLabels": {"role": "else"}},
    )
    eks.get_waiter("nodegroup_active").wait(
        clusterName=name, nodegroupName="default", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    eks.delete_access_entry(
        clusterName=name, principalArn=cluster_workspace.state("aws_eks_access_entry.this")["principal_arn"]
    )
    iam.detach_role_policy(RoleName=f"{name}-node", PolicyArn="arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")

    assert cluster_workspace.changes() == {
        "aws_eks_access_entry.this": ["create"],
        "aws_eks_access_policy_association.this": ["create"],
        "aws_eks_node_group.this": ["update"],
        'aws_iam_role_policy_attachment.this["AmazonEKS_CNI_Policy"]': ["create"],
    }
    cluster_workspace.apply(_MANY)
    assert cluster_workspace.changes() == {}


@pytest.mark.long
def test_an_imported_cluster_and_its_parts_need_no_change(cluster_workspace: Workspace, name: str) -> None:
    principal = cluster_workspace.state("aws_eks_access_entry.this")["principal_arn"]
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    objects = {
        "aws_eks_node_group.this": f"{name}:default",
        "aws_eks_addon.vpc_cni": f"{name}:vpc-cni",
        "aws_eks_access_entry.this": f"{name}:{principal}",
        "aws_eks_access_policy_association.this": f"{name}#{principal}#{policy}",
        'aws_iam_role.this["node"]': f"{name}-node",
    }
    for address, identity in objects.items():
        cluster_workspace.terraform("state", "rm", address)
        cluster_workspace.terraform("import", address, identity)

    # What to do about conflicts is in no API: after an import it is written to the state, and nothing else.
    assert set(cluster_workspace.changes()) <= {"aws_eks_addon.vpc_cni"}
    cluster_workspace.apply(_MANY)
    assert cluster_workspace.changes() == {}


@pytest.mark.long
def test_why_nodes_do_not_come_up_is_shown(
    cluster_workspace: Workspace, cluster_clouds: ClusterClouds
) -> None:
    chosen = f"tsp-{secrets.token_hex(4)}"
    cluster_workspace.write(_CONFIGURATION)
    (cluster_workspace.folder / "terraform.tfvars").write_text(f'name = "{chosen}"\n')
    cluster_workspace.init()
    cluster_clouds.builder.problems[chosen] = "containerd is not installed on this machine"

    message = cluster_workspace.refused("apply", "-auto-approve", _MANY)

    assert "creating aws_eks_cluster" in message
    assert "containerd is not installed on this machine" in message
    cluster_clouds.builder.problems.clear()
    cluster_workspace.apply("-destroy", _MANY)


def test_a_cluster_that_is_not_there_is_named(cluster_workspace: Workspace) -> None:
    cluster_workspace.write('data "aws_eks_cluster" "this" {\n  name = "nobody"\n}\n')
    cluster_workspace.init()

    message = cluster_workspace.refused("plan")

    assert "reading data aws_eks_cluster: ResourceNotFoundException" in message
    assert "there is no EKS cluster nobody" in message


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("aws_eks_cluster", 'name = "-bad"', "1 to 100 letters"),
        ("aws_eks_cluster", 'name = "a"\n  storage_config {\n  }', "storage_config is not supported offline"),
        (
            "aws_eks_cluster",
            'name = "a"\n  access_config {\n    authentication_mode = "NONE"\n  }',
            "expected one of API, API_AND_CONFIG_MAP, CONFIG_MAP",
        ),
        (
            "aws_eks_addon",
            'cluster_name = "a"\n  addon_name = "vpc-cni"\n  resolve_conflicts_on_create = "PRESERVE"',
            "expected one of NONE, OVERWRITE",
        ),
        (
            "aws_eks_access_entry",
            'cluster_name = "a"\n  principal_arn = "arn:aws:iam::1:role/a"\n  type = "ROOT"',
            "expected one of STANDARD",
        ),
        (
            "aws_iam_role_policy_attachment",
            'role = "a"\n  policy_arn = "AmazonEKSClusterPolicy"',
            "expected the ARN of a policy",
        ),
    ],
)
def test_a_wrong_argument_is_refused_by_validate(
    cluster_workspace: Workspace, kind: str, body: str, message: str
) -> None:
    vpc = 'role_arn = "r"\n  vpc_config {\n    subnet_ids = ["subnet-1", "subnet-2"]\n  }\n'
    more = vpc if kind == "aws_eks_cluster" else ""
    cluster_workspace.write(f'resource "{kind}" "this" {{\n  {body}\n  {more}}}\n')
    cluster_workspace.init()

    assert message in cluster_workspace.refused("validate")


def test_nodes_from_a_launch_template_are_refused_before_anything_is_made(
    cluster_workspace: Workspace,
) -> None:
    cluster_workspace.write(
        'resource "aws_eks_node_group" "this" {\n  cluster_name  = "a"\n  node_role_arn = "r"\n'
        '  subnet_ids    = ["subnet-1"]\n  scaling_config {\n    desired_size = 1\n    min_size     = 1\n'
        '    max_size     = 1\n  }\n  launch_template {\n    id      = "lt-1"\n    version = "1"\n  }\n}\n'
    )
    cluster_workspace.init()

    assert "launch_template is not supported offline" in cluster_workspace.refused("validate")
