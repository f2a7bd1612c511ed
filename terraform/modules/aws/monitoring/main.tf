locals {
  # CloudWatch names a tunnel by its connection and its outside address.
  dimensions = {
    for key, tunnel in var.tunnels : key => { VpnId = tunnel.vpn_connection_id, TunnelIpAddress = tunnel.outside_ip_address }
  }
  # Ids of metrics in an expression begin with a small letter and have no hyphens.
  ids = { for number, key in sort(keys(var.tunnels)) : key => "tunnel${number}" }

  # The same words as on the Azure side's workbook. Bytes are no sign of life: keepalives count.
  charts = [
    { title = "Tunnel state", metric = "TunnelState", statistic = "Maximum" },
    { title = "Data in", metric = "TunnelDataIn", statistic = "Sum" },
    { title = "Data out", metric = "TunnelDataOut", statistic = "Sum" },
  ]
}

resource "aws_sns_topic" "this" {
  name = "${var.name}-vpn"
  tags = var.tags
}

resource "aws_sns_topic_subscription" "this" {
  for_each = merge(
    var.email == null ? {} : { email = { protocol = "email", endpoint = var.email } },
    { for name, url in var.webhooks : name => { protocol = split(":", url)[0], endpoint = url } },
  )

  topic_arn = aws_sns_topic.this.arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}

# With BGP, TunnelState is 1 only while the session over the tunnel is established. No data at all is a fault, too.
resource "aws_cloudwatch_metric_alarm" "tunnel" {
  for_each = var.tunnels

  alarm_name          = "${var.name}-vpn-tunnel-down-${each.key}"
  alarm_description   = "The tunnel ${each.key} of ${var.name} is down."
  namespace           = "AWS/VPN"
  metric_name         = "TunnelState"
  dimensions          = local.dimensions[each.key]
  statistic           = "Maximum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = var.evaluation.period_seconds
  evaluation_periods  = var.evaluation.periods
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "all" {
  alarm_name          = "${var.name}-vpn-all-down"
  alarm_description   = "No tunnel of ${var.name} is up: Azure cannot be reached."
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = var.evaluation.periods
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
  tags                = var.tags

  metric_query {
    id          = "up"
    label       = "tunnels up"
    expression  = join(" + ", [for id in sort(values(local.ids)) : "FILL(${id}, 0)"])
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.ids

    content {
      id          = metric_query.value
      return_data = false

      metric {
        namespace   = "AWS/VPN"
        metric_name = "TunnelState"
        dimensions  = local.dimensions[metric_query.key]
        period      = var.evaluation.period_seconds
        stat        = "Maximum"
      }
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name}-vpn"
  dashboard_body = jsonencode({
    widgets = [
      for number, chart in local.charts : {
        type   = "metric"
        x      = 0
        y      = number * 6
        width  = 24
        height = 6
        properties = {
          title  = chart.title
          region = var.region
          view   = "timeSeries"
          period = var.evaluation.period_seconds
          stat   = chart.statistic
          metrics = [
            for key in sort(keys(var.tunnels)) : [
              "AWS/VPN", chart.metric,
              "VpnId", var.tunnels[key].vpn_connection_id,
              "TunnelIpAddress", var.tunnels[key].outside_ip_address,
              { label = key },
            ]
          ]
        }
      }
    ]
  })
}
