terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    azurerm = { source = "hashicorp/azurerm" }
  }
}

provider "aws" {
  region = "eu-central-1"
}

provider "azurerm" {
  features {}
  subscription_id = "7a7a7a7a-1111-4222-8333-444444444444"
}

locals {
  sites = {
    berlin = {
      address = azurerm_public_ip.front_door.ip_address
      asn     = azurerm_virtual_network_gateway.edge.bgp_settings[0].asn
      static  = false
    }
    office = { address = "198.51.100.77", asn = 65300, static = true }
  }
  peers = {
    berlin = {
      address = aws_vpn_connection.to["berlin"].tunnel1_address
      key     = aws_vpn_connection.to["berlin"].tunnel1_preshared_key
      asn     = aws_vpn_gateway.exit.amazon_side_asn
      peer    = aws_vpn_connection.to["berlin"].tunnel1_vgw_inside_address
      space   = []
    }
    office = { address = "198.51.100.77", key = "OfficeKey_0123456789", asn = null, peer = null, space = ["192.168.40.0/24"] }
  }
}

resource "aws_vpc" "shop" {
  cidr_block = "10.40.0.0/16"
}

resource "aws_subnet" "till" {
  count = 2

  vpc_id     = aws_vpc.shop.id
  cidr_block = cidrsubnet(aws_vpc.shop.cidr_block, 8, count.index)
}

resource "aws_vpn_gateway" "exit" {
  vpc_id = aws_vpc.shop.id
}

resource "aws_vpn_gateway_route_propagation" "main" {
  route_table_id = aws_vpc.shop.main_route_table_id
  vpn_gateway_id = aws_vpn_gateway.exit.id
}

resource "aws_customer_gateway" "site" {
  for_each = local.sites

  bgp_asn    = each.value.asn
  ip_address = each.value.address
  type       = "ipsec.1"
}

resource "aws_vpn_connection" "to" {
  for_each = local.sites

  vpn_gateway_id      = aws_vpn_gateway.exit.id
  customer_gateway_id = aws_customer_gateway.site[each.key].id
  type                = "ipsec.1"
  static_routes_only  = each.value.static
  tunnel1_inside_cidr = each.value.static ? null : "169.254.21.0/30"
}

resource "aws_vpn_connection_route" "office" {
  vpn_connection_id      = aws_vpn_connection.to["office"].id
  destination_cidr_block = "192.168.40.0/24"
}

resource "azurerm_resource_group" "shop" {
  name     = "shop"
  location = "germanywestcentral"
}

resource "azurerm_virtual_network" "shop" {
  name                = "shop"
  location            = azurerm_resource_group.shop.location
  resource_group_name = azurerm_resource_group.shop.name
  address_space       = ["10.50.0.0/16"]
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.shop.name
  virtual_network_name = azurerm_virtual_network.shop.name
  address_prefixes     = ["10.50.255.0/27"]
}

resource "azurerm_subnet" "stock" {
  name                 = "stock"
  resource_group_name  = azurerm_resource_group.shop.name
  virtual_network_name = azurerm_virtual_network.shop.name
  address_prefixes     = ["10.50.1.0/24"]
}

resource "azurerm_public_ip" "front_door" {
  name                = "front-door"
  location            = azurerm_resource_group.shop.location
  resource_group_name = azurerm_resource_group.shop.name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "edge" {
  name                = "edge"
  location            = azurerm_resource_group.shop.location
  resource_group_name = azurerm_resource_group.shop.name
  type                = "Vpn"
  sku                 = "VpnGw1AZ"
  bgp_enabled         = true

  ip_configuration {
    name                          = "only"
    public_ip_address_id          = azurerm_public_ip.front_door.id
    private_ip_address_allocation = "Dynamic"
    subnet_id                     = azurerm_subnet.gateway.id
  }

  bgp_settings {
    asn = 65200

    peering_addresses {
      ip_configuration_name = "only"
      apipa_addresses       = ["169.254.21.2"]
    }
  }
}

resource "azurerm_local_network_gateway" "site" {
  for_each = local.peers

  name                = each.key
  location            = azurerm_resource_group.shop.location
  resource_group_name = azurerm_resource_group.shop.name
  gateway_address     = each.value.address
  address_space       = each.value.space

  dynamic "bgp_settings" {
    for_each = each.value.asn == null ? [] : [each.value]

    content {
      asn                 = bgp_settings.value.asn
      bgp_peering_address = bgp_settings.value.peer
    }
  }
}

resource "azurerm_virtual_network_gateway_connection" "site" {
  for_each = local.peers

  name                       = "to-${each.key}"
  location                   = azurerm_resource_group.shop.location
  resource_group_name        = azurerm_resource_group.shop.name
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.edge.id
  local_network_gateway_id   = azurerm_local_network_gateway.site[each.key].id
  bgp_enabled                = each.key == "berlin"
  shared_key                 = each.value.key
}
