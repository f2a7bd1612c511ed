"""Pods on the two networks: addresses, filters, source addresses, services, names."""

import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
import yaml
from cluster_harness import PORT, Clusters
from cluster_network import AKS_NODE_RANGE, AKS_POD_RANGE, AKS_PODS, with_group
from reference_network import AWS, AZURE, NSG, with_azure

from twinspan.network.model import Network, SecurityRule
from twinspan.wait import pause

pytestmark = [pytest.mark.root, pytest.mark.slow]

PRIVATE = IPv4Network("10.2.1.0/24")


def node_address(clusters: Clusters, name: str) -> str:
    seen = clusters.health(name)
    assert seen is not None
    return str(seen.nodes[0].address)


def test_nodes_and_pods_have_addresses_of_the_subnets_that_the_clouds_would_use(
    clusters: Clusters, tools: dict[str, str]
) -> None:
    assert IPv4Address(node_address(clusters, "east")) in PRIVATE
    assert IPv4Address(tools["east"]) in PRIVATE
    assert IPv4Address(node_address(clusters, "west")) in AKS_NODE_RANGE
    assert IPv4Address(tools["west"]) in AKS_POD_RANGE
    nodes = clusters.kubectl("east", "get", "nodes", "-o", "name").stdout.split()
    assert nodes == [f"node/ip-{node_address(clusters, 'east').replace('.', '-')}.ec2.internal"]


def test_a_pod_reaches_a_pod_across_the_tunnels_with_packets_that_are_too_large_for_them(
    clusters: Clusters, tools: dict[str, str]
) -> None:
    for name, far in (("east", tools["west"]), ("west", tools["east"])):
        clusters.kubectl(name, "exec", "tools", "--", "ping", "-c", "2", "-W", "2", far)
        clusters.kubectl(
            name, "exec", "tools", "--", "ping", "-c", "2", "-W", "2", "-M", "dont", "-s", "1440", far
        )


def test_source_addresses_are_the_nodes_by_default_on_eks_and_the_pods_with_the_exclusion(
    clusters: Clusters, tools: dict[str, str]
) -> None:
    east, west = clusters.specs["east"], clusters.specs["west"]
    far = f"{tools['west']}:{PORT}"
    assert clusters.seen_as("east", "tools", far) == node_address(clusters, "east")
    assert clusters.seen_as("west", "tools", f"{tools['east']}:{PORT}") == tools["west"]
    excluded = f'{{"env": {{"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "{AZURE}"}}}}'
    clusters.want(replace(east, addons={**east.addons, "vpc-cni": excluded}), west)
    clusters.until_seen_as("east", "tools", far, tools["east"])
    clusters.want(east, west)
    clusters.until_seen_as("east", "tools", far, node_address(clusters, "east"))


def test_setting_the_environment_of_aws_node_by_hand_changes_source_addresses_too(
    clusters: Clusters, tools: dict[str, str]
) -> None:
    far = f"{tools['west']}:{PORT}"
    setting = ("-n", "kube-system", "set", "env", "daemonset/aws-node")
    clusters.kubectl("east", *setting, "AWS_VPC_K8S_CNI_EXTERNALSNAT=true")
    clusters.until_seen_as("east", "tools", far, tools["east"])
    clusters.kubectl("east", *setting, "AWS_VPC_K8S_CNI_EXTERNALSNAT=false")
    clusters.until_seen_as("east", "tools", far, node_address(clusters, "east"))


def test_aks_pods_leave_as_their_node_when_the_masquerading_agent_is_told_so(
    clusters: Clusters, tools: dict[str, str]
) -> None:
    far = f"{tools['east']}:{PORT}"
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "azure-ip-masq-agent-config", "namespace": "kube-system"},
        "data": {"ip-masq-agent": yaml.safe_dump({"nonMasqueradeCIDRs": [str(AZURE)]})},
    }
    agent = ("-n", "kube-system", "delete", "pod", "-l", "k8s-app=azure-ip-masq-agent")
    clusters.kubectl("west", "apply", "-f", "-", stdin=yaml.safe_dump(config))
    clusters.kubectl("west", *agent)
    clusters.until_seen_as("west", "tools", far, node_address(clusters, "west"))
    clusters.kubectl("west", "-n", "kube-system", "delete", "configmap", "azure-ip-masq-agent-config")
    clusters.kubectl("west", *agent)
    clusters.until_seen_as("west", "tools", far, tools["west"])


def service(kind: str, name: str, annotations: dict[str, str] | None = None) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "annotations": annotations or {}},
            "spec": {
                "type": kind,
                "selector": {"app": "tools"},
                "ports": [{"port": 80, "targetPort": PORT, "protocol": "TCP"}],
            },
        }
    )


def test_a_service_has_a_name_and_a_port_on_each_node_that_the_other_cloud_reaches(
    clusters: Clusters,
) -> None:
    for name, far in (("east", "west"), ("west", "east")):
        clusters.kubectl(name, "apply", "-f", "-", stdin=service("NodePort", "who"))
        for host in ("who", "who.default", "who.default.svc.cluster.local"):
            clusters.until_answers(name, "tools", host)
        port = clusters.kubectl(
            name, "get", "service", "who", "-o", "jsonpath={.spec.ports[0].nodePort}"
        ).stdout
        target = f"{node_address(clusters, name)}:{port}"
        assert clusters.seen_as(far, "tools", target) != ""
        clusters.kubectl(name, "delete", "service", "who")


