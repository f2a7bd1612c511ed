provider "aws" {
  region = "us-west-2"
}

module "monitoring" {
  source = "../.."

  name   = "example"
  region = "us-west-2"
  email  = "network@example.com"
  tunnels = {
    tunnel1 = { vpn_connection_id = "vpn-0123456789abcdef0", outside_ip_address = "203.0.113.10" }
    tunnel2 = { vpn_connection_id = "vpn-0123456789abcdef0", outside_ip_address = "203.0.113.11" }
  }
}
