variable "bucket" {
  type        = string
  description = "Name of the bucket, as in the environments' backend.hcl. S3 names are global."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket ${var.bucket} must be 3 to 63 small letters, digits and hyphens, e.g. twinspan-terraform-state."
  }
}

variable "region" {
  type        = string
  description = "AWS region of the bucket, as in the environments' backend.hcl."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region ${var.region} must be the name of an AWS region, e.g. us-west-2."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of the bucket."
  default     = {}
  nullable    = false
}
