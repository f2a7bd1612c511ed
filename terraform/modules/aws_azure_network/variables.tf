variable "aws" {
  type = object({
    region          = string
    cidr_block      = string
    amazon_side_asn = optional(number, 64512)
    subnets = map(object({
      private_cidr_block = string
      public_cidr_block  = string
    }))
  })
  description = "The AWS side: region, range of the VPC, ASN of its VPN gateway, and one private and one public subnet per availability zone."
  nullable    = false

  validation {
    condition = can(cidrhost(var.aws.cidr_block, 0)) && alltrue([
      for range in var.azure.address_space : try(
        cidrhost("${split("/", range)[0]}/${min(split("/", range)[1], split("/", var.aws.cidr_block)[1])}", 0) !=
        cidrhost("${split("/", var.aws.cidr_block)[0]}/${min(split("/", range)[1], split("/", var.aws.cidr_block)[1])}", 0),
        true
      )
    ])
    error_message = "aws.cidr_block ${var.aws.cidr_block} is not a range, or overlaps azure.address_space ${join(", ", var.azure.address_space)}; nothing can be routed between networks that share addresses. Take another private range, e.g. 10.2.0.0/16."
  }
  validation {
    condition     = var.azure.gateway.asn != var.aws.amazon_side_asn
    error_message = "azure.gateway.asn and aws.amazon_side_asn are both ${var.azure.gateway.asn}; eBGP needs two. Set azure.gateway.asn to another, e.g. 65000."
  }
  validation {
    condition     = length(var.aws.subnets) >= 2
    error_message = "aws.subnets has ${length(var.aws.subnets)} zone; one zone is no redundancy. Give two at least, e.g. us-west-2a and us-west-2b."
  }
  validation {
    condition     = alltrue([for zone in keys(var.aws.subnets) : startswith(zone, var.aws.region)])
    error_message = "aws.subnets has zones ${join(", ", keys(var.aws.subnets))} outside the region ${var.aws.region}. Name zones of that region, e.g. ${var.aws.region}a."
  }
}

variable "azure" {
  type = object({
    location              = string
    address_space         = set(string)
    gateway_subnet_prefix = string
    subnets = map(object({
      address_prefix = string
      route_to_aws   = optional(bool, false)
    }))
    gateway = object({
      sku        = string
      generation = string
      asn        = optional(number, 65000)
      zones      = optional(set(string), ["1", "2", "3"])
    })
  })
  description = "The Azure side: location, ranges and subnets of the VNet, and the size and ASN of its VPN gateway. With `route_to_aws` a subnet has an explicit route to AWS; the others rely on BGP propagation."
  nullable    = false
}

variable "dead_peer_detection" {
  type = object({
    aws_timeout_seconds   = optional(number, 30)
    azure_timeout_seconds = optional(number, 45)
  })
  description = "Seconds without an answer after which each side declares the remote gateway dead. AWS: 30 to 3600; Azure: 9 to 3600."
  default     = {}
  nullable    = false
}

variable "ipsec_policy" {
  type = object({
    ike_encryption         = optional(string, "AES256-GCM-16")
    ike_integrity          = optional(string, "SHA2-384")
    ike_dh_group           = optional(number, 20)
    ipsec_encryption       = optional(string, "AES256-GCM-16")
    ipsec_integrity        = optional(string, "SHA2-256")
    pfs_dh_group           = optional(number, 20)
    ipsec_lifetime_seconds = optional(number, 3600)
  })
  description = "IKEv2 and IPsec policy of all tunnels, in AWS's words; modules/ipsec_policy translates it into Azure's."
  default     = {}
  nullable    = false
}

