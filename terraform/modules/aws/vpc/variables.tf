variable "allowed_cidr_blocks" {
  type        = set(string)
  description = "IPv4 ranges of the remote network that the workload security group allows in and out; it allows nothing else."
  nullable    = false

  validation {
    condition     = alltrue([for range in var.allowed_cidr_blocks : can(cidrhost(range, 0)) && try(tonumber(split("/", range)[1]), 0) >= 8])
    error_message = "allowed_cidr_blocks ${join(", ", var.allowed_cidr_blocks)} must be ranges of /8 or smaller; the remote side is not the whole internet. Give the remote network, e.g. 10.1.0.0/16."
  }
}

variable "cidr_block" {
  type        = string
  description = "IPv4 range of the VPC, /16 to /28, e.g. `10.2.0.0/16`."
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr_block, 0)) && try(tonumber(split("/", var.cidr_block)[1]) >= 16 && tonumber(split("/", var.cidr_block)[1]) <= 28, false)
    error_message = "cidr_block ${var.cidr_block} must be a range of /16 to /28, e.g. 10.2.0.0/16."
  }
  validation {
    condition     = try(cidrhost(var.cidr_block, 0) == split("/", var.cidr_block)[0], false)
    error_message = "cidr_block ${var.cidr_block} must begin at its network address, e.g. ${try("${cidrhost(var.cidr_block, 0)}/${split("/", var.cidr_block)[1]}", "10.2.0.0/16")}."
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

variable "nat_gateways" {
  type        = string
  description = "NAT gateways for the private subnets' way to the internet: `none`, `one` for all, or `one_per_zone`, which survives the loss of a zone. EKS nodes need one to pull their images."
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "one", "one_per_zone"], var.nat_gateways)
    error_message = "nat_gateways ${var.nat_gateways} must be none, one or one_per_zone."
  }
}

variable "private_subnet_tags" {
  type        = map(string)
  description = "Further tags of the private subnets, e.g. `kubernetes.io/role/internal-elb`, by which EKS finds where internal load balancers go."
  default     = {}
  nullable    = false
}

variable "subnets" {
  type = map(object({
    private_cidr_block = string
    public_cidr_block  = string
  }))
  description = "The private and the public subnet of each availability zone, by zone; two zones at least."
  nullable    = false

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "subnets has ${length(var.subnets)} zone; one zone is no redundancy. Give two at least, e.g. us-west-2a and us-west-2b."
  }
  validation {
    condition = alltrue(flatten([
      for zone, subnet in var.subnets : [
        for range in [subnet.private_cidr_block, subnet.public_cidr_block] : try(
          cidrhost("${split("/", range)[0]}/${split("/", var.cidr_block)[1]}", 0) == cidrhost(var.cidr_block, 0)
          && tonumber(split("/", range)[1]) >= tonumber(split("/", var.cidr_block)[1])
          && tonumber(split("/", range)[1]) <= 28,
          false
        )
      ]
    ]))
    error_message = "subnets must all lie within ${var.cidr_block} and be /28 or larger, e.g. ${try(cidrsubnet(var.cidr_block, 8, 1), "10.2.1.0/24")}."
  }
  validation {
    condition = alltrue(flatten([
      for i, one in flatten([for subnet in var.subnets : [subnet.private_cidr_block, subnet.public_cidr_block]]) : [
        for j, other in flatten([for subnet in var.subnets : [subnet.private_cidr_block, subnet.public_cidr_block]]) : i == j || try(
          cidrhost("${split("/", one)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0) !=
          cidrhost("${split("/", other)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0),
          false
        )
      ]
    ]))
    error_message = "subnets overlap each other: ${join(", ", flatten([for subnet in var.subnets : [subnet.private_cidr_block, subnet.public_cidr_block]]))}. Give each its own range, e.g. 10.2.1.0/24 and 10.2.2.0/24."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource that supports them."
  default     = {}
  nullable    = false
}
