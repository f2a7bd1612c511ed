terraform {
  required_version = ">= 1.11.0, < 2.0.0"

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
}

# Credentials come from the environment: AWS_PROFILE or AWS_ACCESS_KEY_ID, `az login` or ARM_CLIENT_ID;
# the Azure subscription is ARM_SUBSCRIPTION_ID.
provider "aws" {
  region = var.aws.region

  # `twinspan rotate --tag` notes there since when a tunnel has its key.
  ignore_tags {
    key_prefixes = ["twinspan:"]
  }
}

provider "azurerm" {
  features {}
}
