mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/test"
    }
  }
  mock_resource "aws_eks_cluster" {
    defaults = {
      certificate_authority = [{ data = "dGVzdA==" }]
    }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:us-west-2:123456789012:log-group:/aws/vendedlogs/vpn/test"
    }
  }
}

mock_provider "azurerm" {
  mock_resource "azurerm_user_assigned_identity" {
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/test"
      principal_id = "11111111-1111-1111-1111-111111111111"
    }
  }
  mock_resource "azurerm_kubernetes_cluster" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.ContainerService/managedClusters/test"
    }
  }
  mock_resource "azurerm_monitor_action_group" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Insights/actionGroups/test"
    }
  }
  mock_resource "azurerm_log_analytics_workspace" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.OperationalInsights/workspaces/test"
    }
  }
  mock_resource "azurerm_public_ip" {
    defaults = {
      id         = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/publicIPAddresses/test"
      ip_address = "198.51.100.4"
    }
  }
  mock_resource "azurerm_subnet" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/test"
    }
  }
  mock_resource "azurerm_route_table" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/routeTables/test"
    }
  }
  mock_resource "azurerm_network_security_group" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/networkSecurityGroups/test"
    }
  }
  mock_resource "azurerm_virtual_network_gateway" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworkGateways/test"
    }
  }
  mock_resource "azurerm_local_network_gateway" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/localNetworkGateways/test"
    }
  }
}

override_resource {
  target = module.aws_vpn.aws_vpn_connection.this["instance0"]
  values = {
    id                         = "vpn-0"
    tunnel1_address            = "203.0.113.1"
    tunnel1_vgw_inside_address = "169.254.21.1"
    tunnel1_preshared_key      = "key_of_tunnel_1"
    tunnel2_address            = "203.0.113.2"
    tunnel2_vgw_inside_address = "169.254.22.1"
    tunnel2_preshared_key      = "key_of_tunnel_2"
  }
}

override_resource {
  target = module.aws_vpn.aws_vpn_connection.this["instance1"]
  values = {
    id                         = "vpn-1"
    tunnel1_address            = "203.0.113.3"
    tunnel1_vgw_inside_address = "169.254.21.5"
    tunnel1_preshared_key      = "key_of_tunnel_3"
    tunnel2_address            = "203.0.113.4"
    tunnel2_vgw_inside_address = "169.254.22.5"
    tunnel2_preshared_key      = "key_of_tunnel_4"
  }
}

run "one_apply_builds_both_sides" {
  command = apply

  assert {
    condition = { for key, tunnel in output.tunnels : key => [tunnel.outside_ip_address, tunnel.aws_vpn_connection_id, tunnel.azure_connection_name] } == {
      tunnel1 = ["203.0.113.1", "vpn-0", "${var.name}-tunnel1"]
      tunnel2 = ["203.0.113.2", "vpn-0", "${var.name}-tunnel2"]
      tunnel3 = ["203.0.113.3", "vpn-1", "${var.name}-tunnel3"]
      tunnel4 = ["203.0.113.4", "vpn-1", "${var.name}-tunnel4"]
    }
    error_message = "A tunnel runs between the wrong ends: ${jsonencode(output.tunnels)}."
  }
  assert {
    condition     = toset(keys(output.azure_subnet_ids)) == toset(["app", "data"]) && toset(keys(output.aws_private_subnet_ids)) == toset(keys(var.aws.subnets))
    error_message = "A subnet is missing from the outputs."
  }
  assert {
    condition     = output.eks_cluster_name == var.name && output.aks_cluster_name == "${var.name}-aks" && endswith(output.aks_cluster_id, "/managedClusters/test")
    error_message = "A cluster is missing from the outputs."
  }
  assert {
    condition     = toset(keys(output.aks_subnet_ids)) == toset(["aks-nodes", "aks-pods"])
    error_message = "The subnets of the AKS cluster are missing from the outputs."
  }
}

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
    condition     = [for group in var.kubernetes.eks.node_groups : group.desired_size] == [3] && var.kubernetes.aks.system_pool.node_count == 3 && var.kubernetes.aks.system_pool.zones == toset(["1", "2", "3"])
    error_message = "prod has shrunk, or lies in fewer zones."
  }
  assert {
    condition     = !var.kubernetes.eks.endpoint_public_access && var.kubernetes.eks.endpoint_private_access && var.kubernetes.aks.private
    error_message = "An API server of prod is on the internet."
  }
}
