resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(var.tags, { Name = var.name })
}

resource "aws_subnet" "private" {
  for_each = var.subnets

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.private_cidr_block
  tags              = merge(var.tags, var.private_subnet_tags, { Name = "${var.name}-private-${each.key}" })
}

resource "aws_subnet" "public" {
  for_each = var.subnets

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.public_cidr_block
  tags              = merge(var.tags, { Name = "${var.name}-public-${each.key}" })
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = var.name })
}

# Neither `route` nor `propagating_vgws` here: routes are resources of their own and modules/aws/vpn propagates into
# these tables; set in both places, the two would undo each other at every apply.
resource "aws_route_table" "private" {
  for_each = var.subnets

  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-private-${each.key}" })
}

resource "aws_route_table_association" "private" {
  for_each = var.subnets

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-public" })
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = var.subnets

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

locals {
  nat_zones = {
    none         = []
    one          = slice(sort(keys(var.subnets)), 0, 1)
    one_per_zone = keys(var.subnets)
  }[var.nat_gateways]
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)

  domain = "vpc"
  tags   = merge(var.tags, { Name = "${var.name}-nat-${each.key}" })
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  tags          = merge(var.tags, { Name = "${var.name}-${each.key}" })

  depends_on = [aws_route.internet]
}

# Less specific than what the VPN gateway propagates, so the remote side is not reached through it.
resource "aws_route" "nat" {
  for_each = var.nat_gateways == "none" ? {} : var.subnets

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[contains(local.nat_zones, each.key) ? each.key : local.nat_zones[0]].id
}

resource "aws_security_group" "workload" {
  name        = "${var.name}-workload"
  description = "Admits the far side of the VPN and nothing else"
  vpc_id      = aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-workload" })
}

resource "aws_vpc_security_group_ingress_rule" "remote" {
  for_each = var.allowed_cidr_blocks

  security_group_id = aws_security_group.workload.id
  description       = "Everything from the far side of the VPN"
  cidr_ipv4         = each.value
  ip_protocol       = "-1"
  tags              = merge(var.tags, { Name = "${var.name}-from-far-side" })
}

resource "aws_vpc_security_group_egress_rule" "remote" {
  for_each = var.allowed_cidr_blocks

  security_group_id = aws_security_group.workload.id
  description       = "Everything to the far side of the VPN"
  cidr_ipv4         = each.value
  ip_protocol       = "-1"
  tags              = merge(var.tags, { Name = "${var.name}-to-far-side" })
}
