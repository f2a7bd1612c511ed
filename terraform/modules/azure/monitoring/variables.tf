variable "connections" {
  type = map(object({
    name                       = string
    remote_bgp_peering_address = string
  }))
  description = "The connections to watch, by a name of yours: the connection's name in Azure, and the BGP address of the remote gateway."
  nullable    = false

  validation {
    condition     = length(var.connections) >= 1
    error_message = "connections is empty; name one connection at least, or leave the module out."
  }
  validation {
    condition     = alltrue([for connection in values(var.connections) : can(cidrhost("${connection.remote_bgp_peering_address}/32", 0))])
    error_message = "connections has the remote_bgp_peering_address ${join(", ", [for connection in values(var.connections) : connection.remote_bgp_peering_address])}; each must be an IPv4 address, e.g. 169.254.21.1."
  }
  validation {
    condition     = length(distinct([for connection in values(var.connections) : connection.remote_bgp_peering_address])) == length(var.connections)
    error_message = "connections has a remote_bgp_peering_address twice; one session's alert would hide the other's. Give each its own."
  }
}

variable "email" {
  type        = string
  description = "E-mail address that alerts are sent to; null for none."
  default     = null

  validation {
    condition     = var.email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.email))
    error_message = "email ${coalesce(var.email, "null")} is no address; give one such as network@example.com, or null."
  }
}

variable "evaluation" {
  type = object({
    frequency = optional(string, "PT1M")
    window    = optional(string, "PT5M")
  })
  description = "How often alerts are evaluated, and over which window, as ISO 8601 durations. The gateway's metrics come every 5 minutes, so a shorter window sees nothing."
  default     = {}
  nullable    = false

  validation {
    condition     = contains(["PT1M", "PT5M", "PT15M", "PT30M", "PT1H"], var.evaluation.frequency)
    error_message = "evaluation.frequency ${var.evaluation.frequency} must be PT1M, PT5M, PT15M, PT30M or PT1H."
  }
  validation {
    condition     = contains(["PT5M", "PT15M", "PT30M", "PT1H", "PT6H"], var.evaluation.window)
    error_message = "evaluation.window ${var.evaluation.window} must be PT5M, PT15M, PT30M, PT1H or PT6H."
  }
}

variable "gateway_id" {
  type        = string
  description = "Resource id of the VPN gateway; output `id` of modules/azure/vpn_gateway."
  nullable    = false
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

variable "log_retention_days" {
  type        = number
  description = "Days that the gateway's logs are kept in the workspace, 30 to 730."
  default     = 30
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730
    error_message = "log_retention_days ${var.log_retention_days} must be 30 to 730."
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

variable "webhooks" {
  type        = map(string)
  description = "URLs that alerts are posted to in the common alert schema, by a name of yours."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for url in values(var.webhooks) : can(regex("^https?://[^/\\s]+", url))])
    error_message = "webhooks has an address that is none: ${join(", ", [for name, url in var.webhooks : name if !can(regex("^https?://[^/\\s]+", url))])}. Give URLs such as https://hooks.example.com/vpn."
  }
}
