# A VPC with a router of its own: machines in the spoke reach Azure through it and in no other way.
#
#   spoke (10.80.16.0/24) -- router's inner interface | outer interface -- edge (10.80.0.0/24) -- VPN gateway

resource "aws_vpc" "hub" {
  cidr_block           = "10.80.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "hub" }
}

resource "aws_internet_gateway" "hub" {
  vpc_id = aws_vpc.hub.id
  tags   = { Name = "hub" }
}

resource "aws_subnet" "edge" {
  vpc_id            = aws_vpc.hub.id
  cidr_block        = "10.80.0.0/24"
  availability_zone = "us-east-2a"
  tags              = { Name = "edge" }
}

resource "aws_subnet" "spoke" {
  vpc_id            = aws_vpc.hub.id
  cidr_block        = "10.80.16.0/24"
  availability_zone = "us-east-2a"
  tags              = { Name = "spoke" }
}

# The edge knows the internet, and Azure by propagation.
resource "aws_route_table" "edge" {
  vpc_id           = aws_vpc.hub.id
  propagating_vgws = [aws_vpn_gateway.hub.id]
  tags             = { Name = "edge" }

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.hub.id
  }
}

# The spoke knows the router's inner interface, and nothing is propagated here.
resource "aws_route_table" "spoke" {
  vpc_id = aws_vpc.hub.id
  tags   = { Name = "spoke" }
}

resource "aws_route" "spoke_to_azure" {
  route_table_id         = aws_route_table.spoke.id
  destination_cidr_block = "10.81.0.0/16"
  network_interface_id   = aws_network_interface.router_inner.id

  depends_on = [aws_network_interface_attachment.router_inner]
}

resource "aws_route_table_association" "edge" {
  subnet_id      = aws_subnet.edge.id
  route_table_id = aws_route_table.edge.id
}

resource "aws_route_table_association" "spoke" {
  subnet_id      = aws_subnet.spoke.id
  route_table_id = aws_route_table.spoke.id
}

resource "aws_vpn_gateway" "hub" {
  vpc_id = aws_vpc.hub.id
  tags   = { Name = "hub" }
}

resource "aws_customer_gateway" "azure" {
  bgp_asn    = 65000
  ip_address = azurerm_public_ip.gateway.ip_address
  type       = "ipsec.1"
  tags       = { Name = "azure" }
}

resource "aws_vpn_connection" "azure" {
  vpn_gateway_id      = aws_vpn_gateway.hub.id
  customer_gateway_id = aws_customer_gateway.azure.id
  type                = "ipsec.1"
  static_routes_only  = true
  tags                = { Name = "azure" }
}

resource "aws_vpn_connection_route" "azure" {
  vpn_connection_id      = aws_vpn_connection.azure.id
  destination_cidr_block = "10.81.0.0/16"
}
