resource "azurerm_user_assigned_identity" "this" {
  name                = "${var.name}-aks"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

# The cluster joins nodes, pods and internal load balancers to these subnets; nothing else in the network is its.
resource "azurerm_role_assignment" "subnet" {
  for_each = { nodes = var.node_subnet.id, pods = var.pod_subnet.id }

  scope                = each.value
  role_definition_name = "Network Contributor"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_kubernetes_cluster" "this" {
  name                    = "${var.name}-aks"
  resource_group_name     = var.resource_group_name
  location                = var.location
  dns_prefix              = var.name
  kubernetes_version      = var.cluster.version
  sku_tier                = var.cluster.sku_tier
  private_cluster_enabled = var.cluster.private
  tags                    = var.tags

  default_node_pool {
    name           = var.system_pool.name
    vm_size        = var.system_pool.vm_size
    node_count     = var.system_pool.node_count
    max_pods       = var.system_pool.max_pods
    zones          = var.system_pool.zones
    node_labels    = var.system_pool.labels
    vnet_subnet_id = var.node_subnet.id
    pod_subnet_id  = var.pod_subnet.id

    temporary_name_for_rotation = "rotating"

    upgrade_settings {
      max_surge = "10%"
    }
  }
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }
  # Azure CNI with a pod subnet: a pod has an address of the VNet, which the remote side can reach and sees as the source.
  # With the overlay or kubenet it would see nodes only. Policies of Cilium come with its data plane alone.
  network_profile {
    network_plugin     = "azure"
    network_policy     = var.cluster.network_policy
    network_data_plane = var.cluster.network_policy == "cilium" ? "cilium" : "azure"
    load_balancer_sku  = "standard"
    outbound_type      = var.cluster.outbound_type
    service_cidr       = var.cluster.service_cidr
    dns_service_ip     = cidrhost(var.cluster.service_cidr, 10)
  }
  node_provisioning_profile {
    mode = "Manual"
  }

  depends_on = [azurerm_role_assignment.subnet]
}

resource "azurerm_kubernetes_cluster_node_pool" "this" {
  for_each = var.node_pools

  name                  = each.key
  kubernetes_cluster_id = azurerm_kubernetes_cluster.this.id
  mode                  = "User"
  vm_size               = each.value.vm_size
  node_count            = each.value.node_count
  max_pods              = each.value.max_pods
  zones                 = each.value.zones
  node_labels           = each.value.labels
  vnet_subnet_id        = var.node_subnet.id
  pod_subnet_id         = var.pod_subnet.id
  tags                  = var.tags

  temporary_name_for_rotation = "rotating"

  upgrade_settings {
    max_surge = "10%"
  }
}
