mock_provider "aws" {}

variables {
  name       = "test-instance0"
  ip_address = "198.51.100.4"
  bgp_asn    = 65000
}

run "it_names_the_device" {
  command = plan

  assert {
    condition     = aws_customer_gateway.this.bgp_asn == "65000" && aws_customer_gateway.this.bgp_asn_extended == null
    error_message = "A small ASN belongs into bgp_asn alone."
  }
  assert {
    condition     = aws_customer_gateway.this.device_name == "test-instance0"
    error_message = "Without a device name AWS may answer with a gateway made before."
  }
}

run "a_large_asn_has_a_field_of_its_own" {
  command = plan

  variables {
    bgp_asn = 4200000000
  }

  assert {
    condition     = aws_customer_gateway.this.bgp_asn == null && aws_customer_gateway.this.bgp_asn_extended == "4200000000"
    error_message = "A large ASN belongs into bgp_asn_extended alone."
  }
}

run "asn_zero_is_refused" {
  command = plan

  variables {
    bgp_asn = 0
  }

  expect_failures = [var.bgp_asn]
}

run "an_asn_of_aws_is_refused" {
  command = plan

  variables {
    bgp_asn = 7224
  }

  expect_failures = [var.bgp_asn]
}

run "a_name_is_no_address" {
  command = plan

  variables {
    ip_address = "vpn.example.com"
  }

  expect_failures = [var.ip_address]
}

run "a_private_address_is_refused" {
  command = plan

  variables {
    ip_address = "10.1.1.4"
  }

  expect_failures = [var.ip_address]
}

run "a_shared_address_is_refused" {
  command = plan

  variables {
    ip_address = "100.64.0.1"
  }

  expect_failures = [var.ip_address]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Instance 0"
  }

  expect_failures = [var.name]
}
