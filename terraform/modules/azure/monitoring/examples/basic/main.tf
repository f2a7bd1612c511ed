provider "azurerm" {
  features {}
}

resource "azurerm_resource_group" "example" {
  name     = "example-rg"
  location = "westus2"
}

module "monitoring" {
  source = "../.."

  name                = "example"
  resource_group_name = azurerm_resource_group.example.name
  location            = azurerm_resource_group.example.location
  gateway_id          = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/example-rg/providers/Microsoft.Network/virtualNetworkGateways/example-vpn"
  email               = "network@example.com"
  connections = {
    tunnel1 = { name = "example-tunnel1", remote_bgp_peering_address = "169.254.21.1" }
    tunnel2 = { name = "example-tunnel2", remote_bgp_peering_address = "169.254.21.5" }
  }
}
