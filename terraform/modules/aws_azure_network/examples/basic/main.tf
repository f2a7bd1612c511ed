provider "aws" {
  region = "us-west-2"
}

provider "azurerm" {
  features {}
}

module "network" {
  source = "../.."

  name = "example"
  aws = {
    region     = "us-west-2"
    cidr_block = "10.2.0.0/16"
    subnets = {
      us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
      us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
    }
  }
  azure = {
    location              = "westus2"
    address_space         = ["10.1.0.0/16"]
    gateway_subnet_prefix = "10.1.1.0/24"
    subnets               = { app = { address_prefix = "10.1.0.0/24", route_to_aws = true } }
    gateway               = { sku = "VpnGw1AZ", generation = "Generation1" }
  }
  # AWS takes the first host address of each range, Azure the second.
  tunnels = {
    tunnel1 = { azure_instance = "instance0", inside_cidr = "169.254.21.0/30" }
    tunnel2 = { azure_instance = "instance0", inside_cidr = "169.254.22.0/30" }
    tunnel3 = { azure_instance = "instance1", inside_cidr = "169.254.21.4/30" }
    tunnel4 = { azure_instance = "instance1", inside_cidr = "169.254.22.4/30" }
  }
}
