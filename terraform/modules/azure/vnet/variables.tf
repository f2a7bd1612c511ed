variable "address_space" {
  type        = set(string)
  description = "IPv4 ranges of the VNet, e.g. `[\"10.1.0.0/16\"]`."
  nullable    = false

  validation {
    condition     = length(var.address_space) >= 1 && alltrue([for range in var.address_space : try(cidrhost(range, 0) == split("/", range)[0], false)])
    error_message = "address_space ${join(", ", var.address_space)} must be one range at least, each beginning at its network address, e.g. 10.1.0.0/16."
  }
  validation {
    condition = alltrue(flatten([
      for range in var.address_space : [
        for remote in var.remote_address_prefixes : try(
          cidrhost("${split("/", range)[0]}/${min(split("/", range)[1], split("/", remote)[1])}", 0) !=
          cidrhost("${split("/", remote)[0]}/${min(split("/", range)[1], split("/", remote)[1])}", 0),
          true
        )
      ]
    ]))
    error_message = "address_space ${join(", ", var.address_space)} overlaps remote_address_prefixes ${join(", ", var.remote_address_prefixes)}; nothing can be routed between networks that share addresses. Take another private range, e.g. 10.1.0.0/16."
  }
}

variable "gateway_subnet_prefix" {
  type        = string
  description = "IPv4 range of GatewaySubnet within `address_space`: /27 or larger."
  nullable    = false

  validation {
    condition     = try(cidrhost(var.gateway_subnet_prefix, 0) == split("/", var.gateway_subnet_prefix)[0] && tonumber(split("/", var.gateway_subnet_prefix)[1]) <= 27, false)
    error_message = "gateway_subnet_prefix ${var.gateway_subnet_prefix} must be a /27 or larger that begins at its network address; two gateway instances and an upgrade need the room, e.g. 10.1.1.0/27."
  }
  validation {
    condition = anytrue([
      for space in var.address_space : try(
        cidrhost("${split("/", var.gateway_subnet_prefix)[0]}/${split("/", space)[1]}", 0) == cidrhost(space, 0)
        && tonumber(split("/", var.gateway_subnet_prefix)[1]) >= tonumber(split("/", space)[1]),
        false
      )
    ])
    error_message = "gateway_subnet_prefix ${var.gateway_subnet_prefix} must lie within address_space ${join(", ", var.address_space)}, e.g. 10.1.1.0/27 within 10.1.0.0/16."
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

variable "remote_address_prefixes" {
  type        = set(string)
  description = "IPv4 ranges of the remote network: the route table sends them to the VPN gateway, and the network security group allows them in."
  nullable    = false

  validation {
    condition     = alltrue([for range in var.remote_address_prefixes : can(cidrhost(range, 0)) && try(tonumber(split("/", range)[1]), 0) >= 8])
    error_message = "remote_address_prefixes ${join(", ", var.remote_address_prefixes)} must be ranges of /8 or smaller, e.g. 10.2.0.0/16."
  }
}

variable "resource_group_name" {
  type        = string
  description = "Name of the resource group that every resource is created in."
  nullable    = false
}

variable "subnets" {
  type = map(object({
    address_prefix = string
    gateway_route  = optional(bool, false)
    delegated_to   = optional(string)
  }))
  description = "Workload subnets by name. With `gateway_route` a subnet has the route table with explicit routes to the remote network; without, it relies on BGP propagation. `delegated_to` is the service that alone may use it, e.g. `Microsoft.ContainerService/managedClusters` for the pods of AKS."
  nullable    = false

  validation {
    condition     = !contains(keys(var.subnets), "GatewaySubnet")
    error_message = "subnets must not have GatewaySubnet; the module makes it from gateway_subnet_prefix. Call yours e.g. app."
  }
  validation {
    condition     = alltrue([for subnet in var.subnets : subnet.delegated_to == null || can(regex("^Microsoft\\.[A-Za-z]+/[A-Za-z]+$", subnet.delegated_to))])
    error_message = "subnets have a delegated_to that names no service: ${join(", ", compact([for subnet in var.subnets : subnet.delegated_to]))}. Write e.g. Microsoft.ContainerService/managedClusters."
  }
  validation {
    condition = alltrue([
      for subnet in var.subnets : anytrue([
        for space in var.address_space : try(
          cidrhost("${split("/", subnet.address_prefix)[0]}/${split("/", space)[1]}", 0) == cidrhost(space, 0)
          && tonumber(split("/", subnet.address_prefix)[1]) >= tonumber(split("/", space)[1])
          && tonumber(split("/", subnet.address_prefix)[1]) <= 29,
          false
        )
      ])
    ])
    error_message = "subnets must all lie within address_space ${join(", ", var.address_space)} and be /29 or larger, e.g. 10.1.0.0/24 within 10.1.0.0/16."
  }
  validation {
    condition = alltrue(flatten([
      for i, one in concat([var.gateway_subnet_prefix], [for subnet in var.subnets : subnet.address_prefix]) : [
        for j, other in concat([var.gateway_subnet_prefix], [for subnet in var.subnets : subnet.address_prefix]) : i == j || try(
          cidrhost("${split("/", one)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0) !=
          cidrhost("${split("/", other)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0),
          false
        )
      ]
    ]))
    error_message = "subnets overlap each other or GatewaySubnet: ${join(", ", concat([var.gateway_subnet_prefix], [for subnet in var.subnets : subnet.address_prefix]))}. Give each its own range, e.g. 10.1.0.0/24 and 10.1.2.0/24."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource that supports them."
  default     = {}
  nullable    = false
}
