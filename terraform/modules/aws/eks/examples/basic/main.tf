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
  nat_gateways        = "one"
  private_subnet_tags = { "kubernetes.io/role/internal-elb" = "1" }
}

module "eks" {
  source = "../.."

  name               = "example"
  vpc_cidr_block     = "10.2.0.0/16"
  subnet_ids         = module.vpc.private_subnet_ids
  remote_cidr_blocks = ["10.1.0.0/16"]
  node_groups = {
    default = { instance_types = ["t3.medium"], desired_size = 1, min_size = 1, max_size = 3 }
  }
}
