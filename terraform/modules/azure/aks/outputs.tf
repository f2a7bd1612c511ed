output "fqdn" {
  description = "Name of the API server in public DNS; empty if there is none."
  value       = azurerm_kubernetes_cluster.this.fqdn
}

output "id" {
  description = "Resource id of the cluster."
  value       = azurerm_kubernetes_cluster.this.id
}

output "name" {
  description = "Name of the cluster; known once its node pools exist."
  value       = azurerm_kubernetes_cluster.this.name

  depends_on = [azurerm_kubernetes_cluster_node_pool.this]
}

output "node_resource_group" {
  description = "Name of the resource group in which AKS keeps nodes and load balancers."
  value       = azurerm_kubernetes_cluster.this.node_resource_group
}

output "private_fqdn" {
  description = "Name of the API server within the VNet; empty if the endpoint is public."
  value       = azurerm_kubernetes_cluster.this.private_fqdn
}