variable "kubernetes" {
  type = object({
    eks = object({
      version                 = optional(string, "1.35")
      service_ipv4_cidr       = optional(string, "172.20.0.0/16")
      endpoint_private_access = optional(bool, true)
      endpoint_public_access  = optional(bool, true)
      public_access_cidrs     = optional(set(string), ["0.0.0.0/0"])
      log_types               = optional(set(string), [])
      nat_gateways            = optional(string, "one")
      network_policies        = optional(bool, false)
      node_groups = map(object({
        instance_types  = list(string)
        desired_size    = number
        min_size        = number
        max_size        = number
        max_unavailable = optional(number, 1)
        capacity_type   = optional(string, "ON_DEMAND")
        labels          = optional(map(string), {})
      }))
      access_entries = optional(map(object({
        principal_arn     = string
        kubernetes_groups = optional(set(string), [])
        policy            = optional(string)
        namespaces        = optional(set(string), [])
      })), {})
    })
    aks = object({
      version            = optional(string, "1.35")
      sku_tier           = optional(string, "Free")
      private            = optional(bool, false)
      service_cidr       = optional(string, "10.96.0.0/16")
      outbound_type      = optional(string, "loadBalancer")
      network_policy     = optional(string)
      node_subnet_prefix = string
      pod_subnet_prefix  = string
      system_pool = object({
        name       = optional(string, "system")
        vm_size    = string
        node_count = number
        max_pods   = optional(number, 30)
        zones      = optional(set(string), [])
        labels     = optional(map(string), {})
      })
      node_pools = optional(map(object({
        vm_size    = string
        node_count = number
        max_pods   = optional(number, 30)
        zones      = optional(set(string), [])
        labels     = optional(map(string), {})
      })), {})
    })
  })
  description = "An EKS cluster in the private subnets and an AKS cluster in subnets of its own (`aks-nodes` and `aks-pods`); null for none. modules/aws/eks and modules/azure/aks document the settings."
  default     = null

  validation {
    condition     = var.kubernetes == null || length(setintersection(keys(var.azure.subnets), ["aks-nodes", "aks-pods"])) == 0
    error_message = "azure.subnets has aks-nodes or aks-pods, which are made from kubernetes.aks. Call yours otherwise, e.g. app."
  }
}

variable "kubernetes_enabled" {
  type        = bool
  description = "Whether the clusters of `kubernetes` are built; false builds everything else."
  default     = true
  nullable    = false
}

variable "monitoring" {
  type = object({
    enabled = optional(bool, true)
    email   = optional(string)
  })
  description = "Alarms, logs and dashboards of the VPN on both sides, and the e-mail address that alarms are sent to; null for none."
  default     = {}
  nullable    = false

  validation {
    condition     = var.monitoring.email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.monitoring.email))
    error_message = "monitoring.email ${coalesce(var.monitoring.email, "null")} is no address; give one such as network@example.com, or null."
  }
}

variable "name" {
  type        = string
  description = "Prefix of every resource's name: 2 to 24 small letters, digits and hyphens, e.g. `twinspan-dev`."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "name ${var.name} must be 2 to 24 small letters, digits and hyphens, begin with a letter and not end with a hyphen, e.g. twinspan-dev."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource that supports them."
  default     = {}
  nullable    = false
}

variable "tunnel_operations" {
  type = object({
    lifecycle_control  = optional(bool, false)
    log_retention_days = optional(number)
  })
  description = "`lifecycle_control`: tunnel endpoint replacements wait until you start them. `log_retention_days`: how long tunnel logs are kept in CloudWatch; null for no logs."
  default     = {}
  nullable    = false
}

variable "tunnels" {
  type = map(object({
    azure_instance = string
    inside_cidr    = string
  }))
  description = "The four tunnels, by a name of yours: the instance of the Azure gateway (`instance0` or `instance1`) that each ends at, and its inside /30, of which AWS takes the first host address and Azure the second."
  nullable    = false

  validation {
    condition     = length(distinct([for tunnel in var.tunnels : tunnel.inside_cidr])) == length(var.tunnels)
    error_message = "tunnels has an inside_cidr twice: ${join(", ", [for key, tunnel in var.tunnels : "${key}=${tunnel.inside_cidr}"])}. Give every tunnel its own, e.g. 169.254.21.0/30 and 169.254.22.0/30."
  }
  validation {
    condition = alltrue([
      for instance in ["instance0", "instance1"] : length([
        for tunnel in var.tunnels : tunnel if tunnel.azure_instance == instance
      ]) == 2
    ]) && length(var.tunnels) == 4
    error_message = "tunnels must be four, two at instance0 and two at instance1: AWS makes two per customer gateway, and each Azure instance is one customer gateway."
  }
}
