"""The clusters of the verified network, and what Kubernetes and test pods say of them."""

from ipaddress import IPv4Address, IPv4Network

from verified_names import GROUP, PRIVATE_A, VNET, VNET_CIDR, VPC_CIDR

from twinspan.network import model
from twinspan.network.aws import EksCluster, EksNodeGroup
from twinspan.network.azure import AksCluster, AksNodePool
from twinspan.rules.observed.cluster_facts import ClusterFacts, Lookup, Node, Reading, Seen, Workload
from twinspan.rules.observed.ping_facts import Ping

PODS = f"{VNET}/subnets/aks-pods"
EKS_POD, AKS_POD = IPv4Address("10.2.0.17"), IPv4Address("10.1.8.33")
EKS_NODE, AKS_NODE = IPv4Address("10.2.0.5"), IPv4Address("10.1.8.4")
SOURCES = (
    ("aws", "eks/node-a (10.2.0.17)", "eks", EKS_POD),
    ("azure", "aks/node-b (10.1.8.33)", "aks", AKS_POD),
)
API = {"eks": "172.20.0.1", "aks": "10.96.0.1"}


def security_group() -> model.SecurityGroup:
    """EKS's own group: everything from and to the VNet."""
    return model.SecurityGroup(
        id="sg-0e",
        name="eks-cluster",
        vpc_id="vpc-0a",
        permissions=tuple(
            model.IpPermission(
                direction=way,
                ip_protocol="-1",
                from_port=-1,
                to_port=-1,
                cidr=VNET_CIDR,
            )
            for way in ("ingress", "egress")
        ),
    )


def network_security_group() -> model.NetworkSecurityGroup:
    return model.NetworkSecurityGroup(
        id=f"{GROUP}/networksecuritygroups/aks-nsg",
        name="aks-nsg",
        security_rules=(
            model.SecurityRule(
                name="FarPods",
                priority=100,
                direction="Inbound",
                access="Allow",
                protocol="*",
                source_address_prefixes=(str(VPC_CIDR),),
                source_port_ranges=("*",),
                destination_address_prefixes=("*",),
                destination_port_ranges=("*",),
            ),
        ),
    )


def route_table() -> model.AzureRouteTable:
    return model.AzureRouteTable(
        id=f"{GROUP}/routetables/aks-routes",
        name="aks-routes",
        bgp_route_propagation_enabled=True,
        routes=(),
    )


def subnet() -> model.AzureSubnet:
    return model.AzureSubnet(
        id=PODS,
        name="aks-pods",
        address_prefixes=(IPv4Network("10.1.8.0/22"),),
        route_table_id=route_table().id,
        network_security_group_id=network_security_group().id,
    )


def eks() -> EksCluster:
    return EksCluster(
        name="eks",
        arn="arn:aws:eks:eu-west-1:123456789012:cluster/eks",
        status="ACTIVE",
        version="1.34",
        endpoint="https://eks.example.com",
        certificate_authority="",
        service_ipv4_cidr=IPv4Network("172.20.0.0/16"),
        vpc_id="vpc-0a",
        subnet_ids=(PRIVATE_A,),
        security_group_ids=(),
        cluster_security_group_id="sg-0e",
        endpoint_public_access=True,
        endpoint_private_access=True,
        public_access_cidrs=(),
        node_groups=(
            EksNodeGroup(
                name="default",
                cluster_name="eks",
                status="ACTIVE",
                subnet_ids=(PRIVATE_A,),
                instance_types=("t3.medium",),
                capacity_type="ON_DEMAND",
                desired_size=1,
                min_size=1,
                max_size=2,
            ),
        ),
    )


def aks() -> AksCluster:
    return AksCluster(
        id=f"{GROUP.replace('microsoft.network', 'microsoft.containerservice')}/managedclusters/aks",
        name="aks",
        location="westeurope",
        kubernetes_version="1.34",
        provisioning_state="Succeeded",
        fqdn="aks.example.com",
        private_cluster=False,
        network_plugin="azure",
        network_plugin_mode="",
        service_cidr=IPv4Network("10.96.0.0/16"),
        dns_service_ip=IPv4Address("10.96.0.10"),
        pod_cidr=None,
        node_resource_group="MC_dev",
        node_pools=(
            AksNodePool(
                name="system",
                mode="System",
                count=1,
                vm_size="Standard_D2s_v5",
                vnet_subnet_id=PODS,
                pod_subnet_id=None,
                availability_zones=(),
                max_pods=110,
                provisioning_state="Succeeded",
            ),
        ),
    )


def kubernetes() -> ClusterFacts:
    """Both clusters in order, with a test pod each."""
    one, other = SOURCES
    return ClusterFacts(
        expected={"aws": "eks", "azure": "aks"},
        pods_wanted=True,
        readings=tuple(
            Reading(
                side=side,  # type: ignore[arg-type]
                name=cluster,
                nodes=(Node(name=source.split("/")[1].split()[0], ready=True),),
                workloads=(
                    Workload(kind="DaemonSet", name="kube-proxy", wanted=1, ready=1),
                    Workload(kind="Deployment", name="metrics", wanted=1, ready=1),
                ),
                dns=Workload(kind="Deployment", name="coredns", wanted=2, ready=2),
                dns_endpoints=2,
                api_address=API[cluster],
                masquerading=f"what {cluster} says of masquerading",
            )
            for side, source, cluster, _ in SOURCES
        ),
        lookups=tuple(
            Lookup(
                side=side,  # type: ignore[arg-type]
                cluster=cluster,
                name="kubernetes.default.svc",
                command="ping",
                address=API[cluster],
            )
            for side, _, cluster, _ in SOURCES
        ),
        seen=tuple(
            Seen(
                source_side=a[0],  # type: ignore[arg-type]
                source=a[1],
                destination=b[1],
                source_cluster=a[2],
                destination_cluster=b[2],
                own_address=a[3],
                seen_address=a[3],
            )
            for a, b in ((one, other), (other, one))
        ),
        pings=tuple(
            Ping(
                source=a[1],
                destination=b[1],
                towards=b[0],
                sent=3,
                received=3,
                median_ms=1.4,
                command="ping",
                subnet_ids=frozenset({PRIVATE_A, PODS}),
            )
            for a, b in ((one, other), (other, one))
        ),
    )
