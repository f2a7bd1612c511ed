module "ipsec_policy" {
  source = "../.."

  policy = { ike_dh_group = 14, pfs_dh_group = 14 }
}

output "ipsec_policy" {
  description = "The policy in the words of AWS and of Azure."
  value       = { aws = module.ipsec_policy.aws, azure = module.ipsec_policy.azure }
}
