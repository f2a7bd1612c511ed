output "action_group_id" {
  description = "Resource id of the action group that every alert notifies; add receivers to it, or use it in alerts of your own."
  value       = azurerm_monitor_action_group.this.id
}

output "alert_ids" {
  description = "Resource ids of the alert rules, by what they watch: `tunnel-down`, `all-down`, `bgp-down`, `no-routes`."
  value       = { for key, alert in azurerm_monitor_metric_alert.this : key => alert.id }
}

output "workbook_id" {
  description = "Resource id of the workbook with the charts."
  value       = azurerm_application_insights_workbook.this.id
}

output "workspace_id" {
  description = "Workspace id (a GUID) of the Log Analytics workspace, as its query API takes it."
  value       = azurerm_log_analytics_workspace.this.workspace_id
}
