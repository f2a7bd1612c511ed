"""The offline Terraform providers."""
