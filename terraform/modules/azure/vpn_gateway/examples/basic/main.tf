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
    app = { address_prefix = "10.1.0.0/24" }
  }
}

module "ipsec_policy" {
  source = "../../../../ipsec_policy"
}

variable "pre_shared_keys" {
  type        = map(string)
  description = "The pre-shared keys of tunnel1 and tunnel2."
  sensitive   = true
}

module "vpn_gateway" {
  source = "../.."

  name                = "example"
  resource_group_name = azurerm_resource_group.example.name
  location            = azurerm_resource_group.example.location
  gateway_subnet_id   = module.vnet.gateway_subnet_id
  gateway             = { sku = "VpnGw1AZ", generation = "Generation1", asn = 65000 }
  instances = {
    instance0 = { apipa_addresses = ["169.254.21.2"] }
    instance1 = { apipa_addresses = ["169.254.21.6"] }
  }
  connections = {
    tunnel1 = {
      instance                   = "instance0"
      bgp_address                = "169.254.21.2"
      remote_gateway_address     = "203.0.113.10"
      remote_bgp_peering_address = "169.254.21.1"
      remote_asn                 = 64512
    }
    tunnel2 = {
      instance                   = "instance1"
      bgp_address                = "169.254.21.6"
      remote_gateway_address     = "203.0.113.11"
      remote_bgp_peering_address = "169.254.21.5"
      remote_asn                 = 64512
    }
  }
  pre_shared_keys = var.pre_shared_keys
  ipsec_policy    = module.ipsec_policy.azure
}
