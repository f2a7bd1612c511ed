"""The verified network with exactly one thing of its clusters or pods broken."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import healthy_network as vn
import verified_clusters as vc
import yaml

from twinspan.kubernetes.internal_services import InternalService
from twinspan.kubernetes.label_selectors import Selector
from twinspan.kubernetes.network_policies import Pod, Policies, PolicyPort, policy_of
from twinspan.network import model
from twinspan.network.aws import EksAddon
from twinspan.rules.observed.cluster_facts import ClusterFacts, Node, Reading, Workload
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.ping_facts import Ping

Damage = Callable[[Facts], Facts]


def with_kubernetes(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, kubernetes=replace(facts.kubernetes, **changes))


def with_reading(cluster: str, **changes: Any) -> Damage:
    """Return the damage that makes one cluster's Kubernetes say something else."""

    def changed(reading: Reading) -> Reading:
        return replace(reading, **changes) if reading.name == cluster else reading

    def damage(facts: Facts) -> Facts:
        return with_kubernetes(facts, readings=tuple(map(changed, facts.kubernetes.readings)))

    return damage


def failed_eks(facts: Facts) -> Facts:
    return vn.with_aws(facts, eks_clusters=(replace(vc.eks(), status="FAILED"),))


def no_aks(facts: Facts) -> Facts:
    """The outputs name a cluster that Azure does not show."""
    return vn.with_azure(facts, aks_clusters=())


silent = with_reading("eks", problem="aws eks: GET /api/v1/nodes: 403 Forbidden")
sick_node = with_reading("aks", nodes=(Node(name="node-b", ready=False, says="NodeStatusUnknown: gone"),))
no_nodes = with_reading("eks", nodes=())
no_network_add_on = with_reading(
    "eks", workloads=(Workload(kind="DaemonSet", name="aws-node", wanted=1, ready=0),)
)


def no_dns_servers(facts: Facts) -> Facts:
    none = Workload(kind="Deployment", name="coredns", wanted=0, ready=0)
    facts = with_reading("aks", dns=none, dns_endpoints=0)(facts)
    error = "ping: kubernetes.default.svc: Temporary failure in name resolution"
    return _with_lookup(facts, address="", error=error)


def wrong_dns_answer(facts: Facts) -> Facts:
    return _with_lookup(facts, address="192.0.2.1")


def _with_lookup(facts: Facts, **changes: Any) -> Facts:
    eks, aks = facts.kubernetes.lookups
    return with_kubernetes(facts, lookups=(eks, replace(aks, **changes)))


def hole_in_aks_routes(facts: Facts) -> Facts:
    assert facts.network.azure
    hole = model.AzureRoute(name="hole", address_prefix=IPv4Network("10.2.0.0/24"), next_hop_type="None")
    first, second = facts.network.azure.route_tables
    return vn.with_azure(facts, route_tables=(first, replace(second, routes=(hole,))))


def closed_eks_group(facts: Facts) -> Facts:
    assert facts.network.aws
    *others, own = facts.network.aws.security_groups
    return vn.with_aws(facts, security_groups=(*others, replace(own, permissions=own.permissions[1:])))


def closed_aks_group(facts: Facts) -> Facts:
    assert facts.network.azure
    first, second = facts.network.azure.network_security_groups
    (rule,) = second.security_rules
    denying = replace(second, security_rules=(replace(rule, access="Deny"),))
    return vn.with_azure(facts, network_security_groups=(first, denying))


def no_pod_reply(towards: str) -> Damage:
    def changed(ping: Ping) -> Ping:
        return replace(ping, received=0) if ping.towards == towards else ping

    def damage(facts: Facts) -> Facts:
        return with_kubernetes(facts, pings=tuple(map(changed, facts.kubernetes.pings)))

    return damage


def hidden_by_snat(facts: Facts) -> Facts:
    there, back = facts.kubernetes.seen
    return with_kubernetes(facts, seen=(replace(there, seen_address=vc.EKS_NODE), back))


def hidden_in_aks(facts: Facts) -> Facts:
    there, back = facts.kubernetes.seen
    return with_kubernetes(facts, seen=(there, replace(back, seen_address=vc.AKS_NODE)))


def with_engines(facts: Facts) -> Facts:
    """Both clouds enforce network policies."""
    assert facts.network.aws
    assert facts.network.azure
    values = '{"enableNetworkPolicy": "true"}'
    addon = EksAddon(name="vpc-cni", version="v1", status="ACTIVE", configuration_values=values)
    facts = vn.with_aws(facts, eks_clusters=(replace(vc.eks(), addons=(addon,)),))
    return vn.with_azure(facts, aks_clusters=(replace(vc.aks(), network_policy="calico"),))


