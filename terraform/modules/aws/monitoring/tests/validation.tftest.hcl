mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = {
      arn = "arn:aws:sns:us-west-2:123456789012:test-vpn"
    }
  }
}

variables {
  name   = "test"
  region = "us-west-2"
  email  = "network@example.com"
  tunnels = {
    tunnel1 = { vpn_connection_id = "vpn-0123456789abcdef0", outside_ip_address = "203.0.113.10" }
    tunnel2 = { vpn_connection_id = "vpn-0123456789abcdef0", outside_ip_address = "203.0.113.11" }
  }
}

run "every_tunnel_is_watched_and_missing_data_rings" {
  command = apply

  assert {
    condition     = aws_cloudwatch_metric_alarm.tunnel["tunnel2"].dimensions == tomap({ VpnId = "vpn-0123456789abcdef0", TunnelIpAddress = "203.0.113.11" })
    error_message = "A tunnel's alarm looks at something else."
  }
  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.tunnel), [aws_cloudwatch_metric_alarm.all]) : alarm.treat_missing_data == "breaching" && alarm.alarm_actions == toset([aws_sns_topic.this.arn])])
    error_message = "An alarm is silent without data, or tells nobody."
  }
  assert {
    condition     = [for query in aws_cloudwatch_metric_alarm.all.metric_query : query.expression if query.return_data] == ["FILL(tunnel0, 0) + FILL(tunnel1, 0)"]
    error_message = "The alarm for all tunnels does not count all tunnels."
  }
  assert {
    condition     = output.alarm_names == { tunnel1 = "test-vpn-tunnel-down-tunnel1", tunnel2 = "test-vpn-tunnel-down-tunnel2", all = "test-vpn-all-down" }
    error_message = "The alarms have other names."
  }
}

run "the_dashboard_shows_the_words_of_both_sides" {
  command = apply

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.title] == ["Tunnel state", "Data in", "Data out"]
    error_message = "The charts are not those of the Azure workbook."
  }
}

run "without_an_address_nobody_gets_mail" {
  command = apply

  variables {
    email    = null
    webhooks = { desk = "https://hooks.example.com/vpn" }
  }

  assert {
    condition     = keys(aws_sns_topic_subscription.this) == ["desk"] && aws_sns_topic_subscription.this["desk"].protocol == "https"
    error_message = "Somebody gets mail, or the webhook is not told."
  }
}

run "no_tunnels_are_refused" {
  command = plan

  variables {
    tunnels = {}
  }

  expect_failures = [var.tunnels]
}

run "an_address_that_is_none_is_refused" {
  command = plan

  variables {
    email = "nobody"
  }

  expect_failures = [var.email]
}

run "half_a_minute_is_refused" {
  command = plan

  variables {
    evaluation = { period_seconds = 30 }
  }

  expect_failures = [var.evaluation]
}

run "a_webhook_without_a_scheme_is_refused" {
  command = plan

  variables {
    webhooks = { desk = "hooks.example.com" }
  }

  expect_failures = [var.webhooks]
}

run "a_zone_is_no_region" {
  command = plan

  variables {
    region = "us-west-2a"
  }

  expect_failures = [var.region]
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Test"
  }

  expect_failures = [var.name]
}
