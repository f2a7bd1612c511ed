terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 7.0"
    }
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.0, < 6.0" # `bgp_enabled`, which most of 4 calls `enable_bgp`
    }
  }
}

provider "aws" {
  region = var.region
}

provider "azurerm" {
  features {}
}
