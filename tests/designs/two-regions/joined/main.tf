# One VPC and one VNet, joined by one tunnel: a gateway that is not active-active takes one address for it.

terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    azurerm = { source = "hashicorp/azurerm" }
  }
}

variable "vpc" {
  type = string
}

variable "vnet" {
  type = string
}

variable "zone" {
  type = string
}

variable "location" {
  type = string
}

variable "group" {
  type = string
}

resource "aws_vpc" "this" {
  cidr_block = var.vpc
}

resource "aws_subnet" "workload" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(var.vpc, 8, 1)
  availability_zone = var.zone
}

resource "aws_security_group" "workload" {
  name        = "workload"
  description = "Everything from and to Azure"
  vpc_id      = aws_vpc.this.id

  ingress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = [var.vnet]
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = [var.vnet]
  }
}

resource "aws_vpn_gateway" "this" {
  vpc_id          = aws_vpc.this.id
  amazon_side_asn = 64512
}

resource "aws_route_table" "workload" {
  vpc_id = aws_vpc.this.id
}

resource "aws_vpn_gateway_route_propagation" "workload" {
  vpn_gateway_id = aws_vpn_gateway.this.id
  route_table_id = aws_route_table.workload.id
}

resource "aws_route_table_association" "workload" {
  subnet_id      = aws_subnet.workload.id
  route_table_id = aws_route_table.workload.id
}

resource "aws_customer_gateway" "azure" {
  type       = "ipsec.1"
  bgp_asn    = 65000
  ip_address = azurerm_public_ip.gateway.ip_address
}

resource "aws_vpn_connection" "azure" {
  type                = "ipsec.1"
  customer_gateway_id = aws_customer_gateway.azure.id
  vpn_gateway_id      = aws_vpn_gateway.this.id

  tunnel1_inside_cidr         = "169.254.21.0/30"
  tunnel1_startup_action      = "start"
  tunnel1_dpd_timeout_seconds = 45
  tunnel2_inside_cidr         = "169.254.22.0/30"
}

resource "azurerm_resource_group" "network" {
  name     = var.group
  location = var.location
}

resource "azurerm_resource_group" "connections" {
  name     = "${var.group}-connections"
  location = var.location
}

resource "azurerm_virtual_network" "this" {
  name                = "vnet"
  location            = azurerm_resource_group.network.location
  resource_group_name = azurerm_resource_group.network.name
  address_space       = [var.vnet]
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.network.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [cidrsubnet(var.vnet, 8, 0)]
}

resource "azurerm_subnet" "workload" {
  name                 = "workload"
  resource_group_name  = azurerm_resource_group.network.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [cidrsubnet(var.vnet, 8, 1)]
}

resource "azurerm_network_security_group" "workload" {
  name                = "workload"
  location            = azurerm_resource_group.network.location
  resource_group_name = azurerm_resource_group.network.name

  security_rule {
    name                       = "aws"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "*"
    source_address_prefix      = var.vpc
    source_port_range          = "*"
    destination_address_prefix = var.vnet
    destination_port_range     = "*"
  }
}

resource "azurerm_subnet_network_security_group_association" "workload" {
  subnet_id                 = azurerm_subnet.workload.id
  network_security_group_id = azurerm_network_security_group.workload.id
}

resource "azurerm_public_ip" "gateway" {
  name                = "gateway"
  location            = azurerm_resource_group.network.location
  resource_group_name = azurerm_resource_group.network.name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "this" {
  name                = "gateway"
  location            = azurerm_resource_group.network.location
  resource_group_name = azurerm_resource_group.network.name
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"
  generation          = "Generation1"
  active_active       = false
  bgp_enabled         = true

  ip_configuration {
    name                 = "default"
    subnet_id            = azurerm_subnet.gateway.id
    public_ip_address_id = azurerm_public_ip.gateway.id
  }

  bgp_settings {
    asn = 65000

    peering_addresses {
      ip_configuration_name = "default"
      apipa_addresses       = ["169.254.21.2"]
    }
  }
}

resource "azurerm_local_network_gateway" "aws" {
  name                = "aws"
  location            = azurerm_resource_group.connections.location
  resource_group_name = azurerm_resource_group.connections.name
  gateway_address     = aws_vpn_connection.azure.tunnel1_address

  bgp_settings {
    asn                 = 64512
    bgp_peering_address = "169.254.21.1"
  }
}

resource "azurerm_virtual_network_gateway_connection" "aws" {
  name                       = "aws"
  location                   = azurerm_resource_group.connections.location
  resource_group_name        = azurerm_resource_group.connections.name
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = azurerm_local_network_gateway.aws.id
  shared_key                 = aws_vpn_connection.azure.tunnel1_preshared_key
  bgp_enabled                = true

  custom_bgp_addresses {
    primary = "169.254.21.2"
  }
}
