resource "azurerm_resource_group" "data" {
  name     = "rg-data"
  location = "eastus2"
}

resource "azurerm_virtual_network" "data" {
  name                = "vnet-data"
  location            = azurerm_resource_group.data.location
  resource_group_name = azurerm_resource_group.data.name
  address_space       = ["10.81.0.0/16"]
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.data.name
  virtual_network_name = azurerm_virtual_network.data.name
  address_prefixes     = ["10.81.0.0/27"]
}

resource "azurerm_subnet" "data" {
  name                 = "snet-data"
  resource_group_name  = azurerm_resource_group.data.name
  virtual_network_name = azurerm_virtual_network.data.name
  address_prefixes     = ["10.81.1.0/24"]
}

resource "azurerm_public_ip" "gateway" {
  name                = "pip-gateway"
  location            = azurerm_resource_group.data.location
  resource_group_name = azurerm_resource_group.data.name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "data" {
  name                = "gw-data"
  location            = azurerm_resource_group.data.location
  resource_group_name = azurerm_resource_group.data.name
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"

  ip_configuration {
    name                          = "gateway"
    public_ip_address_id          = azurerm_public_ip.gateway.id
    private_ip_address_allocation = "Dynamic"
    subnet_id                     = azurerm_subnet.gateway.id
  }
}

locals {
  aws_tunnels = {
    first  = { address = aws_vpn_connection.azure.tunnel1_address, key = aws_vpn_connection.azure.tunnel1_preshared_key }
    second = { address = aws_vpn_connection.azure.tunnel2_address, key = aws_vpn_connection.azure.tunnel2_preshared_key }
  }
}

resource "azurerm_local_network_gateway" "aws" {
  for_each = toset(["first", "second"])

  name                = "lgw-aws-${each.key}"
  location            = azurerm_resource_group.data.location
  resource_group_name = azurerm_resource_group.data.name
  gateway_address     = local.aws_tunnels[each.key].address
  address_space       = [aws_vpc.hub.cidr_block]
}

resource "azurerm_virtual_network_gateway_connection" "aws" {
  for_each = azurerm_local_network_gateway.aws

  name                       = "cn-aws-${each.key}"
  location                   = azurerm_resource_group.data.location
  resource_group_name        = azurerm_resource_group.data.name
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.data.id
  local_network_gateway_id   = each.value.id
  shared_key                 = local.aws_tunnels[each.key].key
}
