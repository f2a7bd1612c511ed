output "alarm_names" {
  description = "The alarms, by what they watch: each tunnel, and `all`."
  value = merge(
    { for key, alarm in aws_cloudwatch_metric_alarm.tunnel : key => alarm.alarm_name },
    { all = aws_cloudwatch_metric_alarm.all.alarm_name },
  )
}

output "dashboard_name" {
  description = "The dashboard with the charts."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "topic_arn" {
  description = "Who is told; subscribe others there, or give it to alarms of your own."
  value       = aws_sns_topic.this.arn
}
