"""NetworkPolicies as upstream defines them, and as nftables text. Packets judge the text elsewhere."""

import re
from ipaddress import IPv4Address
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import policy_examples
from policy_examples import ADDRESSES, PORTS, PROTOCOLS, passes, pod, read
from twinspan.kubernetes.network_policies import Pod, Policies, pod_of, policy_of
from twinspan.twin.dataplane.clusters.policy_rules import NO_POLICIES, node_rules

OTHER_CLOUD = IPv4Address("10.1.8.20")
CONNECTIONS = [*((protocol, port) for protocol in PROTOCOLS for port in PORTS), ("ICMP", None)]


def policy(spec: str, namespace: str = "x") -> dict[str, Any]:
    return {"metadata": {"name": "one", "namespace": namespace}, "spec": yaml.safe_load(spec)}


def cluster(*specs: str) -> Policies:
    """Pods p0 (x, web), p1 (y, web), p2 (x, db), p3 (y, no label) and policies of the namespace x."""
    labels: list[dict[str, str]] = [{"app": "web"}, {"app": "web"}, {"app": "db"}, {}]
    return read(
        [policy(spec) for spec in specs],
        [pod(number, pod_labels) for number, pod_labels in enumerate(labels)],
    )


def admits(policies: Policies, number: int, direction: Any, remote: IPv4Address, port: int = 80) -> bool:
    return policies.admit(policies.pods[number], direction, remote, protocol="TCP", port=port)


@given(
    policy_examples.policies,
    policy_examples.pods,
    st.integers(0, len(ADDRESSES) - 1),
    st.integers(0, len(ADDRESSES) - 1),
    st.sampled_from(CONNECTIONS),
)
def test_connections_pass_as_upstream_s_words_say(
    policies: list[dict[str, Any]],
    pods: tuple[dict[str, Any], ...],
    source: int,
    destination: int,
    connection: tuple[str, int | None],
) -> None:
    effective_policies, (protocol, port) = read(policies, pods), connection
    leaves = effective_policies.admit(
        effective_policies.pods[source], "egress", ADDRESSES[destination], protocol=protocol, port=port
    )
    enters = effective_policies.admit(
        effective_policies.pods[destination], "ingress", ADDRESSES[source], protocol=protocol, port=port
    )
    assert (leaves and enters) == passes(policies, pods, (source, destination), connection)


def test_a_policy_without_types_closes_ingress_and_egress_only_if_it_has_egress_rules() -> None:
    plain = cluster("podSelector: {}")
    with_egress = cluster("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.9.0.0/16}}]}]}")
    assert [admits(plain, 0, direction, OTHER_CLOUD) for direction in ("ingress", "egress")] == [False, True]
    assert [admits(with_egress, 0, direction, OTHER_CLOUD) for direction in ("ingress", "egress")] == [
        False,
        False,
    ]


def test_a_policy_is_for_the_pods_of_its_own_namespace() -> None:
    policies = cluster("{podSelector: {matchLabels: {app: web}}}")
    assert [admits(policies, number, "ingress", OTHER_CLOUD) for number in range(4)] == [
        False,
        True,
        True,
        True,
    ]


def test_what_any_of_several_policies_allows_is_allowed() -> None:
    policies = cluster(
        "podSelector: {}", "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}"
    )
    assert (admits(policies, 0, "ingress", OTHER_CLOUD), admits(policies, 2, "ingress", OTHER_CLOUD)) == (
        True,
        False,
    )
    assert not admits(policies, 0, "ingress", OTHER_CLOUD, port=81)


def test_pods_of_the_other_cloud_are_found_by_their_range_alone() -> None:
    by_labels = cluster("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}")
    by_range = cluster("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}]}")
    assert (admits(by_labels, 0, "ingress", OTHER_CLOUD), admits(by_range, 0, "ingress", OTHER_CLOUD)) == (
        False,
        True,
    )


