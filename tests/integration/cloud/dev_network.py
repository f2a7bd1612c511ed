"""The network of `terraform/envs/dev`, in short, made through the two public APIs."""

from dataclasses import dataclass
from typing import Any

from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.cloud.azure.client import clients as azure_clients
from twinspan.cloud.endpoints import Endpoints

GROUP = "dev"
LOCATION = "westeurope"
INSIDE = ("169.254.21.0/30", "169.254.22.0/30", "169.254.21.4/30", "169.254.22.4/30")
APIPA = (("169.254.21.2", "169.254.22.2"), ("169.254.21.6", "169.254.22.6"))
KEYS = tuple(f"aPreSharedKeyOfTunnel{number}" for number in range(1, 5))


Json = Any
"""A request body; the SDKs' own types say no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevNetwork:
    vpc: str
    vpn_gateway: str
    route_table: str
    vpn_connections: tuple[str, ...]
    azure_gateway: str
    azure_connections: tuple[str, ...]


def build(endpoints: Endpoints, *, wrong_key: bool = False) -> DevNetwork:
    """Make it; `wrong_key` gives Azure's first connection another key than AWS has."""
    group_id, gateway_id, publics = _azure_gateway(endpoints)
    vpc, vgw, table, connections, outside = _aws(endpoints, publics)
    azure = [
        _azure_connection(
            endpoints,
            group_id,
            index,
            gateway_id=gateway_id,
            outside=outside[index],
            key="anotherKeyAltogether" if wrong_key and index == 0 else KEYS[index],
        )
        for index in range(4)
    ]
    return DevNetwork(
        vpc=vpc,
        vpn_gateway=vgw,
        route_table=table,
        vpn_connections=tuple(connections),
        azure_gateway=gateway_id,
        azure_connections=tuple(azure),
    )


def _aws(endpoints: Endpoints, publics: list[str]) -> tuple[str, str, str, list[str], list[str]]:
    assert endpoints.aws
    ec2 = aws_clients(endpoints.aws).ec2
    vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.1.0/24", AvailabilityZone="us-west-2a")["Subnet"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["SubnetId"])
    group = ec2.create_security_group(GroupName="workload", Description="from Azure", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 5201,
                "ToPort": 5209,
                "IpRanges": [{"CidrIp": "10.1.0.0/16"}],
                "UserIdGroupPairs": [{"GroupId": group}],
            },
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]},
        ],
    )
    vgw = ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=64512)["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    ec2.enable_vgw_route_propagation(GatewayId=vgw, RouteTableId=table)
    connections, outside = [], []
    for instance, public in enumerate(publics):
        far = ec2.create_customer_gateway(Type="ipsec.1", IpAddress=public, BgpAsn=65000)["CustomerGateway"]
        made = ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=far["CustomerGatewayId"],
            VpnGatewayId=vgw,
            TagSpecifications=[
                {
                    "ResourceType": "vpn-connection",
                    "Tags": [{"Key": "Name", "Value": f"dev-instance{instance}"}],
                }
            ],
            Options={"TunnelOptions": [_tunnel_options(2 * instance + offset) for offset in (0, 1)]},
        )["VpnConnection"]
        connections.append(made["VpnConnectionId"])
        outside += [tunnel["OutsideIpAddress"] for tunnel in made["Options"]["TunnelOptions"]]
    return vpc, vgw, table, connections, outside


def _tunnel_options(index: int) -> Json:
    return {
        "TunnelInsideCidr": INSIDE[index],
        "PreSharedKey": KEYS[index],
        "IKEVersions": [{"Value": "ikev2"}],
        "Phase1EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
        "Phase1IntegrityAlgorithms": [{"Value": "SHA2-384"}],
        "Phase1DHGroupNumbers": [{"Value": 20}],
        "Phase2EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
        "Phase2IntegrityAlgorithms": [{"Value": "SHA2-256"}],
        "Phase2DHGroupNumbers": [{"Value": 20}],
        "DPDTimeoutSeconds": 45,
        "DPDTimeoutAction": "restart",
        "StartupAction": "start",
    }


