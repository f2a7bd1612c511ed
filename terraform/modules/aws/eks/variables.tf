variable "access_entries" {
  type = map(object({
    principal_arn     = string
    kubernetes_groups = optional(set(string), [])
    policy            = optional(string)
    namespaces        = optional(set(string), [])
  }))
  description = "Who may use the cluster besides the identity that creates it, by a name of yours: an IAM principal, its Kubernetes groups, and one of EKS's access policies, for all namespaces or for those in `namespaces`."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for entry in var.access_entries : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", entry.principal_arn))])
    error_message = "access_entries must name IAM roles or users: ${join(", ", [for entry in var.access_entries : entry.principal_arn])}. Write e.g. arn:aws:iam::123456789012:role/operators."
  }
  validation {
    condition     = alltrue([for entry in var.access_entries : alltrue([for group in entry.kubernetes_groups : !can(regex("^(system:|eks:|aws:|amazon:|iam:)", group))])])
    error_message = "access_entries have kubernetes_groups that begin with system:, eks:, aws:, amazon: or iam:; EKS refuses them. For an administrator set policy to AmazonEKSClusterAdminPolicy."
  }
  validation {
    condition     = alltrue([for entry in var.access_entries : entry.policy == null ? length(entry.namespaces) == 0 : can(regex("^AmazonEKS[A-Za-z]+Policy$", entry.policy))])
    error_message = "access_entries have a policy that is no name of AWS's access policies, or namespaces without a policy. Write e.g. policy = \"AmazonEKSClusterAdminPolicy\", without the ARN."
  }
}

variable "cluster" {
  type = object({
    version                 = optional(string)
    service_ipv4_cidr       = optional(string, "172.20.0.0/16")
    endpoint_private_access = optional(bool, true)
    endpoint_public_access  = optional(bool, true)
    public_access_cidrs     = optional(set(string), ["0.0.0.0/0"])
    log_types               = optional(set(string), [])
    network_policies        = optional(bool, false)
  })
  description = "The control plane: Kubernetes version (null: EKS's default), range of the services, who reaches its endpoint, which of its logs go to CloudWatch, and whether NetworkPolicies are enforced."
  default     = {}
  nullable    = false

  validation {
    condition     = var.cluster.version == null || can(regex("^1\\.[0-9]{2}$", var.cluster.version))
    error_message = "cluster.version ${coalesce(var.cluster.version, "null")} must be a minor version, e.g. 1.35, or null for EKS's default."
  }
  validation {
    condition = try(
      cidrhost(var.cluster.service_ipv4_cidr, 0) == split("/", var.cluster.service_ipv4_cidr)[0]
      && tonumber(split("/", var.cluster.service_ipv4_cidr)[1]) >= 12
      && tonumber(split("/", var.cluster.service_ipv4_cidr)[1]) <= 24
      && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.cluster.service_ipv4_cidr)),
      false
    )
    error_message = "cluster.service_ipv4_cidr ${var.cluster.service_ipv4_cidr} must be a private range (10/8, 172.16/12, 192.168/16) of /12 to /24 that begins at its network address, e.g. 172.20.0.0/16."
  }
  validation {
    condition = alltrue([
      for range in concat([var.vpc_cidr_block], tolist(var.remote_cidr_blocks)) : try(
        cidrhost("${split("/", range)[0]}/${min(split("/", range)[1], split("/", var.cluster.service_ipv4_cidr)[1])}", 0) !=
        cidrhost("${split("/", var.cluster.service_ipv4_cidr)[0]}/${min(split("/", range)[1], split("/", var.cluster.service_ipv4_cidr)[1])}", 0),
        true
      )
    ])
    error_message = "cluster.service_ipv4_cidr ${var.cluster.service_ipv4_cidr} overlaps the VPC (${var.vpc_cidr_block}) or the remote side (${join(", ", var.remote_cidr_blocks)}); pods could not reach what is in both. Take another private range, e.g. 172.20.0.0/16."
  }
  validation {
    condition     = var.cluster.endpoint_private_access || var.cluster.endpoint_public_access
    error_message = "cluster has neither endpoint_private_access nor endpoint_public_access; nobody could reach it. Set one to true."
  }
  validation {
    condition     = length(var.cluster.public_access_cidrs) >= 1 && alltrue([for range in var.cluster.public_access_cidrs : can(cidrhost(range, 0))])
    error_message = "cluster.public_access_cidrs ${join(", ", var.cluster.public_access_cidrs)} must be one range at least, e.g. 198.51.100.0/24. To close the public endpoint set endpoint_public_access to false."
  }
  validation {
    condition     = alltrue([for type in var.cluster.log_types : contains(["api", "audit", "authenticator", "controllerManager", "scheduler"], type)])
    error_message = "cluster.log_types ${join(", ", var.cluster.log_types)} may be api, audit, authenticator, controllerManager and scheduler."
  }
}

