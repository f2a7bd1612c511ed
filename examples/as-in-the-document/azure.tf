resource "azurerm_resource_group" "main" {
  name     = var.azure_resource_group_name
  location = var.azure_location
}

resource "azurerm_virtual_network" "main" {
  name                = "dev-vnet"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  address_space       = [var.azure_address_space]
}

resource "azurerm_subnet" "gateway_subnet" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = [cidrsubnet(var.azure_address_space, 8, 1)]
}

resource "azurerm_subnet" "workload" {
  name                 = "workload"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = [cidrsubnet(var.azure_address_space, 8, 0)]
}

# Two, since the document wants redundancy: one address is one instance, whose maintenance is an outage.
resource "azurerm_public_ip" "main" {
  for_each = toset(["primary", "redundant"])

  name                = "aws-azure-${each.key}"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "main" {
  name                = "aws-azure-vnet-gateway"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"
  active_active       = true

  dynamic "ip_configuration" {
    for_each = azurerm_public_ip.main

    content {
      name                          = ip_configuration.key
      public_ip_address_id          = ip_configuration.value.id
      private_ip_address_allocation = "Dynamic"
      subnet_id                     = azurerm_subnet.gateway_subnet.id
    }
  }
}

locals {
  # The two tunnels of each connection to AWS.
  tunnels = merge([
    for key, connection in aws_vpn_connection.azure : {
      "${key}-1" = { address = connection.tunnel1_address, key = connection.tunnel1_preshared_key }
      "${key}-2" = { address = connection.tunnel2_address, key = connection.tunnel2_preshared_key }
    }
  ]...)
}

# In place of `remote_vpn_site_public_address`, which does not exist. Its address space is Azure's static route.
resource "azurerm_local_network_gateway" "aws" {
  for_each = toset(["primary-1", "primary-2", "redundant-1", "redundant-2"])

  name                = "aws-${each.key}"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  gateway_address     = local.tunnels[each.key].address
  address_space       = [var.aws_cidr_block]
}

resource "azurerm_virtual_network_gateway_connection" "aws" {
  for_each = azurerm_local_network_gateway.aws

  name                       = "aws-connection-${each.key}"
  location                   = azurerm_resource_group.main.location
  resource_group_name        = azurerm_resource_group.main.name
  virtual_network_gateway_id = azurerm_virtual_network_gateway.main.id
  local_network_gateway_id   = each.value.id
  type                       = "IPsec"
  shared_key                 = local.tunnels[each.key].key
}

resource "azurerm_route_table" "main" {
  name                = "to-aws"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
}

resource "azurerm_route" "to_aws" {
  name                = "route-to-aws"
  resource_group_name = azurerm_resource_group.main.name
  route_table_name    = azurerm_route_table.main.name
  address_prefix      = var.aws_cidr_block
  next_hop_type       = "VirtualNetworkGateway"
}

resource "azurerm_subnet_route_table_association" "workload" {
  subnet_id      = azurerm_subnet.workload.id
  route_table_id = azurerm_route_table.main.id
}
