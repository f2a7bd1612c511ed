variable "create_resource_group" {
  description = "Whether to make the resource group; else resource_group_name is one that exists"
  type        = bool
  default     = true
}

variable "create_connections" {
  description = "Whether to make the local network gateways and connections"
  type        = bool
  default     = true
}

variable "name" {
  description = "Prefix of all names"
  type        = string
}

variable "resource_group_name" {
  description = "Name of the resource group"
  type        = string
  default     = null
}

variable "location" {
  description = "Location of everything"
  type        = string
}

variable "address_space" {
  description = "Ranges of the VNet"
  type        = list(string)
}

variable "number_of_subnets" {
  description = "Number of subnets, a /24 each"
  type        = number
  default     = 2
}

variable "remote_cidrs" {
  description = "Ranges that the network security group admits"
  type        = list(string)
  default     = []
}

variable "asn" {
  description = "ASN of the gateway"
  type        = number
}

variable "remote_asn" {
  description = "ASN of the remote gateway"
  type        = number
}

variable "number_of_tunnels" {
  description = "Number of tunnels; known before the addresses are"
  type        = number
  default     = 0
}

variable "tunnel_inside_cidrs" {
  description = "A /30 for each tunnel"
  type        = list(string)
  default     = []
}

variable "tunnel_addresses" {
  description = "Public address of the remote end of each tunnel"
  type        = list(string)
  default     = []
}

variable "tunnel_keys" {
  description = "Pre-shared key of each tunnel"
  type        = list(string)
  default     = []
  sensitive   = true
}

variable "tags" {
  description = "Tags of everything that can have some"
  type        = map(string)
  default     = {}
}
