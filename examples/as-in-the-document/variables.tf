variable "aws_cidr_block" {
  type        = string
  description = "Range of the VPC."
  default     = "10.2.0.0/16"
  nullable    = false
}

variable "aws_region" {
  type        = string
  description = "AWS region."
  default     = "us-west-2"
  nullable    = false
}

variable "azure_address_space" {
  type        = string
  description = "Range of the VNet."
  default     = "10.1.0.0/16"
  nullable    = false
}

variable "azure_location" {
  type        = string
  description = "Azure region."
  default     = "East US"
  nullable    = false
}

variable "azure_resource_group_name" {
  type        = string
  description = "Resource group of the Azure side."
  default     = "aws-azure-rg"
  nullable    = false
}
