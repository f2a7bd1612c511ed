name = "twinspan-dev"

tags = {
  environment = "dev"
  project     = "twinspan"
}

aws = {
  region          = "us-west-2"
  cidr_block      = "10.2.0.0/16"
  amazon_side_asn = 64512
  subnets = {
    us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
    us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
  }
}

azure = {
  location              = "westus2"
  address_space         = ["10.1.0.0/16"]
  gateway_subnet_prefix = "10.1.1.0/24"
  subnets = {
    app  = { address_prefix = "10.1.0.0/24", route_to_aws = true }
    data = { address_prefix = "10.1.2.0/24" }
  }
  gateway = {
    sku        = "VpnGw1AZ"
    generation = "Generation1"
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

# Both differ from BGP's hold time (30 s), so that a drill shows which timer ended an outage.
dead_peer_detection = {
  aws_timeout_seconds   = 45
  azure_timeout_seconds = 15
}

# One small node on each side. EKS wants 1.5 GB for its own pods, AKS 2 processors and 4 GB for its system pool.
kubernetes = {
  eks = {
    node_groups = {
      default = { instance_types = ["t3.medium"], desired_size = 1, min_size = 1, max_size = 3 }
    }
  }
  aks = {
    node_subnet_prefix = "10.1.4.0/24"
    pod_subnet_prefix  = "10.1.8.0/22"
    system_pool        = { vm_size = "Standard_B2s_v2", node_count = 1 }
  }
}
