output "gateway_public_ips" {
  description = "Public addresses of the gateway's two instances"
  value       = azurerm_public_ip.gateway[*].ip_address
}

output "virtual_network_id" {
  description = "ID of the VNet"
  value       = azurerm_virtual_network.this.id
}
