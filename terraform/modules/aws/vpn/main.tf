locals {
  # Customer gateway -> its two tunnels, in the order of their keys.
  tunnels_of = {
    for gateway in keys(var.customer_gateway_ids) : gateway => [
      for key in sort(keys(var.tunnels)) : key if var.tunnels[key].customer_gateway == gateway
    ]
  }

  # Which of a connection's two tunnels is "1" is the provider's choice, so each is found by AWS's inside address.
  outside_ip_addresses = {
    for gateway, connection in aws_vpn_connection.this : gateway => {
      (connection.tunnel1_vgw_inside_address) = connection.tunnel1_address
      (connection.tunnel2_vgw_inside_address) = connection.tunnel2_address
    }
  }
  pre_shared_keys = {
    for gateway, connection in aws_vpn_connection.this : gateway => {
      (connection.tunnel1_vgw_inside_address) = connection.tunnel1_preshared_key
      (connection.tunnel2_vgw_inside_address) = connection.tunnel2_preshared_key
    }
  }
}

resource "aws_vpn_gateway" "this" {
  amazon_side_asn = tostring(var.amazon_side_asn)
  tags            = merge(var.tags, { Name = var.name })
}

resource "aws_vpn_gateway_attachment" "this" {
  vpc_id         = var.vpc_id
  vpn_gateway_id = aws_vpn_gateway.this.id
}

resource "aws_vpn_gateway_route_propagation" "this" {
  for_each = var.route_table_ids

  route_table_id = each.value
  vpn_gateway_id = aws_vpn_gateway_attachment.this.vpn_gateway_id
}

resource "aws_cloudwatch_log_group" "tunnels" {
  for_each = var.log_retention_days == null ? {} : { tunnels = var.log_retention_days }

  # The prefix spares the size limit of CloudWatch's resource policy. Source: Site-to-Site VPN logs, permissions.
  name              = "/aws/vendedlogs/vpn/${var.name}"
  retention_in_days = each.value
  tags              = var.tags
}

resource "aws_vpn_connection" "this" {
  for_each = var.customer_gateway_ids

  type                = "ipsec.1"
  customer_gateway_id = each.value
  vpn_gateway_id      = aws_vpn_gateway_attachment.this.vpn_gateway_id
  static_routes_only  = false
  tags                = merge(var.tags, { Name = "${var.name}-${each.key}" })

  tunnel1_inside_cidr                     = var.tunnels[local.tunnels_of[each.key][0]].inside_cidr
  tunnel1_ike_versions                    = ["ikev2"]
  tunnel1_startup_action                  = "start"
  tunnel1_dpd_timeout_action              = "restart"
  tunnel1_dpd_timeout_seconds             = var.dpd_timeout_seconds
  tunnel1_phase1_encryption_algorithms    = [var.ipsec_policy.phase1_encryption_algorithm]
  tunnel1_phase1_integrity_algorithms     = [var.ipsec_policy.phase1_integrity_algorithm]
  tunnel1_phase1_dh_group_numbers         = [var.ipsec_policy.phase1_dh_group_number]
  tunnel1_phase1_lifetime_seconds         = var.ipsec_policy.phase1_lifetime_seconds
  tunnel1_phase2_encryption_algorithms    = [var.ipsec_policy.phase2_encryption_algorithm]
  tunnel1_phase2_integrity_algorithms     = [var.ipsec_policy.phase2_integrity_algorithm]
  tunnel1_phase2_dh_group_numbers         = [var.ipsec_policy.phase2_dh_group_number]
  tunnel1_phase2_lifetime_seconds         = var.ipsec_policy.phase2_lifetime_seconds
  tunnel1_enable_tunnel_lifecycle_control = var.lifecycle_control

  dynamic "tunnel1_log_options" {
    for_each = aws_cloudwatch_log_group.tunnels

    content {
      cloudwatch_log_options {
        log_enabled       = true
        log_group_arn     = tunnel1_log_options.value.arn
        log_output_format = "json"
      }
    }
  }

  tunnel2_inside_cidr                     = var.tunnels[local.tunnels_of[each.key][1]].inside_cidr
  tunnel2_ike_versions                    = ["ikev2"]
  tunnel2_startup_action                  = "start"
  tunnel2_dpd_timeout_action              = "restart"
  tunnel2_dpd_timeout_seconds             = var.dpd_timeout_seconds
  tunnel2_phase1_encryption_algorithms    = [var.ipsec_policy.phase1_encryption_algorithm]
  tunnel2_phase1_integrity_algorithms     = [var.ipsec_policy.phase1_integrity_algorithm]
  tunnel2_phase1_dh_group_numbers         = [var.ipsec_policy.phase1_dh_group_number]
  tunnel2_phase1_lifetime_seconds         = var.ipsec_policy.phase1_lifetime_seconds
  tunnel2_phase2_encryption_algorithms    = [var.ipsec_policy.phase2_encryption_algorithm]
  tunnel2_phase2_integrity_algorithms     = [var.ipsec_policy.phase2_integrity_algorithm]
  tunnel2_phase2_dh_group_numbers         = [var.ipsec_policy.phase2_dh_group_number]
  tunnel2_phase2_lifetime_seconds         = var.ipsec_policy.phase2_lifetime_seconds
  tunnel2_enable_tunnel_lifecycle_control = var.lifecycle_control

  dynamic "tunnel2_log_options" {
    for_each = aws_cloudwatch_log_group.tunnels

    content {
      cloudwatch_log_options {
        log_enabled       = true
        log_group_arn     = tunnel2_log_options.value.arn
        log_output_format = "json"
      }
    }
  }
}