variable "name" {
  type        = string
  description = "Name of the cluster and prefix of every other resource's name: 2 to 50 small letters, digits and hyphens."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,48}[a-z0-9]$", var.name))
    error_message = "name ${var.name} must be 2 to 50 small letters, digits and hyphens, e.g. twinspan-dev; IAM's limit for role names leaves no more."
  }
}

variable "node_groups" {
  type = map(object({
    instance_types  = list(string)
    desired_size    = number
    min_size        = number
    max_size        = number
    max_unavailable = optional(number, 1)
    capacity_type   = optional(string, "ON_DEMAND")
    labels          = optional(map(string), {})
  }))
  description = "Managed node groups, by name: machines, how many, and how many may be missing during an update."
  nullable    = false

  validation {
    condition     = length(var.node_groups) >= 1 && alltrue([for key in keys(var.node_groups) : can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", key))])
    error_message = "node_groups must be one at least, with names of up to 63 small letters, digits, hyphens and underscores: ${join(", ", keys(var.node_groups))}. Write e.g. default."
  }
  validation {
    condition = alltrue([
      for group in var.node_groups : group.min_size >= 0 && group.min_size <= group.desired_size
      && group.desired_size <= group.max_size && group.max_size >= 1
    ])
    error_message = "node_groups need 0 <= min_size <= desired_size <= max_size and max_size >= 1: ${join(", ", [for key, group in var.node_groups : "${key} has ${group.min_size}, ${group.desired_size}, ${group.max_size}"])}."
  }
  validation {
    condition     = alltrue([for group in var.node_groups : group.max_unavailable >= 1 && group.max_unavailable <= 100 && group.max_unavailable == floor(group.max_unavailable)])
    error_message = "node_groups need a whole max_unavailable from 1 to 100: ${join(", ", [for key, group in var.node_groups : "${key} has ${group.max_unavailable}"])}."
  }
  validation {
    condition     = alltrue([for group in var.node_groups : length(group.instance_types) >= 1 && alltrue([for type in group.instance_types : can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", type))])])
    error_message = "node_groups need instance_types such as t3.medium: ${join(", ", [for key, group in var.node_groups : "${key} has ${join(" ", group.instance_types)}"])}."
  }
  validation {
    condition     = alltrue([for group in var.node_groups : contains(["ON_DEMAND", "SPOT"], group.capacity_type)])
    error_message = "node_groups need capacity_type ON_DEMAND or SPOT: ${join(", ", [for key, group in var.node_groups : "${key} has ${group.capacity_type}"])}."
  }
}

variable "remote_cidr_blocks" {
  type        = set(string)
  description = "IPv4 ranges of the remote network: pods keep their own address towards them, and the cluster security group allows them in."
  nullable    = false

  validation {
    condition     = length(var.remote_cidr_blocks) >= 1 && alltrue([for range in var.remote_cidr_blocks : can(cidrhost(range, 0)) && try(tonumber(split("/", range)[1]), 0) >= 8])
    error_message = "remote_cidr_blocks ${join(", ", var.remote_cidr_blocks)} must be one range at least, each /8 or smaller; the remote side is not the whole internet. Give the remote network, e.g. 10.1.0.0/16."
  }
}

variable "subnet_ids" {
  type        = map(string)
  description = "Ids of the private subnets of the control plane's interfaces, the nodes and the pods, by availability zone; their route tables must have the routes to the remote network."
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids has ${length(var.subnet_ids)} zone (${join(", ", keys(var.subnet_ids))}); EKS wants subnets in two at least."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource that supports them."
  default     = {}
  nullable    = false
}

variable "vpc_cidr_block" {
  type        = string
  description = "IPv4 range of the VPC, which the range of the Kubernetes services must not overlap."
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vpc_cidr_block, 0))
    error_message = "vpc_cidr_block ${var.vpc_cidr_block} must be a range, e.g. 10.2.0.0/16."
  }
}