def test_an_internal_load_balancer_has_an_address_in_its_subnet_that_the_other_cloud_reaches(
    clusters: Clusters,
) -> None:
    notes = {
        "east": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"},
        "west": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
    }
    subnets = {"east": PRIVATE, "west": AKS_NODE_RANGE}
    right = clusters.network
    clusters.want(network=with_group(right, AZURE))  # the nodes' group need not name the balancer
    for name, far in (("east", "west"), ("west", "east")):
        clusters.kubectl(name, "apply", "-f", "-", stdin=service("LoadBalancer", "front", notes[name]))
        shown = ("get", "service", "front", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
        address = clusters.until_text(name, *shown)
        assert IPv4Address(address) in subnets[name]
        clusters.until_answers(far, "tools", address)
        clusters.kubectl(name, "delete", "service", "front")
    clusters.want(network=right)


def test_a_public_load_balancer_stays_pending_and_an_event_says_why(clusters: Clusters) -> None:
    clusters.kubectl("east", "apply", "-f", "-", stdin=service("LoadBalancer", "public"))
    events = ("get", "events", "--field-selector", "involvedObject.name=public", "-o", "jsonpath={..message}")
    messages = clusters.until_text("east", *events)
    assert "aws-load-balancer-scheme: internal" in messages
    shown = clusters.kubectl("east", "get", "service", "public", "-o", "jsonpath={.status.loadBalancer}")
    assert shown.stdout in {"", "{}", "map[]"}
    clusters.kubectl("east", "delete", "service", "public")


def test_a_security_group_that_does_not_name_the_far_range_keeps_it_from_pods(
    clusters: Clusters, tools: dict[str, str]
) -> None:
    right, far = clusters.network, f"{tools['east']}:{PORT}"
    assert clusters.seen_as("west", "tools", far) == tools["west"]
    clusters.want(network=with_group(right, AWS))
    assert clusters.seen_as("west", "tools", far) == ""
    clusters.want(network=right)
    clusters.until_seen_as("west", "tools", far, tools["west"])


def with_pod_nsg(network: Network) -> Network:
    """Let the pods' subnet, not the nodes', refuse what comes from AWS."""
    assert network.azure is not None
    rule = SecurityRule(
        name="aws",
        priority=100,
        direction="Inbound",
        access="Deny",
        protocol="*",
        source_address_prefixes=(str(AWS),),
        source_port_ranges=("*",),
        destination_address_prefixes=("*",),
        destination_port_ranges=("*",),
    )
    group = replace(network.azure.network_security_groups[0], id=f"{NSG}-pods", security_rules=(rule,))
    vnet = network.azure.virtual_networks[0]
    subnets = tuple(
        replace(subnet, network_security_group_id=group.id) if subnet.id == AKS_PODS else subnet
        for subnet in vnet.subnets
    )
    return with_azure(
        network,
        virtual_networks=(replace(vnet, subnets=subnets),),
        network_security_groups=(*network.azure.network_security_groups, group),
    )


def test_a_network_security_group_of_the_pods_subnet_decides_on_pods_and_not_on_nodes(
    clusters: Clusters, tools: dict[str, str]
) -> None:
    right, far = clusters.network, f"{tools['west']}:{PORT}"
    clusters.kubectl("west", "apply", "-f", "-", stdin=service("NodePort", "who"))
    port = clusters.kubectl(
        "west", "get", "service", "who", "-o", "jsonpath={.spec.ports[0].nodePort}"
    ).stdout
    by_node = f"{node_address(clusters, 'west')}:{port}"
    clusters.want(network=with_pod_nsg(right))
    assert clusters.seen_as("east", "tools", far) == ""
    assert clusters.seen_as("east", "tools", by_node) != ""
    clusters.want(network=right)
    clusters.until_seen_as("east", "tools", far, node_address(clusters, "east"))
    clusters.kubectl("west", "delete", "service", "who")


@pytest.mark.parametrize("name", ["east", "west"])
def test_a_cluster_that_does_not_change_is_watched_and_not_polled(clusters: Clusters, name: str) -> None:
    def asked() -> int:
        lines = clusters.kubectl(name, "get", "--raw", "/metrics").stdout.splitlines()
        polls = re.compile(r'apiserver_request_total\{.*resource="(\w+)".*verb="(GET|LIST)"\S* (\d+)')
        counts = [match.groups() for line in lines if (match := polls.match(line))]
        followed = {("nodes", "LIST"), ("services", "LIST"), ("deployments", "GET"), ("daemonsets", "GET")}
        return sum(int(count) for resource, verb, count in counts if (resource, verb) in followed)

    clusters.until_ready(name)
    before = asked()
    assert before > 0
    pause(5)
    assert asked() - before <= 1
