output "gateway_subnet_id" {
  description = "Resource id of GatewaySubnet, for `gateway_subnet_id` of modules/azure/vpn_gateway."
  value       = azurerm_subnet.gateway.id
}

output "subnet_ids" {
  description = "Resource ids of the workload subnets, by name; known once their filters and routes are in force."
  value       = { for name, subnet in azurerm_subnet.workload : name => subnet.id }

  depends_on = [
    azurerm_network_security_rule.deny_others,
    azurerm_network_security_rule.from_remote,
    azurerm_network_security_rule.from_load_balancer,
    azurerm_network_security_rule.from_own_network,
    azurerm_subnet_network_security_group_association.workload,
    azurerm_subnet_route_table_association.remote,
  ]
}

output "virtual_network_id" {
  description = "Resource id of the VNet."
  value       = azurerm_virtual_network.this.id
}
