"""A healthy network in Microsoft's published layout, and tools to break exactly one thing of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import verified_clusters
from verified_filters import default_security_group, network_acl, network_security_group, security_group
from verified_names import (
    GATEWAY,
    GROUP,
    INSIDE,
    INSTANCE,
    OUTSIDE,
    PRIVATE_A,
    PRIVATE_B,
    PUBLIC,
    PUBLIC_IP,
    PUBLIC_SUBNET,
    VNET,
    VNET_CIDR,
    VPC_CIDR,
    VPN,
    WORKLOAD,
    vpn_of,
)
from verified_state import state

from twinspan.cloud.azure import AzureBgp
from twinspan.network import model
from twinspan.rules.observed.expectation import Expectation, from_resources
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.ping_facts import Ping
from twinspan.verify.planned import planned_settings


def tunnel(key: str) -> model.VpnTunnel:
    return model.VpnTunnel(
        outside_ip_address=OUTSIDE[key],
        inside_cidr=IPv4Network(INSIDE[key]),
        ike_versions=("ikev2",),
        phase1=model.Phase(
            encryption_algorithms=("AES256-GCM-16",),
            integrity_algorithms=("SHA2-384",),
            dh_group_numbers=(20,),
            lifetime_seconds=28800,
        ),
        phase2=model.Phase(
            encryption_algorithms=("AES256-GCM-16",),
            integrity_algorithms=("SHA2-256",),
            dh_group_numbers=(20,),
            lifetime_seconds=3600,
        ),
        dpd_timeout_seconds=45,
        dpd_timeout_action="restart",
        startup_action="start",
        rekey_margin_time_seconds=270,
        rekey_fuzz_percentage=100,
        replay_window_size=1024,
        telemetry=model.VgwTelemetry(
            status=model.TelemetryStatus.UP,
            status_message="1 BGP ROUTES",
            accepted_route_count=1,
            last_status_change=datetime(2026, 11, 1, tzinfo=UTC),
        ),
    )


def aws_network() -> model.AwsNetwork:
    propagated = model.AwsRoute(
        destination=VNET_CIDR, target="vgw-0a", state="active", origin="EnableVgwRoutePropagation"
    )
    local = model.AwsRoute(destination=VPC_CIDR, target="local", state="active", origin="CreateRouteTable")
    internet = model.AwsRoute(
        destination=IPv4Network("0.0.0.0/0"), target="igw-0a", state="active", origin="CreateRoute"
    )
    names = {PRIVATE_A: "private-a", PRIVATE_B: "private-b", PUBLIC_SUBNET: "public"}
    return model.AwsNetwork(
        account_id="123456789012",
        region="eu-west-1",
        vpcs=(model.Vpc(id="vpc-0a", name="dev", cidr_blocks=(VPC_CIDR,)),),
        subnets=tuple(
            model.AwsSubnet(
                id=identifier,
                name=name,
                vpc_id="vpc-0a",
                cidr_block=IPv4Network(f"10.2.{number}.0/24"),
                availability_zone="eu-west-1a",
            )
            for number, (identifier, name) in enumerate(names.items())
        ),
        route_tables=(
            *(
                model.AwsRouteTable(
                    id=f"rtb-{identifier}",
                    name=f"{name}-table",
                    vpc_id="vpc-0a",
                    main=False,
                    subnet_ids=(identifier,),
                    propagating_vgw_ids=() if name == "public" else ("vgw-0a",),
                    routes=(local, internet) if name == "public" else (local, propagated),
                )
                for identifier, name in names.items()
            ),
            model.AwsRouteTable(
                id="rtb-00",
                name="",
                vpc_id="vpc-0a",
                main=True,
                subnet_ids=(),
                propagating_vgw_ids=(),
                routes=(local,),
            ),
        ),
        security_groups=(security_group(), default_security_group(), verified_clusters.security_group()),
        eks_clusters=(verified_clusters.eks(),),
        network_acls=(network_acl(),),
        vpn_gateways=(
            model.VpnGateway(
                id="vgw-0a", name="dev", state="available", amazon_side_asn=64512, vpc_id="vpc-0a"
            ),
        ),
        customer_gateways=tuple(
            model.CustomerGateway(
                id=f"cgw-0{n}", name=f"instance{n}", state="available", ip_address=PUBLIC[n], bgp_asn=65000
            )
            for n in (0, 1)
        ),
        vpn_connections=tuple(
            model.VpnConnection(
                id=VPN[n],
                name=f"instance{n}",
                state="available",
                customer_gateway_id=f"cgw-0{n}",
                vpn_gateway_id="vgw-0a",
                static_routes_only=False,
                tunnels=tuple(tunnel(key) for key in INSIDE if vpn_of(key) == n),
            )
            for n in (0, 1)
        ),
    )


def without_clusters(network: model.Network) -> model.Network:
    """Return the network without its clusters, and what is there for them alone."""
    own = {
        own_resource.id
        for own_resource in (verified_clusters.security_group(), verified_clusters.route_table())
    }
    own |= {verified_clusters.network_security_group().id, verified_clusters.subnet().id}
    aws, azure = network.aws, network.azure
    assert aws
    assert azure
    vnets = tuple(
        replace(vnet, subnets=tuple(subnet for subnet in vnet.subnets if subnet.id not in own))
        for vnet in azure.virtual_networks
    )
    return model.Network(
        aws=replace(
            aws,
            eks_clusters=(),
            security_groups=tuple(aws_group for aws_group in aws.security_groups if aws_group.id not in own),
        ),
        azure=replace(
            azure,
            aks_clusters=(),
            virtual_networks=vnets,
            route_tables=tuple(table for table in azure.route_tables if table.id not in own),
            network_security_groups=tuple(
                azure_group for azure_group in azure.network_security_groups if azure_group.id not in own
            ),
        ),
    )


def azure_connection(key: str) -> model.AzureConnection:
    return model.AzureConnection(
        id=f"{GROUP}/connections/dev-{key}",
        name=f"dev-{key}",
        virtual_network_gateway_id=GATEWAY,
        local_network_gateway_id=f"{GROUP}/localnetworkgateways/aws-{key}",
        connection_type="IPsec",
        connection_protocol="IKEv2",
        connection_mode="Default",
        bgp_enabled=True,
        custom_bgp_addresses={
            INSTANCE[vpn_of(key)]: IPv4Network(INSIDE[key])[2],
            INSTANCE[1 - vpn_of(key)]: IPv4Address("169.254.21.2" if vpn_of(key) else "169.254.21.6"),
        },
        ipsec_policy=model.IpsecPolicy(
            ike_encryption="GCMAES256",
            ike_integrity="SHA384",
            dh_group="ECP384",
            ipsec_encryption="GCMAES256",
            ipsec_integrity="GCMAES256",
            pfs_group="ECP384",
            sa_life_time_seconds=3600,
            sa_data_size_kilobytes=102400000,
        ),
        dpd_timeout_seconds=15,
        routing_weight=0,
        provisioning_state="Succeeded",
        connection_status="Connected",
    )


def azure_network() -> model.AzureNetwork:
    return model.AzureNetwork(
        subscription_id="5b1d",
        virtual_networks=(
            model.VirtualNetwork(
                id=VNET,
                name="dev-vnet",
                location="westeurope",
                address_space=(VNET_CIDR,),
                subnets=(
                    *(
                        model.AzureSubnet(
                            id=f"{VNET}/subnets/{name.lower()}",
                            name=name,
                            address_prefixes=(IPv4Network(prefix),),
                            route_table_id=f"{GROUP}/routetables/dev-routes" if name == "workload" else None,
                            network_security_group_id=f"{GROUP}/networksecuritygroups/dev-nsg"
                            if name == "workload"
                            else None,
                        )
                        for name, prefix in (
                            ("frontend", "10.1.0.0/24"),
                            ("GatewaySubnet", "10.1.1.0/24"),
                            ("workload", "10.1.2.0/24"),
                        )
                    ),
                    verified_clusters.subnet(),
                ),
            ),
        ),
        route_tables=(
            model.AzureRouteTable(
                id=f"{GROUP}/routetables/dev-routes",
                name="dev-routes",
                bgp_route_propagation_enabled=True,
                routes=(
                    model.AzureRoute(
                        name="to-aws", address_prefix=VPC_CIDR, next_hop_type="VirtualNetworkGateway"
                    ),
                ),
            ),
            verified_clusters.route_table(),
        ),
        network_security_groups=(network_security_group(), verified_clusters.network_security_group()),
        aks_clusters=(verified_clusters.aks(),),
        public_ip_addresses=tuple(
            model.PublicIpAddress(
                id=PUBLIC_IP[n],
                name=f"instance{n}",
                ip_address=PUBLIC[n],
                sku="Standard",
                allocation_method="Static",
                zones=("1", "2", "3"),
            )
            for n in (0, 1)
        ),
        virtual_network_gateways=(
            model.VirtualNetworkGateway(
                id=GATEWAY,
                name="dev-gateway",
                location="westeurope",
                sku="VpnGw1AZ",
                generation="Generation1",
                active_active=True,
                bgp_enabled=True,
                asn=65000,
                provisioning_state="Succeeded",
                instances=tuple(
                    model.GatewayInstance(
                        ip_configuration_id=INSTANCE[n],
                        ip_configuration_name=f"instance{n}",
                        subnet_id=f"{VNET}/subnets/gatewaysubnet",
                        public_ip_address=PUBLIC[n],
                        public_ip_address_id=PUBLIC_IP[n],
                        default_bgp_ip_address=IPv4Address(f"10.1.1.{4 + n}"),
                        custom_bgp_ip_addresses=tuple(
                            IPv4Network(INSIDE[key])[2] for key in INSIDE if vpn_of(key) == n
                        ),
                    )
                    for n in (0, 1)
                ),
            ),
        ),
        local_network_gateways=tuple(
            model.LocalNetworkGateway(
                id=f"{GROUP}/localnetworkgateways/aws-{key}",
                name=f"aws-{key}",
                gateway_ip_address=OUTSIDE[key],
                asn=64512,
                bgp_peering_address=IPv4Network(INSIDE[key])[1],
            )
            for key in INSIDE
        ),
        connections=tuple(azure_connection(key) for key in INSIDE),
    )


def bgp_peer(local: IPv4Address, neighbor: IPv4Address, state: str) -> model.BgpPeer:
    return model.BgpPeer(
        local_address=local,
        neighbor=neighbor,
        asn=64512,
        state=state,
        connected_duration="00:01:00",
        routes_received=1 if state == "Connected" else 0,
        messages_sent=10,
        messages_received=10,
    )


def azure_bgp() -> AzureBgp:
    """Eight sessions, as an active-active gateway lists them: four work, four belong to the silent ends."""
    peers = []
    for key, cidr in INSIDE.items():
        inside = IPv4Network(cidr)
        peers.append(bgp_peer(inside[2], inside[1], "Connected"))
        other = azure_connection(key).custom_bgp_addresses[INSTANCE[1 - vpn_of(key)]]
        peers.append(bgp_peer(other, inside[1], "Connecting"))
    learned = tuple(
        model.GatewayRoute(
            local_address=IPv4Network(cidr)[2],
            network=VPC_CIDR,
            next_hop=IPv4Network(cidr)[1],
            source_peer=IPv4Network(cidr)[1],
            origin="EBgp",
            as_path="64512",
            weight=32768,
        )
        for cidr in INSIDE.values()
    )
    return AzureBgp(peers=tuple(peers), learned=learned, advertised=())


def applied() -> model.Network:
    """What Terraform made of this network: the same objects, with its addresses."""
    aws, azure = aws_network(), azure_network()
    return model.Network(
        aws=replace(
            aws,
            security_groups=tuple(
                replace(aws_group, address=f"aws_security_group.{aws_group.name}")
                if aws_group.name == "workload"
                else aws_group
                for aws_group in aws.security_groups
            ),
        ),
        azure=replace(
            azure,
            connections=tuple(
                replace(connection, address=f'azurerm_virtual_network_gateway_connection.this["{key}"]')
                for key, connection in zip(INSIDE, azure.connections, strict=True)
            ),
        ),
    )


def expectation() -> Expectation:
    expected = from_resources(applied(), source="Terraform state of dev")
    assert expected
    return expected


def pings() -> tuple[Ping, ...]:
    return tuple(
        Ping(
            source=source,
            destination=destination,
            towards=towards,
            sent=3,
            received=3,
            median_ms=1.2,
            command="ping",
            subnet_ids=frozenset({PRIVATE_A, WORKLOAD}),
        )
        for source, destination, towards in (
            ("aws-1", "azure-1", "azure"),
            ("azure-1", "aws-1", "aws"),
        )
    )


def healthy() -> Facts:
    keys: Mapping[str, str] = {key: f"Key.of.{key}.on.both.sides" for key in INSIDE}
    return Facts(
        network=model.Network(aws=aws_network(), azure=azure_network()),
        secrets=model.Secrets(
            aws={(VPN[vpn_of(key)], str(OUTSIDE[key])): secret for key, secret in keys.items()},
            azure={azure_connection(key).id: secret for key, secret in keys.items()},
        ),
        expected=expectation(),
        bgp={GATEWAY: azure_bgp()},
        pings=pings(),
        planned=planned_settings(state()),
        large_pings=tuple(replace(ping, size_bytes=1400) for ping in pings()),
        kubernetes=verified_clusters.kubernetes(),
    )


def with_aws(facts: Facts, **changes: Any) -> Facts:
    """Return the facts with fields of the AWS network replaced."""
    assert facts.network.aws is not None
    return replace(facts, network=replace(facts.network, aws=replace(facts.network.aws, **changes)))


def with_azure(facts: Facts, **changes: Any) -> Facts:
    """Return the facts with fields of the Azure network replaced."""
    assert facts.network.azure is not None
    return replace(facts, network=replace(facts.network, azure=replace(facts.network.azure, **changes)))


def with_connection(facts: Facts, key: str, **changes: Any) -> Facts:
    """Return the facts with fields of one Azure connection replaced."""
    assert facts.network.azure is not None
    name = f"dev-{key}"
    return with_azure(
        facts,
        connections=tuple(
            replace(c, **changes) if c.name == name else c for c in facts.network.azure.connections
        ),
    )


def with_tunnel(facts: Facts, key: str, **changes: Any) -> Facts:
    """Return the facts with fields of one AWS tunnel replaced."""
    assert facts.network.aws is not None
    return with_aws(
        facts,
        vpn_connections=tuple(
            replace(
                connection,
                tunnels=tuple(
                    replace(t, **changes) if t.outside_ip_address == OUTSIDE[key] else t
                    for t in connection.tunnels
                ),
            )
            for connection in facts.network.aws.vpn_connections
        ),
    )


def down(message: str) -> model.VgwTelemetry:
    return model.VgwTelemetry(
        status=model.TelemetryStatus.DOWN,
        status_message=message,
        accepted_route_count=0,
        last_status_change=None,
    )
