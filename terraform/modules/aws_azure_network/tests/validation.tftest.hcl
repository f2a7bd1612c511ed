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

variables {
  name = "test"

  tags = {
    environment = "test"
  }

  aws = {
    region          = "us-west-2"
    cidr_block      = "10.2.0.0/16"
    amazon_side_asn = 64512
    subnets = {
      us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
      us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
    }
  }

  azure = {
    location              = "westus2"
    address_space         = ["10.1.0.0/16"]
    gateway_subnet_prefix = "10.1.1.0/24"
    subnets = {
      app  = { address_prefix = "10.1.0.0/24", route_to_aws = true }
      data = { address_prefix = "10.1.2.0/24" }
    }
    gateway = {
      sku        = "VpnGw1AZ"
      generation = "Generation1"
      asn        = 65000
    }
  }

  tunnels = {
    tunnel1 = { azure_instance = "instance0", inside_cidr = "169.254.21.0/30" }
    tunnel2 = { azure_instance = "instance0", inside_cidr = "169.254.22.0/30" }
    tunnel3 = { azure_instance = "instance1", inside_cidr = "169.254.21.4/30" }
    tunnel4 = { azure_instance = "instance1", inside_cidr = "169.254.22.4/30" }
  }

  kubernetes = {
    eks = {
      node_groups = {
        default = { instance_types = ["t3.medium"], desired_size = 1, min_size = 1, max_size = 3 }
      }
    }
    aks = {
      node_subnet_prefix = "10.1.4.0/24"
      pod_subnet_prefix  = "10.1.8.0/22"
      system_pool        = { vm_size = "Standard_B2s_v2", node_count = 1 }
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

run "without_clusters_everything_else_is_built" {
  command = apply

  variables {
    kubernetes_enabled = false
  }

  assert {
    condition     = output.eks_cluster_name == null && output.aks_cluster_name == null && output.aks_cluster_id == null && output.aks_subnet_ids == {}
    error_message = "There are clusters although none is wanted."
  }
  assert {
    condition     = length(output.tunnels) == 4 && toset(keys(output.azure_subnet_ids)) == toset(["app", "data"])
    error_message = "Something else than the clusters is missing."
  }
}

run "no_cluster_described_is_none_built" {
  command = plan

  variables {
    kubernetes = null
  }

  assert {
    condition     = output.eks_cluster_name == null && output.aks_cluster_name == null
    error_message = "There are clusters although none is described."
  }
}

run "a_subnet_that_the_aks_cluster_makes_is_refused" {
  command = plan

  variables {
    azure = {
      location              = "westus2"
      address_space         = ["10.1.0.0/16"]
      gateway_subnet_prefix = "10.1.1.0/24"
      subnets               = { aks-nodes = { address_prefix = "10.1.0.0/24" } }
      gateway               = { sku = "VpnGw1AZ", generation = "Generation1" }
    }
  }

  expect_failures = [var.kubernetes]
}

run "overlapping_networks_are_refused" {
  command = plan

  variables {
    aws = {
      region          = "us-west-2"
      cidr_block      = "10.1.0.0/16"
      amazon_side_asn = 64512
      subnets = {
        us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
        us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
      }
    }
  }

  expect_failures = [var.aws]
}

run "a_network_within_the_other_is_refused" {
  command = plan

  variables {
    aws = {
      region          = "us-west-2"
      cidr_block      = "10.1.128.0/20"
      amazon_side_asn = 64512
      subnets = {
        us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
        us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
      }
    }
  }

  expect_failures = [var.aws]
}

run "one_zone_is_refused" {
  command = plan

  variables {
    aws = {
      region          = "us-west-2"
      cidr_block      = "10.2.0.0/16"
      amazon_side_asn = 64512
      subnets = {
        us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
      }
    }
  }

  expect_failures = [var.aws]
}

run "a_zone_of_another_region_is_refused" {
  command = plan

  variables {
    aws = {
      region          = "us-west-2"
      cidr_block      = "10.2.0.0/16"
      amazon_side_asn = 64512
      subnets = {
        us-east-1a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
        us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
      }
    }
  }

  expect_failures = [var.aws]
}

run "one_asn_for_both_sides_is_refused" {
  command = plan

  variables {
    aws = {
      region          = "us-west-2"
      cidr_block      = "10.2.0.0/16"
      amazon_side_asn = 65000
      subnets = {
        us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
        us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
      }
    }
  }

  expect_failures = [var.aws]
}

run "a_bad_address_for_mail_is_refused" {
  command = plan

  variables {
    monitoring = { email = "network" }
  }

  expect_failures = [var.monitoring]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Twinspan Dev"
  }

  expect_failures = [var.name]
}

run "three_tunnels_are_refused" {
  command = plan

  variables {
    tunnels = {
      tunnel1 = { azure_instance = "instance0", inside_cidr = "169.254.21.0/30" }
      tunnel2 = { azure_instance = "instance0", inside_cidr = "169.254.22.0/30" }
      tunnel3 = { azure_instance = "instance1", inside_cidr = "169.254.21.4/30" }
    }
  }

  expect_failures = [var.tunnels]
}

run "three_tunnels_at_one_instance_are_refused" {
  command = plan

  variables {
    tunnels = {
      tunnel1 = { azure_instance = "instance1", inside_cidr = "169.254.21.0/30" }
      tunnel2 = { azure_instance = "instance0", inside_cidr = "169.254.22.0/30" }
      tunnel3 = { azure_instance = "instance1", inside_cidr = "169.254.21.4/30" }
      tunnel4 = { azure_instance = "instance1", inside_cidr = "169.254.22.4/30" }
    }
  }

  expect_failures = [var.tunnels]
}

run "a_range_used_twice_is_refused" {
  command = plan

  variables {
    tunnels = {
      tunnel1 = { azure_instance = "instance0", inside_cidr = "169.254.22.0/30" }
      tunnel2 = { azure_instance = "instance0", inside_cidr = "169.254.22.0/30" }
      tunnel3 = { azure_instance = "instance1", inside_cidr = "169.254.21.4/30" }
      tunnel4 = { azure_instance = "instance1", inside_cidr = "169.254.22.4/30" }
    }
  }

  expect_failures = [var.tunnels]
}
