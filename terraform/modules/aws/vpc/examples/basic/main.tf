provider "aws" {
  region = "us-west-2"
}

module "vpc" {
  source = "../.."

  name                = "example"
  cidr_block          = "10.2.0.0/16"
  allowed_cidr_blocks = ["10.1.0.0/16"]
  subnets = {
    us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
    us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
  }
}
