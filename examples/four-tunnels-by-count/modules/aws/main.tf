locals {
  create_vpc            = var.create_vpc
  create_vpn_gateway    = var.create_vpc && var.create_vpn_gateway
  number_of_connections = local.create_vpn_gateway && var.create_vpn_connection ? var.number_of_connections : 0
  number_of_subnets     = local.create_vpc ? length(var.private_subnets) : 0

  vpc_id = try(aws_vpc.this[0].id, null)
}

resource "aws_vpc" "this" {
  count = local.create_vpc ? 1 : 0

  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = merge({ Name = var.name }, var.tags)
}

resource "aws_subnet" "private" {
  count = local.number_of_subnets

  vpc_id            = local.vpc_id
  cidr_block        = element(var.private_subnets, count.index)
  availability_zone = element(var.azs, count.index)

  tags = merge({ Name = format("%s-private-%s", var.name, element(var.azs, count.index)) }, var.tags)
}

resource "aws_route_table" "private" {
  count = local.number_of_subnets

  vpc_id = local.vpc_id

  tags = merge({ Name = format("%s-private-%s", var.name, element(var.azs, count.index)) }, var.tags)
}

resource "aws_route_table_association" "private" {
  count = local.number_of_subnets

  subnet_id      = element(aws_subnet.private[*].id, count.index)
  route_table_id = element(aws_route_table.private[*].id, count.index)
}

resource "aws_security_group" "this" {
  count = local.create_vpc ? 1 : 0

  name_prefix = "${var.name}-remote-"
  description = "Admits the remote networks"
  vpc_id      = local.vpc_id

  tags = merge({ Name = var.name }, var.tags)

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "remote" {
  count = local.create_vpc ? length(var.remote_cidrs) : 0

  security_group_id = aws_security_group.this[0].id
  cidr_ipv4         = var.remote_cidrs[count.index]
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_egress_rule" "all" {
  count = local.create_vpc ? 1 : 0

  security_group_id = aws_security_group.this[0].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_vpn_gateway" "this" {
  count = local.create_vpn_gateway ? 1 : 0

  vpc_id          = local.vpc_id
  amazon_side_asn = var.amazon_side_asn

  tags = merge({ Name = var.name }, var.tags)
}

resource "aws_vpn_gateway_route_propagation" "private" {
  count = local.create_vpn_gateway && var.propagate_private_route_tables ? local.number_of_subnets : 0

  route_table_id = element(aws_route_table.private[*].id, count.index)
  vpn_gateway_id = aws_vpn_gateway.this[0].id
}

resource "aws_customer_gateway" "this" {
  count = local.number_of_connections

  bgp_asn    = var.customer_gateway_asn
  ip_address = element(var.customer_gateway_ips, count.index)
  type       = "ipsec.1"

  tags = merge({ Name = "${var.name}-${count.index}" }, var.tags)
}

resource "aws_vpn_connection" "this" {
  count = local.number_of_connections

  vpn_gateway_id      = one(aws_vpn_gateway.this[*].id)
  customer_gateway_id = element(aws_customer_gateway.this[*].id, count.index)
  type                = element(aws_customer_gateway.this[*].type, count.index)
  tunnel1_inside_cidr = var.tunnel_inside_cidrs[2 * count.index]
  tunnel2_inside_cidr = var.tunnel_inside_cidrs[2 * count.index + 1]

  tags = merge({ Name = "${var.name}-${count.index}" }, var.tags)
}
