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
}

variables {
  name                    = "test"
  resource_group_name     = "test-rg"
  location                = "westus2"
  address_space           = ["10.1.0.0/16"]
  remote_address_prefixes = ["10.2.0.0/16"]
  node_subnet = {
    id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/aks-nodes"
    address_prefix = "10.1.4.0/24"
  }
  pod_subnet = {
    id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/aks-pods"
    address_prefix = "10.1.8.0/22"
  }
  system_pool = { vm_size = "Standard_B2s_v2", node_count = 1 }
}

run "pods_have_addresses_of_their_own_subnet" {
  command = plan

  assert {
    condition     = azurerm_kubernetes_cluster.this.network_profile[0].network_plugin == "azure" && azurerm_kubernetes_cluster.this.network_profile[0].network_plugin_mode == null
    error_message = "The remote side could not reach the pods."
  }
  assert {
    condition     = azurerm_kubernetes_cluster.this.default_node_pool[0].pod_subnet_id == var.pod_subnet.id && azurerm_kubernetes_cluster.this.default_node_pool[0].vnet_subnet_id == var.node_subnet.id
    error_message = "Nodes and pods must be in their two subnets."
  }
  assert {
    condition     = azurerm_kubernetes_cluster.this.network_profile[0].dns_service_ip == "10.96.0.10"
    error_message = "The cluster's DNS is not the tenth address of the services."
  }
}

run "network_policies_are_not_enforced_unless_an_engine_is_named" {
  command = plan

  assert {
    condition     = azurerm_kubernetes_cluster.this.network_profile[0].network_data_plane == "azure"
    error_message = "The data plane is not Azure's default."
  }
}

run "policies_of_cilium_come_with_its_data_plane" {
  command = plan

  variables {
    cluster = { network_policy = "cilium" }
  }

  assert {
    condition     = azurerm_kubernetes_cluster.this.network_profile[0].network_policy == "cilium" && azurerm_kubernetes_cluster.this.network_profile[0].network_data_plane == "cilium"
    error_message = "AKS refuses one without the other."
  }
}

run "an_engine_that_aks_does_not_have_is_refused" {
  command = plan

  variables {
    cluster = { network_policy = "weave" }
  }

  expect_failures = [var.cluster]
}

run "the_identity_may_join_the_two_subnets_and_nothing_else" {
  command = plan

  assert {
    condition     = toset([for assignment in azurerm_role_assignment.subnet : assignment.scope]) == toset([var.node_subnet.id, var.pod_subnet.id])
    error_message = "The role must be assigned at both subnets."
  }
  assert {
    condition     = alltrue([for assignment in azurerm_role_assignment.subnet : assignment.role_definition_name == "Network Contributor"])
    error_message = "The role must be Network Contributor."
  }
}

run "a_private_cluster_over_three_zones_with_a_pool_for_applications" {
  command = plan

  variables {
    cluster     = { private = true, sku_tier = "Standard" }
    system_pool = { vm_size = "Standard_D4s_v5", node_count = 3, zones = ["1", "2", "3"] }
    node_pools  = { apps = { vm_size = "Standard_D8s_v5", node_count = 2, zones = ["1", "2"], labels = { role = "apps" } } }
  }

  assert {
    condition     = azurerm_kubernetes_cluster.this.private_cluster_enabled && azurerm_kubernetes_cluster.this.default_node_pool[0].zones == toset(["1", "2", "3"])
    error_message = "The endpoint is public, or the pool is not in three zones."
  }
  assert {
    condition     = azurerm_kubernetes_cluster_node_pool.this["apps"].mode == "User" && azurerm_kubernetes_cluster_node_pool.this["apps"].pod_subnet_id == var.pod_subnet.id
    error_message = "The further pool is no user pool, or its pods have another subnet."
  }
}

run "a_node_subnet_too_small_for_the_nodes_is_refused" {
  command = plan

  variables {
    node_subnet = {
      id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/aks-nodes"
      address_prefix = "10.1.4.0/29"
    }
    system_pool = { vm_size = "Standard_B2s_v2", node_count = 3 }
  }

  expect_failures = [var.node_subnet]
}

run "a_vnet_in_the_range_of_aws_default_vpcs_is_refused" {
  command = plan

  variables {
    address_space = ["10.1.0.0/16", "172.31.0.0/16"]
  }

  expect_failures = [var.address_space]
}

run "a_vnet_over_172_30_is_refused" {
  command = plan

  variables {
    address_space = ["10.1.0.0/16", "172.30.128.0/20"]
  }

  expect_failures = [var.address_space]
}

run "a_vnet_in_the_documentation_range_is_refused" {
  command = plan

  variables {
    address_space = ["10.1.0.0/16", "192.0.2.0/25"]
  }

  expect_failures = [var.address_space]
}

run "a_link_local_vnet_is_refused" {
  command = plan

  variables {
    address_space = ["10.1.0.0/16", "169.254.0.0/16"]
  }

  expect_failures = [var.address_space]
}

