output "aws" {
  description = "The policy in AWS's words, for `ipsec_policy` of modules/aws/vpn."
  value = {
    phase1_encryption_algorithm = var.policy.ike_encryption
    phase1_integrity_algorithm  = var.policy.ike_integrity
    phase1_dh_group_number      = var.policy.ike_dh_group
    phase1_lifetime_seconds     = local.ike_lifetime_seconds
    phase2_encryption_algorithm = var.policy.ipsec_encryption
    phase2_integrity_algorithm  = var.policy.ipsec_integrity
    phase2_dh_group_number      = var.policy.pfs_dh_group
    phase2_lifetime_seconds     = var.policy.ipsec_lifetime_seconds
  }
}

output "azure" {
  description = "The policy in Azure's words, for `ipsec_policy` of modules/azure/vpn_gateway."
  value = {
    ike_encryption   = local.azure_encryption[var.policy.ike_encryption]
    ike_integrity    = local.azure_integrity[var.policy.ike_integrity]
    dh_group         = local.azure_dh_group[var.policy.ike_dh_group]
    ipsec_encryption = local.azure_encryption[var.policy.ipsec_encryption]
    ipsec_integrity  = local.ipsec_is_gcm ? local.azure_encryption[var.policy.ipsec_encryption] : local.azure_integrity[var.policy.ipsec_integrity]
    pfs_group        = local.azure_pfs_group[var.policy.pfs_dh_group]
    sa_lifetime      = var.policy.ipsec_lifetime_seconds
  }
}
