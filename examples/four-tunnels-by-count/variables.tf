variable "name" {
  description = "Prefix of all names"
  type        = string
  default     = "acme"
}

variable "region" {
  description = "AWS region"
  type        = string
  default     = "eu-west-1"
}

variable "azs" {
  description = "Availability zones, one private subnet in each"
  type        = list(string)
  default     = ["eu-west-1a", "eu-west-1b"]
}

variable "location" {
  description = "Azure location"
  type        = string
  default     = "northeurope"
}

variable "vpc_cidr" {
  description = "Range of the VPC"
  type        = string
  default     = "10.70.0.0/16"
}

variable "vnet_cidr" {
  description = "Range of the VNet"
  type        = string
  default     = "10.71.0.0/16"
}

variable "amazon_side_asn" {
  description = "ASN of the virtual private gateway"
  type        = number
  default     = 64620
}

variable "azure_asn" {
  description = "ASN of Azure's gateway"
  type        = number
  default     = 65100
}

variable "create_vpn" {
  description = "Whether to join the two networks"
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything that can have some"
  type        = map(string)
  default     = {}
}
