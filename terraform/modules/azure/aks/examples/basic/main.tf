provider "azurerm" {
  features {}
}

resource "azurerm_resource_group" "example" {
  name     = "example-rg"
  location = "westus2"
}

module "vnet" {
  source = "../../../vnet"

  name                    = "example"
  resource_group_name     = azurerm_resource_group.example.name
  location                = azurerm_resource_group.example.location
  address_space           = ["10.1.0.0/16"]
  gateway_subnet_prefix   = "10.1.1.0/24"
  remote_address_prefixes = ["10.2.0.0/16"]
  subnets = {
    aks-nodes = { address_prefix = "10.1.4.0/24", gateway_route = true }
    aks-pods = {
      address_prefix = "10.1.8.0/22"
      gateway_route  = true
      delegated_to   = "Microsoft.ContainerService/managedClusters"
    }
  }
}

module "aks" {
  source = "../.."

  name                    = "example"
  resource_group_name     = azurerm_resource_group.example.name
  location                = azurerm_resource_group.example.location
  address_space           = ["10.1.0.0/16"]
  remote_address_prefixes = ["10.2.0.0/16"]
  node_subnet             = { id = module.vnet.subnet_ids["aks-nodes"], address_prefix = "10.1.4.0/24" }
  pod_subnet              = { id = module.vnet.subnet_ids["aks-pods"], address_prefix = "10.1.8.0/22" }
  system_pool             = { vm_size = "Standard_B2s_v2", node_count = 1 }
}
