output "action_group_id" {
  description = "Who is told; add receivers there, or give it to alerts of your own."
  value       = azurerm_monitor_action_group.this.id
}

output "alert_ids" {
  description = "The alert rules, by what they watch: tunnel-down, all-down, bgp-down, no-routes."
  value       = { for key, alert in azurerm_monitor_metric_alert.this : key => alert.id }
}

output "workbook_id" {
  description = "The workbook with the charts."
  value       = azurerm_application_insights_workbook.this.id
}

output "workspace_id" {
  description = "The Log Analytics workspace, as its query API names it."
  value       = azurerm_log_analytics_workspace.this.workspace_id
}
