run "the_default_policy_is_the_same_on_both_sides" {
  command = plan

  assert {
    condition     = output.aws.phase1_encryption_algorithm == "AES256-GCM-16" && output.azure.ike_encryption == "GCMAES256"
    error_message = "IKE encryption differs: ${output.aws.phase1_encryption_algorithm} and ${output.azure.ike_encryption}."
  }
  assert {
    condition     = output.aws.phase1_integrity_algorithm == "SHA2-384" && output.azure.ike_integrity == "SHA384"
    error_message = "IKE integrity differs: ${output.aws.phase1_integrity_algorithm} and ${output.azure.ike_integrity}."
  }
  assert {
    condition     = output.aws.phase1_dh_group_number == 20 && output.azure.dh_group == "ECP384" && output.azure.pfs_group == "ECP384"
    error_message = "The groups differ."
  }
  assert {
    condition     = output.azure.ipsec_integrity == "GCMAES256"
    error_message = "Azure wants the name of the GCM as integrity too, not ${output.azure.ipsec_integrity}."
  }
  assert {
    condition     = output.azure.sa_lifetime == output.aws.phase2_lifetime_seconds
    error_message = "The lifetimes differ."
  }
}

run "a_policy_without_gcm_has_an_integrity_of_its_own" {
  command = plan

  variables {
    policy = { ike_encryption = "AES256", ike_integrity = "SHA2-256", ike_dh_group = 14, ipsec_encryption = "AES256", pfs_dh_group = 14 }
  }

  assert {
    condition     = output.azure.ipsec_integrity == "SHA256" && output.azure.dh_group == "DHGroup14" && output.azure.pfs_group == "PFS2048"
    error_message = "The conservative policy is wrong on Azure's side: ${jsonencode(output.azure)}."
  }
}

run "an_unknown_cipher_is_refused" {
  command = plan

  variables {
    policy = { ike_encryption = "3DES" }
  }

  expect_failures = [var.policy]
}

run "an_integrity_that_azure_lacks_is_refused" {
  command = plan

  variables {
    policy = { ike_integrity = "SHA2-512" }
  }

  expect_failures = [var.policy]
}

run "an_ipsec_integrity_that_azure_lacks_is_refused" {
  command = plan

  variables {
    policy = { ipsec_integrity = "SHA2-384" }
  }

  expect_failures = [var.policy]
}

run "a_weak_group_is_refused" {
  command = plan

  variables {
    policy = { pfs_dh_group = 2 }
  }

  expect_failures = [var.policy]
}

run "a_lifetime_beyond_aws_is_refused" {
  command = plan

  variables {
    policy = { ipsec_lifetime_seconds = 27000 }
  }

  expect_failures = [var.policy]
}
