# Named as those of our environments, so that verify knows what must exist.

output "aws_vpc_id" {
  value = aws_vpc.this.id
}

output "aws_vpn_gateway_id" {
  value = aws_vpn_gateway.this.id
}

output "aws_vpn_connection_ids" {
  value = { first = aws_vpn_connection.first.id, second = aws_vpn_connection.second.id }
}

output "aws_private_subnet_ids" {
  value = { a = aws_subnet.a.id, b = aws_subnet.b.id }
}

output "aws_workload_security_group_id" {
  value = aws_security_group.hosts.id
}

output "azure_resource_group_name" {
  value = azurerm_resource_group.this.name
}

output "azure_virtual_network_id" {
  value = azurerm_virtual_network.this.id
}

output "azure_virtual_network_gateway_name" {
  value = azurerm_virtual_network_gateway.this.name
}

output "azure_subnet_ids" {
  value = { app = azurerm_subnet.app.id }
}

output "tunnels" {
  value = {
    tunnel1 = { outside_ip_address = aws_vpn_connection.first.tunnel1_address, aws_vpn_connection_id = aws_vpn_connection.first.id, azure_connection_name = azurerm_virtual_network_gateway_connection.first_tunnel1.name }
    tunnel2 = { outside_ip_address = aws_vpn_connection.first.tunnel2_address, aws_vpn_connection_id = aws_vpn_connection.first.id, azure_connection_name = azurerm_virtual_network_gateway_connection.first_tunnel2.name }
    tunnel3 = { outside_ip_address = aws_vpn_connection.second.tunnel1_address, aws_vpn_connection_id = aws_vpn_connection.second.id, azure_connection_name = azurerm_virtual_network_gateway_connection.second_tunnel1.name }
    tunnel4 = { outside_ip_address = aws_vpn_connection.second.tunnel2_address, aws_vpn_connection_id = aws_vpn_connection.second.id, azure_connection_name = azurerm_virtual_network_gateway_connection.second_tunnel2.name }
  }
}
