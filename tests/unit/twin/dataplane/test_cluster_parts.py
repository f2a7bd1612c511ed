"""Addresses, balancers' rules, edge filters and system manifests of clusters. Pure."""

import socket
import threading
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from plain_cluster import PLAIN_CLUSTER

from twinspan.errors import DesignError
from twinspan.network.model import IpPermission, SecurityGroup
from twinspan.twin.dataplane.addresses import Addresses
from twinspan.twin.dataplane.clusters.api import ApiClient
from twinspan.twin.dataplane.clusters.konnectivity import Konnectivity
from twinspan.twin.dataplane.clusters.load_balancers import Port, balancer_rules, is_internal, ports
from twinspan.twin.dataplane.clusters.node import Node, aws_node_name
from twinspan.twin.dataplane.clusters.system_manifests import system_objects
from twinspan.twin.dataplane.filters import Edge, security_group_ruleset
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.spec import ClusterSpec

SUBNET = IPv4Network("10.2.1.0/24")
SPEC = PLAIN_CLUSTER
DAEMON_SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/aws-node"


def test_addresses_start_at_the_fifth_and_blocks_at_the_end_of_a_subnet() -> None:
    addresses = Addresses()
    assert addresses.take("r", SUBNET, where="a") == IPv4Address("10.2.1.4")
    assert addresses.take("r", SUBNET, where="a") == IPv4Address("10.2.1.5")
    assert addresses.take_block("r", SUBNET, where="a") == IPv4Network("10.2.1.224/28")
    assert addresses.take_block("r", SUBNET, where="a") == IPv4Network("10.2.1.208/28")
    assert addresses.take("other", SUBNET, where="a") == IPv4Address("10.2.1.4")


def test_what_is_given_back_is_taken_again() -> None:
    addresses = Addresses()
    first = addresses.take("r", SUBNET, where="a")
    block = addresses.take_block("r", SUBNET, where="a")
    addresses.give_back("r", first)
    addresses.give_back("r", block)
    assert addresses.take("r", SUBNET, where="a") == first
    assert addresses.take_block("r", SUBNET, where="a") == block


@pytest.mark.parametrize("address", ["10.2.1.3", "10.2.1.255", "10.3.0.9", "10.2.1.225"])
def test_reserved_foreign_and_taken_addresses_are_refused(address: str) -> None:
    addresses = Addresses()
    addresses.take_block("r", SUBNET, where="a")
    with pytest.raises(DesignError, match=f"{address} is taken, reserved or not in"):
        addresses.claim("r", SUBNET, IPv4Address(address), where="a")


def test_a_full_subnet_says_what_to_do() -> None:
    addresses, small = Addresses(), IPv4Network("10.2.1.0/28")
    with pytest.raises(DesignError, match="Use a larger subnet for the pods"):
        addresses.take_block("r", small, where="a")
    for _ in range(11):
        addresses.take("r", small, where="a")
    with pytest.raises(DesignError, match="no address is free"):
        addresses.take("r", small, where="a")


