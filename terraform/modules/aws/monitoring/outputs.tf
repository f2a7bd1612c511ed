output "alarm_names" {
  description = "Names of the alarms, by what they watch: the key of each tunnel, and `all`."
  value = merge(
    { for key, alarm in aws_cloudwatch_metric_alarm.tunnel : key => alarm.alarm_name },
    { all = aws_cloudwatch_metric_alarm.all.alarm_name },
  )
}

output "dashboard_name" {
  description = "Name of the dashboard with the charts."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "topic_arn" {
  description = "ARN of the SNS topic that every alarm notifies; subscribe others to it, or use it in alarms of your own."
  value       = aws_sns_topic.this.arn
}
