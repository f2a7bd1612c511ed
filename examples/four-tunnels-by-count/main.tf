locals {
  tags = merge({ Terraform = "true" }, var.tags)

  # One /30 inside each tunnel: two connections of AWS with two tunnels each.
  tunnel_inside_cidrs = [for index in range(4) : cidrsubnet("169.254.21.0/26", 4, index)]
}

module "aws" {
  source = "./modules/aws"

  name            = var.name
  cidr            = var.vpc_cidr
  azs             = var.azs
  private_subnets = [for index in range(length(var.azs)) : cidrsubnet(var.vpc_cidr, 4, index)]
  remote_cidrs    = [var.vnet_cidr]
  tags            = local.tags

  amazon_side_asn                = var.amazon_side_asn
  customer_gateway_asn           = var.azure_asn
  customer_gateway_ips           = module.azure.gateway_public_ips
  create_vpn_connection          = var.create_vpn
  number_of_connections          = 2
  tunnel_inside_cidrs            = local.tunnel_inside_cidrs
  propagate_private_route_tables = true
}

module "azure" {
  source = "./modules/azure"

  name          = var.name
  location      = var.location
  address_space = [var.vnet_cidr]
  asn           = var.azure_asn
  remote_asn    = var.amazon_side_asn
  remote_cidrs  = [var.vpc_cidr]
  tags          = local.tags

  create_connections  = var.create_vpn
  number_of_tunnels   = 4
  tunnel_inside_cidrs = local.tunnel_inside_cidrs
  tunnel_addresses    = module.aws.tunnel_addresses
  tunnel_keys         = module.aws.tunnel_preshared_keys
}
