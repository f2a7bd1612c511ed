# AWS's end. Static routing: the range of the VNet is written here, and the gateway propagates it into the route table.

resource "aws_vpn_gateway" "office" {
  vpc_id = aws_vpc.office.id

  tags = { Name = "office" }
}

resource "aws_vpn_gateway_route_propagation" "servers" {
  vpn_gateway_id = aws_vpn_gateway.office.id
  route_table_id = aws_route_table.servers.id
}

resource "aws_customer_gateway" "branch" {
  bgp_asn    = 65000 # required by the API, not used without BGP
  ip_address = azurerm_public_ip.gateway.ip_address
  type       = "ipsec.1"

  tags = { Name = "branch" }
}

resource "aws_vpn_connection" "branch" {
  vpn_gateway_id      = aws_vpn_gateway.office.id
  customer_gateway_id = aws_customer_gateway.branch.id
  type                = "ipsec.1"
  static_routes_only  = true

  tags = { Name = "branch" }
}

resource "aws_vpn_connection_route" "branch" {
  vpn_connection_id      = aws_vpn_connection.branch.id
  destination_cidr_block = "10.61.0.0/16"
}

# Azure's end: one gateway, and a local network gateway for each of the connection's two tunnels.

resource "azurerm_public_ip" "gateway" {
  name                = "pip-gateway"
  location            = azurerm_resource_group.branch.location
  resource_group_name = azurerm_resource_group.branch.name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "branch" {
  name                = "vgw-branch"
  location            = azurerm_resource_group.branch.location
  resource_group_name = azurerm_resource_group.branch.name
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"

  ip_configuration {
    name                          = "default"
    public_ip_address_id          = azurerm_public_ip.gateway.id
    private_ip_address_allocation = "Dynamic"
    subnet_id                     = azurerm_subnet.gateway.id
  }
}

resource "azurerm_local_network_gateway" "tunnel1" {
  name                = "lgw-office-tunnel1"
  location            = azurerm_resource_group.branch.location
  resource_group_name = azurerm_resource_group.branch.name
  gateway_address     = aws_vpn_connection.branch.tunnel1_address
  address_space       = [aws_vpc.office.cidr_block]
}

resource "azurerm_local_network_gateway" "tunnel2" {
  name                = "lgw-office-tunnel2"
  location            = azurerm_resource_group.branch.location
  resource_group_name = azurerm_resource_group.branch.name
  gateway_address     = aws_vpn_connection.branch.tunnel2_address
  address_space       = [aws_vpc.office.cidr_block]
}

resource "azurerm_virtual_network_gateway_connection" "tunnel1" {
  name                       = "cn-office-tunnel1"
  location                   = azurerm_resource_group.branch.location
  resource_group_name        = azurerm_resource_group.branch.name
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.branch.id
  local_network_gateway_id   = azurerm_local_network_gateway.tunnel1.id
  shared_key                 = aws_vpn_connection.branch.tunnel1_preshared_key
}

resource "azurerm_virtual_network_gateway_connection" "tunnel2" {
  name                       = "cn-office-tunnel2"
  location                   = azurerm_resource_group.branch.location
  resource_group_name        = azurerm_resource_group.branch.name
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.branch.id
  local_network_gateway_id   = azurerm_local_network_gateway.tunnel2.id
  shared_key                 = aws_vpn_connection.branch.tunnel2_preshared_key
}
