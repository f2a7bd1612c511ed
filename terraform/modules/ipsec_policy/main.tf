# What both gateways speak; SHA1, MD5, 3DES and the groups 1, 2, 5 and 24 are left out although they are common too.
# Sources: EC2 API, VpnTunnelOptionsSpecification; Azure, "About cryptographic requirements and Azure VPN gateways".
locals {
  azure_encryption = {
    "AES128"        = "AES128"
    "AES256"        = "AES256"
    "AES128-GCM-16" = "GCMAES128"
    "AES256-GCM-16" = "GCMAES256"
  }
  azure_integrity = {
    "SHA2-256" = "SHA256"
    "SHA2-384" = "SHA384"
  }
  azure_dh_group = {
    14 = "DHGroup14"
    19 = "ECP256"
    20 = "ECP384"
  }
  azure_pfs_group = {
    14 = "PFS2048"
    19 = "ECP256"
    20 = "ECP384"
  }

  ipsec_is_gcm = endswith(var.policy.ipsec_encryption, "-GCM-16")

  # Azure's IKE lifetime cannot be set; AWS's must be the same. Source: Azure, "About VPN devices", IKE SA lifetime.
  ike_lifetime_seconds = 28800
}
