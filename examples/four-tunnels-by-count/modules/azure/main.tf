locals {
  resource_group_name = try(azurerm_resource_group.this[0].name, var.resource_group_name)
  number_of_tunnels   = var.create_connections ? var.number_of_tunnels : 0
}

resource "azurerm_resource_group" "this" {
  count = var.create_resource_group ? 1 : 0

  name     = coalesce(var.resource_group_name, "${var.name}-network")
  location = var.location
  tags     = var.tags
}

resource "azurerm_virtual_network" "this" {
  name                = "${var.name}-vnet"
  location            = var.location
  resource_group_name = local.resource_group_name
  address_space       = var.address_space
  tags                = var.tags
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = local.resource_group_name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [cidrsubnet(var.address_space[0], 11, 2047)]
}

resource "azurerm_subnet" "this" {
  count = var.number_of_subnets

  name                 = "${var.name}-subnet-${count.index}"
  resource_group_name  = local.resource_group_name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [cidrsubnet(var.address_space[0], 8, count.index)]
}

resource "azurerm_network_security_group" "this" {
  name                = "${var.name}-nsg"
  location            = var.location
  resource_group_name = local.resource_group_name
  tags                = var.tags
}

resource "azurerm_network_security_rule" "remote" {
  name                        = "AllowRemoteInbound"
  resource_group_name         = local.resource_group_name
  network_security_group_name = azurerm_network_security_group.this.name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  source_address_prefixes     = var.remote_cidrs
  destination_port_range      = "*"
  destination_address_prefix  = "*"
}

resource "azurerm_subnet_network_security_group_association" "this" {
  count = var.number_of_subnets

  subnet_id                 = azurerm_subnet.this[count.index].id
  network_security_group_id = azurerm_network_security_group.this.id
}

resource "azurerm_public_ip" "gateway" {
  count = 2

  name                = "${var.name}-gateway-${count.index}"
  location            = var.location
  resource_group_name = local.resource_group_name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
  tags                = var.tags
}

resource "azurerm_virtual_network_gateway" "this" {
  name                = "${var.name}-gateway"
  location            = var.location
  resource_group_name = local.resource_group_name
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"
  active_active       = true
  bgp_enabled         = true
  tags                = var.tags

  dynamic "ip_configuration" {
    for_each = azurerm_public_ip.gateway[*].id

    content {
      name                          = "instance${ip_configuration.key}"
      public_ip_address_id          = ip_configuration.value
      private_ip_address_allocation = "Dynamic"
      subnet_id                     = azurerm_subnet.gateway.id
    }
  }

  # Azure has the second host of each /30: those of tunnels 0 and 1 at instance 0, of 2 and 3 at instance 1.
  bgp_settings {
    asn = var.asn

    dynamic "peering_addresses" {
      for_each = chunklist(var.tunnel_inside_cidrs, 2)

      content {
        ip_configuration_name = "instance${peering_addresses.key}"
        apipa_addresses       = [for cidr in peering_addresses.value : cidrhost(cidr, 2)]
      }
    }
  }
}

resource "azurerm_local_network_gateway" "this" {
  count = local.number_of_tunnels

  name                = "${var.name}-aws-${count.index}"
  location            = var.location
  resource_group_name = local.resource_group_name
  gateway_address     = element(var.tunnel_addresses, count.index)
  tags                = var.tags

  bgp_settings {
    asn                 = var.remote_asn
    bgp_peering_address = cidrhost(element(var.tunnel_inside_cidrs, count.index), 1)
  }
}

resource "azurerm_virtual_network_gateway_connection" "this" {
  count = local.number_of_tunnels

  name                       = "${var.name}-aws-${count.index}"
  location                   = var.location
  resource_group_name        = local.resource_group_name
  type                       = "IPsec"
  bgp_enabled                = true
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = element(azurerm_local_network_gateway.this[*].id, count.index)
  shared_key                 = element(var.tunnel_keys, count.index)
  tags                       = var.tags

  # Which address of each instance speaks to this tunnel; the other instance has no session with it.
  custom_bgp_addresses {
    primary   = cidrhost(var.tunnel_inside_cidrs[count.index < 2 ? count.index : 0], 2)
    secondary = cidrhost(var.tunnel_inside_cidrs[count.index < 2 ? 2 : count.index], 2)
  }
}
