variable "address_space" {
  type        = set(string)
  description = "IPv4 ranges of the VNet, e.g. `[\"10.1.0.0/16\"]`."
  nullable    = false

  validation {
    condition     = length(var.address_space) >= 1 && alltrue([for range in var.address_space : can(cidrhost(range, 0))])
    error_message = "address_space ${join(", ", var.address_space)} must be one range at least, e.g. 10.1.0.0/16."
  }
  validation {
    condition = alltrue(flatten([
      for range in var.address_space : [
        for taken in ["169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"] : try(
          cidrhost("${split("/", range)[0]}/${min(split("/", range)[1], split("/", taken)[1])}", 0) !=
          cidrhost("${split("/", taken)[0]}/${min(split("/", range)[1], split("/", taken)[1])}", 0),
          true
        )
      ]
    ]))
    error_message = "address_space ${join(", ", var.address_space)} overlaps a range that AKS keeps for itself: 169.254.0.0/16, 172.30.0.0/16, 172.31.0.0/16, 192.0.2.0/24. Take another private range, e.g. 10.1.0.0/16."
  }
}

variable "cluster" {
  type = object({
    version        = optional(string)
    sku_tier       = optional(string, "Free")
    private        = optional(bool, false)
    service_cidr   = optional(string, "10.96.0.0/16")
    outbound_type  = optional(string, "loadBalancer")
    network_policy = optional(string)
  })
  description = "The control plane: Kubernetes version (null: AKS's default), tier, whether its endpoint is in the VNet alone, range of the services, how nodes reach the internet, and what enforces NetworkPolicies (null: nothing)."
  default     = {}
  nullable    = false

  validation {
    condition     = var.cluster.version == null || can(regex("^1\\.[0-9]{2}(\\.[0-9]{1,2})?$", var.cluster.version))
    error_message = "cluster.version ${coalesce(var.cluster.version, "null")} must be a minor or patch version, e.g. 1.35, or null for AKS's default."
  }
  validation {
    condition     = contains(["Free", "Standard", "Premium"], var.cluster.sku_tier)
    error_message = "cluster.sku_tier ${var.cluster.sku_tier} must be Free, Standard or Premium."
  }
  validation {
    condition = try(
      cidrhost(var.cluster.service_cidr, 0) == split("/", var.cluster.service_cidr)[0]
      && tonumber(split("/", var.cluster.service_cidr)[1]) >= 12
      && tonumber(split("/", var.cluster.service_cidr)[1]) <= 27
      && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.cluster.service_cidr)),
      false
    )
    error_message = "cluster.service_cidr ${var.cluster.service_cidr} must be a private range (10/8, 172.16/12, 192.168/16) of /12 to /27 that begins at its network address, e.g. 10.96.0.0/16."
  }
  validation {
    condition = alltrue([
      for range in concat(tolist(var.address_space), tolist(var.remote_address_prefixes)) : try(
        cidrhost("${split("/", range)[0]}/${min(split("/", range)[1], split("/", var.cluster.service_cidr)[1])}", 0) !=
        cidrhost("${split("/", var.cluster.service_cidr)[0]}/${min(split("/", range)[1], split("/", var.cluster.service_cidr)[1])}", 0),
        true
      )
    ])
    error_message = "cluster.service_cidr ${var.cluster.service_cidr} overlaps the VNet (${join(", ", var.address_space)}) or the remote side (${join(", ", var.remote_address_prefixes)}); pods could not reach what is in both. Take another private range, e.g. 10.96.0.0/16."
  }
  validation {
    condition = alltrue([
      for taken in ["169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"] : try(
        cidrhost("${split("/", var.cluster.service_cidr)[0]}/${min(split("/", var.cluster.service_cidr)[1], split("/", taken)[1])}", 0) !=
        cidrhost("${split("/", taken)[0]}/${min(split("/", var.cluster.service_cidr)[1], split("/", taken)[1])}", 0),
        true
      )
    ])
    error_message = "cluster.service_cidr ${var.cluster.service_cidr} overlaps a range that AKS keeps for itself: 169.254.0.0/16, 172.30.0.0/16, 172.31.0.0/16, 192.0.2.0/24. Take another private range, e.g. 10.96.0.0/16."
  }
  validation {
    condition     = contains(["loadBalancer", "managedNATGateway", "userAssignedNATGateway", "userDefinedRouting"], var.cluster.outbound_type)
    error_message = "cluster.outbound_type ${var.cluster.outbound_type} must be loadBalancer, managedNATGateway, userAssignedNATGateway or userDefinedRouting; the last wants a route 0.0.0.0/0 to an appliance, with BGP propagation left on."
  }
  validation {
    condition     = var.cluster.network_policy == null || contains(["azure", "calico", "cilium"], coalesce(var.cluster.network_policy, "none"))
    error_message = "cluster.network_policy ${coalesce(var.cluster.network_policy, "null")} must be azure, calico or cilium, or null for none: then NetworkPolicies do nothing."
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
  description = "Prefix of every resource's name and of the API server's DNS name: 2 to 50 small letters, digits and hyphens."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,48}[a-z0-9]$", var.name))
    error_message = "name ${var.name} must be 2 to 50 small letters, digits and hyphens, e.g. twinspan-dev."
  }
}