def test_threads_never_get_the_same_address() -> None:
    addresses, got = Addresses(), []
    threads = [
        threading.Thread(target=lambda: got.append(addresses.take("r", SUBNET, where="a"))) for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 50


def test_eks_names_nodes_after_their_address() -> None:
    assert aws_node_name(IPv4Address("10.2.1.4"), "us-east-1") == "ip-10-2-1-4.ec2.internal"
    assert aws_node_name(IPv4Address("10.2.1.4"), "us-west-2") == "ip-10-2-1-4.us-west-2.compute.internal"


def test_a_nodes_filter_looks_before_destinations_change_and_knows_its_pods() -> None:
    group = SecurityGroup(
        id="sg-1",
        name="nodes",
        vpc_id="vpc",
        permissions=(
            IpPermission(
                direction="ingress", ip_protocol="-1", from_port=-1, to_port=-1, cidr=None, group_id="sg-1"
            ),
        ),
    )
    text = security_group_ruleset(
        [group],
        interface_address=IPv4Address("10.2.1.4"),
        vpc_cidr_blocks=[IPv4Network("10.2.0.0/16")],
        members={"sg-1": [IPv4Address("10.2.1.5"), IPv4Network("10.2.1.224/28")]},
        pod_networks=[IPv4Network("10.2.1.208/28")],
        balancers=[IPv4Address("10.2.1.9")],
        edge=Edge(device="eth0"),
    )
    assert "ip saddr { 10.2.1.9/32 } meta l4proto { tcp, udp } th dport 30000-32767" in text
    assert "hook prerouting priority -150" in text
    assert "hook postrouting priority 150" in text
    assert 'iifname != "eth0" accept' in text
    assert "ip daddr != { 10.2.1.4/32, 10.2.1.208/28 }" in text
    assert "ip saddr { 10.2.1.5/32, 10.2.1.224/28 }" in text
    assert "table ip twinspan_security_groups_eth0" in text


def service(**annotations: str) -> dict[str, Any]:
    notes = {f"service.beta.kubernetes.io/{key}": value for key, value in annotations.items()}
    listed = [
        {"protocol": "TCP", "port": 80, "nodePort": 30080},
        {"protocol": "SCTP", "port": 81, "nodePort": 30081},
        {"protocol": "UDP", "port": 53},
    ]
    return {
        "metadata": {"name": "s", "namespace": "default", "annotations": notes},
        "spec": {"ports": listed},
    }


def test_a_balancer_is_internal_in_its_own_clouds_words_only() -> None:
    azure = replace(SPEC, side="azure")
    scheme = service(**{"aws-load-balancer-scheme": "internal"})
    assert is_internal(SPEC, scheme)
    assert is_internal(SPEC, service(**{"aws-load-balancer-internal": "true"}))
    assert not is_internal(SPEC, service(**{"aws-load-balancer-scheme": "internet-facing"}))
    assert not is_internal(azure, scheme)
    assert is_internal(azure, service(**{"azure-load-balancer-internal": "true"}))
    assert not is_internal(azure, service())


def test_a_balancer_carries_the_ports_that_nodes_listen_on_to_all_nodes() -> None:
    service_ports = ports(service())
    assert service_ports == [Port(protocol="tcp", port=80, node_port=30080)]
    text = balancer_rules(service_ports, [IPv4Address("10.2.2.4"), IPv4Address("10.2.1.4")])
    assert "tcp dport 80 numgen inc mod 2 vmap { 0 : goto tcp_80_0, 1 : goto tcp_80_1 }" in text
    assert "chain tcp_80_0 { meta l4proto tcp dnat to 10.2.1.4:30080; }" in text
    assert "numgen" not in balancer_rules(service_ports, [])


def environment(spec: ClusterSpec) -> dict[str, str]:
    container = system_objects(spec)[DAEMON_SET]["spec"]["template"]["spec"]["containers"][0]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def test_the_network_add_ons_configuration_becomes_the_daemon_sets_environment() -> None:
    name = "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"
    assert name not in environment(SPEC)
    given = replace(SPEC, addons={"vpc-cni": f'{{"env": {{"{name}": "10.1.0.0/16"}}}}'})
    assert environment(given)[name] == "10.1.0.0/16"
    assert environment(given)["AWS_VPC_K8S_CNI_EXTERNALSNAT"] == "false"


@pytest.mark.parametrize("values", ["", "{", "[]", '{"env": null}', '"text"', '{"env": "text"}'])
def test_configuration_that_cannot_be_read_changes_nothing(values: str) -> None:
    assert environment(replace(SPEC, addons={"vpc-cni": values})) == environment(SPEC)


def test_aks_alone_has_the_agent_from_which_its_api_server_calls() -> None:
    path = "/apis/apps/v1/namespaces/kube-system/deployments/konnectivity-agent"
    assert path in system_objects(replace(SPEC, side="azure"))
    assert path not in system_objects(SPEC)


@pytest.mark.parametrize(
    "request_line",
    ["CONNECT webhook.example.com:443 HTTP/1.1", "GET / HTTP/1.1", "CONNECT 10.1.2.3:0443x HTTP/1.1"],
)
def test_a_tunnel_connects_to_addresses_only(request_line: str) -> None:
    def nobody() -> list[Node]:
        raise AssertionError("no node is needed to refuse this")

    api = ApiClient("none", ClusterAuthority.generate("c"), folder=Path("/tmp"))
    tunnel = Konnectivity("none", api=api, nodes=nobody)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(f"{request_line}\r\nHost: x\r\n\r\n".encode())
        with pytest.raises(OSError, match="only IPv4 addresses"):
            tunnel(theirs)
        assert ours.recv(1024).startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


def test_every_manifest_names_the_protocol_of_its_ports_and_its_own_place() -> None:
    for path, manifest in system_objects(SPEC).items():
        assert path.endswith(f"/{manifest['metadata']['name']}")
        for port in manifest.get("spec", {}).get("ports", []):
            assert port["protocol"] in {"TCP", "UDP"}
