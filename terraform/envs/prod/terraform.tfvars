name = "twinspan-prod"

tags = {
  environment = "prod"
  project     = "twinspan"
}

aws = {
  region          = "us-west-2"
  cidr_block      = "10.4.0.0/16"
  amazon_side_asn = 64512
  subnets = {
    us-west-2a = { private_cidr_block = "10.4.16.0/20", public_cidr_block = "10.4.0.0/24" }
    us-west-2b = { private_cidr_block = "10.4.32.0/20", public_cidr_block = "10.4.1.0/24" }
  }
}

azure = {
  location              = "westus2"
  address_space         = ["10.3.0.0/16"]
  gateway_subnet_prefix = "10.3.255.0/26"
  subnets = {
    app  = { address_prefix = "10.3.16.0/20", route_to_aws = true }
    data = { address_prefix = "10.3.32.0/20" }
  }
  gateway = {
    sku        = "VpnGw2AZ"
    generation = "Generation2"
    asn        = 65000
  }
}

# AWS takes the first host address of each range, Azure the second.
tunnels = {
  tunnel1 = { azure_instance = "instance0", inside_cidr = "169.254.21.0/30" }
  tunnel2 = { azure_instance = "instance0", inside_cidr = "169.254.22.0/30" }
  tunnel3 = { azure_instance = "instance1", inside_cidr = "169.254.21.4/30" }
  tunnel4 = { azure_instance = "instance1", inside_cidr = "169.254.22.4/30" }
}

dead_peer_detection = {
  aws_timeout_seconds   = 30
  azure_timeout_seconds = 45
}

tunnel_operations = {
  lifecycle_control  = true
  log_retention_days = 90
}

# The API servers are reachable from the two networks alone: run kubectl there, or over the VPN.
kubernetes = {
  eks = {
    endpoint_public_access = false
    log_types              = ["api", "audit", "authenticator"]
    nat_gateways           = "one_per_zone"
    node_groups = {
      default = { instance_types = ["m6i.large"], desired_size = 3, min_size = 3, max_size = 6 }
    }
  }
  aks = {
    sku_tier           = "Standard"
    private            = true
    node_subnet_prefix = "10.3.48.0/24"
    pod_subnet_prefix  = "10.3.64.0/20"
    system_pool        = { vm_size = "Standard_D4s_v5", node_count = 3, zones = ["1", "2", "3"] }
  }
}
