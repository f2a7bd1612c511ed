# Every azurerm resource that the twin serves, with its required arguments alone.
# max_surge is the exception: AKS shows 10% where nobody set it, and the provider then plans to remove it
# (hashicorp/terraform-provider-azurerm issue 24020).
terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}
provider "azurerm" {
  features {}
  resource_provider_registrations = "none"
}
locals {
  rg  = azurerm_resource_group.this.name
  loc = azurerm_resource_group.this.location
}
resource "azurerm_resource_group" "this" {
  name     = "rg-least"
  location = "West Europe"
}
resource "azurerm_virtual_network" "this" {
  name                = "vnet"
  resource_group_name = local.rg
  location            = local.loc
  address_space       = ["10.1.0.0/16"]
}
resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = local.rg
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.1.1.0/24"]
}
resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = local.rg
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.1.2.0/24"]
}
resource "azurerm_public_ip" "zonal" {
  name                = "zonal"
  resource_group_name = local.rg
  location            = local.loc
  allocation_method   = "Static"
  zones               = ["1", "2", "3"]
}
resource "azurerm_public_ip" "least" {
  name                = "least"
  resource_group_name = local.rg
  location            = local.loc
  allocation_method   = "Static"
}
resource "azurerm_virtual_network_gateway" "this" {
  name                = "gw"
  resource_group_name = local.rg
  location            = local.loc
  type                = "Vpn"
  sku                 = "VpnGw1AZ"
  ip_configuration {
    subnet_id            = azurerm_subnet.gateway.id
    public_ip_address_id = azurerm_public_ip.zonal.id
  }
}
resource "azurerm_local_network_gateway" "this" {
  name                = "aws"
  resource_group_name = local.rg
  location            = local.loc
  gateway_address     = "203.0.113.9"
  address_space       = ["10.2.0.0/16"]
}
resource "azurerm_virtual_network_gateway_connection" "this" {
  name                       = "tunnel"
  resource_group_name        = local.rg
  location                   = local.loc
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = azurerm_local_network_gateway.this.id
  shared_key                 = "Twin.Key_0123456789"
}
resource "azurerm_route_table" "this" {
  name                = "table"
  resource_group_name = local.rg
  location            = local.loc
}
resource "azurerm_route" "this" {
  name                = "aws"
  resource_group_name = local.rg
  route_table_name    = azurerm_route_table.this.name
  address_prefix      = "10.2.0.0/16"
  next_hop_type       = "VirtualNetworkGateway"
}
resource "azurerm_subnet_route_table_association" "this" {
  subnet_id      = azurerm_subnet.app.id
  route_table_id = azurerm_route_table.this.id
}
resource "azurerm_network_security_group" "this" {
  name                = "nsg"
  resource_group_name = local.rg
  location            = local.loc
}
resource "azurerm_network_security_rule" "this" {
  name                        = "in"
  resource_group_name         = local.rg
  network_security_group_name = azurerm_network_security_group.this.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "10.2.0.0/16"
  destination_address_prefix  = "*"
}
resource "azurerm_subnet_network_security_group_association" "this" {
  subnet_id                 = azurerm_subnet.app.id
  network_security_group_id = azurerm_network_security_group.this.id
}
resource "azurerm_user_assigned_identity" "this" {
  name                = "id"
  resource_group_name = local.rg
  location            = local.loc
}
resource "azurerm_log_analytics_workspace" "this" {
  name                = "logs"
  resource_group_name = local.rg
  location            = local.loc
}
resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "ds"
  target_resource_id         = azurerm_virtual_network_gateway.this.id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id
  enabled_log { category = "TunnelDiagnosticLog" }
}
resource "azurerm_monitor_action_group" "this" {
  name                = "desk"
  resource_group_name = local.rg
  short_name          = "desk"
}
resource "azurerm_application_insights_workbook" "this" {
  name                = "85b3e8bb-fc93-40be-83f2-98f6bec18ba0"
  resource_group_name = local.rg
  location            = local.loc
  display_name        = "vpn"
  data_json           = jsonencode({ version = "Notebook/1.0", items = [] })
}
resource "azurerm_role_assignment" "this" {
  scope                = azurerm_resource_group.this.id
  role_definition_name = "Network Contributor"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
}
resource "azurerm_kubernetes_cluster" "this" {
  name                = "aks"
  resource_group_name = local.rg
  location            = local.loc
  dns_prefix          = "aks"
  default_node_pool {
    name           = "system"
    node_count     = 1
    vm_size        = "Standard_B2s"
    vnet_subnet_id = azurerm_subnet.app.id
    upgrade_settings { max_surge = "10%" }
  }
  identity { type = "SystemAssigned" }
  node_provisioning_profile { mode = "Manual" }
  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
  }
}
resource "azurerm_kubernetes_cluster_node_pool" "this" {
  name                  = "user"
  kubernetes_cluster_id = azurerm_kubernetes_cluster.this.id
  vm_size               = "Standard_B2s"
  vnet_subnet_id        = azurerm_subnet.app.id
  upgrade_settings { max_surge = "10%" }
}
resource "azurerm_monitor_metric_alert" "this" {
  name                = "bgp"
  resource_group_name = local.rg
  scopes              = [azurerm_virtual_network_gateway.this.id]
  criteria {
    metric_namespace = "Microsoft.Network/virtualNetworkGateways"
    metric_name      = "BgpPeerStatus"
    aggregation      = "Maximum"
    operator         = "LessThan"
    threshold        = 1
  }
}
