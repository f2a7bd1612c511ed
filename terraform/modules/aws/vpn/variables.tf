variable "amazon_side_asn" {
  type        = number
  description = "Private ASN of the virtual private gateway; changing it replaces the gateway."
  default     = 64512
  nullable    = false

  validation {
    condition = (
      floor(var.amazon_side_asn) == var.amazon_side_asn &&
      (var.amazon_side_asn >= 64512 && var.amazon_side_asn <= 65534 || var.amazon_side_asn >= 4200000000 && var.amazon_side_asn <= 4294967294)
    )
    error_message = "amazon_side_asn ${var.amazon_side_asn} must be a private ASN, 64512 to 65534 or 4200000000 to 4294967294, e.g. 64512."
  }
}

variable "customer_gateway_ids" {
  type        = map(string)
  description = "Ids of the customer gateways, by a name of yours; each gets one VPN connection, which is two tunnels."
  nullable    = false

  validation {
    condition     = length(var.customer_gateway_ids) >= 2
    error_message = "customer_gateway_ids has ${length(var.customer_gateway_ids)}; two at least, one per instance of the remote gateway, or its maintenance is your outage. Give e.g. instance0 and instance1."
  }
  # The API answers a second connection between the same two gateways with the first one.
  validation {
    condition     = length(distinct(values(var.customer_gateway_ids))) == length(var.customer_gateway_ids)
    error_message = "customer_gateway_ids names one gateway twice; AWS makes one connection per customer gateway. Make a second one at the remote gateway's other address."
  }
}

variable "dpd_timeout_seconds" {
  type        = number
  description = "Seconds without an answer after which AWS declares the remote gateway dead and initiates again, 30 to 3600."
  default     = 30
  nullable    = false

  validation {
    condition     = var.dpd_timeout_seconds >= 30 && var.dpd_timeout_seconds <= 3600
    error_message = "dpd_timeout_seconds ${var.dpd_timeout_seconds} must be 30 (AWS's least) to 3600, e.g. 30."
  }
}

variable "ipsec_policy" {
  type = object({
    phase1_encryption_algorithm = string
    phase1_integrity_algorithm  = string
    phase1_dh_group_number      = number
    phase1_lifetime_seconds     = number
    phase2_encryption_algorithm = string
    phase2_integrity_algorithm  = string
    phase2_dh_group_number      = number
    phase2_lifetime_seconds     = number
  })
  description = "IKE (phase 1) and IPsec (phase 2) policy of all tunnels; output `aws` of modules/ipsec_policy."
  nullable    = false

  validation {
    condition     = var.ipsec_policy.phase1_lifetime_seconds >= 900 && var.ipsec_policy.phase1_lifetime_seconds <= 28800
    error_message = "ipsec_policy.phase1_lifetime_seconds ${var.ipsec_policy.phase1_lifetime_seconds} must be 900 to 28800, e.g. 28800."
  }
  validation {
    condition = (
      var.ipsec_policy.phase2_lifetime_seconds >= 900 && var.ipsec_policy.phase2_lifetime_seconds <= 3600 &&
      var.ipsec_policy.phase2_lifetime_seconds < var.ipsec_policy.phase1_lifetime_seconds
    )
    error_message = "ipsec_policy.phase2_lifetime_seconds ${var.ipsec_policy.phase2_lifetime_seconds} must be 900 to 3600 and less than phase 1's, e.g. 3600."
  }
}

variable "lifecycle_control" {
  type        = bool
  description = "Whether tunnel endpoint replacements wait until you start them (tunnel endpoint lifecycle control)."
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  type        = number
  description = "Days that tunnel logs are kept in CloudWatch; null for no logs."
  default     = null

  validation {
    condition     = var.log_retention_days == null ? true : contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is none that CloudWatch offers; take e.g. 30, 90 or 365, or null for no logs."
  }
}

variable "name" {
  type        = string
  description = "Prefix of every resource's Name tag, in small letters, digits and hyphens, e.g. `twinspan-dev`."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name))
    error_message = "name ${var.name} must be small letters, digits and hyphens, e.g. twinspan-dev."
  }
}

variable "route_table_ids" {
  type        = map(string)
  description = "Ids of the route tables that the remote network's routes are propagated into, by a name of yours."
  nullable    = false

  validation {
    condition     = length(var.route_table_ids) >= 1
    error_message = "route_table_ids is empty: no subnet would know the way to the remote side. Give the tables of the private subnets."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource that supports them."
  default     = {}
  nullable    = false
}

variable "tunnels" {
  type = map(object({
    customer_gateway = string
    inside_cidr      = string
  }))
  description = "The tunnels, by a name of yours: the key of the customer gateway in `customer_gateway_ids`, and the inside /30, of which AWS takes the first host address."
  nullable    = false

  # The range is Azure's; AWS's is 169.254.0.0/16 without some that AWS keeps, none of which lies in Azure's.
  validation {
    condition     = alltrue([for tunnel in var.tunnels : can(regex("^169\\.254\\.2[12]\\.[0-9]+/30$", tunnel.inside_cidr)) && can(cidrhost(tunnel.inside_cidr, 0))])
    error_message = "tunnels has inside_cidr ${join(", ", [for tunnel in var.tunnels : tunnel.inside_cidr])}; each must be a /30 within 169.254.21.0-169.254.22.255, all that Azure takes, e.g. 169.254.21.0/30."
  }
  validation {
    condition     = alltrue([for tunnel in var.tunnels : try(cidrhost(tunnel.inside_cidr, 0) == split("/", tunnel.inside_cidr)[0], false)])
    error_message = "tunnels has inside_cidr ${join(", ", [for tunnel in var.tunnels : tunnel.inside_cidr])}; each must begin at a multiple of 4, e.g. 169.254.21.4/30."
  }
  validation {
    condition     = length(distinct([for tunnel in var.tunnels : tunnel.inside_cidr])) == length(var.tunnels)
    error_message = "tunnels has an inside_cidr twice: ${join(", ", [for tunnel in var.tunnels : tunnel.inside_cidr])}. Give each its own, e.g. 169.254.21.0/30 and 169.254.22.0/30."
  }
  validation {
    condition = length(var.tunnels) == 2 * length(var.customer_gateway_ids) && alltrue([
      for gateway in keys(var.customer_gateway_ids) : length([for tunnel in var.tunnels : tunnel if tunnel.customer_gateway == gateway]) == 2
    ])
    error_message = "tunnels must be two for each of the customer gateways ${join(", ", keys(var.customer_gateway_ids))}; AWS makes two per connection, always."
  }
}

variable "vpc_id" {
  type        = string
  description = "Id of the VPC that the virtual private gateway is attached to."
  nullable    = false
}
