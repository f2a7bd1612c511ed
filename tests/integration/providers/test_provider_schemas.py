"""What the offline providers serve, against the schemas of the real ones."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from provider_workspace import Workspace

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

_LATER_MEMBERS = {"odb_network_arn"}
_NOT_IN_TRUTH = {"description"}
"""The truth was stripped of every `description`, also of attributes with that name."""

_FLAGS = ("required", "optional", "computed", "sensitive", "write_only")


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


def _bare(kind: Any) -> Any:
    """Return a type without members that one side cannot have."""
    if isinstance(kind, str):
        return kind
    name, inner = kind
    if name != "object":
        return [name, _bare(inner)]
    left_out = _NOT_IN_TRUTH | _LATER_MEMBERS
    return [name, {key: _bare(member) for key, member in inner.items() if key not in left_out}]


def _differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str) -> Iterator[str]:
    mine, true = ours.get("attributes", {}), theirs.get("attributes", {})
    for name in sorted((set(mine) | set(true)) - _NOT_IN_TRUTH):
        if name not in mine or name not in true:
            yield f"{path}.{name} is {'missing' if name in true else 'extra'}"
            continue
        if _bare(mine[name]["type"]) != _bare(true[name]["type"]):
            yield f"{path}.{name} has type {mine[name]['type']} for {true[name]['type']}"
        yield from (
            f"{path}.{name} differs in {flag}"
            for flag in _FLAGS
            if bool(mine[name].get(flag)) != bool(true[name].get(flag))
        )
    mine, true = ours.get("block_types", {}), theirs.get("block_types", {})
    for name in sorted(set(mine) | set(true)):
        if name not in mine or name not in true:
            yield f"{path}.{name} {{}} is {'missing' if name in true else 'extra'}"
            continue
        yield from (
            f"{path}.{name} {{}} differs in {fact}"
            for fact in ("nesting_mode", "min_items", "max_items")
            if mine[name].get(fact) != true[name].get(fact)
        )
        yield from _differences(mine[name]["block"], true[name]["block"], f"{path}.{name}")


@pytest.mark.parametrize("name", sorted(_SETTLED))
def test_every_served_type_has_the_real_schema(served: Mapping[str, Any], name: str) -> None:
    """Same types, nesting, requiredness, sensitivity and schema versions."""
    truth, ours = _truth(name), served[name.partition("-")[0]]
    differences = []
    for kind in ("resource_schemas", "data_source_schemas"):
        for type_name, schema in ours[kind].items():
            if kind not in truth or (kind == "data_source_schemas" and type_name not in truth[kind]):
                continue
            real = truth[kind][type_name]
            if schema["version"] != real["version"]:
                differences.append(f"{type_name} has version {schema['version']} for {real['version']}")
            differences += _differences(schema["block"], real["block"], type_name)

    left = [line for line in differences if not _is_settled(line.split()[0], _SETTLED[name])]
    assert left == [], "\n".join(left)


def _is_settled(path: str, settled: list[str]) -> bool:
    """Whether an attribute's whole path, or its last part, is among those."""
    return path in settled or path.rsplit(".", 1)[1] in settled


def test_the_provider_block_of_azurerm_is_the_real_one(served: Mapping[str, Any]) -> None:
    real = _truth("azurerm-5.2.0")["provider_schema"]

    assert list(_differences(served["azurerm"]["provider"]["block"], real["block"], "provider")) == []


def test_the_provider_block_of_aws_differs_from_the_last_5_in_endpoints_only(
    served: Mapping[str, Any],
) -> None:
    real = _truth("aws-5.100.0")["provider_schema"]

    differences = list(_differences(served["aws"]["provider"]["block"], real["block"], "provider"))

    assert [line for line in differences if not line.startswith("provider.endpoints.")] == [
        "provider.tag_policy_compliance is extra"
    ]
