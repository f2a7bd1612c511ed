# Every azurerm resource that the twin serves, with arguments that are not their defaults; `second` changes
# each in place.
terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}
provider "azurerm" {
  features {}
  resource_provider_registrations = "none"
}
variable "second" {
  type    = bool
  default = false
}
locals {
  rg   = azurerm_resource_group.this.name
  loc  = azurerm_resource_group.this.location
  tags = var.second ? { team = "net", run = "2" } : { team = "net" }
}
resource "azurerm_resource_group" "this" {
  name     = "rg-rich"
  location = "North Europe"
  tags     = local.tags
}
resource "azurerm_virtual_network" "this" {
  name                    = "vnet"
  resource_group_name     = local.rg
  location                = local.loc
  address_space           = var.second ? ["10.1.0.0/16", "10.3.0.0/16"] : ["10.1.0.0/16"]
  dns_servers             = ["10.1.0.4", var.second ? "10.1.0.6" : "10.1.0.5"]
  flow_timeout_in_minutes = 10
  tags                    = local.tags
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
  service_endpoint {
    service = "Microsoft.Storage"
  }
  private_endpoint_network_policies             = "Enabled"
  private_link_service_network_policies_enabled = false
  default_outbound_access_enabled               = false
}
resource "azurerm_subnet" "pods" {
  name                 = "pods"
  resource_group_name  = local.rg
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.1.8.0/22"]
  delegation {
    name = "aks"
    service_delegation {
      name    = "Microsoft.ContainerService/managedClusters"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}
resource "azurerm_public_ip" "gw" {
  count                   = 2
  name                    = "gw${count.index}"
  resource_group_name     = local.rg
  location                = local.loc
  allocation_method       = "Static"
  sku                     = "Standard"
  sku_tier                = "Regional"
  zones                   = ["1", "2", "3"]
  idle_timeout_in_minutes = var.second ? 20 : 10
  domain_name_label       = "twin-${count.index}"
  tags                    = local.tags
}
resource "azurerm_virtual_network_gateway" "this" {
  name                                  = "gw"
  resource_group_name                   = local.rg
  location                              = local.loc
  type                                  = "Vpn"
  vpn_type                              = "RouteBased"
  sku                                   = var.second ? "VpnGw2AZ" : "VpnGw1AZ"
  generation                            = "Generation1"
  active_active                         = true
  bgp_enabled                           = true
  ip_sec_replay_protection_enabled      = false
  bgp_route_translation_for_nat_enabled = false
  ip_configuration {
    name                 = "one"
    subnet_id            = azurerm_subnet.gateway.id
    public_ip_address_id = azurerm_public_ip.gw[0].id
  }
  ip_configuration {
    name                 = "two"
    subnet_id            = azurerm_subnet.gateway.id
    public_ip_address_id = azurerm_public_ip.gw[1].id
  }
  bgp_settings {
    asn         = 65010
    peer_weight = 50
    peering_addresses {
      ip_configuration_name = "one"
      apipa_addresses       = ["169.254.21.2", "169.254.22.2"]
    }
    peering_addresses {
      ip_configuration_name = "two"
      apipa_addresses       = ["169.254.21.6"]
    }
  }
  custom_route { address_prefixes = ["10.77.0.0/16"] }
  tags = local.tags
}
resource "azurerm_local_network_gateway" "bgp" {
  name                = "bgp"
  resource_group_name = local.rg
  location            = local.loc
  gateway_address     = "203.0.113.9"
  bgp_settings {
    asn                 = 64512
    bgp_peering_address = "169.254.21.1"
    peer_weight         = 7
  }
  tags = local.tags
}
resource "azurerm_local_network_gateway" "static" {
  name                = "static"
  resource_group_name = local.rg
  location            = local.loc
  gateway_address     = "203.0.113.10"
  address_space       = var.second ? ["10.2.0.0/16", "10.4.0.0/16"] : ["10.2.0.0/16"]
}
resource "azurerm_virtual_network_gateway_connection" "bgp" {
  name                           = "bgp"
  resource_group_name            = local.rg
  location                       = local.loc
  type                           = "IPsec"
  virtual_network_gateway_id     = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id       = azurerm_local_network_gateway.bgp.id
  shared_key                     = var.second ? "Other.Key_0123456789" : "Twin.Key_0123456789"
  bgp_enabled                    = true
  connection_protocol            = "IKEv2"
  connection_mode                = "ResponderOnly"
  dpd_timeout_seconds            = 30
  routing_weight                 = var.second ? 20 : 10
  local_azure_ip_address_enabled = false
  custom_bgp_addresses {
    primary   = "169.254.21.2"
    secondary = "169.254.21.6"
  }
  ipsec_policy {
    dh_group         = "ECP384"
    ike_encryption   = "GCMAES256"
    ike_integrity    = "SHA384"
    ipsec_encryption = "GCMAES256"
    ipsec_integrity  = "GCMAES256"
    pfs_group        = "ECP384"
    sa_lifetime      = var.second ? 7200 : 3600
  }
  tags = local.tags
}
resource "azurerm_virtual_network_gateway_connection" "static" {
  name                               = "static"
  resource_group_name                = local.rg
  location                           = local.loc
  type                               = "IPsec"
  virtual_network_gateway_id         = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id           = azurerm_local_network_gateway.static.id
  shared_key                         = "Twin.Key_0123456789"
  use_policy_based_traffic_selectors = true
  ipsec_policy {
    dh_group         = "DHGroup14"
    ike_encryption   = "AES256"
    ike_integrity    = "SHA256"
    ipsec_encryption = "AES256"
    ipsec_integrity  = "SHA256"
    pfs_group        = "PFS2048"
  }
  traffic_selector_policy {
    local_address_cidrs  = ["10.1.0.0/16"]
    remote_address_cidrs = ["10.2.0.0/16"]
  }
}
resource "azurerm_route_table" "this" {
  name                          = "table"
  resource_group_name           = local.rg
  location                      = local.loc
  bgp_route_propagation_enabled = var.second
  route {
    name           = "aws"
    address_prefix = "10.2.0.0/16"
    next_hop_type  = "VirtualNetworkGateway"
  }
  route {
    name                   = "nva"
    address_prefix         = "10.5.0.0/16"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = var.second ? "10.1.2.5" : "10.1.2.4"
  }
  tags = local.tags
}
resource "azurerm_network_security_group" "this" {
  name                = "nsg"
  resource_group_name = local.rg
  location            = local.loc
  security_rule {
    name                         = "in"
    description                  = "from AWS"
    priority                     = var.second ? 110 : 100
    direction                    = "Inbound"
    access                       = "Allow"
    protocol                     = "Tcp"
    source_port_range            = "*"
    destination_port_ranges      = ["22", "443"]
    source_address_prefixes      = ["10.2.0.0/16", "10.4.0.0/16"]
    destination_address_prefixes = ["10.1.0.0/16"]
  }
  tags = local.tags
}
resource "azurerm_subnet_route_table_association" "this" {
  subnet_id      = azurerm_subnet.app.id
  route_table_id = azurerm_route_table.this.id
}
resource "azurerm_subnet_network_security_group_association" "this" {
  subnet_id                 = azurerm_subnet.app.id
  network_security_group_id = azurerm_network_security_group.this.id
}
resource "azurerm_user_assigned_identity" "this" {
  name                = "id"
  resource_group_name = local.rg
  location            = local.loc
  isolation_scope     = var.second ? "Regional" : null
  tags                = local.tags
}
resource "azurerm_log_analytics_workspace" "this" {
  name                                    = "logs"
  resource_group_name                     = local.rg
  location                                = local.loc
  sku                                     = "PerGB2018"
  retention_in_days                       = var.second ? 90 : 60
  daily_quota_gb                          = 2.5
  internet_ingestion_access_type          = "Enabled"
  internet_query_access_type              = var.second ? "Disabled" : "Enabled"
  local_authentication_enabled            = false
  allow_resource_only_permissions         = true
  cmk_for_query_forced                    = false
  immediate_data_purge_on_30_days_enabled = true
  identity {
    type = "SystemAssigned"
  }
  tags = local.tags
}
resource "azurerm_monitor_diagnostic_setting" "this" {
  name                           = "ds"
  target_resource_id             = azurerm_virtual_network_gateway.this.id
  log_analytics_workspace_id     = azurerm_log_analytics_workspace.this.id
  log_analytics_destination_type = "AzureDiagnostics"
  enabled_log { category = "TunnelDiagnosticLog" }
  enabled_log { category = var.second ? "RouteDiagnosticLog" : "IKEDiagnosticLog" }
  enabled_metric { category = "AllMetrics" }
}
resource "azurerm_monitor_action_group" "this" {
  name                = "desk"
  resource_group_name = local.rg
  short_name          = var.second ? "desk2" : "desk"
  enabled             = true
  location            = "global"
  email_receiver {
    name                    = "mail"
    email_address           = "a@example.com"
    use_common_alert_schema = true
  }
  webhook_receiver {
    name        = "hook"
    service_uri = "http://127.0.0.1:9/x"
  }
  tags = local.tags
}
resource "azurerm_application_insights_workbook" "this" {
  name                = "85b3e8bb-fc93-40be-83f2-98f6bec18ba1"
  resource_group_name = local.rg
  location            = local.loc
  display_name        = var.second ? "vpn 2" : "vpn"
  description         = "tunnels"
  category            = "workbook"
  source_id           = lower(azurerm_log_analytics_workspace.this.id)
  data_json           = jsonencode({ version = "Notebook/1.0", items = [] })
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }
  tags = local.tags
}
resource "azurerm_role_assignment" "this" {
  scope                = azurerm_virtual_network.this.id
  role_definition_name = "Network Contributor"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
  description          = "nodes join subnets"
}
resource "azurerm_monitor_metric_alert" "this" {
  name                = "bgp"
  resource_group_name = local.rg
  scopes              = [azurerm_virtual_network_gateway.this.id]
  description         = "a session is down"
  severity            = 1
  frequency           = "PT5M"
  window_size         = "PT15M"
  auto_mitigate       = var.second
  criteria {
    metric_namespace = "Microsoft.Network/virtualNetworkGateways"
    metric_name      = "BgpPeerStatus"
    aggregation      = "Maximum"
    operator         = "LessThan"
    threshold        = 1
    dimension {
      name     = "BgpPeerAddress"
      operator = "Include"
      values   = ["169.254.21.1"]
    }
  }
  action {
    action_group_id    = azurerm_monitor_action_group.this.id
    webhook_properties = { from = "twin" }
  }
  tags = local.tags
}
resource "azurerm_kubernetes_cluster" "this" {
  name                = "aks"
  resource_group_name = local.rg
  location            = local.loc
  dns_prefix          = "aks"
  node_resource_group = "rg-rich-nodes"
  sku_tier            = var.second ? "Standard" : "Free"
  default_node_pool {
    name           = "system"
    node_count     = var.second ? 2 : 1
    vm_size        = "Standard_B2s"
    vnet_subnet_id = azurerm_subnet.app.id
    pod_subnet_id  = azurerm_subnet.pods.id
    max_pods       = 40
    node_labels    = { pool = "system" }
    upgrade_settings { max_surge = "10%" }
  }
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }
  node_provisioning_profile { mode = "Manual" }
  network_profile {
    network_plugin = "azure"
    service_cidr   = "10.96.0.0/16"
    dns_service_ip = "10.96.0.10"
  }
  tags = local.tags
}
resource "azurerm_kubernetes_cluster_node_pool" "this" {
  name                  = "user"
  kubernetes_cluster_id = azurerm_kubernetes_cluster.this.id
  vm_size               = "Standard_B2s"
  vnet_subnet_id        = azurerm_subnet.app.id
  pod_subnet_id         = azurerm_subnet.pods.id
  node_count            = 1
  zones                 = ["1"]
  node_labels           = { pool = var.second ? "users" : "user" }
  node_taints           = ["a=b:NoSchedule"]
  tags                  = local.tags
  upgrade_settings { max_surge = "33%" }
}
