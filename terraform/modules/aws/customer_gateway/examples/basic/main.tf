provider "aws" {
  region = "us-west-2"
}

# The two public addresses of an active-active Azure gateway.
module "customer_gateway" {
  source   = "../.."
  for_each = { instance0 = "198.51.100.4", instance1 = "198.51.100.5" }

  name       = "example-azure-${each.key}"
  ip_address = each.value
  bgp_asn    = 65000
}
