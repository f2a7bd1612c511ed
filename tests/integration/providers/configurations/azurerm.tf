terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}

variable "name" { type = string }

variable "shared_key" {
  type      = string
  default   = "first.key_1234"
  sensitive = true
}

variable "propagation" {
  type    = bool
  default = true
}

variable "dpd_timeout_seconds" {
  type    = number
  default = 15
}

variable "tags" {
  type    = map(string)
  default = {}
}

provider "azurerm" {
  features {}
}

data "azurerm_client_config" "this" {}

resource "azurerm_resource_group" "this" {
  name     = var.name
  location = "West Europe"
  tags     = { tenant = data.azurerm_client_config.this.tenant_id }
}

resource "azurerm_virtual_network" "this" {
  name                = "${var.name}-vnet"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  address_space       = ["10.1.0.0/16"]
  tags                = var.tags
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.1.1.0/24"]
}

resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.1.0.0/24"]
}

resource "azurerm_public_ip" "this" {
  count               = 2
  name                = "${var.name}-pip${count.index}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  allocation_method   = "Static"
  zones               = ["1", "2", "3"]
}

resource "azurerm_route_table" "this" {
  name                          = "${var.name}-routes"
  resource_group_name           = azurerm_resource_group.this.name
  location                      = azurerm_resource_group.this.location
  bgp_route_propagation_enabled = var.propagation
}

resource "azurerm_route" "this" {
  name                = "far-side"
  resource_group_name = azurerm_resource_group.this.name
  route_table_name    = azurerm_route_table.this.name
  address_prefix      = "10.2.0.0/16"
  next_hop_type       = "VirtualNetworkGateway"
}

resource "azurerm_subnet_route_table_association" "this" {
  subnet_id      = azurerm_subnet.app.id
  route_table_id = azurerm_route_table.this.id
}

resource "azurerm_network_security_group" "this" {
  name                = "${var.name}-nsg"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = var.tags
}

resource "azurerm_network_security_group" "with_rules" {
  name                = "${var.name}-nsg2"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location

  security_rule {
    name                       = "ssh"
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "22"
    source_address_prefix      = "10.2.0.0/16"
    destination_address_prefix = "*"
  }
}

resource "azurerm_network_security_rule" "this" {
  name                        = "from-far-side"
  resource_group_name         = azurerm_resource_group.this.name
  network_security_group_name = azurerm_network_security_group.this.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefixes     = ["10.2.0.0/16", "10.3.0.0/16"]
  destination_address_prefix  = "10.1.0.0/16"
}

resource "azurerm_subnet_network_security_group_association" "this" {
  subnet_id                 = azurerm_subnet.app.id
  network_security_group_id = azurerm_network_security_group.this.id
}

resource "azurerm_virtual_network_gateway" "this" {
  name                = "${var.name}-gateway"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"
  generation          = "Generation1"
  active_active       = true
  bgp_enabled         = true

  dynamic "ip_configuration" {
    for_each = azurerm_public_ip.this
    content {
      name                 = "instance${ip_configuration.key}"
      public_ip_address_id = ip_configuration.value.id
      subnet_id            = azurerm_subnet.gateway.id
    }
  }

  bgp_settings {
    asn = 65000

    peering_addresses {
      ip_configuration_name = "instance0"
      apipa_addresses       = ["169.254.21.2", "169.254.22.2"]
    }

    peering_addresses {
      ip_configuration_name = "instance1"
      apipa_addresses       = ["169.254.21.6", "169.254.22.6"]
    }
  }
}

resource "azurerm_local_network_gateway" "this" {
  name                = "${var.name}-far-side"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  gateway_address     = "203.0.113.10"

  bgp_settings {
    asn                 = 64512
    bgp_peering_address = "169.254.21.1"
  }
}

resource "azurerm_virtual_network_gateway_connection" "this" {
  name                       = "${var.name}-tunnel1"
  resource_group_name        = azurerm_resource_group.this.name
  location                   = azurerm_resource_group.this.location
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = azurerm_local_network_gateway.this.id
  shared_key                 = var.shared_key
  bgp_enabled                = true
  connection_protocol        = "IKEv2"
  connection_mode            = "Default"
  dpd_timeout_seconds        = var.dpd_timeout_seconds

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
    sa_lifetime      = 3600
  }
}

resource "azurerm_monitor_action_group" "this" {
  name                = "${var.name}-alerts"
  resource_group_name = azurerm_resource_group.this.name
  short_name          = "alerts"
  tags                = var.tags

  email_receiver {
    name                    = "mail"
    email_address           = "network@example.com"
    use_common_alert_schema = true
  }

  webhook_receiver {
    name                    = "hook"
    service_uri             = "http://127.0.0.1:9/alerts"
    use_common_alert_schema = true
  }
}

resource "azurerm_monitor_metric_alert" "this" {
  name                = "${var.name}-bgp"
  resource_group_name = azurerm_resource_group.this.name
  scopes              = [azurerm_virtual_network_gateway.this.id]
  description         = "A BGP session is down."
  severity            = 1
  frequency           = "PT5M"
  tags                = var.tags

  criteria {
    metric_namespace = "Microsoft.Network/virtualNetworkGateways"
    metric_name      = "BgpPeerStatus"
    aggregation      = "Maximum"
    operator         = "LessThan"
    threshold        = 1

    dimension {
      name     = "BgpPeerAddress"
      operator = "Include"
      values   = ["*"]
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.this.id
  }
}

resource "azurerm_log_analytics_workspace" "this" {
  name                = "${var.name}-logs"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  retention_in_days   = 30
  tags                = var.tags
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "logs"
  target_resource_id         = azurerm_virtual_network_gateway.this.id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  enabled_log {
    category = "TunnelDiagnosticLog"
  }
}

resource "azurerm_application_insights_workbook" "this" {
  name                = "11111111-2222-3333-4444-555555555555"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  display_name        = "VPN"
  source_id           = "azure monitor"
  tags                = var.tags
  data_json           = jsonencode({ version = "Notebook/1.0", items = [] })
}

resource "azurerm_local_network_gateway" "static" {
  name                = "${var.name}-static"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  gateway_address     = "203.0.113.11"
  address_space       = ["10.2.0.0/16", "10.3.0.0/16"]
}

resource "azurerm_virtual_network_gateway_connection" "static" {
  name                               = "${var.name}-static"
  resource_group_name                = azurerm_resource_group.this.name
  location                           = azurerm_resource_group.this.location
  type                               = "IPsec"
  virtual_network_gateway_id         = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id           = azurerm_local_network_gateway.static.id
  shared_key                         = var.shared_key
  use_policy_based_traffic_selectors = true

  traffic_selector_policy {
    local_address_cidrs  = ["10.1.0.0/16"]
    remote_address_cidrs = ["10.2.0.0/16"]
  }

  ipsec_policy {
    dh_group         = "DHGroup14"
    ike_encryption   = "AES256"
    ike_integrity    = "SHA256"
    ipsec_encryption = "AES256"
    ipsec_integrity  = "SHA256"
    pfs_group        = "PFS14"
  }
}
