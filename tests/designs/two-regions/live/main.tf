# Two networks that nothing joins: Frankfurt with one subscription, Virginia with another.

terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    azurerm = { source = "hashicorp/azurerm" }
  }
}

provider "aws" {
  alias  = "frankfurt"
  region = "eu-central-1"
}

provider "aws" {
  alias  = "virginia"
  region = "us-east-1"
}

provider "azurerm" {
  alias           = "europe"
  subscription_id = "11111111-1111-4111-8111-111111111111"
  features {}
}

provider "azurerm" {
  alias           = "america"
  subscription_id = "22222222-2222-4222-8222-222222222222"
  features {}
}

module "europe" {
  source = "../joined"
  providers = {
    aws     = aws.frankfurt
    azurerm = azurerm.europe
  }

  vpc      = "10.10.0.0/16"
  vnet     = "10.20.0.0/16"
  zone     = "eu-central-1a"
  location = "westeurope"
  group    = "vpn"
}

module "america" {
  source = "../joined"
  providers = {
    aws     = aws.virginia
    azurerm = azurerm.america
  }

  vpc      = "10.30.0.0/16"
  vnet     = "10.40.0.0/16"
  zone     = "us-east-1a"
  location = "eastus"
  group    = "vpn"
}
