"""What Terraform applied for the verified network."""

from verified_names import GROUP, INSIDE, OUTSIDE, PRIVATE_A, VNET_CIDR, VPC_CIDR, VPN, vpn_of

from twinspan.project.state import State, StateResource


def state() -> State:
    """What Terraform applied for this network."""
    address = "module.aws_vpn.aws_vpn_connection.this"
    tunnels = {
        f"tunnel{number + 1}_{name}": value
        for number, key in enumerate(key for key in INSIDE if vpn_of(key) == 0)
        for name, value in {
            "address": str(OUTSIDE[key]),
            "inside_cidr": INSIDE[key],
            "phase1_dh_group_numbers": [20],
            "phase1_integrity_algorithms": ["SHA2-384"],
            "dpd_timeout_seconds": 45,
            "replay_window_size": None,
            "preshared_key": f"Key.of.{key}.on.both.sides",
            "ike_versions": ["ikev2"],
            "phase1_encryption_algorithms": ["AES256-GCM-16"],
            "phase2_encryption_algorithms": ["AES256-GCM-16"],
            "phase2_integrity_algorithms": ["SHA2-256"],
            "phase2_dh_group_numbers": [20],
        }.items()
    }
    connection = {"id": VPN[0], "customer_gateway_id": "cgw-00", "vpn_gateway_id": "vgw-0a", **tunnels}
    table = {"id": f"{GROUP}/routeTables/dev-routes", "bgp_route_propagation_enabled": True, "route": []}
    route = {
        "id": f"{GROUP}/routeTables/dev-routes/routes/to-aws",
        "address_prefix": str(VPC_CIDR),
        "next_hop_type": "VirtualNetworkGateway",
        "next_hop_in_ip_address": "",
    }
    group_rule = {"security_group_id": "sg-0a", "ip_protocol": "-1", "cidr_ipv4": str(VNET_CIDR)}
    azure = {
        "id": f"{GROUP}/connections/dev-tunnel1",
        "shared_key": "Key.of.tunnel1.on.both.sides",
        "dpd_timeout_seconds": 15,
    }
    security_rule = {
        "id": f"{GROUP}/networkSecurityGroups/dev-nsg/securityRules/FarSide",
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "*",
        "source_address_prefixes": [str(VPC_CIDR)],
        "source_port_range": "*",
        "destination_address_prefixes": [str(VNET_CIDR)],
        "destination_port_range": "*",
    }
    made = (
        (f'{address}["instance0"]', connection),
        ("aws_security_group.workload", {"id": "sg-0a"}),
        ("aws_vpc_security_group_ingress_rule.azure", group_rule),
        ("aws_vpc_security_group_egress_rule.azure", group_rule),
        ("aws_route_table.private", {"id": f"rtb-{PRIVATE_A}"}),
        (
            "aws_vpn_gateway_route_propagation.private",
            {"route_table_id": f"rtb-{PRIVATE_A}", "vpn_gateway_id": "vgw-0a"},
        ),
        (
            "aws_route_table_association.private",
            {"route_table_id": f"rtb-{PRIVATE_A}", "subnet_id": PRIVATE_A},
        ),
        ("azurerm_virtual_network_gateway_connection.this", azure),
        ("azurerm_route_table.this", table),
        ("azurerm_route.this", route),
        ("azurerm_network_security_group.this", {"id": f"{GROUP}/networkSecurityGroups/dev-nsg"}),
        ("azurerm_network_security_rule.this", security_rule),
    )
    return State(
        resources=tuple(
            StateResource(address=name, type=name.partition("[")[0].split(".")[-2], values=values)
            for name, values in made
        )
    )
