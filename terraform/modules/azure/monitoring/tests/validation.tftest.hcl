mock_provider "azurerm" {
  mock_resource "azurerm_monitor_action_group" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Insights/actionGroups/test"
    }
  }
  mock_resource "azurerm_log_analytics_workspace" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.OperationalInsights/workspaces/test"
    }
  }
}

variables {
  name                = "test"
  resource_group_name = "test-rg"
  location            = "westus2"
  gateway_id          = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test-rg/providers/Microsoft.Network/virtualNetworkGateways/test-vpn"
  email               = "network@example.com"
  connections = {
    tunnel1 = { name = "test-tunnel1", remote_bgp_peering_address = "169.254.21.1" }
    tunnel2 = { name = "test-tunnel2", remote_bgp_peering_address = "169.254.22.1" }
  }
}

run "every_connection_and_every_peer_is_watched" {
  command = apply

  assert {
    condition     = toset(keys(azurerm_monitor_metric_alert.this)) == toset(["tunnel-down", "all-down", "bgp-down", "no-routes"])
    error_message = "An alert is missing."
  }
  assert {
    condition     = azurerm_monitor_metric_alert.this["tunnel-down"].criteria[0].dimension[0].values == tolist(["test-tunnel1", "test-tunnel2"])
    error_message = "A connection is not watched."
  }
  assert {
    condition     = azurerm_monitor_metric_alert.this["bgp-down"].criteria[0].dimension[0].values == tolist(["169.254.21.1", "169.254.22.1"])
    error_message = "A peer is not watched."
  }
  assert {
    condition     = length(azurerm_monitor_metric_alert.this["all-down"].criteria[0].dimension) == 0
    error_message = "The alert for all tunnels is split."
  }
  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.this : one(alert.action).action_group_id == azurerm_monitor_action_group.this.id])
    error_message = "An alert tells nobody."
  }
}

run "the_workbook_shows_the_words_of_both_sides" {
  command = apply

  assert {
    condition     = [for item in jsondecode(azurerm_application_insights_workbook.this.data_json).items : item.name] == ["Tunnel state", "Data in", "Data out", "BGP", "Routes learned"]
    error_message = "The charts are not those of the AWS dashboard."
  }
}

run "without_an_address_nobody_gets_mail" {
  command = apply

  variables {
    email    = null
    webhooks = { desk = "https://hooks.example.com/vpn" }
  }

  assert {
    condition     = length(azurerm_monitor_action_group.this.email_receiver) == 0 && azurerm_monitor_action_group.this.webhook_receiver[0].use_common_alert_schema
    error_message = "Somebody gets mail, or the webhook another schema."
  }
}

run "no_connections_are_refused" {
  command = plan

  variables {
    connections = {}
  }

  expect_failures = [var.connections]
}

run "a_peer_that_is_no_address_is_refused" {
  command = plan

  variables {
    connections = { tunnel1 = { name = "test-tunnel1", remote_bgp_peering_address = "aws" } }
  }

  expect_failures = [var.connections]
}

run "one_peer_twice_is_refused" {
  command = plan

  variables {
    connections = {
      tunnel1 = { name = "test-tunnel1", remote_bgp_peering_address = "169.254.21.1" }
      tunnel2 = { name = "test-tunnel2", remote_bgp_peering_address = "169.254.21.1" }
    }
  }

  expect_failures = [var.connections]
}

run "an_address_without_a_host_is_refused" {
  command = plan

  variables {
    email = "network"
  }

  expect_failures = [var.email]
}

run "an_odd_frequency_is_refused" {
  command = plan

  variables {
    evaluation = { frequency = "PT2M" }
  }

  expect_failures = [var.evaluation]
}

run "a_window_shorter_than_the_grain_is_refused" {
  command = plan

  variables {
    evaluation = { window = "PT1M" }
  }

  expect_failures = [var.evaluation]
}

run "a_display_name_is_no_location" {
  command = plan

  variables {
    location = "West US 2"
  }

  expect_failures = [var.location]
}

run "a_retention_that_azure_has_not_is_refused" {
  command = plan

  variables {
    log_retention_days = 7
  }

  expect_failures = [var.log_retention_days]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Test VPN"
  }

  expect_failures = [var.name]
}

run "a_webhook_that_is_no_url_is_refused" {
  command = plan

  variables {
    webhooks = { desk = "hooks.example.com" }
  }

  expect_failures = [var.webhooks]
}
