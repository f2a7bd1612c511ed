output "aks_cluster_id" {
  description = "Resource id of the AKS cluster; null without one."
  value       = one(values(module.azure_aks)[*].id)
}

output "aks_cluster_name" {
  description = "The AKS cluster; null without one."
  value       = one(values(module.azure_aks)[*].name)
}

output "aks_subnet_ids" {
  description = "The subnets aks-nodes and aks-pods, by name; empty without an AKS cluster."
  value       = { for name, id in module.azure_vnet.subnet_ids : name => id if !contains(keys(var.azure.subnets), name) }
}

output "aws_private_subnet_ids" {
  description = "Private subnets, by availability zone."
  value       = module.aws_vpc.private_subnet_ids
}

output "aws_public_subnet_ids" {
  description = "Public subnets, by availability zone."
  value       = module.aws_vpc.public_subnet_ids
}

output "aws_vpc_id" {
  description = "The VPC."
  value       = module.aws_vpc.vpc_id
}

output "aws_vpn_connection_ids" {
  description = "VPN connections, by the Azure gateway instance they end at."
  value       = module.aws_vpn.vpn_connection_ids
}

output "aws_vpn_gateway_id" {
  description = "The virtual private gateway."
  value       = module.aws_vpn.vpn_gateway_id
}

output "aws_workload_security_group_id" {
  description = "The security group that admits the Azure side."
  value       = module.aws_vpc.workload_security_group_id
}

output "azure_connection_names" {
  description = "VPN connections of the Azure gateway, by tunnel."
  value       = module.azure_vpn_gateway.connection_names
}

output "azure_resource_group_name" {
  description = "The resource group of the Azure side."
  value       = azurerm_resource_group.this.name
}

output "azure_subnet_ids" {
  description = "Subnets of the VNet, by name; GatewaySubnet and those of the AKS cluster are not among them."
  value       = { for name, id in module.azure_vnet.subnet_ids : name => id if contains(keys(var.azure.subnets), name) }
}

output "azure_virtual_network_gateway_name" {
  description = "The VPN gateway of the VNet."
  value       = module.azure_vpn_gateway.name
}

output "azure_virtual_network_id" {
  description = "The VNet."
  value       = module.azure_vnet.virtual_network_id
}

output "eks_cluster_name" {
  description = "The EKS cluster; null without one."
  value       = one(values(module.aws_eks)[*].cluster_name)
}

output "tunnels" {
  description = "What each tunnel runs between."
  value = {
    for key, tunnel in var.tunnels : key => {
      outside_ip_address      = module.aws_vpn.tunnels[key].outside_ip_address
      inside_cidr             = tunnel.inside_cidr
      aws_vpn_connection_id   = module.aws_vpn.tunnels[key].vpn_connection_id
      azure_connection_name   = module.azure_vpn_gateway.connection_names[key]
      azure_public_ip_address = module.azure_vpn_gateway.public_ip_addresses[tunnel.azure_instance]
    }
  }
}
