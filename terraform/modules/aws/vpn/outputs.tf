output "pre_shared_keys" {
  description = "The key of each tunnel, made by AWS."
  value = {
    for key, tunnel in var.tunnels : key => local.pre_shared_keys[tunnel.customer_gateway][cidrhost(tunnel.inside_cidr, 1)]
  }
  sensitive = true
}

output "tunnels" {
  description = "AWS's outside address and the connection of each tunnel."
  value = {
    for key, tunnel in var.tunnels : key => {
      outside_ip_address = local.outside_ip_addresses[tunnel.customer_gateway][cidrhost(tunnel.inside_cidr, 1)]
      vpn_connection_id  = aws_vpn_connection.this[tunnel.customer_gateway].id
    }
  }
}

output "vpn_connection_ids" {
  description = "The VPN connections, by customer gateway."
  value       = { for gateway, connection in aws_vpn_connection.this : gateway => connection.id }
}

output "vpn_gateway_id" {
  description = "The virtual private gateway, attached."
  value       = aws_vpn_gateway_attachment.this.vpn_gateway_id
}
