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
  tags              = merge(var.tags, { Name = "${var.name}-private-${each.key}" })
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
# these tables; told in both places, the two would undo each other at every apply.
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

resource "aws_security_group" "workload" {
  name        = "${var.name}-workload"
  description = "Admits the far side of the VPN and nothing else"
  vpc_id      = aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-workload" })
}

resource "aws_vpc_security_group_ingress_rule" "far_side" {
  for_each = var.admitted_cidr_blocks

  security_group_id = aws_security_group.workload.id
  description       = "Everything from the far side of the VPN"
  cidr_ipv4         = each.value
  ip_protocol       = "-1"
  tags              = merge(var.tags, { Name = "${var.name}-from-far-side" })
}

resource "aws_vpc_security_group_egress_rule" "far_side" {
  for_each = var.admitted_cidr_blocks

  security_group_id = aws_security_group.workload.id
  description       = "Everything to the far side of the VPN"
  cidr_ipv4         = each.value
  ip_protocol       = "-1"
  tags              = merge(var.tags, { Name = "${var.name}-to-far-side" })
}