def _azure_gateway(endpoints: Endpoints) -> tuple[str, str, list[str]]:
    assert endpoints.azure
    clients = azure_clients(endpoints.azure)
    network: Any = clients.network
    clients.resources.resource_groups.create_or_update(GROUP, {"location": LOCATION})
    group_id = f"/subscriptions/{endpoints.azure.subscription_id}/resourceGroups/{GROUP}"
    network.network_security_groups.begin_create_or_update(
        GROUP, "workload", {"location": LOCATION, "properties": {"securityRules": [_allow_from_aws()]}}
    ).result()
    network.route_tables.begin_create_or_update(
        GROUP,
        "workload",
        {
            "location": LOCATION,
            "properties": {
                "routes": [
                    {
                        "name": "to-aws",
                        "properties": {
                            "addressPrefix": "10.2.0.0/16",
                            "nextHopType": "VirtualNetworkGateway",
                        },
                    }
                ]
            },
        },
    ).result()
    provider = f"{group_id}/providers/Microsoft.Network"
    network.virtual_networks.begin_create_or_update(GROUP, "dev", _virtual_network(provider)).result()
    publics, configurations, peerings = [], [], []
    gateway_id = f"{provider}/virtualNetworkGateways/dev"
    for number, apipa in enumerate(APIPA):
        public = network.public_ip_addresses.begin_create_or_update(
            GROUP,
            f"gateway{number}",
            {
                "location": LOCATION,
                "sku": {"name": "Standard"},
                "zones": ["1", "2", "3"],
                "properties": {"publicIPAllocationMethod": "Static"},
            },
        ).result()
        publics.append(public.properties.ip_address)
        configurations.append(
            {
                "name": f"instance{number}",
                "properties": {
                    "subnet": {"id": f"{provider}/virtualNetworks/dev/subnets/GatewaySubnet"},
                    "publicIPAddress": {"id": public.id},
                },
            }
        )
        peerings.append(
            {
                "ipconfigurationId": f"{gateway_id}/ipConfigurations/instance{number}",
                "customBgpIpAddresses": list(apipa),
            }
        )
    network.virtual_network_gateways.begin_create_or_update(
        GROUP, "dev", _gateway(configurations, peerings)
    ).result()
    return group_id, gateway_id, publics


def _gateway(configurations: list[Any], peerings: list[Any]) -> Json:
    return {
        "location": LOCATION,
        "properties": {
            "gatewayType": "Vpn",
            "vpnType": "RouteBased",
            "vpnGatewayGeneration": "Generation1",
            "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
            "activeActive": True,
            "enableBgp": True,
            "ipConfigurations": configurations,
            "bgpSettings": {"asn": 65000, "bgpPeeringAddresses": peerings},
        },
    }


def _virtual_network(provider: str) -> Json:
    return {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
            "subnets": [
                {"name": "GatewaySubnet", "properties": {"addressPrefix": "10.1.255.0/27"}},
                {
                    "name": "workload",
                    "properties": {
                        "addressPrefix": "10.1.1.0/24",
                        "routeTable": {"id": f"{provider}/routeTables/workload"},
                        "networkSecurityGroup": {"id": f"{provider}/networkSecurityGroups/workload"},
                    },
                },
            ],
        },
    }


def _allow_from_aws() -> Json:
    return {
        "name": "from-aws",
        "properties": {
            "priority": 100,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "*",
            "sourceAddressPrefix": "10.2.0.0/16",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "10.1.0.0/16",
            "destinationPortRanges": ["22", "5201-5209"],
        },
    }


def _azure_connection(
    endpoints: Endpoints, group_id: str, index: int, *, gateway_id: str, outside: str, key: str
) -> str:
    assert endpoints.azure
    network: Any = azure_clients(endpoints.azure).network
    offset = index % 2
    aws_inside = INSIDE[index].replace(".0/30", ".1").replace(".4/30", ".5")
    local = network.local_network_gateways.begin_create_or_update(
        GROUP,
        f"aws{index + 1}",
        {
            "location": LOCATION,
            "properties": {
                "gatewayIpAddress": outside,
                "bgpSettings": {"asn": 64512, "bgpPeeringAddress": aws_inside},
            },
        },
    ).result()
    name = f"tunnel{index + 1}"
    network.virtual_network_gateway_connections.begin_create_or_update(
        GROUP,
        name,
        {
            "location": LOCATION,
            "properties": {
                "virtualNetworkGateway1": {"id": gateway_id, "properties": {}},
                "localNetworkGateway2": {"id": local.id, "properties": {}},
                "connectionType": "IPsec",
                "connectionProtocol": "IKEv2",
                "enableBgp": True,
                "sharedKey": key,
                "dpdTimeoutSeconds": 15,
                "gatewayCustomBgpIpAddresses": [
                    {
                        "ipConfigurationId": f"{gateway_id}/ipConfigurations/instance{number}",
                        "customBgpIpAddress": APIPA[number][offset],
                    }
                    for number in (0, 1)
                ],
                "ipsecPolicies": [
                    {
                        "saLifeTimeSeconds": 3600,
                        "saDataSizeKilobytes": 102400000,
                        "ipsecEncryption": "GCMAES256",
                        "ipsecIntegrity": "GCMAES256",
                        "ikeEncryption": "GCMAES256",
                        "ikeIntegrity": "SHA384",
                        "dhGroup": "ECP384",
                        "pfsGroup": "ECP384",
                    }
                ],
            },
        },
    ).result()
    return f"{group_id}/providers/Microsoft.Network/connections/{name}".lower()
