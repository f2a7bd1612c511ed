provider "azurerm" {
  features {}
}

resource "azurerm_resource_group" "example" {
  name     = "example-rg"
  location = "westus2"
}

module "vnet" {
  source = "../.."

  name                    = "example"
  resource_group_name     = azurerm_resource_group.example.name
  location                = azurerm_resource_group.example.location
  address_space           = ["10.1.0.0/16"]
  gateway_subnet_prefix   = "10.1.1.0/24"
  remote_address_prefixes = ["10.2.0.0/16"]
  subnets = {
    app  = { address_prefix = "10.1.0.0/24", gateway_route = true }
    data = { address_prefix = "10.1.2.0/24" }
  }
}
