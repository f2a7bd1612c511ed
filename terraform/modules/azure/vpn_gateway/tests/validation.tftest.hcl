mock_provider "azurerm" {
  mock_resource "azurerm_public_ip" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/publicIPAddresses/test"
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
  name                = "test"
  resource_group_name = "test-rg"
  location            = "westus2"
  gateway_subnet_id   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworks/test/subnets/GatewaySubnet"
  gateway             = { sku = "VpnGw1AZ", generation = "Generation1", asn = 65000 }
  instances = {
    instance0 = { apipa_addresses = ["169.254.21.2", "169.254.22.2"] }
    instance1 = { apipa_addresses = ["169.254.21.6", "169.254.22.6"] }
  }
  connections = {
    tunnel1 = { instance = "instance0", bgp_address = "169.254.21.2", remote_gateway_address = "203.0.113.1", remote_bgp_peering_address = "169.254.21.1", remote_asn = 64512 }
    tunnel2 = { instance = "instance0", bgp_address = "169.254.22.2", remote_gateway_address = "203.0.113.2", remote_bgp_peering_address = "169.254.22.1", remote_asn = 64512 }
    tunnel3 = { instance = "instance1", bgp_address = "169.254.21.6", remote_gateway_address = "203.0.113.3", remote_bgp_peering_address = "169.254.21.5", remote_asn = 64512 }
    tunnel4 = { instance = "instance1", bgp_address = "169.254.22.6", remote_gateway_address = "203.0.113.4", remote_bgp_peering_address = "169.254.22.5", remote_asn = 64512 }
  }
  pre_shared_keys = {
    tunnel1 = "key_of_tunnel_1"
    tunnel2 = "key_of_tunnel_2"
    tunnel3 = "key_of_tunnel_3"
    tunnel4 = "key_of_tunnel_4"
  }
  ipsec_policy = {
    ike_encryption   = "GCMAES256"
    ike_integrity    = "SHA384"
    dh_group         = "ECP384"
    ipsec_encryption = "GCMAES256"
    ipsec_integrity  = "GCMAES256"
    pfs_group        = "ECP384"
  }
}

run "it_is_active_active_with_all_bgp_addresses" {
  command = apply

  assert {
    condition     = azurerm_virtual_network_gateway.this.active_active && azurerm_virtual_network_gateway.this.bgp_enabled
    error_message = "The gateway is not active-active with BGP."
  }
  assert {
    condition = { for peering in azurerm_virtual_network_gateway.this.bgp_settings[0].peering_addresses : peering.ip_configuration_name => peering.apipa_addresses } == {
      instance0 = tolist(["169.254.21.2", "169.254.22.2"])
      instance1 = tolist(["169.254.21.6", "169.254.22.6"])
    }
    error_message = "The BGP addresses are not at their instances."
  }
  assert {
    condition     = alltrue([for address in azurerm_public_ip.this : address.allocation_method == "Static" && address.sku == "Standard" && length(address.zones) == 3])
    error_message = "A public address is not static, standard and in three zones."
  }
}

run "each_connection_has_its_own_address_at_its_instance" {
  command = apply

  assert {
    condition = { for key, connection in azurerm_virtual_network_gateway_connection.this : key => [connection.custom_bgp_addresses[0].primary, connection.custom_bgp_addresses[0].secondary] } == {
      tunnel1 = ["169.254.21.2", "169.254.21.6"]
      tunnel2 = ["169.254.22.2", "169.254.21.6"]
      tunnel3 = ["169.254.21.2", "169.254.21.6"]
      tunnel4 = ["169.254.21.2", "169.254.22.6"]
    }
    error_message = "Custom BGP addresses are not those of Microsoft's layout."
  }
  assert {
    condition     = alltrue([for key, connection in azurerm_virtual_network_gateway_connection.this : nonsensitive(connection.shared_key == "key_of_${replace(key, "tunnel", "tunnel_")}")])
    error_message = "A connection has another's key."
  }
  assert {
    condition     = alltrue([for gateway in azurerm_local_network_gateway.this : gateway.address_space == null])
    error_message = "A local network gateway has a static range beside BGP."
  }
}

run "an_unknown_mode_is_refused" {
  command = plan

  variables {
    connection_mode = "Both"
  }

  expect_failures = [var.connection_mode]
}

run "an_unknown_instance_is_refused" {
  command = plan

  variables {
    connections = { tunnel1 = { instance = "instance2", bgp_address = "169.254.21.2", remote_gateway_address = "203.0.113.1", remote_bgp_peering_address = "169.254.21.1", remote_asn = 64512 }, tunnel3 = { instance = "instance1", bgp_address = "169.254.21.6", remote_gateway_address = "203.0.113.3", remote_bgp_peering_address = "169.254.21.5", remote_asn = 64512 } }
  }

  expect_failures = [var.connections]
}

run "an_address_that_the_instance_lacks_is_refused" {
  command = plan

  variables {
    connections = { tunnel1 = { instance = "instance0", bgp_address = "169.254.21.6", remote_gateway_address = "203.0.113.1", remote_bgp_peering_address = "169.254.21.1", remote_asn = 64512 }, tunnel3 = { instance = "instance1", bgp_address = "169.254.21.6", remote_gateway_address = "203.0.113.3", remote_bgp_peering_address = "169.254.21.5", remote_asn = 64512 } }
  }

  expect_failures = [var.connections]
}

run "all_connections_at_one_instance_are_refused" {
  command = plan

  variables {
    connections = { tunnel1 = { instance = "instance0", bgp_address = "169.254.21.2", remote_gateway_address = "203.0.113.1", remote_bgp_peering_address = "169.254.21.1", remote_asn = 64512 } }
  }

  expect_failures = [var.connections]
}

