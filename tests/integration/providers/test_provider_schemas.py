"""What the offline providers serve, against the schemas of the real ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from provider_workspace import Workspace
from schema_differences import COMPARED_WITH_THE_PROVIDERS, differences, is_settled

_TRUTH = Path(__file__).resolve().parents[4] / "shared" / "schemas"
_CONFIGURATION = """
terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    azurerm = { source = "hashicorp/azurerm" }
  }
}
"""
_SETTLED = {
    "aws-5.100.0": [
        "region",
        "bucket_region",
        "tunnel_bandwidth",
        "vpn_concentrator_id",
        "skip_destroy",
        "deletion_protection_enabled",
        "blocked_encryption_types",
        "bgp_log_enabled",
        "bgp_log_group_arn",
        "bgp_log_output_format",
        "control_plane_scaling_config",
        "deletion_protection",
        "aws_eks_cluster.compute_config.enabled",
        "aws_eks_cluster.kubernetes_network_config.elastic_load_balancing.enabled",
        "aws_eks_cluster.storage_config.block_storage.enabled",
        "max_parallel_nodes_repaired_count",
        "max_parallel_nodes_repaired_percentage",
        "max_unhealthy_node_threshold_count",
        "max_unhealthy_node_threshold_percentage",
        "node_repair_config_overrides",
        "resolve_conflicts",
        "aws_eip.vpc",
        "aws_nat_gateway.auto_provision_zones",
        "aws_nat_gateway.auto_scaling_ips",
        "aws_nat_gateway.availability_mode",
        "aws_nat_gateway.availability_zone_address",
        "aws_nat_gateway.regional_nat_gateway_address",
        "aws_nat_gateway.regional_nat_gateway_auto_mode",
        "aws_nat_gateway.route_table_id",
        "aws_nat_gateway.secondary_allocation_ids",
        "aws_nat_gateway.subnet_id",
        "aws_nat_gateway.vpc_id",
    ],
    "aws-6.47.0": [
        "aws_cloudwatch_metric_alarm.comparison_operator",
        "aws_cloudwatch_metric_alarm.evaluation_criteria",
        "aws_cloudwatch_metric_alarm.evaluation_interval",
        "aws_cloudwatch_metric_alarm.evaluation_periods",
        "odb_network_arn",
        "bucket_namespace",
        "blocked_encryption_types",
        "bucket_key_enabled",
        "kms_master_key_id",
        "cidr_block",
        "ipv6_cidr_block",
        "ipv4_ipam_pool_id",
        "ipv4_netmask_length",
        "ipv6_ipam_pool_id",
        "ipv6_netmask_length",
        "namespace_config",
        "remote_node_networks",
        "update_strategy",
    ],
    "azurerm-5.2.0": [],
}
"""Attributes that came, went or became computed between the version served and the one compared."""


def _truth(name: str) -> Any:
    file = _TRUTH / f"{name}.json"
    if not file.exists():
        pytest.skip(f"{file} is not on this machine; it holds the real provider's schema")
    return json.loads(file.read_text())


@pytest.fixture
def served(workspace: Workspace) -> Mapping[str, Any]:
    """Provider name -> schema, as Terraform shows it."""
    workspace.write(_CONFIGURATION)
    workspace.init()
    shown = json.loads(workspace.terraform("providers", "schema", "-json").stdout)
    return {name.rsplit("/", 1)[1]: schema for name, schema in shown["provider_schemas"].items()}


@pytest.mark.parametrize("name", sorted(_SETTLED))
def test_every_served_type_has_the_real_schema(served: Mapping[str, Any], name: str) -> None:
    """Same types, nesting, requiredness, sensitivity and schema versions."""
    truth, ours = _truth(name), served[name.partition("-")[0]]
    problems = []
    for kind in ("resource_schemas", "data_source_schemas"):
        for type_name, schema in ours[kind].items():
            if kind not in truth or (kind == "data_source_schemas" and type_name not in truth[kind]):
                continue
            if type_name in COMPARED_WITH_THE_PROVIDERS:
                continue
            real = truth[kind][type_name]
            if schema["version"] != real["version"]:
                problems.append(f"{type_name} has version {schema['version']} for {real['version']}")
            problems += differences(schema["block"], real["block"], type_name)

    left = [line for line in problems if not is_settled(line.split()[0], _SETTLED[name])]
    assert left == [], "\n".join(left)


def test_the_provider_block_of_azurerm_is_the_real_one(served: Mapping[str, Any]) -> None:
    real = _truth("azurerm-5.2.0")["provider_schema"]

    assert list(differences(served["azurerm"]["provider"]["block"], real["block"], "provider")) == []


def test_the_provider_block_of_aws_differs_from_the_last_5_in_endpoints_only(
    served: Mapping[str, Any],
) -> None:
    real = _truth("aws-5.100.0")["provider_schema"]

    problems = list(differences(served["aws"]["provider"]["block"], real["block"], "provider"))

    assert [line for line in problems if not line.startswith("provider.endpoints.")] == [
        "provider.tag_policy_compliance is extra"
    ]
