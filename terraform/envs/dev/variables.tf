# The values are in terraform.tfvars. modules/aws_azure_network says what each holds, fills in the defaults and checks it.
variable "aws" {
  type        = any
  description = "The AWS side: region, VPC and its subnets, ASN of the VPN gateway."
  nullable    = false
}

variable "azure" {
  type        = any
  description = "The Azure side: location, VNet and its subnets, size and ASN of the VPN gateway."
  nullable    = false
}

variable "dead_peer_detection" {
  type        = any
  description = "Seconds of silence after which each side declares the other dead."
  default     = {}
  nullable    = false
}

variable "ipsec_policy" {
  type        = any
  description = "The IKEv2 and IPsec policy of all tunnels, in AWS's words."
  default     = {}
  nullable    = false
}

variable "kubernetes" {
  type        = any
  description = "The EKS and the AKS cluster; null for none."
  default     = null
}

variable "kubernetes_enabled" {
  type        = bool
  description = "Whether the clusters of `kubernetes` are built; false builds everything else."
  default     = true
  nullable    = false
}

variable "monitoring" {
  type        = any
  description = "Alarms, logs and dashboards on both sides, and who gets the e-mails."
  default     = {}
  nullable    = false
}

variable "name" {
  type        = string
  description = "Prefix of the names of all resources."
  nullable    = false
}

variable "tags" {
  type        = map(string)
  description = "Tags of all resources that can have them."
  default     = {}
  nullable    = false
}

variable "tunnel_operations" {
  type        = any
  description = "Tunnel endpoint life cycle control and tunnel logs on the AWS side."
  default     = {}
  nullable    = false
}

variable "tunnels" {
  type        = any
  description = "The four tunnels: the Azure gateway instance each ends at, and its inside /30."
  nullable    = false
}
