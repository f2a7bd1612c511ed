resource "aws_vpc" "main" {
  cidr_block           = var.aws_cidr_block
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "dev-vpc" }
}

# The document has no subnet, and nothing to send from.
resource "aws_subnet" "private" {
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(var.aws_cidr_block, 8, 1)
  tags       = { Name = "dev-private" }
}

# Without it nothing from Azure is let in: a VPC's default group admits its own members only.
resource "aws_security_group" "from_azure" {
  name        = "from-azure"
  description = "Admits the VNet."
  vpc_id      = aws_vpc.main.id

  ingress {
    description = "Everything from the VNet"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [var.azure_address_space]
  }

  egress {
    description = "Everything"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

# Attached by the resource below; `vpc_id` here as well, as in the document, makes the two change each other's work.
resource "aws_vpn_gateway" "main" {
  tags = { Name = "main" }
}

resource "aws_vpn_gateway_attachment" "main" {
  vpc_id         = aws_vpc.main.id
  vpn_gateway_id = aws_vpn_gateway.main.id
}

# One for each instance of Azure's gateway: a second connection to the same customer gateway is the same connection.
resource "aws_customer_gateway" "azure" {
  for_each = azurerm_public_ip.main

  bgp_asn    = 65000
  ip_address = each.value.ip_address
  type       = "ipsec.1"
  tags       = { Name = "azure-${each.key}" }
}

# AWS makes a key for each tunnel and hands it to Azure below; in the document one literal opens them all.
resource "aws_vpn_connection" "azure" {
  for_each = aws_customer_gateway.azure

  vpn_gateway_id      = aws_vpn_gateway_attachment.main.vpn_gateway_id
  customer_gateway_id = each.value.id
  type                = "ipsec.1"
  static_routes_only  = true
  tags                = { Name = each.key }
}

# The document has `static_routes_only` and no static route: the tunnels are up then and carry nothing.
resource "aws_vpn_connection_route" "to_azure" {
  for_each = aws_vpn_connection.azure

  vpn_connection_id      = each.value.id
  destination_cidr_block = var.azure_address_space
}

# Not `aws_vpc.main.route_table_id`, which does not exist.
resource "aws_route" "to_azure" {
  route_table_id         = aws_vpc.main.main_route_table_id
  destination_cidr_block = var.azure_address_space
  gateway_id             = aws_vpn_gateway_attachment.main.vpn_gateway_id
}