variable "node_pools" {
  type = map(object({
    vm_size    = string
    node_count = number
    max_pods   = optional(number, 30)
    zones      = optional(set(string), [])
    labels     = optional(map(string), {})
  }))
  description = "Further node pools, by name: machines, how many, and how many pods on each."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.node_pools) : can(regex("^[a-z][a-z0-9]{0,11}$", key)) && key != var.system_pool.name])
    error_message = "node_pools must have names of 1 to 12 small letters and digits that begin with a letter, other than the system pool's: ${join(", ", keys(var.node_pools))}. Write e.g. apps."
  }
  validation {
    condition     = alltrue([for pool in var.node_pools : pool.node_count >= 0 && pool.node_count <= 1000 && pool.max_pods >= 10 && pool.max_pods <= 250])
    error_message = "node_pools need node_count from 0 to 1000 and max_pods from 10 to 250: ${join(", ", [for key, pool in var.node_pools : "${key} has ${pool.node_count} and ${pool.max_pods}"])}."
  }
  validation {
    condition     = alltrue([for pool in var.node_pools : can(regex("^Standard_[A-Z][A-Za-z0-9_-]+$", pool.vm_size)) && length(setsubtract(pool.zones, ["1", "2", "3"])) == 0])
    error_message = "node_pools need a vm_size such as Standard_D4s_v5 and zones of 1, 2 and 3: ${join(", ", [for key, pool in var.node_pools : "${key} has ${pool.vm_size} in ${join(" ", pool.zones)}"])}."
  }
}

variable "node_subnet" {
  type = object({
    id             = string
    address_prefix = string
  })
  description = "The subnet of the nodes and the internal load balancers: its resource id and range."
  nullable    = false

  validation {
    condition = anytrue([
      for space in var.address_space : try(
        cidrhost("${split("/", var.node_subnet.address_prefix)[0]}/${split("/", space)[1]}", 0) == cidrhost(space, 0)
        && tonumber(split("/", var.node_subnet.address_prefix)[1]) >= tonumber(split("/", space)[1]),
        false
      )
    ])
    error_message = "node_subnet ${var.node_subnet.address_prefix} must lie within address_space ${join(", ", var.address_space)}, e.g. 10.1.4.0/24 within 10.1.0.0/16."
  }
  validation {
    condition = try(
      pow(2, 32 - tonumber(split("/", var.node_subnet.address_prefix)[1])) - 5
      >= var.system_pool.node_count + sum(concat([0], [for pool in var.node_pools : pool.node_count])) + 1,
      false
    )
    error_message = "node_subnet ${var.node_subnet.address_prefix} is no range or has too few addresses for ${var.system_pool.node_count + sum(concat([0], [for pool in var.node_pools : pool.node_count]))} nodes and one more during an upgrade (Azure keeps 5). Take a larger one, e.g. 10.1.4.0/24."
  }
}

