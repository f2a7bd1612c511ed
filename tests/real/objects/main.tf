# One of each kind of object that has nothing behind it on a twin.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"

  default_tags {
    tags = { Owner = "platform" }
  }
}

variable "note" {
  type        = string
  default     = "first"
  description = "Text that is in every object that can be changed."
}

variable "wide" {
  type        = bool
  default     = false
  description = "Whether subnet groups and the endpoint have the third subnet, too."
}

data "aws_caller_identity" "current" {}

data "aws_availability_zones" "available" {
  state = "available"
}

data "aws_vpc_endpoint_service" "s3" {
  service      = "s3"
  service_type = "Gateway"
}

locals {
  subnet_ids = slice(aws_subnet.data[*].id, 0, var.wide ? 3 : 2)
}

resource "aws_vpc" "this" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "data" {
  count = 3

  vpc_id            = aws_vpc.this.id
  availability_zone = data.aws_availability_zones.available.names[count.index]
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, count.index)
}

resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id
  subnet_ids             = aws_subnet.data[*].id

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }

  ingress {
    rule_no         = 101
    action          = "allow"
    protocol        = "-1"
    from_port       = 0
    to_port         = 0
    ipv6_cidr_block = "::/0"
  }
}

# Subnet groups

resource "aws_db_subnet_group" "this" {
  name        = "objects-db"
  description = var.note
  subnet_ids  = local.subnet_ids
  tags        = { Note = var.note }
}

resource "aws_elasticache_subnet_group" "this" {
  name        = "objects-cache"
  description = var.note
  subnet_ids  = local.subnet_ids
  tags        = { Note = var.note }
}

resource "aws_redshift_subnet_group" "this" {
  name        = "objects-warehouse"
  description = var.note
  subnet_ids  = local.subnet_ids
  tags        = { Note = var.note }
}

# Keys and secrets

resource "aws_kms_key" "this" {
  description             = var.note
  deletion_window_in_days = 7
  enable_key_rotation     = var.wide
  tags                    = { Note = var.note }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Owner"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_key" "signing" {
  description              = "Signs"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = 7
}

resource "aws_kms_alias" "this" {
  name          = "alias/objects"
  target_key_id = var.wide ? aws_kms_key.second.id : aws_kms_key.this.id
}

resource "aws_kms_key" "second" {
  is_enabled              = !var.wide
  deletion_window_in_days = 7
}

resource "aws_kms_grant" "this" {
  name              = "flow-logs"
  key_id            = aws_kms_key.this.key_id
  grantee_principal = aws_iam_role.flow_logs.arn
  operations        = ["Encrypt", "Decrypt"]
}

resource "aws_secretsmanager_secret" "this" {
  name                    = "objects/key"
  description             = var.note
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = 0
  tags                    = { Note = var.note }

  dynamic "replica" {
    for_each = var.wide ? ["eu-west-1", "us-west-2"] : ["us-west-2"]

    content {
      region = replica.value
    }
  }
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id     = aws_secretsmanager_secret.this.id
  secret_string = jsonencode({ note = var.note })
}

resource "aws_secretsmanager_secret_policy" "this" {
  secret_arn          = aws_secretsmanager_secret.this.arn
  block_public_policy = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Read"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}

# Zones

resource "aws_route53_zone" "public" {
  name    = "objects.example"
  comment = var.note
  tags    = { Note = var.note }
}

resource "aws_route53_zone" "private" {
  name = "inside.objects.example"

  vpc {
    vpc_id = aws_vpc.this.id
  }
}

resource "aws_route53_record" "gateway" {
  zone_id = aws_route53_zone.public.zone_id
  name    = "gateway"
  type    = "A"
  ttl     = var.wide ? 60 : 300
  records = var.wide ? ["192.0.2.1", "192.0.2.2"] : ["192.0.2.1"]
}

resource "aws_route53_record" "note" {
  zone_id = aws_route53_zone.private.zone_id
  name    = "note.inside.objects.example"
  type    = "TXT"
  ttl     = 300
  records = [var.note]
}

# Flow logs

resource "aws_cloudwatch_log_group" "flow_logs" {
  name              = "objects-flow-logs"
  retention_in_days = 7
}

resource "aws_iam_role" "flow_logs" {
  name = "objects-flow-logs"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
    }]
  })
}

resource "aws_s3_bucket" "flow_logs" {
  bucket        = "objects-flow-logs"
  force_destroy = true
}

resource "aws_flow_log" "group" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  iam_role_arn             = aws_iam_role.flow_logs.arn
  log_destination          = aws_cloudwatch_log_group.flow_logs.arn
  max_aggregation_interval = var.wide ? 60 : 600
  tags                     = { Note = var.note }
}

resource "aws_flow_log" "bucket" {
  subnet_id            = aws_subnet.data[0].id
  traffic_type         = "REJECT"
  log_destination      = aws_s3_bucket.flow_logs.arn
  log_destination_type = "s3"

  destination_options {
    file_format        = "parquet"
    per_hour_partition = true
  }
}

# Endpoints

resource "aws_vpc_endpoint" "gateway" {
  vpc_id            = aws_vpc.this.id
  service_name      = data.aws_vpc_endpoint_service.s3.service_name
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_vpc.this.default_route_table_id]
  tags              = { Note = var.note }
}

resource "aws_security_group" "endpoint" {
  name        = "objects-endpoint"
  description = "Endpoint"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_endpoint" "interface" {
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.eu-central-1.secretsmanager"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  security_group_ids  = [aws_security_group.endpoint.id]
  subnet_ids          = local.subnet_ids
}
