resource "azurerm_virtual_network" "this" {
  name                = "${var.name}-vnet"
  resource_group_name = var.resource_group_name
  location            = var.location
  address_space       = var.address_space
  tags                = var.tags
}

# Azure knows it by this name. Neither a network security group nor a route table may be put on it.
resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = var.resource_group_name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [var.gateway_subnet_prefix]
}

resource "azurerm_subnet" "workload" {
  for_each = var.subnets

  name                 = each.key
  resource_group_name  = var.resource_group_name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [each.value.address_prefix]

  dynamic "delegation" {
    for_each = each.value.delegated_to == null ? [] : [each.value.delegated_to]

    content {
      name = "delegation"

      service_delegation {
        name    = delegation.value
        actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
      }
    }
  }
}

resource "azurerm_route_table" "remote" {
  name                          = "${var.name}-far-side"
  resource_group_name           = var.resource_group_name
  location                      = var.location
  bgp_route_propagation_enabled = true
  tags                          = var.tags
}

resource "azurerm_route" "remote" {
  for_each = var.remote_address_prefixes

  name                = "to-${replace(replace(each.value, "/", "-"), ".", "-")}"
  resource_group_name = var.resource_group_name
  route_table_name    = azurerm_route_table.remote.name
  address_prefix      = each.value
  next_hop_type       = "VirtualNetworkGateway"
}

resource "azurerm_subnet_route_table_association" "remote" {
  for_each = { for name, subnet in var.subnets : name => subnet if subnet.gateway_route }

  subnet_id      = azurerm_subnet.workload[each.key].id
  route_table_id = azurerm_route_table.remote.id
}

resource "azurerm_network_security_group" "workload" {
  name                = "${var.name}-workload"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

# Azure's own rule AllowVnetInBound admits the tag VirtualNetwork, which includes every range that the gateway learns,
# whoever sent it. These rules come before it and name what may enter.
resource "azurerm_network_security_rule" "from_remote" {
  name                         = "AllowFarSideInBound"
  resource_group_name          = var.resource_group_name
  network_security_group_name  = azurerm_network_security_group.workload.name
  priority                     = 100
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = "*"
  source_port_range            = "*"
  destination_port_range       = "*"
  source_address_prefixes      = var.remote_address_prefixes
  destination_address_prefixes = var.address_space
}

resource "azurerm_network_security_rule" "from_own_network" {
  name                         = "AllowOwnNetworkInBound"
  resource_group_name          = var.resource_group_name
  network_security_group_name  = azurerm_network_security_group.workload.name
  priority                     = 110
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = "*"
  source_port_range            = "*"
  destination_port_range       = "*"
  source_address_prefixes      = var.address_space
  destination_address_prefixes = var.address_space
}

resource "azurerm_network_security_rule" "from_load_balancer" {
  name                        = "AllowLoadBalancerProbesInBound"
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.workload.name
  priority                    = 120
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "AzureLoadBalancer"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "deny_others" {
  name                        = "DenyOthersInBound"
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.workload.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}

resource "azurerm_subnet_network_security_group_association" "workload" {
  for_each = var.subnets

  subnet_id                 = azurerm_subnet.workload[each.key].id
  network_security_group_id = azurerm_network_security_group.workload.id
}
