"""From the two APIs' clusters to what the data plane builds."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from twinspan.network.aws import AwsNetwork, AwsSubnet, EksAddon, EksCluster, EksNodeGroup, Vpc
from twinspan.network.azure import AksCluster, AksNodePool, AzureNetwork, AzureSubnet, VirtualNetwork
from twinspan.network.model import Network
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.desired import cluster_specs
from twinspan.twin.kubernetes.spec import ClusterSpec

ARN = "arn:aws:eks:us-west-2:123456789012:cluster/dev"
AKS_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/dev"
VNET = "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/virtualnetworks/vnet"
AUTHORITY = ClusterAuthority(certificate="c", key="k", service_account_key="s")
GROUP = EksNodeGroup(
    name="default",
    cluster_name="dev",
    status="ACTIVE",
    subnet_ids=("subnet-a", "subnet-b"),
    instance_types=("t3.medium",),
    capacity_type="ON_DEMAND",
    desired_size=3,
    min_size=1,
    max_size=3,
    labels={"team": "blue"},
)
EKS = EksCluster(
    name="dev",
    arn=ARN,
    status="ACTIVE",
    version="1.32",
    endpoint="",
    certificate_authority="",
    service_ipv4_cidr=None,
    vpc_id="vpc-1",
    subnet_ids=("subnet-a", "subnet-b"),
    security_group_ids=("sg-extra",),
    cluster_security_group_id="sg-cluster",
    endpoint_public_access=True,
    endpoint_private_access=True,
    public_access_cidrs=(),
    node_groups=(GROUP,),
    addons=(
        EksAddon(name="vpc-cni", version="v1", status="ACTIVE", configuration_values='{"env": {}}'),
        EksAddon(name="coredns", version="v1", status="DELETING", configuration_values=""),
    ),
)
POOL = AksNodePool(
    name="system",
    mode="System",
    count=2,
    vm_size="Standard_B2s",
    vnet_subnet_id=f"{VNET}/subnets/aks-nodes",
    pod_subnet_id=f"{VNET}/subnets/aks-pods",
    availability_zones=("1", "2"),
    max_pods=30,
    provisioning_state="Succeeded",
)
AKS = AksCluster(
    id=AKS_ID,
    name="dev",
    location="West US 2",
    kubernetes_version="1.32",
    provisioning_state="Succeeded",
    fqdn="dev.hcp.westus2.azmk8s.io",
    private_cluster=False,
    network_plugin="azure",
    network_plugin_mode="",
    service_cidr=IPv4Network("10.96.0.0/16"),
    dns_service_ip=IPv4Address("10.96.0.10"),
    pod_cidr=None,
    node_resource_group="mc",
    node_pools=(POOL,),
)


def aws(*clusters: EksCluster, vpc: str = "10.2.0.0/16") -> Network:
    subnets = tuple(
        AwsSubnet(
            id=f"subnet-{letter}",
            name=letter,
            vpc_id="vpc-1",
            cidr_block=IPv4Network(f"10.2.{number}.0/24"),
            availability_zone=f"us-west-2{letter}",
        )
        for number, letter in enumerate("ab", start=1)
    )
    network = AwsNetwork(
        account_id="123456789012",
        region="us-west-2",
        vpcs=(Vpc(id="vpc-1", name="vpc", cidr_blocks=(IPv4Network(vpc),)),),
        subnets=subnets,
        eks_clusters=clusters,
    )
    return Network(aws=network, azure=None)


def azure(*clusters: AksCluster) -> Network:
    subnets = tuple(
        AzureSubnet(
            id=f"{VNET}/subnets/{name}",
            name=name,
            address_prefixes=(IPv4Network(prefix),),
            route_table_id=None,
            network_security_group_id=None,
        )
        for name, prefix in (("aks-nodes", "10.1.4.0/24"), ("aks-pods", "10.1.8.0/22"))
    )
    vnet = VirtualNetwork(
        id=VNET, name="vnet", location="westus2", address_space=(IPv4Network("10.1.0.0/16"),), subnets=subnets
    )
    network = AzureNetwork(subscription_id="s", virtual_networks=(vnet,), aks_clusters=clusters)
    return Network(aws=None, azure=network)


def specs(network: Network) -> tuple[tuple[ClusterSpec, ...], tuple[str, ...]]:
    known = {ARN: AUTHORITY, AKS_ID.lower(): AUTHORITY}
    return cluster_specs(network, known, programs="/programs", images="/images")


def test_an_eks_cluster_has_its_nodes_in_its_groups_subnets_in_turn() -> None:
    (spec,), problems = specs(aws(EKS))
    assert problems == ()
    assert (spec.key, spec.side, spec.region) == (ARN, "aws", "us-west-2")
    assert [node.key for node in spec.nodes] == ["default/0", "default/1", "default/2"]
    assert [node.subnet_id for node in spec.nodes] == ["subnet-a", "subnet-b", "subnet-a"]
    assert [node.zone for node in spec.nodes] == ["us-west-2a", "us-west-2b", "us-west-2a"]
    assert {node.security_group_ids for node in spec.nodes} == {("sg-cluster",)}
    assert spec.subnet_ids == ("subnet-a", "subnet-b")
    assert spec.security_group_ids == ("sg-cluster", "sg-extra")
    assert {node.max_pods for node in spec.nodes} == {17}
    assert spec.nodes[0].labels == {"eks.amazonaws.com/capacityType": "ON_DEMAND", "team": "blue"}
    assert spec.addons == {"vpc-cni": '{"env": {}}'}
    assert spec.api_socket == ClusterAccess.socket_name(ARN)


def test_an_eks_cluster_without_a_service_range_gets_the_usual_one_that_does_not_meet_its_vpc() -> None:
    (spec,), _ = specs(aws(EKS))
    assert (spec.service_network, spec.dns_address) == (
        IPv4Network("172.20.0.0/16"),
        IPv4Address("172.20.0.10"),
    )
    (other,), _ = specs(aws(EKS, vpc="172.20.0.0/16"))
    assert other.service_network == IPv4Network("10.100.0.0/16")


def test_growing_a_group_keeps_the_nodes_that_were_there() -> None:
    (before,), _ = specs(aws(EKS))
    grown = replace(EKS, node_groups=(replace(GROUP, desired_size=5),))
    (after,), _ = specs(aws(grown))
    assert after.nodes[:3] == before.nodes
    assert len(after.nodes) == 5


def test_an_aks_cluster_names_its_nodes_as_scale_sets_do_and_spreads_them_over_the_zones() -> None:
    (spec,), problems = specs(azure(AKS))
    assert problems == ()
    assert spec.key == AKS_ID.lower()
    assert spec.region == "westus2"
    first, second = spec.nodes
    assert first.name.startswith("aks-system-")
    assert first.name.endswith("-vmss000000")
    assert second.name == first.name[:-1] + "1"
    assert first.name.split("-")[2].isdigit()
    assert len(first.name.split("-")[2]) == 8
    assert (first.zone, second.zone) == ("westus2-1", "westus2-2")
    assert first.pod_subnet_id == f"{VNET}/subnets/aks-pods"
    assert spec.pod_network is None
    assert spec.authenticator_socket == ""


def test_an_overlay_cluster_has_pods_outside_the_virtual_network() -> None:
    overlay = replace(AKS, network_plugin_mode="overlay", pod_cidr=IPv4Network("10.244.0.0/16"))
    (spec,), _ = specs(azure(overlay))
    assert spec.pod_network == IPv4Network("10.244.0.0/16")
    assert {node.pod_subnet_id for node in spec.nodes} == {""}


@pytest.mark.parametrize(
    ("values", "enforced"),
    [
        ("", False),
        ('{"env": {}}', False),
        ('{"enableNetworkPolicy": "true"}', True),
        ('enableNetworkPolicy: "true"', True),
        ('{"enableNetworkPolicy": "false"}', False),
        ('{"enableNetworkPolicy": true}', False),
        ("{", False),
    ],
)
def test_eks_enforces_network_policies_when_its_network_add_on_says_so(values: str, enforced: bool) -> None:
    addon = EksAddon(name="vpc-cni", version="v1", status="ACTIVE", configuration_values=values)
    (spec,), _ = specs(aws(replace(EKS, addons=(addon,))))
    assert spec.enforces_policies is enforced


@pytest.mark.parametrize(
    ("engine", "enforced"),
    [("azure", True), ("calico", True), ("cilium", True), ("none", False), ("", False)],
)
def test_aks_enforces_network_policies_with_an_engine(engine: str, enforced: bool) -> None:
    (spec,), _ = specs(azure(replace(AKS, network_policy=engine)))
    assert spec.enforces_policies is enforced


def test_a_cluster_that_is_going_is_not_built() -> None:
    assert specs(aws(replace(EKS, status="DELETING"))) == ((), ())
    assert specs(azure(replace(AKS, provisioning_state="Deleting"))) == ((), ())


@pytest.mark.parametrize("status", ["FAILED", "DEGRADED", "CREATE_FAILED"])
def test_what_could_not_be_built_at_aws_is_tried_again(status: str) -> None:
    failed = replace(EKS, status=status, node_groups=(replace(GROUP, status=status),))

    assert specs(aws(failed)) == specs(aws(EKS))


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_what_could_not_be_built_at_azure_is_tried_again(state: str) -> None:
    failed = replace(AKS, provisioning_state=state, node_pools=(replace(POOL, provisioning_state=state),))

    assert specs(azure(failed)) == specs(azure(AKS))


def test_a_cluster_whose_pools_are_all_going_keeps_its_control_plane() -> None:
    (spec,), problems = specs(azure(replace(AKS, node_pools=(replace(POOL, provisioning_state="Deleting"),))))

    assert spec.nodes == ()
    assert problems == ()


def test_a_pool_in_no_subnet_of_the_network_keeps_no_other_from_having_nodes() -> None:
    astray = replace(POOL, name="other", vnet_subnet_id=f"{VNET}/subnets/none")
    (spec,), problems = specs(azure(replace(AKS, node_pools=(astray, POOL))))

    assert {node.group for node in spec.nodes} == {"system"}
    assert problems == (
        f"node pool other of dev: its subnet {VNET}/subnets/none is not in the cluster's network vnet",
    )


def test_a_group_that_is_going_has_no_nodes() -> None:
    (spec,), _ = specs(aws(replace(EKS, node_groups=(replace(GROUP, status="DELETING"),))))
    assert spec.nodes == ()


def test_a_cluster_without_an_authority_waits_for_it() -> None:
    assert cluster_specs(aws(EKS), {}, programs="", images="") == ((), ())


def test_what_does_not_exist_is_named() -> None:
    astray = replace(EKS, node_groups=(replace(GROUP, subnet_ids=("subnet-x",)),))
    (spec,), problems = specs(aws(astray))
    assert spec.nodes == ()
    assert problems == ("node group default of dev: none of its subnets (subnet-x) exists",)
    none, problems = specs(aws(replace(EKS, vpc_id="vpc-2")))
    assert none == ()
    assert problems == ("EKS cluster dev: its VPC vpc-2 does not exist",)
    lost = replace(AKS, node_pools=(replace(POOL, vnet_subnet_id=f"{VNET}/subnets/none"),))
    none, problems = specs(azure(lost))
    assert none == ()
    assert problems == (
        f"AKS cluster dev: none of its node pools' subnets exists ({VNET}/subnets/none of system)",
    )
    none, problems = specs(azure(replace(AKS, node_pools=())))
    assert none == ()
    assert problems == ("AKS cluster dev: it has no node pool, whose subnet would say where it is",)


def test_labels_that_a_kubelet_refuses_are_left_out_and_named() -> None:
    labelled = replace(GROUP, labels={"node-role.kubernetes.io/worker": "", "ours.example/x": "1"})
    (spec,), problems = specs(aws(replace(EKS, node_groups=(labelled,))))
    assert "ours.example/x" in spec.nodes[0].labels
    assert "node-role.kubernetes.io/worker" not in spec.nodes[0].labels
    (problem,) = problems
    assert "the label node-role.kubernetes.io/worker is Kubernetes' own" in problem
