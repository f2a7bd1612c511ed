output "vpc_id" {
  description = "ID of the VPC"
  value       = local.vpc_id
}

output "tunnel_addresses" {
  description = "Public addresses of all tunnels"
  value       = flatten([for vpn in aws_vpn_connection.this : [vpn.tunnel1_address, vpn.tunnel2_address]])
}

output "tunnel_preshared_keys" {
  description = "Pre-shared keys of all tunnels"
  value       = flatten([for vpn in aws_vpn_connection.this : [vpn.tunnel1_preshared_key, vpn.tunnel2_preshared_key]])
  sensitive   = true
}