variable "pod_subnet" {
  type = object({
    id             = string
    address_prefix = string
  })
  description = "The subnet that pods get their addresses from: its resource id and range. It must be delegated to `Microsoft.ContainerService/managedClusters` and hold nothing else."
  nullable    = false

  validation {
    condition = anytrue([
      for space in var.address_space : try(
        cidrhost("${split("/", var.pod_subnet.address_prefix)[0]}/${split("/", space)[1]}", 0) == cidrhost(space, 0)
        && tonumber(split("/", var.pod_subnet.address_prefix)[1]) >= tonumber(split("/", space)[1]),
        false
      )
    ])
    error_message = "pod_subnet ${var.pod_subnet.address_prefix} must lie within address_space ${join(", ", var.address_space)}, e.g. 10.1.8.0/22 within 10.1.0.0/16."
  }
  validation {
    condition     = var.pod_subnet.address_prefix != var.node_subnet.address_prefix
    error_message = "pod_subnet ${var.pod_subnet.address_prefix} is the node_subnet; pods want a subnet of their own. Take another, e.g. 10.1.8.0/22."
  }
  validation {
    condition = try(
      pow(2, 32 - tonumber(split("/", var.pod_subnet.address_prefix)[1])) - 5
      >= (var.system_pool.node_count + 1) * var.system_pool.max_pods + sum(concat([0], [for pool in var.node_pools : pool.node_count * pool.max_pods])),
      false
    )
    error_message = "pod_subnet ${var.pod_subnet.address_prefix} is no range or has too few addresses for max_pods on every node and one more during an upgrade (Azure keeps 5). Take a larger one, e.g. 10.1.8.0/22, or lower max_pods."
  }
}

variable "remote_address_prefixes" {
  type        = set(string)
  description = "IPv4 ranges of the remote network, which the range of the Kubernetes services must not overlap."
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

variable "system_pool" {
  type = object({
    name       = optional(string, "system")
    vm_size    = string
    node_count = number
    max_pods   = optional(number, 30)
    zones      = optional(set(string), [])
    labels     = optional(map(string), {})
  })
  description = "The node pool for AKS's own pods, and for yours unless `node_pools` has another."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,11}$", var.system_pool.name)) && var.system_pool.name != "rotating"
    error_message = "system_pool.name ${var.system_pool.name} must be 1 to 12 small letters and digits and begin with a letter, e.g. system; rotating is taken while a pool is replaced."
  }
  validation {
    condition     = var.system_pool.node_count >= 1 && var.system_pool.node_count <= 1000 && var.system_pool.node_count == floor(var.system_pool.node_count)
    error_message = "system_pool.node_count ${var.system_pool.node_count} must be from 1 to 1000; a cluster without system nodes does not work."
  }
  validation {
    condition     = var.system_pool.max_pods >= 30 && var.system_pool.max_pods <= 250
    error_message = "system_pool.max_pods ${var.system_pool.max_pods} must be from 30 to 250; AKS's own pods need that many."
  }
  validation {
    condition     = can(regex("^Standard_[A-Z][A-Za-z0-9_-]+$", var.system_pool.vm_size))
    error_message = "system_pool.vm_size ${var.system_pool.vm_size} must be a machine size such as Standard_D4s_v5."
  }
  validation {
    condition     = length(setsubtract(var.system_pool.zones, ["1", "2", "3"])) == 0
    error_message = "system_pool.zones ${join(", ", var.system_pool.zones)} may be 1, 2 and 3."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource that supports them."
  default     = {}
  nullable    = false
}