def with_policy(
    cluster: str, spec: str, *, namespace: str = "twinspan-probe", services: tuple[InternalService, ...] = ()
) -> Damage:
    """A cluster has a test pod, a DNS server, a pod of the namespace `shop` and a policy."""
    address = {"eks": vc.EKS_POD, "aks": vc.AKS_POD}[cluster]
    manifest = {"metadata": {"name": "closed", "namespace": namespace}, "spec": yaml.safe_load(spec)}
    policies = Policies(
        policies=(policy_of(manifest),),
        pods=(
            Pod(namespace="twinspan-probe", name="probe", address=address),
            Pod(namespace="kube-system", name="dns", labels={"k8s-app": "kube-dns"}, address=DNS_POD),
            Pod(namespace="shop", name="front", labels={"app": "front"}, address=SHOP_POD),
        ),
        namespaces={},
    )
    damage = with_reading(cluster, policies=policies, services=services)
    return lambda facts: damage(with_engines(facts))


def all_of(*damages: Damage) -> Damage:
    def damage(facts: Facts) -> Facts:
        for single_damage in damages:
            facts = single_damage(facts)
        return facts

    return damage


DNS_POD, SHOP_POD = IPv4Address("192.0.2.53"), IPv4Address("192.0.2.80")
SHOP = InternalService(
    namespace="shop", name="front", pods=Selector(), ports=(PolicyPort(protocol="TCP", port=8080),)
)
closed_in_eks = all_of(with_policy("eks", "podSelector: {}"), no_pod_reply("aws"))
closed_out_of_eks = all_of(
    with_policy(
        "eks", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.53/32}}]}]}"
    ),
    no_pod_reply("azure"),
)
closed_in_aks = all_of(
    with_policy("aks", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"),
    no_pod_reply("azure"),
)
closed_shop = with_policy("aks", "podSelector: {}", namespace="shop", services=(SHOP,))


closed_port_of_shop = with_policy(
    "aks",
    "{podSelector: {}, ingress: [{ports: [{port: 80}], from: [{ipBlock: {cidr: 10.2.0.0/16}}]}]}",
    namespace="shop",
    services=(SHOP,),
)


def no_names_from_aks(facts: Facts) -> Facts:
    """The policy lets everything out but what the cluster's DNS answers."""
    spec = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"
    error = "ping: kubernetes.default.svc: Temporary failure in name resolution"
    return _with_lookup(with_policy("aks", spec)(facts), address="", error=error)


def without_test_pod(facts: Facts) -> Facts:
    """The image cannot be had on one side."""
    kept = ClusterFacts(
        expected=facts.kubernetes.expected,
        readings=facts.kubernetes.readings,
        pods_wanted=True,
        pod_problems={"eks": "not ready within 60 s: ErrImagePull"},
        lookups=facts.kubernetes.lookups[1:],
    )
    return replace(facts, kubernetes=kept)


BROKEN_CLUSTERS = [
    ("KUB-01", "eks", failed_eks),
    ("KUB-01", "aks", no_aks),
    ("KUB-02", "eks", silent),
    ("KUB-03", "aks", sick_node),
    ("KUB-03", "eks", no_nodes),
    ("KUB-04", "eks", no_network_add_on),
    ("KUB-06", "twinspan-probe/closed of eks", closed_in_eks),
    ("KUB-06", "twinspan-probe/closed of eks", closed_out_of_eks),
    ("KUB-06", "twinspan-probe/closed of aks", closed_in_aks),
    ("KUB-06", "twinspan-probe/closed of aks", no_names_from_aks),
    ("KUB-06", "shop/closed of aks", closed_shop),
    ("KUB-06", "shop/closed of aks", closed_port_of_shop),
    ("KUB-05", "aks", no_dns_servers),
    ("KUB-05", "aks", wrong_dns_answer),
    ("RTE-04", "aks-routes", hole_in_aks_routes),
    ("FLT-04", "eks-cluster (sg-0e)", closed_eks_group),
    ("FLT-05", "aks-nsg of aks-pods", closed_aks_group),
    ("POD-11", "eks/node-a (10.2.0.17) -> aks/node-b (10.1.8.33)", no_pod_reply("azure")),
    ("POD-12", "aks/node-b (10.1.8.33) -> eks/node-a (10.2.0.17)", no_pod_reply("aws")),
    ("POD-13", "eks/node-a (10.2.0.17) -> aks/node-b (10.1.8.33)", hidden_by_snat),
    ("POD-13", "aks/node-b (10.1.8.33) -> eks/node-a (10.2.0.17)", hidden_in_aks),
]
