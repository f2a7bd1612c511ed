resource "aws_vpc" "the_network_of_the_head_office_in_dublin" {
  cidr_block = "10.60.0.0/16"
  tags       = { Name = "The network of the head office in Dublin, floors one to four", owner = local.owner }
}

resource "aws_subnet" "where_the_machines_are" {
  vpc_id     = aws_vpc.the_network_of_the_head_office_in_dublin.id
  cidr_block = "10.60.4.0/24"
  tags       = { Name = "Where the machines are" }
}

resource "aws_vpn_gateway" "the_way_out" {
  provider = aws.ireland_again
  vpc_id   = aws_vpc.the_network_of_the_head_office_in_dublin.id
  tags     = { Name = "The way out of the head office's network and into that of the others" }
}

resource "aws_customer_gateway" "azures_end" {
  bgp_asn    = 65000
  ip_address = azurerm_public_ip.the_address_that_aws_calls.ip_address
  type       = "ipsec.1"
  tags       = { Name = "Azure's end of the connection between the VPC and the virtual network" }
}

resource "aws_vpn_connection" "between" {
  vpn_gateway_id      = aws_vpn_gateway.the_way_out.id
  customer_gateway_id = aws_customer_gateway.azures_end.id
  type                = "ipsec.1"
  static_routes_only  = true
  tags                = { Name = "VPN Connection between VPC of the head office and Azure Virtual Network of the others" }
}

resource "azurerm_resource_group" "everything" {
  name     = "Everything-that-belongs-to-the-connection-with-the-head-office"
  location = var.location
}

resource "azurerm_public_ip" "the_address_that_aws_calls" {
  name                = "The-address-that-AWS-calls"
  location            = azurerm_resource_group.everything.location
  resource_group_name = azurerm_resource_group.everything.name
  allocation_method   = "Static"
  sku                 = "Standard"
}