run "no_range_is_no_vnet" {
  command = plan

  variables {
    address_space = ["10.1.0.0"]
  }

  expect_failures = [var.address_space]
}

run "services_in_172_30_are_refused" {
  command = plan

  variables {
    cluster = { service_cidr = "172.30.0.0/16" }
  }

  expect_failures = [var.cluster]
}

run "services_around_172_31_are_refused" {
  command = plan

  variables {
    cluster = { service_cidr = "172.16.0.0/12" }
  }

  expect_failures = [var.cluster]
}

run "public_services_are_refused" {
  command = plan

  variables {
    cluster = { service_cidr = "192.0.2.0/24" }
  }

  expect_failures = [var.cluster]
}

run "services_within_the_vnet_are_refused" {
  command = plan

  variables {
    cluster = { service_cidr = "10.1.64.0/20" }
  }

  expect_failures = [var.cluster]
}

run "services_over_the_remote_side_are_refused" {
  command = plan

  variables {
    cluster = { service_cidr = "10.2.0.0/16" }
  }

  expect_failures = [var.cluster]
}

run "services_of_29_bits_are_refused" {
  command = plan

  variables {
    cluster = { service_cidr = "10.96.0.0/29" }
  }

  expect_failures = [var.cluster]
}

run "an_unknown_tier_is_refused" {
  command = plan

  variables {
    cluster = { sku_tier = "Basic" }
  }

  expect_failures = [var.cluster]
}

run "a_major_version_is_refused" {
  command = plan

  variables {
    cluster = { version = "1" }
  }

  expect_failures = [var.cluster]
}

run "an_unknown_way_out_is_refused" {
  command = plan

  variables {
    cluster = { outbound_type = "none" }
  }

  expect_failures = [var.cluster]
}

run "the_whole_internet_is_no_remote_side" {
  command = plan

  variables {
    remote_address_prefixes = ["0.0.0.0/0"]
  }

  expect_failures = [var.remote_address_prefixes]
}

run "a_display_name_is_no_location" {
  command = plan

  variables {
    location = "West US 2"
  }

  expect_failures = [var.location]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Test AKS"
  }

  expect_failures = [var.name]
}

run "a_node_subnet_elsewhere_is_refused" {
  command = plan

  variables {
    node_subnet = {
      id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/aks-nodes"
      address_prefix = "10.7.4.0/24"
    }
  }

  expect_failures = [var.node_subnet]
}

run "a_pod_subnet_elsewhere_is_refused" {
  command = plan

  variables {
    pod_subnet = {
      id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/aks-pods"
      address_prefix = "172.31.0.0/22"
    }
  }

  expect_failures = [var.pod_subnet]
}

run "a_pod_subnet_too_small_for_the_pods_is_refused" {
  command = plan

  variables {
    pod_subnet = {
      id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/aks-pods"
      address_prefix = "10.1.8.0/27"
    }
  }

  expect_failures = [var.pod_subnet]
}

run "pods_in_the_node_subnet_are_refused" {
  command = plan

  variables {
    pod_subnet = {
      id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/aks-nodes"
      address_prefix = "10.1.4.0/24"
    }
  }

  expect_failures = [var.pod_subnet]
}

run "no_system_node_is_refused" {
  command = plan

  variables {
    system_pool = { vm_size = "Standard_B2s_v2", node_count = 0 }
  }

  expect_failures = [var.system_pool]
}

run "too_few_pods_for_the_system_are_refused" {
  command = plan

  variables {
    system_pool = { vm_size = "Standard_B2s_v2", node_count = 1, max_pods = 20 }
  }

  expect_failures = [var.system_pool]
}

run "a_size_that_is_none_is_refused" {
  command = plan

  variables {
    system_pool = { vm_size = "t3.medium", node_count = 1 }
  }

  expect_failures = [var.system_pool]
}

run "a_pool_name_with_a_hyphen_is_refused" {
  command = plan

  variables {
    system_pool = { name = "sys-tem", vm_size = "Standard_B2s_v2", node_count = 1 }
  }

  expect_failures = [var.system_pool]
}

run "a_fourth_zone_is_refused" {
  command = plan

  variables {
    system_pool = { vm_size = "Standard_B2s_v2", node_count = 1, zones = ["4"] }
  }

  expect_failures = [var.system_pool]
}

run "two_pools_of_one_name_are_refused" {
  command = plan

  variables {
    node_pools = { system = { vm_size = "Standard_B2s_v2", node_count = 1 } }
  }

  expect_failures = [var.node_pools]
}

run "a_pool_with_too_many_pods_is_refused" {
  command = plan

  variables {
    node_pools = { apps = { vm_size = "Standard_B2s_v2", node_count = 1, max_pods = 251 } }
  }

  expect_failures = [var.node_pools]
}

run "a_pool_of_a_size_that_is_none_is_refused" {
  command = plan

  variables {
    node_pools = { apps = { vm_size = "B2s", node_count = 1 } }
  }

  expect_failures = [var.node_pools]
}
