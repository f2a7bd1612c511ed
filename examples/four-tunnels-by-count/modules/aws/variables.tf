variable "create_vpc" {
  description = "Whether to make anything"
  type        = bool
  default     = true
}

variable "create_vpn_gateway" {
  description = "Whether to make a virtual private gateway"
  type        = bool
  default     = true
}

variable "create_vpn_connection" {
  description = "Whether to make the customer gateways and connections"
  type        = bool
  default     = true
}

variable "propagate_private_route_tables" {
  description = "Whether the private route tables learn the gateway's routes"
  type        = bool
  default     = false
}

variable "name" {
  description = "Prefix of all names"
  type        = string
}

variable "cidr" {
  description = "Range of the VPC"
  type        = string
}

variable "azs" {
  description = "Availability zones of the subnets"
  type        = list(string)
}

variable "private_subnets" {
  description = "Ranges of the private subnets"
  type        = list(string)
  default     = []
}

variable "remote_cidrs" {
  description = "Ranges that the security group admits"
  type        = list(string)
  default     = []
}

variable "amazon_side_asn" {
  description = "ASN of the virtual private gateway"
  type        = number
}

variable "customer_gateway_asn" {
  description = "ASN of the remote gateway"
  type        = number
}

variable "customer_gateway_ips" {
  description = "Public addresses of the remote gateway"
  type        = list(string)
  default     = []
}

variable "number_of_connections" {
  description = "Number of VPN connections; known before the addresses are"
  type        = number
  default     = 1
}

variable "tunnel_inside_cidrs" {
  description = "A /30 for each tunnel, those of one connection one after the other"
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything"
  type        = map(string)
  default     = {}
}
