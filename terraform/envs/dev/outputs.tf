output "aks_cluster_id" {
  description = "Resource id of the AKS cluster; null without one."
  value       = module.network.aks_cluster_id
}

output "aks_cluster_name" {
  description = "Name of the AKS cluster; null without one."
  value       = module.network.aks_cluster_name
}

output "aks_subnet_ids" {
  description = "Resource ids of the subnets `aks-nodes` and `aks-pods`, by name; empty without an AKS cluster."
  value       = module.network.aks_subnet_ids
}

output "aws_private_subnet_ids" {
  description = "Ids of the private subnets, by availability zone."
  value       = module.network.aws_private_subnet_ids
}

output "aws_public_subnet_ids" {
  description = "Ids of the public subnets, by availability zone."
  value       = module.network.aws_public_subnet_ids
}

output "aws_vpc_id" {
  description = "Id of the VPC."
  value       = module.network.aws_vpc_id
}

output "aws_vpn_connection_ids" {
  description = "Ids of the AWS VPN connections, by the Azure gateway instance that each ends at."
  value       = module.network.aws_vpn_connection_ids
}

output "aws_vpn_gateway_id" {
  description = "Id of the virtual private gateway."
  value       = module.network.aws_vpn_gateway_id
}

output "aws_workload_security_group_id" {
  description = "Id of the security group that allows the Azure side and nothing else."
  value       = module.network.aws_workload_security_group_id
}

output "azure_connection_names" {
  description = "Names of the Azure gateway's connections, by tunnel."
  value       = module.network.azure_connection_names
}

output "azure_resource_group_name" {
  description = "Name of the resource group of the Azure side."
  value       = module.network.azure_resource_group_name
}

output "azure_subnet_ids" {
  description = "Resource ids of the subnets in `azure.subnets`, by name; GatewaySubnet and the AKS cluster's subnets are not among them."
  value       = module.network.azure_subnet_ids
}

output "azure_virtual_network_gateway_name" {
  description = "Name of the VNet's VPN gateway."
  value       = module.network.azure_virtual_network_gateway_name
}

output "azure_virtual_network_id" {
  description = "Resource id of the VNet."
  value       = module.network.azure_virtual_network_id
}

output "eks_cluster_name" {
  description = "Name of the EKS cluster; null without one."
  value       = module.network.eks_cluster_name
}

output "tunnels" {
  description = "Per tunnel: AWS's outside address, the inside range, the AWS VPN connection, the Azure connection, and the public address of the Azure gateway instance."
  value       = module.network.tunnels
}
