variable "email" {
  type        = string
  description = "E-mail address that alarms are sent to once its owner has confirmed the subscription; null for none."
  default     = null

  validation {
    condition     = var.email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.email))
    error_message = "email ${coalesce(var.email, "null")} is no address; give one such as network@example.com, or null."
  }
}

variable "evaluation" {
  type = object({
    period_seconds = optional(number, 300)
    periods        = optional(number, 1)
  })
  description = "Length of a period, and how many in a row must be bad before an alarm fires. AWS's own examples take 300 seconds."
  default     = {}
  nullable    = false

  validation {
    condition     = var.evaluation.period_seconds >= 60 && var.evaluation.period_seconds % 60 == 0
    error_message = "evaluation.period_seconds ${var.evaluation.period_seconds} must be a multiple of 60, e.g. 300."
  }
  validation {
    condition     = var.evaluation.periods >= 1 && floor(var.evaluation.periods) == var.evaluation.periods
    error_message = "evaluation.periods ${var.evaluation.periods} must be a whole number, 1 at least."
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

variable "region" {
  type        = string
  description = "AWS region of the tunnels, for the dashboard."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region ${var.region} must be an AWS region, e.g. us-west-2."
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
    vpn_connection_id  = string
    outside_ip_address = string
  }))
  description = "The tunnels to watch, by a name of yours: the id of the VPN connection, and AWS's outside address. Output `tunnels` of modules/aws/vpn has this form."
  nullable    = false

  validation {
    condition     = length(var.tunnels) >= 1 && length(var.tunnels) <= 9
    error_message = "tunnels has ${length(var.tunnels)}; one alarm takes 1 to 9 of them. Use the module once more for others."
  }
}

variable "webhooks" {
  type        = map(string)
  description = "URLs that alarms are posted to once each has confirmed its subscription, by a name of yours."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for url in values(var.webhooks) : can(regex("^https?://[^/\\s]+", url))])
    error_message = "webhooks has an address that is none: ${join(", ", [for name, url in var.webhooks : name if !can(regex("^https?://[^/\\s]+", url))])}. Give URLs such as https://hooks.example.com/vpn."
  }
}
