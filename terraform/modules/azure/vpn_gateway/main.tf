# Static, so the addresses are known at once and not only when the gateway stands.
resource "azurerm_public_ip" "this" {
  for_each = var.instances

  name                = "${var.name}-vpn-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = var.gateway.zones
  tags                = var.tags
}

resource "azurerm_virtual_network_gateway" "this" {
  name                = "${var.name}-vpn"
  resource_group_name = var.resource_group_name
  location            = var.location
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = var.gateway.sku
  generation          = var.gateway.generation
  active_active       = true
  bgp_enabled         = true
  tags                = var.tags

  dynamic "ip_configuration" {
    for_each = var.instances

    content {
      name                          = ip_configuration.key
      public_ip_address_id          = azurerm_public_ip.this[ip_configuration.key].id
      private_ip_address_allocation = "Dynamic"
      subnet_id                     = var.gateway_subnet_id
    }
  }

  bgp_settings {
    asn = var.gateway.asn

    dynamic "peering_addresses" {
      for_each = var.instances

      content {
        ip_configuration_name = peering_addresses.key
        apipa_addresses       = peering_addresses.value.apipa_addresses
      }
    }
  }
}

# No address space: what is behind the remote gateway comes by BGP, and any range here would be a static route beside it.
resource "azurerm_local_network_gateway" "this" {
  for_each = var.connections

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  gateway_address     = each.value.remote_gateway_address
  tags                = var.tags

  bgp_settings {
    asn                 = each.value.remote_asn
    bgp_peering_address = each.value.remote_bgp_peering_address
  }
}

resource "azurerm_virtual_network_gateway_connection" "this" {
  for_each = var.connections

  name                       = "${var.name}-${each.key}"
  resource_group_name        = var.resource_group_name
  location                   = var.location
  type                       = "IPsec"
  connection_protocol        = "IKEv2"
  connection_mode            = var.connection_mode
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = azurerm_local_network_gateway.this[each.key].id
  bgp_enabled                = true
  dpd_timeout_seconds        = var.dpd_timeout_seconds
  shared_key                 = var.pre_shared_keys[each.key]
  tags                       = var.tags

  # One address per instance: `primary` is instance 0's, `secondary` instance 1's. The instance that the tunnel ends at
  # gets the tunnel's; the other gets one that no peer of this connection will ever call. Left out, the gateway would
  # use its first address for every connection, and only one BGP session would come up.
  custom_bgp_addresses {
    primary   = each.value.instance == "instance0" ? each.value.bgp_address : var.instances["instance0"].apipa_addresses[0]
    secondary = each.value.instance == "instance1" ? each.value.bgp_address : var.instances["instance1"].apipa_addresses[0]
  }

  ipsec_policy {
    ike_encryption   = var.ipsec_policy.ike_encryption
    ike_integrity    = var.ipsec_policy.ike_integrity
    dh_group         = var.ipsec_policy.dh_group
    ipsec_encryption = var.ipsec_policy.ipsec_encryption
    ipsec_integrity  = var.ipsec_policy.ipsec_integrity
    pfs_group        = var.ipsec_policy.pfs_group
    sa_lifetime      = var.ipsec_policy.sa_lifetime
    sa_datasize      = var.ipsec_policy.sa_datasize
  }
}
