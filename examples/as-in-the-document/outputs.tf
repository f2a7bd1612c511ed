output "aws_private_subnet_ids" {
  description = "Where AWS's hosts are, by availability zone."
  value       = { (aws_subnet.private.availability_zone) = aws_subnet.private.id }
}

output "aws_vpc_id" {
  description = "The VPC."
  value       = aws_vpc.main.id
}

output "aws_vpn_connection_ids" {
  description = "VPN connections, by the instance of Azure's gateway that they end at."
  value       = { for key, connection in aws_vpn_connection.azure : key => connection.id }
}

output "aws_vpn_gateway_id" {
  description = "The virtual private gateway."
  value       = aws_vpn_gateway.main.id
}

output "aws_workload_security_group_id" {
  description = "The security group that admits the VNet."
  value       = aws_security_group.from_azure.id
}

output "azure_resource_group_name" {
  description = "The resource group of the Azure side."
  value       = azurerm_resource_group.main.name
}

output "azure_subnet_ids" {
  description = "Where Azure's hosts are, by name."
  value       = { (azurerm_subnet.workload.name) = azurerm_subnet.workload.id }
}

output "azure_virtual_network_gateway_name" {
  description = "The VPN gateway of the VNet."
  value       = azurerm_virtual_network_gateway.main.name
}

output "azure_virtual_network_id" {
  description = "The VNet."
  value       = azurerm_virtual_network.main.id
}

output "tunnels" {
  description = "What each tunnel runs between."
  value = {
    for key, connection in azurerm_virtual_network_gateway_connection.aws : key => {
      outside_ip_address      = azurerm_local_network_gateway.aws[key].gateway_address
      aws_vpn_connection_id   = aws_vpn_connection.azure[split("-", key)[0]].id
      azure_connection_name   = connection.name
      azure_public_ip_address = azurerm_public_ip.main[split("-", key)[0]].ip_address
    }
  }
}
