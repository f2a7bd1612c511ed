module "network" {
  source = "../../modules/aws_azure_network"

  name                = var.name
  tags                = var.tags
  aws                 = var.aws
  azure               = var.azure
  tunnels             = var.tunnels
  dead_peer_detection = var.dead_peer_detection
  ipsec_policy        = var.ipsec_policy
  kubernetes          = var.kubernetes
  kubernetes_enabled  = var.kubernetes_enabled
  monitoring          = var.monitoring
  tunnel_operations   = var.tunnel_operations
}
