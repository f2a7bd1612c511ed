moved {
  from = azurerm_network_security_rule.from_far_side
  to   = azurerm_network_security_rule.from_remote
}

moved {
  from = azurerm_route.far_side
  to   = azurerm_route.remote
}

moved {
  from = azurerm_route_table.far_side
  to   = azurerm_route_table.remote
}

moved {
  from = azurerm_subnet_route_table_association.far_side
  to   = azurerm_subnet_route_table_association.remote
}
