output "aks_cluster_id" {
  description = "Resource id of the AKS cluster; null without one."
  value       = one(values(module.azure_aks)[*].id)
}

output "aks_cluster_name" {
  description = "Name of the AKS cluster; null without one."
  value       = one(values(module.azure_aks)[*].name)
}

output "aks_subnet_ids" {
  description = "Resource ids of the subnets `aks-nodes` and `aks-pods`, by name; empty without an AKS cluster."
  value       = { for name, id in module.azure_vnet.subnet_ids : name => id if !contains(keys(var.azure.subnets), name) }
}

output "aws_private_subnet_ids" {
  description = "Ids of the private subnets, by availability zone."
  value       = module.aws_vpc.private_subnet_ids
}

output "aws_public_subnet_ids" {
  description = "Ids of the public subnets, by availability zone."
  value       = module.aws_vpc.public_subnet_ids
}

output "aws_vpc_id" {
  description = "Id of the VPC."
  value       = module.aws_vpc.vpc_id
}

output "aws_vpn_connection_ids" {
  description = "Ids of the AWS VPN connections, by the Azure gateway instance that each ends at."
  value       = module.aws_vpn.vpn_connection_ids
}

output "aws_vpn_gateway_id" {
  description = "Id of the virtual private gateway."
  value       = module.aws_vpn.vpn_gateway_id
}

output "aws_workload_security_group_id" {
  description = "Id of the security group that allows the Azure side and nothing else."
  value       = module.aws_vpc.workload_security_group_id
}

output "azure_connection_names" {
  description = "Names of the Azure gateway's connections, by tunnel."
  value       = module.azure_vpn_gateway.connection_names
}

output "azure_resource_group_name" {
  description = "Name of the resource group of the Azure side."
  value       = azurerm_resource_group.this.name
}

output "azure_subnet_ids" {
  description = "Resource ids of the subnets in `azure.subnets`, by name; GatewaySubnet and the AKS cluster's subnets are not among them."
  value       = { for name, id in module.azure_vnet.subnet_ids : name => id if contains(keys(var.azure.subnets), name) }
}

output "azure_virtual_network_gateway_name" {
  description = "Name of the VNet's VPN gateway."
  value       = module.azure_vpn_gateway.name
}

output "azure_virtual_network_id" {
  description = "Resource id of the VNet."
  value       = module.azure_vnet.virtual_network_id
}

output "eks_cluster_name" {
  description = "Name of the EKS cluster; null without one."
  value       = one(values(module.aws_eks)[*].cluster_name)
}

output "tunnels" {
  description = "Per tunnel: AWS's outside address, the inside range, the AWS VPN connection, the Azure connection, and the public address of the Azure gateway instance."
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
