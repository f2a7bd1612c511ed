mock_provider "azurerm" {}

variables {
  name                    = "test"
  resource_group_name     = "test-rg"
  location                = "westus2"
  address_space           = ["10.1.0.0/16"]
  gateway_subnet_prefix   = "10.1.1.0/24"
  remote_address_prefixes = ["10.2.0.0/16"]
  subnets = {
    app  = { address_prefix = "10.1.0.0/24", gateway_route = true }
    data = { address_prefix = "10.1.2.0/24" }
  }
}

run "one_subnet_has_the_visible_route_and_the_other_relies_on_propagation" {
  command = plan

  assert {
    condition     = keys(azurerm_subnet_route_table_association.remote) == ["app"]
    error_message = "The route table is not on app alone."
  }
  assert {
    condition     = azurerm_route.remote["10.2.0.0/16"].next_hop_type == "VirtualNetworkGateway" && azurerm_route_table.remote.bgp_route_propagation_enabled
    error_message = "The route does not lead to the gateway, or the table stops propagation."
  }
}

run "the_nsg_admits_exactly_the_remote_side_and_the_own_network" {
  command = plan

  assert {
    condition     = azurerm_network_security_rule.from_remote.source_address_prefixes == toset(["10.2.0.0/16"])
    error_message = "The remote side is not exactly 10.2.0.0/16."
  }
  assert {
    condition     = azurerm_network_security_rule.deny_others.access == "Deny" && azurerm_network_security_rule.deny_others.priority > azurerm_network_security_rule.from_remote.priority
    error_message = "What is not named must be denied, after what is."
  }
  assert {
    condition     = keys(azurerm_subnet_network_security_group_association.workload) == ["app", "data"]
    error_message = "The NSG must be on every workload subnet, and never on GatewaySubnet."
  }
}

run "an_empty_address_space_is_refused" {
  command = plan

  variables {
    address_space = []
  }

  expect_failures = [var.address_space]
}

run "overlapping_networks_are_refused" {
  command = plan

  variables {
    remote_address_prefixes = ["10.1.128.0/17"]
  }

  expect_failures = [var.address_space]
}

run "the_whole_internet_is_no_remote_side" {
  command = plan

  variables {
    remote_address_prefixes = ["128.0.0.0/1"]
  }

  expect_failures = [var.remote_address_prefixes]
}

run "a_28_is_too_small_for_the_gateway" {
  command = plan

  variables {
    gateway_subnet_prefix = "10.1.1.0/28"
  }

  expect_failures = [var.gateway_subnet_prefix]
}

run "a_gateway_subnet_elsewhere_is_refused" {
  command = plan

  variables {
    gateway_subnet_prefix = "10.9.1.0/24"
  }

  expect_failures = [var.gateway_subnet_prefix]
}

run "a_display_name_is_no_location" {
  command = plan

  variables {
    location = "East US"
  }

  expect_failures = [var.location]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Test VNet"
  }

  expect_failures = [var.name]
}

run "a_workload_subnet_called_gatewaysubnet_is_refused" {
  command = plan

  variables {
    subnets = { GatewaySubnet = { address_prefix = "10.1.3.0/24" } }
  }

  expect_failures = [var.subnets]
}

run "a_subnet_outside_the_address_space_is_refused" {
  command = plan

  variables {
    subnets = { app = { address_prefix = "10.7.0.0/24" } }
  }

  expect_failures = [var.subnets]
}

run "overlapping_subnets_are_refused" {
  command = plan

  variables {
    subnets = { app = { address_prefix = "10.1.1.128/25" } }
  }

  expect_failures = [var.subnets]
}

run "a_subnet_is_delegated_to_one_service" {
  command = plan

  variables {
    subnets = {
      app  = { address_prefix = "10.1.0.0/24" }
      pods = { address_prefix = "10.1.8.0/22", gateway_route = true, delegated_to = "Microsoft.ContainerService/managedClusters" }
    }
  }

  assert {
    condition     = azurerm_subnet.workload["pods"].delegation[0].service_delegation[0].name == "Microsoft.ContainerService/managedClusters" && length(azurerm_subnet.workload["app"].delegation) == 0
    error_message = "The pods' subnet, and no other, must be delegated to AKS."
  }
  assert {
    condition     = keys(azurerm_subnet_route_table_association.remote) == ["pods"]
    error_message = "A delegated subnet must have its route table too."
  }
}

run "a_delegation_to_nothing_is_refused" {
  command = plan

  variables {
    subnets = { pods = { address_prefix = "10.1.8.0/22", delegated_to = "kubernetes" } }
  }

  expect_failures = [var.subnets]
}
