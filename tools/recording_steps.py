"""What is changed in place while the providers are recorded, for each root module that is."""

from recording_walk import Step

_TAGS = {"project": "twinspan", "owner": "network"}
_NEW_KEYS = """
resource "aws_vpn_connection" "this" {
  tunnel1_preshared_key = "Example.Key_1.${each.key}"
  tunnel2_preshared_key = "Example.Key_2.${each.key}"
}
"""
_NEW_ALERTS = """
resource "azurerm_monitor_metric_alert" "this" {
  severity = 3
}
"""
_NEW_ALARMS = """
resource "aws_cloudwatch_metric_alarm" "tunnel" {
  evaluation_periods = 3
}
"""
_POLICY = {"ipsec_encryption": "AES256", "ipsec_integrity": "SHA2-256", "ipsec_lifetime_seconds": 1800}


def _clusters(nodes: int) -> dict[str, object]:
    """Return the clusters of dev with access entries and a second pool, and so many nodes in each group."""
    group = {"instance_types": ["t3.medium"], "desired_size": nodes, "min_size": 1, "max_size": 3}
    pool = {"vm_size": "Standard_B2s_v2", "node_count": nodes}
    return {
        "eks": {
            "node_groups": {"default": group},
            "access_entries": {
                "operators": {
                    "principal_arn": "arn:aws:iam::123456789012:role/twinspan-dev-eks-cluster",
                    "policy": "AmazonEKSClusterAdminPolicy",
                }
            },
        },
        "aks": {
            "node_subnet_prefix": "10.1.4.0/24",
            "pod_subnet_prefix": "10.1.8.0/22",
            "system_pool": pool,
            "node_pools": {"work": pool},
        },
    }


STEPS: dict[str, tuple[Step, ...]] = {
    "envs/dev": (
        Step(name="create", variables={"kubernetes": _clusters(1)}),
        Step(name="tag", variables={"tags": _TAGS}),
        Step(
            name="timer",
            variables={"dead_peer_detection": {"aws_timeout_seconds": 60, "azure_timeout_seconds": 20}},
        ),
        Step(name="policy", variables={"ipsec_policy": _POLICY}),
        Step(name="key", overrides={"modules/aws/vpn/key_override.tf": _NEW_KEYS}),
        Step(name="scale", variables={"kubernetes": _clusters(2)}),
        Step(
            name="alert",
            variables={"monitoring": {"email": "network@example.com"}},
            overrides={
                "modules/azure/monitoring/alert_override.tf": _NEW_ALERTS,
                "modules/aws/monitoring/alert_override.tf": _NEW_ALARMS,
            },
        ),
    ),
    "envs/prod": (Step(name="create"), Step(name="tag", variables={"tags": _TAGS})),
    "bootstrap": (
        Step(name="create", variables={"bucket": "twinspan-terraform-state", "region": "us-west-2"}),
        Step(name="tag", variables={"tags": _TAGS}),
    ),
}
"""Root module below `terraform/` -> its steps; each begins with `create`."""
