terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" { type = string }

variable "dpd_timeout_seconds" {
  type    = number
  default = 45
}

variable "inside_cidr" {
  type    = string
  default = "169.254.21.0/30"
}

variable "static_destination" {
  type    = string
  default = "10.1.0.0/16"
}

variable "log_level_tag" {
  type    = string
  default = "quiet"
}

provider "aws" {
  region = "eu-west-1"

  default_tags {
    tags = { Project = var.name }
  }
}

data "aws_availability_zones" "this" {}
data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

resource "aws_vpc" "this" {
  cidr_block           = "10.2.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = var.name, Level = var.log_level_tag }
}

resource "aws_subnet" "this" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.2.1.0/24"
  availability_zone       = data.aws_availability_zones.this.names[0]
  map_public_ip_on_launch = true
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "with_routes" {
  vpc_id           = aws_vpc.this.id
  propagating_vgws = [aws_vpn_gateway_attachment.this.vpn_gateway_id]

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route" "this" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  subnet_id      = aws_subnet.this.id
  route_table_id = aws_route_table.this.id
}

resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "this" {
  name   = var.name
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "with_rules" {
  name_prefix = "${var.name}-"
  vpc_id      = aws_vpc.this.id

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.1.0.0/16", "10.3.0.0/16"]
    description = "ssh"
  }

  ingress {
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    self      = true
  }

  egress {
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    security_groups = [aws_security_group.this.id]
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = "10.1.0.0/16"
  ip_protocol       = "-1"
  description       = "the far side"
  tags              = { Name = "in" }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = "10.1.0.0/16"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 81
}

resource "aws_vpn_gateway" "this" {
  amazon_side_asn = "64512"
}

resource "aws_vpn_gateway_attachment" "this" {
  vpc_id         = aws_vpc.this.id
  vpn_gateway_id = aws_vpn_gateway.this.id
}

resource "aws_vpn_gateway_route_propagation" "this" {
  route_table_id = aws_route_table.this.id
  vpn_gateway_id = aws_vpn_gateway_attachment.this.vpn_gateway_id
}

resource "aws_customer_gateway" "this" {
  bgp_asn     = "65000"
  ip_address  = "198.51.100.10"
  type        = "ipsec.1"
  device_name = var.name
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/${var.name}"
  retention_in_days = 30
}

resource "aws_vpn_connection" "this" {
  customer_gateway_id         = aws_customer_gateway.this.id
  vpn_gateway_id              = aws_vpn_gateway_attachment.this.vpn_gateway_id
  type                        = aws_customer_gateway.this.type
  tunnel1_inside_cidr         = var.inside_cidr
  tunnel2_inside_cidr         = "169.254.22.0/30"
  tunnel1_ike_versions        = ["ikev2"]
  tunnel1_startup_action      = "start"
  tunnel1_dpd_timeout_action  = "restart"
  tunnel1_dpd_timeout_seconds = var.dpd_timeout_seconds

  tunnel1_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase1_dh_group_numbers      = [20]

  tunnel1_log_options {
    cloudwatch_log_options {
      log_enabled       = true
      log_group_arn     = aws_cloudwatch_log_group.this.arn
      log_output_format = "json"
    }
  }
}

resource "aws_customer_gateway" "static" {
  bgp_asn    = 65000
  ip_address = "198.51.100.78"
  type       = "ipsec.1"
}

resource "aws_vpn_connection" "static" {
  customer_gateway_id      = aws_customer_gateway.static.id
  vpn_gateway_id           = aws_vpn_gateway_attachment.this.vpn_gateway_id
  type                     = aws_customer_gateway.static.type
  static_routes_only       = true
  local_ipv4_network_cidr  = "10.1.0.0/16"
  remote_ipv4_network_cidr = "10.2.0.0/16"
}

resource "aws_vpn_connection_route" "this" {
  vpn_connection_id      = aws_vpn_connection.static.id
  destination_cidr_block = var.static_destination
}

resource "aws_s3_bucket" "this" {
  bucket        = var.name
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_eip" "this" {
  domain = "vpc"
  tags   = { Name = var.name }
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.this.id
  subnet_id     = aws_subnet.this.id
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_iam_role" "this" {
  name = var.name
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "eks.amazonaws.com" } }]
  })
  tags = { Level = var.log_level_tag }
}

resource "aws_sns_topic" "this" {
  name = var.name
  tags = { Level = var.log_level_tag }
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = "network@example.com"
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = var.name
  alarm_description   = "The tunnel is down."
  namespace           = "AWS/VPN"
  metric_name         = "TunnelState"
  dimensions          = { VpnId = aws_vpn_connection.this.id, TunnelIpAddress = aws_vpn_connection.this.tunnel1_address }
  statistic           = "Maximum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  tags                = { Level = var.log_level_tag }
}

resource "aws_cloudwatch_metric_alarm" "sum" {
  alarm_name          = "${var.name}-sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = 2
  datapoints_to_alarm = 1

  metric_query {
    id          = "up"
    expression  = "FILL(one, 0) * 2"
    label       = "up"
    return_data = true
  }

  metric_query {
    id = "one"

    metric {
      namespace   = "AWS/VPN"
      metric_name = "TunnelState"
      dimensions  = { VpnId = aws_vpn_connection.this.id }
      period      = 300
      stat        = "Maximum"
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = [{ type = "text", x = 0, y = 0, width = 6, height = 3, properties = { markdown = "VPN" } }] })
}
