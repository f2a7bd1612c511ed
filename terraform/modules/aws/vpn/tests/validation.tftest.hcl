mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:us-west-2:123456789012:log-group:/aws/vendedlogs/vpn/test"
    }
  }
}

variables {
  name                 = "test"
  vpc_id               = "vpc-0123456789abcdef0"
  route_table_ids      = { us-west-2a = "rtb-0123456789abcdef0", us-west-2b = "rtb-0123456789abcdef1" }
  customer_gateway_ids = { instance0 = "cgw-0123456789abcdef0", instance1 = "cgw-0123456789abcdef1" }
  tunnels = {
    tunnel1 = { customer_gateway = "instance0", inside_cidr = "169.254.21.0/30" }
    tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }
    tunnel3 = { customer_gateway = "instance1", inside_cidr = "169.254.21.4/30" }
    tunnel4 = { customer_gateway = "instance1", inside_cidr = "169.254.22.4/30" }
  }
  ipsec_policy = {
    phase1_encryption_algorithm = "AES256-GCM-16"
    phase1_integrity_algorithm  = "SHA2-384"
    phase1_dh_group_number      = 20
    phase1_lifetime_seconds     = 28800
    phase2_encryption_algorithm = "AES256-GCM-16"
    phase2_integrity_algorithm  = "SHA2-256"
    phase2_dh_group_number      = 20
    phase2_lifetime_seconds     = 3600
  }
}

run "each_customer_gateway_has_one_connection_with_its_two_ranges" {
  command = plan

  assert {
    condition = (
      aws_vpn_connection.this["instance0"].tunnel1_inside_cidr == "169.254.21.0/30" &&
      aws_vpn_connection.this["instance0"].tunnel2_inside_cidr == "169.254.22.0/30" &&
      aws_vpn_connection.this["instance1"].tunnel1_inside_cidr == "169.254.21.4/30" &&
      aws_vpn_connection.this["instance1"].tunnel2_inside_cidr == "169.254.22.4/30"
    )
    error_message = "A tunnel has the range of another."
  }
  assert {
    condition     = alltrue([for connection in aws_vpn_connection.this : connection.tunnel1_ike_versions == toset(["ikev2"]) && connection.tunnel2_ike_versions == toset(["ikev2"])])
    error_message = "IKEv1 is offered."
  }
  assert {
    condition     = alltrue([for connection in aws_vpn_connection.this : !connection.static_routes_only])
    error_message = "A connection does not use BGP."
  }
  assert {
    condition     = length(aws_cloudwatch_log_group.tunnels) == 0
    error_message = "There is a log group although no logs were asked for."
  }
  assert {
    condition     = toset(keys(aws_vpn_gateway_route_propagation.this)) == toset(keys(var.route_table_ids))
    error_message = "A route table does not learn the remote side's routes."
  }
}

run "logs_and_lifecycle_control_reach_both_tunnels" {
  command = plan

  variables {
    lifecycle_control  = true
    log_retention_days = 90
  }

  assert {
    condition = alltrue([
      for connection in aws_vpn_connection.this :
      connection.tunnel1_enable_tunnel_lifecycle_control && connection.tunnel2_enable_tunnel_lifecycle_control &&
      connection.tunnel1_log_options[0].cloudwatch_log_options[0].log_enabled && connection.tunnel2_log_options[0].cloudwatch_log_options[0].log_enabled
    ])
    error_message = "A tunnel is left out."
  }
}

# The provider numbers a connection's tunnels as it likes: here, instance1's the other way round.
run "a_tunnel_is_found_by_its_inside_address" {
  command = apply

  override_resource {
    target = aws_vpn_connection.this["instance0"]
    values = {
      id                         = "vpn-0"
      tunnel1_address            = "203.0.113.1"
      tunnel1_vgw_inside_address = "169.254.21.1"
      tunnel1_preshared_key      = "key_of_tunnel_1"
      tunnel2_address            = "203.0.113.2"
      tunnel2_vgw_inside_address = "169.254.22.1"
      tunnel2_preshared_key      = "key_of_tunnel_2"
    }
  }
  override_resource {
    target = aws_vpn_connection.this["instance1"]
    values = {
      id                         = "vpn-1"
      tunnel1_address            = "203.0.113.4"
      tunnel1_vgw_inside_address = "169.254.22.5"
      tunnel1_preshared_key      = "key_of_tunnel_4"
      tunnel2_address            = "203.0.113.3"
      tunnel2_vgw_inside_address = "169.254.21.5"
      tunnel2_preshared_key      = "key_of_tunnel_3"
    }
  }

  assert {
    condition     = [for tunnel in output.tunnels : tunnel.outside_ip_address] == ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"]
    error_message = "Outside addresses are mixed up: ${jsonencode(output.tunnels)}."
  }
  assert {
    condition     = output.tunnels["tunnel3"].vpn_connection_id == "vpn-1"
    error_message = "tunnel3 belongs to instance1's connection."
  }
  assert {
    condition     = values(output.pre_shared_keys) == ["key_of_tunnel_1", "key_of_tunnel_2", "key_of_tunnel_3", "key_of_tunnel_4"]
    error_message = "Pre-shared keys are mixed up."
  }
}

