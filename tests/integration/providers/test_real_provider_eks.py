"""Terraform's own AWS provider, unmodified, builds an EKS cluster on the twin's AWS API."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_clouds import ClusterClouds
from provider_workspace import Workspace, workspace_for

_CONFIGURATION = (Path(__file__).parent / "configurations/eks.tf").read_text()


@pytest.fixture
def real_workspace(tmp_path: Path, cluster_clouds: ClusterClouds) -> Workspace:
    mirror = os.environ.get("TWINSPAN_PROVIDER_MIRROR")
    if not mirror or not list(Path(mirror).rglob("terraform-provider-aws_v5.100.0*")):
        pytest.skip("no provider: put a mirror with hashicorp/aws 5.100.0 in TWINSPAN_PROVIDER_MIRROR")
    config = tmp_path / "terraformrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    # The provider looks at what it has begun every half a minute only.
    return replace(workspace_for(tmp_path, cluster_clouds.clouds, config), timeout_s=400)


@pytest.mark.long
def test_a_cluster_is_applied_planned_empty_scaled_and_destroyed(
    real_workspace: Workspace, cluster_clouds: ClusterClouds
) -> None:
    real_workspace.write(_CONFIGURATION)
    (real_workspace.folder / "terraform.tfvars").write_text('name = "tsp-real"\n')
    real_workspace.init()
    real_workspace.apply()
    assert real_workspace.changes() == {}

    larger = ("-var=desired_size=2", "-var=excluded=10.0.0.0/8")
    assert real_workspace.changes(*larger) == {
        "aws_eks_addon.vpc_cni": ["update"],
        "aws_eks_node_group.this": ["update"],
    }
    real_workspace.apply(*larger)
    assert real_workspace.changes(*larger) == {}
    eks = cluster_clouds.clouds.boto3("eks")
    group = eks.describe_nodegroup(clusterName="tsp-real", nodegroupName="default")["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 2

    real_workspace.apply("-destroy")
    assert "tsp-real" not in eks.list_clusters()["clusters"]
