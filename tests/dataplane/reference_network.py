"""The whole reference design as a `Network`: 2 customer gateways, 4 tunnels, active-active gateway."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from twinspan.network.model import (
    AwsNetwork,
    AwsRoute,
    AwsRouteTable,
    AwsSubnet,
    AzureConnection,
    AzureNetwork,
    AzureRoute,
    AzureRouteTable,
    AzureSubnet,
    CustomerGateway,
    GatewayInstance,
    IpPermission,
    IpsecPolicy,
    LocalNetworkGateway,
    Network,
    NetworkAcl,
    NetworkAclEntry,
    NetworkSecurityGroup,
    Phase,
    Secrets,
    SecurityGroup,
    SecurityRule,
    VirtualNetwork,
    VirtualNetworkGateway,
    Vpc,
    VpnConnection,
    VpnGateway,
    VpnTunnel,
)

AWS = IPv4Network("10.2.0.0/16")
AZURE = IPv4Network("10.1.0.0/16")
VGW, VPC = "vgw-1", "vpc-1"
AWS_PRIVATE, AWS_SECOND, AWS_UNPROPAGATED = "subnet-a", "subnet-b", "subnet-c"
_RG = "/subscriptions/s/resourcegroups/rg/providers/microsoft.network"
GATEWAY = f"{_RG}/virtualnetworkgateways/gw"
VNET = f"{_RG}/virtualnetworks/vnet"
AZURE_ROUTED = f"{VNET}/subnets/workload"
AZURE_PLAIN = f"{VNET}/subnets/plain"
AZURE_UNPROPAGATED = f"{VNET}/subnets/isolated"
NSG = f"{_RG}/networksecuritygroups/nsg"
GROUP = "sg-1"
DEFAULT_NSG_PRIORITY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """One tunnel of the design: which instance, and the addresses at both ends."""

    name: str
    instance: int
    outside: IPv4Address
    inside: IPv4Network
    vpn: str

    @property
    def connection_id(self) -> str:
        return f"{_RG}/connections/{self.name}"

    @property
    def aws_key(self) -> str:
        return f"{self.vpn}/{self.outside}"

    @property
    def azure_key(self) -> str:
        return f"{self.connection_id}/{PUBLIC[self.instance]}"


PUBLIC = (IPv4Address("198.51.100.4"), IPv4Address("198.51.100.5"))
INSTANCES = tuple(f"{GATEWAY}/ipconfigurations/ip{index}" for index in range(2))
TUNNELS = tuple(
    Wiring(
        name=f"tunnel{index + 1}",
        instance=index // 2,
        outside=IPv4Address("203.0.113.1") + index,
        inside=IPv4Network(cidr),
        vpn=f"vpn-{index // 2}",
    )
    for index, cidr in enumerate(("169.254.21.0/30", "169.254.22.0/30", "169.254.21.4/30", "169.254.22.4/30"))
)
FIRST_APIPA = TUNNELS[0].inside[2]
POLICY = IpsecPolicy(
    ike_encryption="GCMAES256",
    ike_integrity="SHA384",
    dh_group="ECP384",
    ipsec_encryption="GCMAES256",
    ipsec_integrity="GCMAES256",
    pfs_group="ECP384",
    sa_life_time_seconds=3600,
    sa_data_size_kilobytes=102400000,
)


def reference_network() -> tuple[Network, Secrets]:
    """The design with everything right."""
    secrets = Secrets(
        aws={(t.vpn, str(t.outside)): f"key.{t.name}.secret" for t in TUNNELS},
        azure={t.connection_id: f"key.{t.name}.secret" for t in TUNNELS},
    )
    return Network(aws=_aws(), azure=_azure()), secrets


def with_aws(network: Network, **changes: Any) -> Network:
    assert network.aws is not None
    return replace(network, aws=replace(network.aws, **changes))


def with_azure(network: Network, **changes: Any) -> Network:
    assert network.azure is not None
    return replace(network, azure=replace(network.azure, **changes))


def with_connection(network: Network, wiring: Wiring, **changes: Any) -> Network:
    assert network.azure is not None
    return with_azure(
        network,
        connections=tuple(
            replace(c, **changes) if c.id == wiring.connection_id else c for c in network.azure.connections
        ),
    )


def with_tunnel(network: Network, wiring: Wiring, **changes: Any) -> Network:
    assert network.aws is not None
    return with_aws(
        network,
        vpn_connections=tuple(
            replace(
                c,
                tunnels=tuple(
                    replace(t, **changes) if t.outside_ip_address == wiring.outside else t for t in c.tunnels
                ),
            )
            for c in network.aws.vpn_connections
        ),
    )


def _tunnel(wiring: Wiring) -> VpnTunnel:
    return VpnTunnel(
        outside_ip_address=wiring.outside,
        inside_cidr=wiring.inside,
        ike_versions=("ikev2",),
        phase1=Phase(
            encryption_algorithms=("AES256-GCM-16",),
            integrity_algorithms=("SHA2-384",),
            dh_group_numbers=(20,),
            lifetime_seconds=28800,
        ),
        phase2=Phase(
            encryption_algorithms=("AES256-GCM-16",),
            integrity_algorithms=("SHA2-384",),
            dh_group_numbers=(20,),
            lifetime_seconds=3600,
        ),
        dpd_timeout_seconds=45,
        dpd_timeout_action="restart",
        startup_action="start",
        rekey_margin_time_seconds=270,
        rekey_fuzz_percentage=100,
        replay_window_size=1024,
    )


def _aws() -> AwsNetwork:
    subnets = (AWS_PRIVATE, AWS_SECOND, AWS_UNPROPAGATED)
    return AwsNetwork(
        account_id="123456789012",
        region="us-east-1",
        vpcs=(Vpc(id=VPC, name="vpc", cidr_blocks=(AWS,)),),
        subnets=tuple(
            AwsSubnet(
                id=key,
                name=key,
                vpc_id=VPC,
                cidr_block=IPv4Network(f"10.2.{number}.0/24"),
                availability_zone="us-east-1a",
            )
            for number, key in enumerate(subnets, start=1)
        ),
        route_tables=(
            _route_table("rtb-private", (AWS_PRIVATE, AWS_SECOND), propagating=(VGW,)),
            _route_table("rtb-isolated", (AWS_UNPROPAGATED,), propagating=()),
            replace(_route_table("rtb-main", (), propagating=()), main=True),
        ),
        security_groups=(_group(GROUP, "workload"), _group("sg-default", "default")),
        network_acls=(
            NetworkAcl(
                id="acl-1",
                vpc_id=VPC,
                default=True,
                subnet_ids=subnets,
                entries=tuple(
                    NetworkAclEntry(
                        egress=egress,
                        rule_number=100,
                        protocol="-1",
                        allow=True,
                        cidr_block=IPv4Network("0.0.0.0/0"),
                    )
                    for egress in (False, True)
                ),
            ),
        ),
        vpn_gateways=(VpnGateway(id=VGW, name="vgw", state="available", amazon_side_asn=64512, vpc_id=VPC),),
        customer_gateways=tuple(
            CustomerGateway(
                id=f"cgw-{index}", name=f"cgw{index}", state="available", ip_address=address, bgp_asn=65000
            )
            for index, address in enumerate(PUBLIC)
        ),
        vpn_connections=tuple(
            VpnConnection(
                id=f"vpn-{index}",
                name=f"vpn{index}",
                state="available",
                customer_gateway_id=f"cgw-{index}",
                vpn_gateway_id=VGW,
                static_routes_only=False,
                tunnels=tuple(_tunnel(t) for t in TUNNELS if t.instance == index),
            )
            for index in range(2)
        ),
    )


def _route_table(key: str, subnets: tuple[str, ...], *, propagating: tuple[str, ...]) -> AwsRouteTable:
    return AwsRouteTable(
        id=key,
        name=key,
        vpc_id=VPC,
        main=False,
        subnet_ids=subnets,
        propagating_vgw_ids=propagating,
        routes=(AwsRoute(destination=AWS, target="local", state="active", origin="CreateRouteTable"),),
    )


def _group(key: str, name: str) -> SecurityGroup:
    return SecurityGroup(
        id=key,
        name=name,
        vpc_id=VPC,
        permissions=(
            IpPermission(direction="ingress", ip_protocol="-1", from_port=-1, to_port=-1, cidr=AZURE),
            IpPermission(
                direction="egress",
                ip_protocol="-1",
                from_port=-1,
                to_port=-1,
                cidr=IPv4Network("0.0.0.0/0"),
            ),
        ),
    )


def _azure() -> AzureNetwork:
    return AzureNetwork(
        subscription_id="s",
        virtual_networks=(_virtual_network(),),
        route_tables=(
            AzureRouteTable(
                id=f"{_RG}/routetables/to-aws",
                name="to-aws",
                bgp_route_propagation_enabled=True,
                routes=(AzureRoute(name="aws", address_prefix=AWS, next_hop_type="VirtualNetworkGateway"),),
            ),
            AzureRouteTable(
                id=f"{_RG}/routetables/isolated",
                name="isolated",
                bgp_route_propagation_enabled=False,
                routes=(),
            ),
        ),
        network_security_groups=(
            NetworkSecurityGroup(id=NSG, name="nsg", security_rules=(nsg_rule("Allow"),)),
        ),
        virtual_network_gateways=(
            VirtualNetworkGateway(
                id=GATEWAY,
                name="gw",
                location="westeurope",
                sku="VpnGw1AZ",
                generation="Generation1",
                active_active=True,
                bgp_enabled=True,
                asn=65000,
                instances=tuple(_instance(index) for index in range(2)),
                provisioning_state="Succeeded",
            ),
        ),
        local_network_gateways=tuple(
            LocalNetworkGateway(
                id=f"{_RG}/localnetworkgateways/{t.name}",
                name=t.name,
                gateway_ip_address=t.outside,
                asn=64512,
                bgp_peering_address=t.inside[1],
            )
            for t in TUNNELS
        ),
        connections=tuple(_connection(t) for t in TUNNELS),
    )


def nsg_rule(access: str) -> SecurityRule:
    return SecurityRule(
        name="aws",
        priority=DEFAULT_NSG_PRIORITY,
        direction="Inbound",
        access="Allow" if access == "Allow" else "Deny",
        protocol="*",
        source_address_prefixes=(str(AWS),),
        source_port_ranges=("*",),
        destination_address_prefixes=("*",),
        destination_port_ranges=("*",),
    )


def _virtual_network() -> VirtualNetwork:
    def subnet(key: str, third: int, *, table: str | None, nsg: str | None) -> AzureSubnet:
        return AzureSubnet(
            id=key,
            name=key.rpartition("/")[2],
            address_prefixes=(IPv4Network(f"10.1.{third}.0/24"),),
            route_table_id=f"{_RG}/routetables/{table}" if table else None,
            network_security_group_id=nsg,
        )

    gateway_subnet = replace(
        subnet(f"{VNET}/subnets/gatewaysubnet", 1, table=None, nsg=None), name="GatewaySubnet"
    )
    return VirtualNetwork(
        id=VNET,
        name="vnet",
        location="westeurope",
        address_space=(AZURE,),
        subnets=(
            gateway_subnet,
            subnet(AZURE_ROUTED, 0, table="to-aws", nsg=NSG),
            subnet(AZURE_PLAIN, 2, table=None, nsg=None),
            subnet(AZURE_UNPROPAGATED, 3, table="isolated", nsg=None),
        ),
    )


def _instance(index: int) -> GatewayInstance:
    return GatewayInstance(
        ip_configuration_id=INSTANCES[index],
        ip_configuration_name=f"ip{index}",
        subnet_id=f"{VNET}/subnets/gatewaysubnet",
        public_ip_address=PUBLIC[index],
        default_bgp_ip_address=IPv4Address("10.1.1.4") + index,
        custom_bgp_ip_addresses=tuple(t.inside[2] for t in TUNNELS if t.instance == index),
    )


def _connection(wiring: Wiring) -> AzureConnection:
    partner = next(
        t
        for t in TUNNELS
        if t.instance != wiring.instance and t.inside[0].packed[2] == wiring.inside[0].packed[2]
    )
    return AzureConnection(
        id=wiring.connection_id,
        name=wiring.name,
        virtual_network_gateway_id=GATEWAY,
        local_network_gateway_id=f"{_RG}/localnetworkgateways/{wiring.name}",
        connection_type="IPsec",
        connection_protocol="IKEv2",
        connection_mode="Default",
        bgp_enabled=True,
        custom_bgp_addresses={
            INSTANCES[wiring.instance]: wiring.inside[2],
            INSTANCES[partner.instance]: partner.inside[2],
        },
        ipsec_policy=POLICY,
        dpd_timeout_seconds=15,
        routing_weight=10,
        provisioning_state="Succeeded",
    )