def test_a_name_of_a_port_is_another_number_at_every_destination() -> None:
    policies = cluster("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: web}]}]}")
    reached = [
        (number, port)
        for number in range(4)
        for port in PORTS
        if admits(policies, 0, "egress", ADDRESSES[number], port)
    ]
    assert reached == [(0, 80), (0, 81), (0, 90), (1, 81), (2, 80)]  # itself it reaches always
    assert not admits(policies, 0, "egress", OTHER_CLOUD)


def test_pods_of_the_host_s_network_are_neither_selected_nor_found() -> None:
    policies = cluster("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}")
    manifest = pod(2, {"app": "db"})
    manifest["spec"]["hostNetwork"] = True
    on_host = pod_of(manifest)
    assert isinstance(on_host, Pod)
    changed = Policies(
        policies=policies.policies, pods=(policies.pods[0], on_host), namespaces=policies.namespaces
    )
    assert admits(policies, 0, "ingress", ADDRESSES[2])
    assert not admits(changed, 0, "ingress", ADDRESSES[2])
    assert changed.isolating(on_host, "ingress") == ()


def test_a_pod_that_has_finished_is_none() -> None:
    assert pod_of({**pod(0, {}), "status": {"phase": "Succeeded", "podIP": "10.9.0.2"}}) is None


def test_a_container_that_runs_beside_the_others_from_the_start_has_ports_too() -> None:
    manifest = pod(3, {})
    starts = {"ports": [{"name": "once", "containerPort": 1}]}
    beside = {"restartPolicy": "Always", "ports": [{"name": "log", "protocol": "UDP", "containerPort": 514}]}
    manifest["spec"]["initContainers"] = [starts, beside]
    read_pod = pod_of(manifest)
    assert read_pod is not None
    assert [(port.name, port.protocol, port.port) for port in read_pod.ports] == [("log", "UDP", 514)]


@pytest.mark.parametrize(
    "spec",
    [
        "{podSelector: {matchExpressions: [{key: app, operator: Gt, values: ['1']}]}}",
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/33}}]}]}",
    ],
)
def test_what_is_no_operator_or_no_range_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r"Gt|10\.1\.0\.0/33"):
        policy_of(policy(spec))


def test_without_a_policy_for_one_of_its_pods_a_node_has_no_rules() -> None:
    closed = cluster("podSelector: {}")
    assert node_rules(closed, node="another", side="aws") == NO_POLICIES
    assert node_rules(cluster(), node="n", side="aws") == NO_POLICIES
    assert NO_POLICIES == "table ip twinspan_policies\ndelete table ip twinspan_policies\n"


def test_rules_name_the_policy_that_lets_through_and_those_that_close() -> None:
    text = node_rules(
        cluster(
            "{podSelector: {matchLabels: {app: web}}, ingress: [{ports:"
            " [{port: 80}, {port: 443, protocol: SCTP}, {protocol: UDP}]}]}"
        ),
        node="n",
        side="azure",
    )
    allowing = re.findall(r"(.*) counter return comment \"x/one\"", text)
    assert [rule_text.strip() for rule_text in allowing] == [
        "meta l4proto sctp th dport { 443 }",
        "meta l4proto tcp th dport { 80 }",
        "meta l4proto udp",
    ]
    assert 'counter drop comment "not allowed ingress: x/one"' in text
    assert f"ip daddr vmap {{ {ADDRESSES[0]} : jump" in text


def test_eks_does_not_know_an_icmp_error_as_part_of_its_connection() -> None:
    closed = cluster("podSelector: {}")
    assert "ct state established accept" in node_rules(closed, node="n", side="aws")
    assert "ct state established,related accept" in node_rules(closed, node="n", side="azure")


def test_pods_with_the_same_rules_share_a_chain() -> None:
    text = node_rules(cluster("podSelector: {}"), node="n", side="aws")
    assert text.count("counter drop") == 1
    assert f"{{ {ADDRESSES[0]} : jump ingress_0, {ADDRESSES[2]} : jump ingress_0 }}" in text
