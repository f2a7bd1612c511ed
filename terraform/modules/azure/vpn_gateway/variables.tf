variable "connection_mode" {
  type        = string
  description = "Which side initiates IKE: `Default` (either), `InitiatorOnly` (Azure) or `ResponderOnly` (the remote side)."
  default     = "Default"
  nullable    = false

  validation {
    condition     = contains(["Default", "InitiatorOnly", "ResponderOnly"], var.connection_mode)
    error_message = "connection_mode ${var.connection_mode} must be Default, InitiatorOnly or ResponderOnly, e.g. Default."
  }
}

variable "connections" {
  type = map(object({
    instance                   = string
    bgp_address                = string
    remote_gateway_address     = string
    remote_bgp_peering_address = string
    remote_asn                 = number
  }))
  description = "The connections, one per tunnel, by a name of yours: the local instance and its BGP address, and the remote gateway's public address, BGP address and ASN."
  nullable    = false

  validation {
    condition     = alltrue([for connection in var.connections : contains(["instance0", "instance1"], connection.instance)])
    error_message = "connections has an instance that is neither instance0 nor instance1: ${join(", ", [for connection in var.connections : connection.instance])}."
  }
  validation {
    condition     = alltrue([for connection in var.connections : contains(try(var.instances[connection.instance].apipa_addresses, []), connection.bgp_address)])
    error_message = "connections has a bgp_address that its instance does not have: ${join(", ", [for connection in var.connections : "${connection.instance}=${connection.bgp_address}"])}. Put it into instances[...].apipa_addresses; Azure's BGP session would stay at Connecting for ever."
  }
  validation {
    condition     = alltrue([for instance in keys(var.instances) : anytrue([for connection in var.connections : connection.instance == instance])])
    error_message = "connections must end at both instances; with all at one, its maintenance is your outage. Give each of instance0 and instance1 one at least."
  }
  validation {
    condition     = alltrue([for connection in var.connections : connection.remote_asn != var.gateway.asn])
    error_message = "connections has the gateway's own ASN ${var.gateway.asn}; eBGP needs two. Set the remote gateway's, e.g. 64512."
  }
  # Source: Azure, "VPN Gateway FAQ", BGP: reserved by Azure and by IANA.
  validation {
    condition = alltrue([
      for connection in var.connections :
      !contains([8074, 8075, 12076, 65515, 65517, 65518, 65519, 65520, 23456], connection.remote_asn)
      && !(connection.remote_asn >= 64496 && connection.remote_asn <= 64511) && !(connection.remote_asn >= 65535 && connection.remote_asn <= 65551)
    ])
    error_message = "connections has an ASN that Azure or IANA keeps: ${join(", ", [for connection in var.connections : connection.remote_asn])}. Take a free private one, e.g. 64512."
  }
}

variable "dpd_timeout_seconds" {
  type        = number
  description = "Seconds without an answer after which Azure declares the remote gateway dead, 9 to 3600."
  default     = 45
  nullable    = false

  validation {
    condition     = var.dpd_timeout_seconds >= 9 && var.dpd_timeout_seconds <= 3600
    error_message = "dpd_timeout_seconds ${var.dpd_timeout_seconds} must be 9 to 3600 (Azure's range), e.g. 45."
  }
}

variable "gateway" {
  type = object({
    sku        = string
    generation = string
    asn        = number
    zones      = optional(set(string), ["1", "2", "3"])
  })
  description = "Size, generation and ASN of the gateway, and the zones of its public addresses."
  nullable    = false

  # Source: Azure, "Gateway SKU consolidation": VpnGw1-5 without AZ can no longer be made; Basic has no BGP.
  validation {
    condition     = contains(["VpnGw1AZ", "VpnGw2AZ", "VpnGw3AZ", "VpnGw4AZ", "VpnGw5AZ"], var.gateway.sku)
    error_message = "gateway.sku ${var.gateway.sku} must be VpnGw1AZ to VpnGw5AZ: Azure no longer makes the others, and Basic has no BGP. Take e.g. VpnGw1AZ."
  }
  validation {
    condition = (
      contains(["Generation1", "Generation2"], var.gateway.generation)
      && !(var.gateway.sku == "VpnGw1AZ" && var.gateway.generation == "Generation2")
      && !(contains(["VpnGw4AZ", "VpnGw5AZ"], var.gateway.sku) && var.gateway.generation == "Generation1")
    )
    error_message = "gateway.generation ${var.gateway.generation} does not exist for ${var.gateway.sku}: VpnGw1AZ is Generation1, VpnGw4AZ and VpnGw5AZ are Generation2, the others either, e.g. VpnGw2AZ with Generation2."
  }
  # Source: Azure, "VPN Gateway FAQ", BGP: reserved by Azure and by IANA.
  validation {
    condition = (
      var.gateway.asn >= 1 && var.gateway.asn <= 4294967294 && floor(var.gateway.asn) == var.gateway.asn
      && !contains([8074, 8075, 12076, 65517, 65518, 65519, 65520, 23456], var.gateway.asn)
      && !(var.gateway.asn >= 64496 && var.gateway.asn <= 64511) && !(var.gateway.asn >= 65535 && var.gateway.asn <= 65551)
    )
    error_message = "gateway.asn ${var.gateway.asn} is none, or one that Azure or IANA keeps. Take a free private one, e.g. 65000."
  }
  # AWS refuses a customer gateway with these. Source: AWS, "Customer gateway options".
  validation {
    condition     = !contains([7224, 9059, 10124, 17943], var.gateway.asn)
    error_message = "gateway.asn ${var.gateway.asn} is one that AWS keeps for itself. Take a free private one, e.g. 65000."
  }
  validation {
    condition     = length(var.gateway.zones) >= 2 && alltrue([for zone in var.gateway.zones : contains(["1", "2", "3"], zone)])
    error_message = "gateway.zones ${join(", ", var.gateway.zones)} must be two at least of 1, 2 and 3; one zone is no redundancy, e.g. [\"1\", \"2\", \"3\"]."
  }
}

