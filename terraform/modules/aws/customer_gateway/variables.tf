variable "bgp_asn" {
  type        = number
  description = "BGP ASN of the remote gateway, e.g. of the Azure VPN gateway."
  nullable    = false

  validation {
    condition     = var.bgp_asn >= 1 && var.bgp_asn <= 4294967295 && floor(var.bgp_asn) == var.bgp_asn
    error_message = "bgp_asn ${var.bgp_asn} must be 1 to 4294967295, e.g. 65000."
  }
  validation {
    condition     = !contains([7224, 9059, 10124, 17943], var.bgp_asn)
    error_message = "bgp_asn ${var.bgp_asn} is one that AWS keeps for itself (7224; 9059, 10124 and 17943 in some regions). Take a private one, e.g. 65000."
  }
}

variable "ip_address" {
  type        = string
  description = "Static public IPv4 address of the remote gateway, e.g. of an instance of the Azure VPN gateway."
  nullable    = false

  validation {
    condition     = can(cidrhost("${var.ip_address}/32", 0)) && can(regex("^[0-9.]+$", var.ip_address))
    error_message = "ip_address ${var.ip_address} must be an IPv4 address, e.g. 198.51.100.4."
  }
  validation {
    condition     = !can(regex("^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", var.ip_address))
    error_message = "ip_address ${var.ip_address} is not public; AWS reaches the remote gateway over the internet. Give its public address, e.g. 198.51.100.4."
  }
}

variable "name" {
  type        = string
  description = "Name tag and device name, which keeps apart two customer gateways of one address and ASN."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name))
    error_message = "name ${var.name} must be small letters, digits and hyphens, e.g. twinspan-dev-azure-instance0."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of the customer gateway, besides its Name."
  default     = {}
  nullable    = false
}
