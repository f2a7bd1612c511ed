output "gateway_subnet_id" {
  description = "GatewaySubnet."
  value       = azurerm_subnet.gateway.id
}

output "subnet_ids" {
  description = "Workload subnets, by name."
  value       = { for name, subnet in azurerm_subnet.workload : name => subnet.id }
}

output "virtual_network_id" {
  description = "The VNet."
  value       = azurerm_virtual_network.this.id
}
