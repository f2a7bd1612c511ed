mock_provider "aws" {}

mock_provider "azurerm" {}

run "prod_is_larger_and_keeps_logs" {
  command = plan

  assert {
    condition     = var.azure.gateway.sku == "VpnGw2AZ" && var.azure.gateway.generation == "Generation2"
    error_message = "prod has shrunk."
  }
  assert {
    condition     = var.tunnel_operations.lifecycle_control && var.tunnel_operations.log_retention_days == 90
    error_message = "prod lacks tunnel lifecycle control or logs."
  }
}

run "prod_has_three_nodes_on_each_side_and_private_endpoints" {
  command = plan

  assert {
    condition     = [for group in var.kubernetes.eks.node_groups : group.desired_size] == [3] && var.kubernetes.aks.system_pool.node_count == 3 && var.kubernetes.aks.system_pool.zones == ["1", "2", "3"]
    error_message = "prod has shrunk, or lies in fewer zones."
  }
  assert {
    condition     = !var.kubernetes.eks.endpoint_public_access && var.kubernetes.aks.private
    error_message = "An API server of prod is on the internet."
  }
}
