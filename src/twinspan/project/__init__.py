"""The Terraform project: run terraform, find environments."""
