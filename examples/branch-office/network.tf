# AWS: one VPC with one subnet for servers.

resource "aws_vpc" "office" {
  cidr_block           = "10.60.0.0/16"
  enable_dns_hostnames = true

  tags = { Name = "office" }
}

resource "aws_subnet" "servers" {
  vpc_id            = aws_vpc.office.id
  cidr_block        = "10.60.10.0/24"
  availability_zone = "eu-central-1a"

  tags = { Name = "office-servers" }
}

resource "aws_route_table" "servers" {
  vpc_id = aws_vpc.office.id

  tags = { Name = "office-servers" }
}

resource "aws_route_table_association" "servers" {
  subnet_id      = aws_subnet.servers.id
  route_table_id = aws_route_table.servers.id
}

# Azure: one VNet, a subnet for desktops and the one that the gateway must have.

resource "azurerm_resource_group" "branch" {
  name     = "rg-branch"
  location = "germanywestcentral"
}

resource "azurerm_virtual_network" "branch" {
  name                = "vnet-branch"
  location            = azurerm_resource_group.branch.location
  resource_group_name = azurerm_resource_group.branch.name
  address_space       = ["10.61.0.0/16"]
}

resource "azurerm_subnet" "desktops" {
  name                 = "snet-desktops"
  resource_group_name  = azurerm_resource_group.branch.name
  virtual_network_name = azurerm_virtual_network.branch.name
  address_prefixes     = ["10.61.10.0/24"]
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.branch.name
  virtual_network_name = azurerm_virtual_network.branch.name
  address_prefixes     = ["10.61.255.0/27"]
}