run "the_own_asn_is_refused_for_the_peer" {
  command = plan

  variables {
    connections = { tunnel1 = { instance = "instance0", bgp_address = "169.254.21.2", remote_gateway_address = "203.0.113.1", remote_bgp_peering_address = "169.254.21.1", remote_asn = 65000 }, tunnel3 = { instance = "instance1", bgp_address = "169.254.21.6", remote_gateway_address = "203.0.113.3", remote_bgp_peering_address = "169.254.21.5", remote_asn = 64512 } }
  }

  expect_failures = [var.connections]
}

run "an_asn_of_azure_is_refused_for_the_peer" {
  command = plan

  variables {
    connections = { tunnel1 = { instance = "instance0", bgp_address = "169.254.21.2", remote_gateway_address = "203.0.113.1", remote_bgp_peering_address = "169.254.21.1", remote_asn = 65515 }, tunnel3 = { instance = "instance1", bgp_address = "169.254.21.6", remote_gateway_address = "203.0.113.3", remote_bgp_peering_address = "169.254.21.5", remote_asn = 64512 } }
  }

  expect_failures = [var.connections]
}

run "dead_peer_detection_below_9_seconds_is_refused" {
  command = plan

  variables {
    dpd_timeout_seconds = 5
  }

  expect_failures = [var.dpd_timeout_seconds]
}

run "a_retired_sku_is_refused" {
  command = plan

  variables {
    gateway = { sku = "VpnGw1", generation = "Generation1", asn = 65000 }
  }

  expect_failures = [var.gateway]
}

run "basic_is_refused" {
  command = plan

  variables {
    gateway = { sku = "Basic", generation = "Generation1", asn = 65000 }
  }

  expect_failures = [var.gateway]
}

run "a_generation_that_the_sku_lacks_is_refused" {
  command = plan

  variables {
    gateway = { sku = "VpnGw1AZ", generation = "Generation2", asn = 65000 }
  }

  expect_failures = [var.gateway]
}

run "an_asn_of_azure_is_refused" {
  command = plan

  variables {
    gateway = { sku = "VpnGw1AZ", generation = "Generation1", asn = 65520 }
  }

  expect_failures = [var.gateway]
}

run "an_asn_of_aws_is_refused" {
  command = plan

  variables {
    gateway = { sku = "VpnGw1AZ", generation = "Generation1", asn = 7224 }
  }

  expect_failures = [var.gateway]
}

run "one_zone_is_refused" {
  command = plan

  variables {
    gateway = { sku = "VpnGw1AZ", generation = "Generation1", asn = 65000, zones = ["1"] }
  }

  expect_failures = [var.gateway]
}

run "one_instance_is_refused" {
  command = plan

  variables {
    instances = { instance0 = { apipa_addresses = ["169.254.21.2", "169.254.22.2"] } }
  }

  expect_failures = [var.instances]
}

run "an_address_outside_azures_range_is_refused" {
  command = plan

  variables {
    instances = { instance0 = { apipa_addresses = ["169.254.20.2", "169.254.22.2"] }, instance1 = { apipa_addresses = ["169.254.21.6", "169.254.22.6"] } }
  }

  expect_failures = [var.instances]
}

run "an_address_twice_is_refused" {
  command = plan

  variables {
    instances = { instance0 = { apipa_addresses = ["169.254.22.2", "169.254.22.2"] }, instance1 = { apipa_addresses = ["169.254.21.6", "169.254.22.6"] } }
  }

  expect_failures = [var.instances]
}

run "gcm_with_another_integrity_is_refused" {
  command = plan

  variables {
    ipsec_policy = { ike_encryption = "GCMAES256", ike_integrity = "SHA384", dh_group = "ECP384", ipsec_encryption = "GCMAES256", ipsec_integrity = "SHA256", pfs_group = "ECP384", sa_lifetime = 3600 }
  }

  expect_failures = [var.ipsec_policy]
}

run "no_forward_secrecy_is_refused" {
  command = plan

  variables {
    ipsec_policy = { ike_encryption = "GCMAES256", ike_integrity = "SHA384", dh_group = "ECP384", ipsec_encryption = "GCMAES256", ipsec_integrity = "GCMAES256", pfs_group = "None", sa_lifetime = 3600 }
  }

  expect_failures = [var.ipsec_policy]
}

run "a_lifetime_below_300_seconds_is_refused" {
  command = plan

  variables {
    ipsec_policy = { ike_encryption = "GCMAES256", ike_integrity = "SHA384", dh_group = "ECP384", ipsec_encryption = "GCMAES256", ipsec_integrity = "GCMAES256", pfs_group = "ECP384", sa_lifetime = 60 }
  }

  expect_failures = [var.ipsec_policy]
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
    name = "Test Gateway"
  }

  expect_failures = [var.name]
}

run "a_key_with_a_character_that_aws_refuses_is_refused" {
  command = plan

  variables {
    pre_shared_keys = { tunnel1 = "with-hyphens-in-it", tunnel2 = "key_of_tunnel_2", tunnel3 = "key_of_tunnel_3", tunnel4 = "key_of_tunnel_4" }
  }

  expect_failures = [var.pre_shared_keys]
}

run "one_key_for_two_tunnels_is_refused" {
  command = plan

  variables {
    pre_shared_keys = { tunnel1 = "key_of_tunnel_2", tunnel2 = "key_of_tunnel_2", tunnel3 = "key_of_tunnel_3", tunnel4 = "key_of_tunnel_4" }
  }

  expect_failures = [var.pre_shared_keys]
}
