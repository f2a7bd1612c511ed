# What environments built before the network became one module are called now; nothing is built again.
moved {
  from = azurerm_resource_group.this
  to   = module.network.azurerm_resource_group.this
}

moved {
  from = module.aws_eks
  to   = module.network.module.aws_eks
}

moved {
  from = module.aws_monitoring
  to   = module.network.module.aws_monitoring
}

moved {
  from = module.aws_vpc
  to   = module.network.module.aws_vpc
}

moved {
  from = module.aws_vpn
  to   = module.network.module.aws_vpn
}

moved {
  from = module.azure_aks
  to   = module.network.module.azure_aks
}

moved {
  from = module.azure_monitoring
  to   = module.network.module.azure_monitoring
}

moved {
  from = module.azure_vnet
  to   = module.network.module.azure_vnet
}

moved {
  from = module.azure_vpn_gateway
  to   = module.network.module.azure_vpn_gateway
}

moved {
  from = module.customer_gateway
  to   = module.network.module.customer_gateway
}
