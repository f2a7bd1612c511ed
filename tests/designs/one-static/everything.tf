terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    azurerm = { source = "hashicorp/azurerm" }
  }

  backend "gcs" {
    bucket = "somebodys-state"
    prefix = "vpn"
  }
}

provider "aws" {
  region  = "eu-central-1"
  profile = "production"
}

provider "azurerm" {
  features {}
  subscription_id = "7a7a7a7a-1111-4222-8333-444444444444"
}

variable "office" {
  type = string
}

resource "aws_vpc" "v" {
  cidr_block = "10.20.0.0/16"
}

resource "aws_subnet" "s" {
  vpc_id     = aws_vpc.v.id
  cidr_block = "10.20.1.0/24"
}

resource "aws_default_security_group" "open" {
  vpc_id = aws_vpc.v.id

  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [var.office]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpn_gateway" "g" {
  vpc_id = aws_vpc.v.id
}

resource "aws_customer_gateway" "c" {
  bgp_asn    = 65000
  ip_address = azurerm_public_ip.p.ip_address
  type       = "ipsec.1"
}

resource "aws_vpn_connection" "n" {
  vpn_gateway_id      = aws_vpn_gateway.g.id
  customer_gateway_id = aws_customer_gateway.c.id
  type                = "ipsec.1"
  static_routes_only  = true
}

resource "aws_vpn_connection_route" "r" {
  vpn_connection_id      = aws_vpn_connection.n.id
  destination_cidr_block = var.office
}

resource "aws_route" "r" {
  route_table_id         = aws_vpc.v.main_route_table_id
  destination_cidr_block = var.office
  gateway_id             = aws_vpn_gateway.g.id
}

resource "azurerm_resource_group" "g" {
  name     = "one-static"
  location = "Germany West Central"
}

resource "azurerm_virtual_network" "v" {
  name                = "v"
  location            = azurerm_resource_group.g.location
  resource_group_name = azurerm_resource_group.g.name
  address_space       = [var.office]
}

resource "azurerm_subnet" "gw" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.g.name
  virtual_network_name = azurerm_virtual_network.v.name
  address_prefixes     = [cidrsubnet(var.office, 8, 255)]
}

resource "azurerm_subnet" "s" {
  name                 = "s"
  resource_group_name  = azurerm_resource_group.g.name
  virtual_network_name = azurerm_virtual_network.v.name
  address_prefixes     = [cidrsubnet(var.office, 8, 1)]
}

resource "azurerm_public_ip" "p" {
  name                = "p"
  location            = azurerm_resource_group.g.location
  resource_group_name = azurerm_resource_group.g.name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "g" {
  name                = "g"
  location            = azurerm_resource_group.g.location
  resource_group_name = azurerm_resource_group.g.name
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"

  ip_configuration {
    name                          = "only"
    public_ip_address_id          = azurerm_public_ip.p.id
    private_ip_address_allocation = "Dynamic"
    subnet_id                     = azurerm_subnet.gw.id
  }
}

resource "azurerm_local_network_gateway" "l" {
  name                = "l"
  location            = azurerm_resource_group.g.location
  resource_group_name = azurerm_resource_group.g.name
  gateway_address     = aws_vpn_connection.n.tunnel1_address
  address_space       = [aws_vpc.v.cidr_block]
}

resource "azurerm_virtual_network_gateway_connection" "c" {
  name                       = "c"
  location                   = azurerm_resource_group.g.location
  resource_group_name        = azurerm_resource_group.g.name
  virtual_network_gateway_id = azurerm_virtual_network_gateway.g.id
  local_network_gateway_id   = azurerm_local_network_gateway.l.id
  type                       = "IPsec"
  shared_key                 = aws_vpn_connection.n.tunnel1_preshared_key
}
