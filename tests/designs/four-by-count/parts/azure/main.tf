terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}

# A module with a provider of its own, as old ones have.
provider "azurerm" {
  features {}

  subscription_id = "7a7a7a7a-1111-4222-8333-444444444444"
  client_id       = "7a7a7a7a-5555-4222-8333-444444444444"
  client_secret   = "somebody's"
  tenant_id       = "7a7a7a7a-6666-4222-8333-444444444444"
}

variable "inside" {
  type = list(string)
}

variable "aws" {
  type = list(object({ address = string, key = string, peer = string }))
}

locals {
  group    = azurerm_resource_group.this.name
  location = azurerm_resource_group.this.location
}

resource "azurerm_resource_group" "this" {
  name     = "four"
  location = "eastus"
}

resource "azurerm_virtual_network" "this" {
  name                = "four"
  resource_group_name = local.group
  location            = local.location
  address_space       = split(",", trimspace(file("${path.module}/../space.txt")))
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = local.group
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["172.21.255.0/27"]
}

resource "azurerm_subnet" "apps" {
  name                 = "apps"
  resource_group_name  = local.group
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["172.21.0.0/24"]
}

resource "azurerm_public_ip" "this" {
  count = 2

  name                = "four-${count.index}"
  resource_group_name = local.group
  location            = local.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "this" {
  name                = "four"
  resource_group_name = local.group
  location            = local.location
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw2AZ"
  active_active       = true
  bgp_enabled         = true

  dynamic "ip_configuration" {
    for_each = azurerm_public_ip.this

    content {
      name                          = "ip${ip_configuration.key}"
      public_ip_address_id          = ip_configuration.value.id
      private_ip_address_allocation = "Dynamic"
      subnet_id                     = azurerm_subnet.gateway.id
    }
  }

  bgp_settings {
    asn = 65010

    dynamic "peering_addresses" {
      for_each = azurerm_public_ip.this

      content {
        ip_configuration_name = "ip${peering_addresses.key}"
        apipa_addresses = [
          cidrhost(var.inside[peering_addresses.key * 2], 2),
          cidrhost(var.inside[peering_addresses.key * 2 + 1], 2),
        ]
      }
    }
  }
}

resource "azurerm_local_network_gateway" "aws" {
  count = 4

  name                = "aws-${count.index}"
  resource_group_name = local.group
  location            = local.location
  gateway_address     = var.aws[count.index].address

  bgp_settings {
    asn                 = 64512
    bgp_peering_address = var.aws[count.index].peer
  }
}

resource "azurerm_virtual_network_gateway_connection" "aws" {
  count = 4

  name                       = "aws-${count.index}"
  resource_group_name        = local.group
  location                   = local.location
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = azurerm_local_network_gateway.aws[count.index].id
  bgp_enabled                = true
  shared_key                 = var.aws[count.index].key

  custom_bgp_addresses {
    primary   = count.index < 2 ? cidrhost(var.inside[count.index], 2) : cidrhost(var.inside[0], 2)
    secondary = count.index < 2 ? cidrhost(var.inside[2], 2) : cidrhost(var.inside[count.index], 2)
  }
}

output "addresses" {
  value = azurerm_public_ip.this[*].ip_address
}

output "address_space" {
  value = azurerm_virtual_network.this.address_space
}
