mock_provider "aws" {}

mock_provider "azurerm" {}

run "dev_is_small_and_its_timers_differ_from_bgps" {
  command = plan

  assert {
    condition     = var.azure.gateway.sku == "VpnGw1AZ" && var.tunnel_operations == {}
    error_message = "dev has grown."
  }
  assert {
    condition     = var.dead_peer_detection.aws_timeout_seconds == 45 && var.dead_peer_detection.azure_timeout_seconds == 15
    error_message = "A drill on dev could no longer tell dead peer detection from BGP's hold time of 30 s."
  }
}

run "dev_has_one_small_node_on_each_side" {
  command = plan

  assert {
    condition     = [for group in var.kubernetes.eks.node_groups : group.desired_size] == [1] && var.kubernetes.aks.system_pool.node_count == 1
    error_message = "dev has grown."
  }
}
