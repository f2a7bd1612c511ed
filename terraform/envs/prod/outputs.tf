output "aks_cluster_id" {
  description = "Resource id of the AKS cluster; null without one."
  value       = module.network.aks_cluster_id
}

output "aks_cluster_name" {
  description = "The AKS cluster; null without one."
  value       = module.network.aks_cluster_name
}

output "aks_subnet_ids" {
  description = "The subnets aks-nodes and aks-pods, by name; empty without an AKS cluster."
  value       = module.network.aks_subnet_ids
}

output "aws_private_subnet_ids" {
  description = "Private subnets, by availability zone."
  value       = module.network.aws_private_subnet_ids
}

output "aws_public_subnet_ids" {
  description = "Public subnets, by availability zone."
  value       = module.network.aws_public_subnet_ids
}

output "aws_vpc_id" {
  description = "The VPC."
  value       = module.network.aws_vpc_id
}

output "aws_vpn_connection_ids" {
  description = "VPN connections, by the Azure gateway instance they end at."
  value       = module.network.aws_vpn_connection_ids
}

output "aws_vpn_gateway_id" {
  description = "The virtual private gateway."
  value       = module.network.aws_vpn_gateway_id
}

output "aws_workload_security_group_id" {
  description = "The security group that admits the Azure side."
  value       = module.network.aws_workload_security_group_id
}

output "azure_connection_names" {
  description = "VPN connections of the Azure gateway, by tunnel."
  value       = module.network.azure_connection_names
}

output "azure_resource_group_name" {
  description = "The resource group of the Azure side."
  value       = module.network.azure_resource_group_name
}

output "azure_subnet_ids" {
  description = "Subnets of the VNet, by name; GatewaySubnet and those of the AKS cluster are not among them."
  value       = module.network.azure_subnet_ids
}

output "azure_virtual_network_gateway_name" {
  description = "The VPN gateway of the VNet."
  value       = module.network.azure_virtual_network_gateway_name
}

output "azure_virtual_network_id" {
  description = "The VNet."
  value       = module.network.azure_virtual_network_id
}

output "eks_cluster_name" {
  description = "The EKS cluster; null without one."
  value       = module.network.eks_cluster_name
}

output "tunnels" {
  description = "What each tunnel runs between."
  value       = module.network.tunnels
}
