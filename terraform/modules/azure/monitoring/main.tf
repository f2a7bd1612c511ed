locals {
  namespace = "Microsoft.Network/virtualNetworkGateways"
  names     = sort([for connection in values(var.connections) : connection.name])
  peers     = sort([for connection in values(var.connections) : connection.remote_bgp_peering_address])

  # One rule can split by a dimension: it then fires for each value on its own. QmsaCount is the number of IPsec
  # security associations: 0 says that a tunnel is down, where bytes only say that nobody sent anything.
  alerts = {
    tunnel-down = {
      description = "A connection has no IPsec tunnel."
      severity    = 1
      metric      = "QmsaCount"
      aggregation = "Total"
      dimension   = { name = "ConnectionName", values = local.names }
    }
    all-down = {
      description = "No connection has an IPsec tunnel: AWS cannot be reached."
      severity    = 0
      metric      = "QmsaCount"
      aggregation = "Total"
      dimension   = null
    }
    # Each session exists at one instance, and the other reports it as 0: the larger of the two counts.
    bgp-down = {
      description = "A BGP session is down."
      severity    = 1
      metric      = "BgpPeerStatus"
      aggregation = "Maximum"
      dimension   = { name = "BgpPeerAddress", values = local.peers }
    }
    no-routes = {
      description = "A BGP peer announces no routes."
      severity    = 2
      metric      = "BgpRoutesLearned"
      aggregation = "Total"
      dimension   = { name = "BgpPeerAddress", values = local.peers }
    }
  }

  charts = [
    { title = "Tunnel state", metric = "QmsaCount", aggregation = 1, split = "ConnectionName" },
    { title = "Data in", metric = "TunnelIngressBytes", aggregation = 1, split = "ConnectionName" },
    { title = "Data out", metric = "TunnelEgressBytes", aggregation = 1, split = "ConnectionName" },
    { title = "BGP", metric = "BgpPeerStatus", aggregation = 3, split = "BgpPeerAddress" },
    { title = "Routes learned", metric = "BgpRoutesLearned", aggregation = 1, split = "BgpPeerAddress" },
  ]
}

resource "azurerm_monitor_action_group" "this" {
  name                = "${var.name}-vpn"
  resource_group_name = var.resource_group_name
  short_name          = "vpn"
  tags                = var.tags

  dynamic "email_receiver" {
    for_each = var.email == null ? [] : [var.email]

    content {
      name                    = "email"
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }

  dynamic "webhook_receiver" {
    for_each = var.webhooks

    content {
      name                    = webhook_receiver.key
      service_uri             = webhook_receiver.value
      use_common_alert_schema = true
    }
  }
}

resource "azurerm_monitor_metric_alert" "this" {
  for_each = local.alerts

  name                = "${var.name}-vpn-${each.key}"
  resource_group_name = var.resource_group_name
  scopes              = [var.gateway_id]
  description         = each.value.description
  severity            = each.value.severity
  frequency           = var.evaluation.frequency
  window_size         = var.evaluation.window
  auto_mitigate       = true
  tags                = var.tags

  criteria {
    metric_namespace = local.namespace
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = "LessThan"
    threshold        = 1

    dynamic "dimension" {
      for_each = each.value.dimension == null ? [] : [each.value.dimension]

      content {
        name     = dimension.value.name
        operator = "Include"
        values   = dimension.value.values
      }
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.this.id
  }
}

resource "azurerm_log_analytics_workspace" "this" {
  name                = "${var.name}-vpn"
  resource_group_name = var.resource_group_name
  location            = var.location
  retention_in_days   = var.log_retention_days
  tags                = var.tags
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "vpn"
  target_resource_id         = var.gateway_id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  dynamic "enabled_log" {
    for_each = toset(["GatewayDiagnosticLog", "IKEDiagnosticLog", "RouteDiagnosticLog", "TunnelDiagnosticLog"])

    content {
      category = enabled_log.value
    }
  }
}

# A workbook's name must be a UUID; made from ours, it is the same in every plan.
resource "azurerm_application_insights_workbook" "this" {
  name                = uuidv5("url", "https://twinspan/${var.resource_group_name}/${var.name}")
  resource_group_name = var.resource_group_name
  location            = var.location
  display_name        = "${var.name} VPN"
  source_id           = lower(var.gateway_id)
  tags                = var.tags

  data_json = jsonencode({
    version = "Notebook/1.0"
    items = [
      for chart in local.charts : {
        type = 10
        name = chart.title
        content = {
          version        = "MetricsItem/2.0"
          chartId        = "vpn-${lower(replace(chart.title, " ", "-"))}"
          size           = 0
          chartType      = 2
          resourceType   = lower(local.namespace)
          metricScope    = 0
          resourceIds    = [var.gateway_id]
          timeContext    = { durationMs = 14400000 }
          title          = chart.title
          gridFormatType = 1
          metrics = [{
            namespace   = lower(local.namespace)
            metric      = "${lower(local.namespace)}--${chart.metric}"
            aggregation = chart.aggregation
            splitBy     = chart.split
          }]
        }
      }
    ]
  })
}
