# The network of tests/unit/verify/healthy_network.py, without its clusters, in one flat root module.

terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    azurerm = { source = "hashicorp/azurerm" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "azurerm" {
  features {}
}

resource "aws_vpc" "this" {
  cidr_block = "10.2.0.0/16"
  tags       = { Name = "dev" }
}

resource "aws_subnet" "this" {
  for_each = { private-a = "10.2.0.0/24", private-b = "10.2.1.0/24", public = "10.2.2.0/24" }

  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value
  availability_zone = "eu-west-1a"
  tags              = { Name = each.key }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  for_each = aws_subnet.this

  vpc_id = aws_vpc.this.id
  tags   = { Name = "${each.key}-table" }
}

resource "aws_route_table_association" "this" {
  for_each = aws_subnet.this

  subnet_id      = each.value.id
  route_table_id = aws_route_table.this[each.key].id
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this["public"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_security_group" "workload" {
  name        = "workload"
  description = "Everything from and to Azure"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "azure" {
  security_group_id = aws_security_group.workload.id
  cidr_ipv4         = "10.1.0.0/16"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_egress_rule" "azure" {
  security_group_id = aws_security_group.workload.id
  cidr_ipv4         = "10.1.0.0/16"
  ip_protocol       = "-1"
}

resource "aws_vpn_gateway" "this" {
  amazon_side_asn = 64512
  tags            = { Name = "dev" }
}

resource "aws_vpn_gateway_attachment" "this" {
  vpc_id         = aws_vpc.this.id
  vpn_gateway_id = aws_vpn_gateway.this.id
}

resource "aws_vpn_gateway_route_propagation" "this" {
  for_each = toset(["private-a", "private-b"])

  vpn_gateway_id = aws_vpn_gateway_attachment.this.vpn_gateway_id
  route_table_id = aws_route_table.this[each.key].id
}

resource "aws_customer_gateway" "this" {
  for_each = azurerm_public_ip.this

  type       = "ipsec.1"
  bgp_asn    = 65000
  ip_address = each.value.ip_address
  tags       = { Name = each.key }
}

resource "aws_vpn_connection" "this" {
  for_each = {
    instance0 = ["169.254.21.0/30", "169.254.22.0/30"]
    instance1 = ["169.254.21.4/30", "169.254.22.4/30"]
  }

  type                = "ipsec.1"
  customer_gateway_id = aws_customer_gateway.this[each.key].id
  vpn_gateway_id      = aws_vpn_gateway.this.id
  tags                = { Name = each.key }

  tunnel1_inside_cidr                  = each.value[0]
  tunnel1_ike_versions                 = ["ikev2"]
  tunnel1_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase1_integrity_algorithms  = ["SHA2-384"]
  tunnel1_phase1_dh_group_numbers      = [20]
  tunnel1_phase2_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase2_integrity_algorithms  = ["SHA2-256"]
  tunnel1_phase2_dh_group_numbers      = [20]
  tunnel1_dpd_timeout_seconds          = 45
  tunnel1_dpd_timeout_action           = "restart"
  tunnel1_startup_action               = "start"

  tunnel2_inside_cidr                  = each.value[1]
  tunnel2_ike_versions                 = ["ikev2"]
  tunnel2_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel2_phase1_integrity_algorithms  = ["SHA2-384"]
  tunnel2_phase1_dh_group_numbers      = [20]
  tunnel2_phase2_encryption_algorithms = ["AES256-GCM-16"]
  tunnel2_phase2_integrity_algorithms  = ["SHA2-256"]
  tunnel2_phase2_dh_group_numbers      = [20]
  tunnel2_dpd_timeout_seconds          = 45
  tunnel2_dpd_timeout_action           = "restart"
  tunnel2_startup_action               = "start"
}

resource "azurerm_resource_group" "this" {
  name     = "dev"
  location = "westeurope"
}

resource "azurerm_virtual_network" "this" {
  name                = "dev-vnet"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  address_space       = ["10.1.0.0/16"]
}

resource "azurerm_subnet" "this" {
  for_each = { frontend = "10.1.0.0/24", GatewaySubnet = "10.1.1.0/24", workload = "10.1.2.0/24" }

  name                 = each.key
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [each.value]
}

resource "azurerm_route_table" "this" {
  name                = "dev-routes"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
}

resource "azurerm_route" "aws" {
  name                = "to-aws"
  resource_group_name = azurerm_resource_group.this.name
  route_table_name    = azurerm_route_table.this.name
  address_prefix      = "10.2.0.0/16"
  next_hop_type       = "VirtualNetworkGateway"
}

resource "azurerm_subnet_route_table_association" "workload" {
  subnet_id      = azurerm_subnet.this["workload"].id
  route_table_id = azurerm_route_table.this.id
}

resource "azurerm_network_security_group" "this" {
  name                = "dev-nsg"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
}

resource "azurerm_network_security_rule" "aws" {
  name                        = "FarSide"
  resource_group_name         = azurerm_resource_group.this.name
  network_security_group_name = azurerm_network_security_group.this.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_address_prefix       = "10.2.0.0/16"
  source_port_range           = "*"
  destination_address_prefix  = "10.1.0.0/16"
  destination_port_range      = "*"
}

resource "azurerm_subnet_network_security_group_association" "workload" {
  subnet_id                 = azurerm_subnet.this["workload"].id
  network_security_group_id = azurerm_network_security_group.this.id
}

resource "azurerm_public_ip" "this" {
  for_each = toset(["instance0", "instance1"])

  name                = each.key
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_virtual_network_gateway" "this" {
  name                = "dev-gateway"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  type                = "Vpn"
  vpn_type            = "RouteBased"
  sku                 = "VpnGw1AZ"
  generation          = "Generation1"
  active_active       = true
  bgp_enabled         = true

  ip_configuration {
    name                 = "instance0"
    subnet_id            = azurerm_subnet.this["GatewaySubnet"].id
    public_ip_address_id = azurerm_public_ip.this["instance0"].id
  }

  ip_configuration {
    name                 = "instance1"
    subnet_id            = azurerm_subnet.this["GatewaySubnet"].id
    public_ip_address_id = azurerm_public_ip.this["instance1"].id
  }

  bgp_settings {
    asn = 65000

    peering_addresses {
      ip_configuration_name = "instance0"
      apipa_addresses       = ["169.254.21.2", "169.254.22.2"]
    }

    peering_addresses {
      ip_configuration_name = "instance1"
      apipa_addresses       = ["169.254.21.6", "169.254.22.6"]
    }
  }
}

resource "azurerm_local_network_gateway" "this" {
  for_each = {
    tunnel1 = { address = aws_vpn_connection.this["instance0"].tunnel1_address, peer = "169.254.21.1" }
    tunnel2 = { address = aws_vpn_connection.this["instance0"].tunnel2_address, peer = "169.254.22.1" }
    tunnel3 = { address = aws_vpn_connection.this["instance1"].tunnel1_address, peer = "169.254.21.5" }
    tunnel4 = { address = aws_vpn_connection.this["instance1"].tunnel2_address, peer = "169.254.22.5" }
  }

  name                = "aws-${each.key}"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  gateway_address     = each.value.address

  bgp_settings {
    asn                 = 64512
    bgp_peering_address = each.value.peer
  }
}

resource "azurerm_virtual_network_gateway_connection" "this" {
  for_each = {
    tunnel1 = { bgp = ["169.254.21.2", "169.254.21.6"], key = aws_vpn_connection.this["instance0"].tunnel1_preshared_key }
    tunnel2 = { bgp = ["169.254.22.2", "169.254.21.6"], key = aws_vpn_connection.this["instance0"].tunnel2_preshared_key }
    tunnel3 = { bgp = ["169.254.21.2", "169.254.21.6"], key = aws_vpn_connection.this["instance1"].tunnel1_preshared_key }
    tunnel4 = { bgp = ["169.254.21.2", "169.254.22.6"], key = aws_vpn_connection.this["instance1"].tunnel2_preshared_key }
  }

  name                       = "dev-${each.key}"
  location                   = azurerm_resource_group.this.location
  resource_group_name        = azurerm_resource_group.this.name
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = azurerm_local_network_gateway.this[each.key].id
  shared_key                 = each.value.key
  bgp_enabled                = true
  dpd_timeout_seconds        = 15

  custom_bgp_addresses {
    primary   = each.value.bgp[0]
    secondary = each.value.bgp[1]
  }

  ipsec_policy {
    ike_encryption   = "GCMAES256"
    ike_integrity    = "SHA384"
    dh_group         = "ECP384"
    ipsec_encryption = "GCMAES256"
    ipsec_integrity  = "GCMAES256"
    pfs_group        = "ECP384"
    sa_lifetime      = 3600
    sa_datasize      = 102400000
  }
}
