"""Fixtures of the tests of the offline providers."""

from cluster_clouds import cluster_clouds, cluster_workspace
from provider_workspace import arm, cli_config, clouds, workspace

__all__ = ["arm", "cli_config", "clouds", "cluster_clouds", "cluster_workspace", "workspace"]
