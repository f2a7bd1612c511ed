terraform {
  backend "azurerm" {
    storage_account_name = "somebodysstate"
    container_name       = "tfstate"
    key                  = "vpn.tfstate"
    use_azuread_auth     = true
  }
}

provider "aws" {
  region     = "us-east-1"
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

  assume_role {
    role_arn = "arn:aws:iam::123456789012:role/deploy"
  }
}

resource "aws_vpc" "main" {
  cidr_block = "172.20.0.0/16"
  tags       = { Name = "main" }
}

resource "aws_subnet" "private" {
  count = 2

  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route_table_association" "private" {
  count = length(aws_subnet.private)

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}

resource "aws_security_group" "azure" {
  name   = "azure"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = module.azure.address_space
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpn_gateway" "main" {
  vpc_id          = aws_vpc.main.id
  amazon_side_asn = "64512"
}

resource "aws_vpn_gateway_route_propagation" "private" {
  route_table_id = aws_route_table.private.id
  vpn_gateway_id = aws_vpn_gateway.main.id
}

resource "aws_customer_gateway" "azure" {
  count = 2

  bgp_asn    = 65010
  ip_address = module.azure.addresses[count.index]
  type       = "ipsec.1"
}

resource "aws_vpn_connection" "azure" {
  count = 2

  vpn_gateway_id      = aws_vpn_gateway.main.id
  customer_gateway_id = aws_customer_gateway.azure[count.index].id
  type                = "ipsec.1"
  tunnel1_inside_cidr = var.inside[count.index * 2]
  tunnel2_inside_cidr = var.inside[count.index * 2 + 1]
}

variable "inside" {
  type    = list(string)
  default = ["169.254.21.0/30", "169.254.22.0/30", "169.254.21.4/30", "169.254.22.4/30"]
}

module "azure" {
  source = "../parts/azure"

  inside = var.inside
  aws = flatten([for v in aws_vpn_connection.azure : [
    { address = v.tunnel1_address, key = v.tunnel1_preshared_key, peer = v.tunnel1_vgw_inside_address },
    { address = v.tunnel2_address, key = v.tunnel2_preshared_key, peer = v.tunnel2_vgw_inside_address },
  ]])
}
