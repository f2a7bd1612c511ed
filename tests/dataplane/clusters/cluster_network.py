"""The reference network with subnets for clusters, and one EKS and one AKS cluster on it."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from reference_network import (
    AWS,
    AWS_PRIVATE,
    AWS_SECOND,
    AZURE,
    GROUP,
    VNET,
    reference_network,
    with_aws,
    with_azure,
)

from twinspan.network.model import AzureSubnet, IpPermission, Network, Secrets, SecurityGroup
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.spec import ClusterSpec, NodeSpec

EKS = "arn:aws:eks:us-east-1:123456789012:cluster/east"
AKS = "/subscriptions/s/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/west"
AKS_NODES, AKS_PODS = f"{VNET}/subnets/aks-nodes", f"{VNET}/subnets/aks-pods"
AKS_NODE_RANGE, AKS_POD_RANGE = IPv4Network("10.1.4.0/24"), IPv4Network("10.1.8.0/22")
NODE_NSG, POD_NSG = "nsg-aks-nodes", "nsg-aks-pods"


def cluster_network() -> tuple[Network, Secrets]:
    """Everything right: the security group lets the VPC and the VNet in."""
    network, secrets = reference_network()
    assert network.azure is not None
    vnet = network.azure.virtual_networks[0]
    table = next(s.route_table_id for s in vnet.subnets if s.route_table_id)
    subnets = tuple(
        AzureSubnet(
            id=key,
            name=key.rpartition("/")[2],
            address_prefixes=(prefix,),
            route_table_id=table,
            network_security_group_id=None,
        )
        for key, prefix in ((AKS_NODES, AKS_NODE_RANGE), (AKS_PODS, AKS_POD_RANGE))
    )
    vnet = replace(vnet, subnets=(*vnet.subnets, *subnets))
    return with_group(with_azure(network, virtual_networks=(vnet,)), AWS, AZURE), secrets


def with_group(network: Network, *allowed: IPv4Network) -> Network:
    """Let the nodes' security group allow what comes from these ranges, and nothing else."""
    assert network.aws is not None
    permissions = tuple(
        IpPermission(direction="ingress", ip_protocol="-1", from_port=-1, to_port=-1, cidr=cidr)
        for cidr in allowed
    )
    group = next(group for group in network.aws.security_groups if group.id == GROUP)
    egress = tuple(permission for permission in group.permissions if permission.direction == "egress")
    changed: SecurityGroup = replace(group, permissions=(*permissions, *egress))
    others = tuple(
        security_group for security_group in network.aws.security_groups if security_group.id != GROUP
    )
    return with_aws(network, security_groups=(changed, *others))


def eks(programs: Path, images: Path, *, nodes: int = 1, authority: ClusterAuthority) -> ClusterSpec:
    """An EKS cluster with its nodes in turn in two subnets."""
    subnets = (AWS_PRIVATE, AWS_SECOND)
    return ClusterSpec(
        key=EKS,
        side="aws",
        name="east",
        region="us-east-1",
        authority=authority,
        network_ranges=(AWS,),
        service_network=IPv4Network("172.20.0.0/16"),
        dns_address=IPv4Address("172.20.0.10"),
        api_socket="east.api",
        programs=str(programs),
        images=str(images),
        nodes=tuple(
            NodeSpec(
                key=f"default/{number}",
                group="default",
                subnet_id=subnets[number % 2],
                security_group_ids=(GROUP,),
                zone="us-east-1a",
            )
            for number in range(nodes)
        ),
        addons={"vpc-cni": "", "coredns": "", "kube-proxy": ""},
        subnet_ids=subnets,
        security_group_ids=(GROUP,),
    )


def aks(programs: Path, images: Path, *, nodes: int = 1, authority: ClusterAuthority) -> ClusterSpec:
    """An AKS cluster with its pods in a subnet of their own."""
    return ClusterSpec(
        key=AKS,
        side="azure",
        name="west",
        region="westeurope",
        authority=authority,
        network_ranges=(AZURE,),
        service_network=IPv4Network("10.96.0.0/16"),
        dns_address=IPv4Address("10.96.0.10"),
        api_socket="west.api",
        programs=str(programs),
        images=str(images),
        nodes=tuple(
            NodeSpec(
                key=f"system/{number}",
                name=f"aks-system-12345678-vmss{number:06d}",
                group="system",
                subnet_id=AKS_NODES,
                pod_subnet_id=AKS_PODS,
                zone="westeurope-1",
            )
            for number in range(nodes)
        ),
    )
