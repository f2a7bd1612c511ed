variable "policy" {
  type = object({
    ike_encryption         = optional(string, "AES256-GCM-16")
    ike_integrity          = optional(string, "SHA2-384")
    ike_dh_group           = optional(number, 20)
    ipsec_encryption       = optional(string, "AES256-GCM-16")
    ipsec_integrity        = optional(string, "SHA2-256")
    pfs_dh_group           = optional(number, 20)
    ipsec_lifetime_seconds = optional(number, 3600)
  })
  description = "The policy in AWS's words. `ike_integrity` is the pseudo-random function when `ike_encryption` is a GCM; `ipsec_integrity` is not used when `ipsec_encryption` is one."
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for name in [var.policy.ike_encryption, var.policy.ipsec_encryption] :
      contains(["AES128", "AES256", "AES128-GCM-16", "AES256-GCM-16"], name)
    ])
    error_message = "policy.ike_encryption ${var.policy.ike_encryption} and policy.ipsec_encryption ${var.policy.ipsec_encryption} must be AES128, AES256, AES128-GCM-16 or AES256-GCM-16, e.g. AES256-GCM-16."
  }
  validation {
    condition     = contains(["SHA2-256", "SHA2-384"], var.policy.ike_integrity)
    error_message = "policy.ike_integrity ${var.policy.ike_integrity} must be SHA2-256 or SHA2-384 (Azure has no SHA2-512), e.g. SHA2-384."
  }
  validation {
    condition     = var.policy.ipsec_integrity == "SHA2-256"
    error_message = "policy.ipsec_integrity ${var.policy.ipsec_integrity} must be SHA2-256: Azure has neither SHA2-384 nor SHA2-512 for IPsec, and SHA1 is too weak."
  }
  validation {
    condition     = alltrue([for group in [var.policy.ike_dh_group, var.policy.pfs_dh_group] : contains([14, 19, 20], group)])
    error_message = "policy.ike_dh_group ${var.policy.ike_dh_group} and policy.pfs_dh_group ${var.policy.pfs_dh_group} must be 14, 19 or 20, e.g. 20."
  }
  validation {
    condition     = var.policy.ipsec_lifetime_seconds >= 900 && var.policy.ipsec_lifetime_seconds <= 3600
    error_message = "policy.ipsec_lifetime_seconds ${var.policy.ipsec_lifetime_seconds} must be 900 to 3600 (AWS's range), e.g. 3600."
  }
}
