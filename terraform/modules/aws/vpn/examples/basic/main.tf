provider "aws" {
  region = "us-west-2"
}

module "vpc" {
  source = "../../../vpc"

  name                = "example"
  cidr_block          = "10.2.0.0/16"
  allowed_cidr_blocks = ["10.1.0.0/16"]
  subnets = {
    us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
    us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
  }
}

# The two public addresses of an active-active Azure gateway.
module "customer_gateway" {
  source   = "../../../customer_gateway"
  for_each = { instance0 = "198.51.100.4", instance1 = "198.51.100.5" }

  name       = "example-azure-${each.key}"
  ip_address = each.value
  bgp_asn    = 65000
}

module "ipsec_policy" {
  source = "../../../../ipsec_policy"
}

module "vpn" {
  source = "../.."

  name                 = "example"
  vpc_id               = module.vpc.vpc_id
  route_table_ids      = module.vpc.private_route_table_ids
  customer_gateway_ids = { for key, gateway in module.customer_gateway : key => gateway.id }
  ipsec_policy         = module.ipsec_policy.aws
  tunnels = {
    tunnel1 = { customer_gateway = "instance0", inside_cidr = "169.254.21.0/30" }
    tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }
    tunnel3 = { customer_gateway = "instance1", inside_cidr = "169.254.21.4/30" }
    tunnel4 = { customer_gateway = "instance1", inside_cidr = "169.254.22.4/30" }
  }
}