run "a_public_asn_is_refused" {
  command = plan

  variables {
    amazon_side_asn = 7224
  }

  expect_failures = [var.amazon_side_asn]
}

run "one_customer_gateway_is_refused" {
  command = plan

  variables {
    customer_gateway_ids = { instance0 = "cgw-0" }
    tunnels              = { tunnel1 = { customer_gateway = "instance0", inside_cidr = "169.254.21.0/30" }, tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" } }
  }

  expect_failures = [var.customer_gateway_ids]
}

run "the_same_customer_gateway_twice_is_refused" {
  command = plan

  variables {
    customer_gateway_ids = { instance0 = "cgw-0", instance1 = "cgw-0" }
  }

  expect_failures = [var.customer_gateway_ids]
}

run "dead_peer_detection_below_30_seconds_is_refused" {
  command = plan

  variables {
    dpd_timeout_seconds = 10
  }

  expect_failures = [var.dpd_timeout_seconds]
}

run "a_phase_1_lifetime_beyond_28800_is_refused" {
  command = plan

  variables {
    ipsec_policy = { phase1_encryption_algorithm = "AES256-GCM-16", phase1_integrity_algorithm = "SHA2-384", phase1_dh_group_number = 20, phase1_lifetime_seconds = 86400, phase2_encryption_algorithm = "AES256-GCM-16", phase2_integrity_algorithm = "SHA2-256", phase2_dh_group_number = 20, phase2_lifetime_seconds = 3600 }
  }

  expect_failures = [var.ipsec_policy]
}

run "a_phase_2_lifetime_beyond_3600_is_refused" {
  command = plan

  variables {
    ipsec_policy = { phase1_encryption_algorithm = "AES256-GCM-16", phase1_integrity_algorithm = "SHA2-384", phase1_dh_group_number = 20, phase1_lifetime_seconds = 28800, phase2_encryption_algorithm = "AES256-GCM-16", phase2_integrity_algorithm = "SHA2-256", phase2_dh_group_number = 20, phase2_lifetime_seconds = 27000 }
  }

  expect_failures = [var.ipsec_policy]
}

run "a_retention_that_cloudwatch_lacks_is_refused" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Test VPN"
  }

  expect_failures = [var.name]
}

run "no_route_table_is_refused" {
  command = plan

  variables {
    route_table_ids = {}
  }

  expect_failures = [var.route_table_ids]
}

run "a_range_that_azure_refuses_is_refused" {
  command = plan

  variables {
    tunnels = { tunnel1 = { customer_gateway = "instance0", inside_cidr = "169.254.6.0/30" }, tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }, tunnel3 = { customer_gateway = "instance1", inside_cidr = "169.254.21.4/30" }, tunnel4 = { customer_gateway = "instance1", inside_cidr = "169.254.22.4/30" } }
  }

  expect_failures = [var.tunnels]
}

run "a_29_is_refused" {
  command = plan

  variables {
    tunnels = { tunnel1 = { customer_gateway = "instance0", inside_cidr = "169.254.21.0/29" }, tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }, tunnel3 = { customer_gateway = "instance1", inside_cidr = "169.254.21.4/30" }, tunnel4 = { customer_gateway = "instance1", inside_cidr = "169.254.22.4/30" } }
  }

  expect_failures = [var.tunnels]
}

run "a_range_that_is_not_aligned_is_refused" {
  command = plan

  variables {
    tunnels = { tunnel1 = { customer_gateway = "instance0", inside_cidr = "169.254.21.2/30" }, tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }, tunnel3 = { customer_gateway = "instance1", inside_cidr = "169.254.21.4/30" }, tunnel4 = { customer_gateway = "instance1", inside_cidr = "169.254.22.4/30" } }
  }

  expect_failures = [var.tunnels]
}

run "a_range_used_twice_is_refused" {
  command = plan

  variables {
    tunnels = { tunnel1 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }, tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }, tunnel3 = { customer_gateway = "instance1", inside_cidr = "169.254.21.4/30" }, tunnel4 = { customer_gateway = "instance1", inside_cidr = "169.254.22.4/30" } }
  }

  expect_failures = [var.tunnels]
}

run "three_tunnels_at_one_gateway_are_refused" {
  command = plan

  variables {
    tunnels = { tunnel1 = { customer_gateway = "instance1", inside_cidr = "169.254.21.0/30" }, tunnel2 = { customer_gateway = "instance0", inside_cidr = "169.254.22.0/30" }, tunnel3 = { customer_gateway = "instance1", inside_cidr = "169.254.21.4/30" }, tunnel4 = { customer_gateway = "instance1", inside_cidr = "169.254.22.4/30" } }
  }

  expect_failures = [var.tunnels]
}
