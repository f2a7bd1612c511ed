locals {
  kubernetes = var.kubernetes_enabled ? var.kubernetes : null

  # AKS has them to itself: Azure lets nothing but pods into a subnet delegated to it.
  aks_subnets = local.kubernetes == null ? {} : {
    aks-nodes = { address_prefix = local.kubernetes.aks.node_subnet_prefix, gateway_route = true }
    aks-pods = {
      address_prefix = local.kubernetes.aks.pod_subnet_prefix
      gateway_route  = true
      delegated_to   = "Microsoft.ContainerService/managedClusters"
    }
  }
}

resource "azurerm_resource_group" "this" {
  name     = "${var.name}-rg"
  location = var.azure.location
  tags     = var.tags
}

module "ipsec_policy" {
  source = "../ipsec_policy"

  policy = var.ipsec_policy
}

module "aws_vpc" {
  source = "../aws/vpc"

  name                = var.name
  cidr_block          = var.aws.cidr_block
  subnets             = var.aws.subnets
  allowed_cidr_blocks = var.azure.address_space
  nat_gateways        = local.kubernetes == null ? "none" : local.kubernetes.eks.nat_gateways
  private_subnet_tags = local.kubernetes == null ? {} : { "kubernetes.io/role/internal-elb" = "1" }
  tags                = var.tags
}

module "azure_vnet" {
  source = "../azure/vnet"

  name                  = var.name
  resource_group_name   = azurerm_resource_group.this.name
  location              = azurerm_resource_group.this.location
  address_space         = var.azure.address_space
  gateway_subnet_prefix = var.azure.gateway_subnet_prefix
  subnets = merge(
    {
      for name, subnet in var.azure.subnets : name => {
        address_prefix = subnet.address_prefix
        gateway_route  = subnet.route_to_aws
      }
    },
    local.aks_subnets,
  )
  remote_address_prefixes = [var.aws.cidr_block]
  tags                    = var.tags
}

# One apply builds both sides, although each needs the other's addresses: the Azure public addresses are static and
# known long before the gateway that uses them, so the customer gateways and the AWS tunnels are made while Azure is
# still building its gateway; the local network gateways and connections follow.
module "azure_vpn_gateway" {
  source = "../azure/vpn_gateway"

  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  gateway_subnet_id   = module.azure_vnet.gateway_subnet_id
  gateway             = var.azure.gateway
  instances = {
    for instance in ["instance0", "instance1"] : instance => {
      apipa_addresses = [
        for tunnel in var.tunnels : cidrhost(tunnel.inside_cidr, 2) if tunnel.azure_instance == instance
      ]
    }
  }
  connections = {
    for key, tunnel in var.tunnels : key => {
      instance                   = tunnel.azure_instance
      bgp_address                = cidrhost(tunnel.inside_cidr, 2)
      remote_gateway_address     = module.aws_vpn.tunnels[key].outside_ip_address
      remote_bgp_peering_address = cidrhost(tunnel.inside_cidr, 1)
      remote_asn                 = var.aws.amazon_side_asn
    }
  }
  pre_shared_keys     = module.aws_vpn.pre_shared_keys
  ipsec_policy        = module.ipsec_policy.azure
  dpd_timeout_seconds = var.dead_peer_detection.azure_timeout_seconds
  tags                = var.tags
}

module "customer_gateway" {
  source   = "../aws/customer_gateway"
  for_each = module.azure_vpn_gateway.public_ip_addresses

  name       = "${var.name}-azure-${each.key}"
  ip_address = each.value
  bgp_asn    = var.azure.gateway.asn
  tags       = var.tags
}

module "aws_vpn" {
  source = "../aws/vpn"

  name                 = var.name
  vpc_id               = module.aws_vpc.vpc_id
  amazon_side_asn      = var.aws.amazon_side_asn
  route_table_ids      = module.aws_vpc.private_route_table_ids
  customer_gateway_ids = { for key, gateway in module.customer_gateway : key => gateway.id }
  tunnels = {
    for key, tunnel in var.tunnels : key => {
      customer_gateway = tunnel.azure_instance
      inside_cidr      = tunnel.inside_cidr
    }
  }
  ipsec_policy        = module.ipsec_policy.aws
  dpd_timeout_seconds = var.dead_peer_detection.aws_timeout_seconds
  lifecycle_control   = var.tunnel_operations.lifecycle_control
  log_retention_days  = var.tunnel_operations.log_retention_days
  tags                = var.tags
}

module "aws_monitoring" {
  source   = "../aws/monitoring"
  for_each = var.monitoring.enabled ? { this = var.monitoring } : {}

  name    = var.name
  region  = var.aws.region
  email   = each.value.email
  tunnels = module.aws_vpn.tunnels
  tags    = var.tags
}

module "azure_monitoring" {
  source   = "../azure/monitoring"
  for_each = var.monitoring.enabled ? { this = var.monitoring } : {}

  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  gateway_id          = module.azure_vpn_gateway.id
  email               = each.value.email
  connections = {
    for key, tunnel in var.tunnels : key => {
      name                       = module.azure_vpn_gateway.connection_names[key]
      remote_bgp_peering_address = cidrhost(tunnel.inside_cidr, 1)
    }
  }
  tags = var.tags
}

module "aws_eks" {
  source   = "../aws/eks"
  for_each = local.kubernetes == null ? {} : { this = local.kubernetes.eks }

  name               = var.name
  vpc_cidr_block     = var.aws.cidr_block
  subnet_ids         = module.aws_vpc.private_subnet_ids
  remote_cidr_blocks = var.azure.address_space
  cluster            = each.value
  node_groups        = each.value.node_groups
  access_entries     = each.value.access_entries
  tags               = var.tags
}

module "azure_aks" {
  source   = "../azure/aks"
  for_each = local.kubernetes == null ? {} : { this = local.kubernetes.aks }

  name                    = var.name
  resource_group_name     = azurerm_resource_group.this.name
  location                = azurerm_resource_group.this.location
  address_space           = var.azure.address_space
  remote_address_prefixes = [var.aws.cidr_block]
  node_subnet = {
    id             = module.azure_vnet.subnet_ids["aks-nodes"]
    address_prefix = each.value.node_subnet_prefix
  }
  pod_subnet = {
    id             = module.azure_vnet.subnet_ids["aks-pods"]
    address_prefix = each.value.pod_subnet_prefix
  }
  cluster     = each.value
  system_pool = each.value.system_pool
  node_pools  = each.value.node_pools
  tags        = var.tags
}
