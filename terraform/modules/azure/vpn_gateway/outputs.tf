output "connection_names" {
  description = "Names of the connections, by the keys of `connections`."
  value       = { for key, connection in azurerm_virtual_network_gateway_connection.this : key => connection.name }
}

output "id" {
  description = "Resource id of the VPN gateway."
  value       = azurerm_virtual_network_gateway.this.id
}

output "name" {
  description = "Name of the VPN gateway."
  value       = azurerm_virtual_network_gateway.this.name
}

output "public_ip_addresses" {
  description = "Public IPv4 addresses of the gateway, by instance; known before the gateway exists."
  value       = { for instance, address in azurerm_public_ip.this : instance => address.ip_address }
}
