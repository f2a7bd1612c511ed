mock_provider "aws" {}

variables {
  name                = "test"
  cidr_block          = "10.2.0.0/16"
  allowed_cidr_blocks = ["10.1.0.0/16"]
  subnets = {
    us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" }
    us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" }
  }
}

run "the_security_group_admits_exactly_the_remote_side" {
  command = plan

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.remote : rule.cidr_ipv4] == ["10.1.0.0/16"]
    error_message = "Ingress is not exactly 10.1.0.0/16."
  }
  assert {
    condition     = [for rule in aws_vpc_security_group_egress_rule.remote : rule.cidr_ipv4] == ["10.1.0.0/16"]
    error_message = "Egress is not exactly 10.1.0.0/16."
  }
}

run "every_private_subnet_has_a_table_of_its_own" {
  command = plan

  assert {
    condition     = toset(keys(aws_route_table.private)) == toset(keys(var.subnets)) && toset(keys(aws_route_table_association.private)) == toset(keys(var.subnets))
    error_message = "A private subnet shares a route table or has none."
  }
}

run "the_whole_internet_is_no_remote_side" {
  command = plan

  variables {
    allowed_cidr_blocks = ["0.0.0.0/0"]
  }

  expect_failures = [var.allowed_cidr_blocks]
}

run "a_vpc_larger_than_16_is_refused" {
  command = plan

  variables {
    cidr_block = "10.0.0.0/8"
  }

  expect_failures = [var.cidr_block]
}

run "a_range_with_host_bits_is_refused" {
  command = plan

  variables {
    cidr_block = "10.2.0.5/16"
  }

  expect_failures = [var.cidr_block]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Test_VPC"
  }

  expect_failures = [var.name]
}

run "one_zone_is_refused" {
  command = plan

  variables {
    subnets = { us-west-2a = { private_cidr_block = "10.2.1.0/24", public_cidr_block = "10.2.101.0/24" } }
  }

  expect_failures = [var.subnets]
}

run "a_subnet_outside_the_vpc_is_refused" {
  command = plan

  variables {
    subnets = { us-west-2a = { private_cidr_block = "10.3.1.0/24", public_cidr_block = "10.2.101.0/24" }, us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" } }
  }

  expect_failures = [var.subnets]
}

run "overlapping_subnets_are_refused" {
  command = plan

  variables {
    subnets = { us-west-2a = { private_cidr_block = "10.2.2.0/25", public_cidr_block = "10.2.101.0/24" }, us-west-2b = { private_cidr_block = "10.2.2.0/24", public_cidr_block = "10.2.102.0/24" } }
  }

  expect_failures = [var.subnets]
}

run "no_way_to_the_internet_unless_asked_for" {
  command = plan

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0
    error_message = "There is a NAT gateway that nobody asked for."
  }
}

run "one_nat_gateway_serves_both_zones" {
  command = plan

  variables {
    nat_gateways = "one"
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["us-west-2a"] && keys(aws_route.nat) == ["us-west-2a", "us-west-2b"]
    error_message = "Both private tables must lead to the one NAT gateway, in the first zone."
  }
}

run "a_nat_gateway_in_each_zone" {
  command = plan

  variables {
    nat_gateways = "one_per_zone"
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["us-west-2a", "us-west-2b"] && keys(aws_eip.nat) == ["us-west-2a", "us-west-2b"]
    error_message = "A zone has no NAT gateway of its own."
  }
}

run "two_nat_gateways_are_no_choice" {
  command = plan

  variables {
    nat_gateways = "two"
  }

  expect_failures = [var.nat_gateways]
}

run "private_subnets_have_their_further_tags" {
  command = plan

  variables {
    private_subnet_tags = { "kubernetes.io/role/internal-elb" = "1" }
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.tags["kubernetes.io/role/internal-elb"] == "1"]) && alltrue([for subnet in aws_subnet.public : !contains(keys(subnet.tags), "kubernetes.io/role/internal-elb")])
    error_message = "The tag must be on the private subnets, and on no public one."
  }
}
