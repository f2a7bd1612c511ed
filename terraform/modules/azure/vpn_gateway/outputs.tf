output "connection_names" {
  description = "The connections, by tunnel."
  value       = { for key, connection in azurerm_virtual_network_gateway_connection.this : key => connection.name }
}

output "id" {
  description = "Resource id of the VPN gateway."
  value       = azurerm_virtual_network_gateway.this.id
}

output "name" {
  description = "The VPN gateway."
  value       = azurerm_virtual_network_gateway.this.name
}

output "public_ip_addresses" {
  description = "The gateway's public addresses, by instance."
  value       = { for instance, address in azurerm_public_ip.this : instance => address.ip_address }
}