variable "gateway_subnet_id" {
  type        = string
  description = "Resource id of the VNet's GatewaySubnet."
  nullable    = false
}

variable "instances" {
  type = map(object({
    apipa_addresses = list(string)
  }))
  description = "The two instances of the gateway, `instance0` and `instance1`, each with its BGP (APIPA) addresses, one per tunnel."
  nullable    = false

  validation {
    condition     = toset(keys(var.instances)) == toset(["instance0", "instance1"])
    error_message = "instances must have exactly the keys instance0 and instance1; an active-active gateway has two."
  }
  validation {
    condition = alltrue([
      for instance in var.instances : length(instance.apipa_addresses) >= 1 && alltrue([
        for address in instance.apipa_addresses : can(regex("^169\\.254\\.2[12]\\.[0-9]+$", address)) && can(cidrhost("${address}/32", 0))
      ])
    ])
    error_message = "instances has apipa_addresses ${join(", ", flatten([for instance in var.instances : instance.apipa_addresses]))}; each must be within 169.254.21.0-169.254.22.255, all that Azure takes, e.g. 169.254.21.2."
  }
  validation {
    condition     = length(distinct(flatten([for instance in var.instances : instance.apipa_addresses]))) == length(flatten([for instance in var.instances : instance.apipa_addresses]))
    error_message = "instances has an apipa_address twice: ${join(", ", flatten([for instance in var.instances : instance.apipa_addresses]))}. Give each its own, e.g. 169.254.21.2 and 169.254.21.6."
  }
}

variable "ipsec_policy" {
  type = object({
    ike_encryption   = string
    ike_integrity    = string
    dh_group         = string
    ipsec_encryption = string
    ipsec_integrity  = string
    pfs_group        = string
    sa_lifetime      = optional(number, 3600)
    sa_datasize      = optional(number, 102400000)
  })
  description = "IKE and IPsec policy of all connections; output `azure` of modules/ipsec_policy."
  nullable    = false

  validation {
    condition     = !startswith(var.ipsec_policy.ipsec_encryption, "GCM") || var.ipsec_policy.ipsec_integrity == var.ipsec_policy.ipsec_encryption
    error_message = "ipsec_policy.ipsec_integrity ${var.ipsec_policy.ipsec_integrity} must be ${var.ipsec_policy.ipsec_encryption} too: Azure wants the same name twice for a GCM, e.g. GCMAES256 and GCMAES256."
  }
  validation {
    condition     = var.ipsec_policy.pfs_group != "None"
    error_message = "ipsec_policy.pfs_group must not be None: AWS insists on perfect forward secrecy. Take e.g. ECP384."
  }
  validation {
    condition     = var.ipsec_policy.sa_lifetime >= 300 && var.ipsec_policy.sa_datasize >= 1024
    error_message = "ipsec_policy.sa_lifetime ${var.ipsec_policy.sa_lifetime} must be 300 or more (seconds), and sa_datasize ${var.ipsec_policy.sa_datasize} 1024 or more (KB), e.g. 3600 and 102400000."
  }
}

variable "location" {
  type        = string
  description = "Azure region in its short form, e.g. `westus2`."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+$", var.location))
    error_message = "location ${var.location} must be the short form, small letters and digits only, e.g. westus2."
  }
}

variable "name" {
  type        = string
  description = "Prefix of every resource's name, in small letters, digits and hyphens, e.g. `twinspan-dev`."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name))
    error_message = "name ${var.name} must be small letters, digits and hyphens, e.g. twinspan-dev."
  }
}

variable "pre_shared_keys" {
  type        = map(string)
  description = "Pre-shared key of each connection, by the keys of `connections`: 8 to 64 letters, digits, full stops and underscores."
  nullable    = false
  sensitive   = true

  # Letters, digits, full stop and underscore are what both clouds take; AWS wants no 0 in front.
  validation {
    condition     = alltrue([for key in values(var.pre_shared_keys) : can(regex("^[A-Za-z1-9._][A-Za-z0-9._]{7,63}$", key))])
    error_message = "pre_shared_keys must be 8 to 64 letters, digits, full stops and underscores each, and not begin with 0."
  }
  validation {
    condition     = length(distinct(values(var.pre_shared_keys))) == length(var.pre_shared_keys)
    error_message = "pre_shared_keys has a key twice; one leak would open both tunnels. Let AWS make them: output pre_shared_keys of modules/aws/vpn."
  }
}

variable "resource_group_name" {
  type        = string
  description = "Name of the resource group that every resource is created in."
  nullable    = false
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource that supports them."
  default     = {}
  nullable    = false
}
