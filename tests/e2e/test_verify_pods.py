"""What hides or stops pods, broken through the clouds' and Kubernetes' own APIs: verify names just that."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pytest
import verify_lab
from azure.mgmt.network.models import SecurityRule, SecurityRulePropertiesFormat
from verify_lab import Lab

from twinspan.cloud.aws.client import service_client
from twinspan.errors import HostError
from twinspan.twin.kubernetes.programs import find_programs
from twinspan.verify import Outcome

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi

pytestmark = [pytest.mark.root, pytest.mark.long]
SYSTEM = "/apis/apps/v1/namespaces/kube-system"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """dev with both clusters on a twin of the module's own, and a test pod in each."""
    try:
        find_programs()
    except HostError as error:
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("pods") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home))
        with verify_lab.lab(home, "kubernetes_enabled=true") as built:
            whole = built.verify(wait_s=verify_lab.SEEN_WITHIN_S)
            assert whole.passed, verify_lab.causes(whole)
            assert whole.result("POD-13").passed == 2
            yield built


def api_of(lab: Lab, side: str) -> "ClusterApi":
    assert lab.clusters
    return next(api for api in lab.clusters.apis if api.endpoint.side == side)


def pod_ways(lab: Lab) -> tuple[str, str]:
    """The subjects of packets from AWS's pod to Azure's, and back."""
    assert lab.clusters
    pods = {pod.host.side: f"{pod.host.name} ({pod.host.address})" for pod in lab.clusters.pods}
    return f"{pods['aws']} -> {pods['azure']}", f"{pods['azure']} -> {pods['aws']}"


def set_environment(api: "ClusterApi", **values: str) -> None:
    """`kubectl -n kube-system set env daemonset/aws-node NAME=VALUE`."""
    path = f"{SYSTEM}/daemonsets/aws-node"
    (container, *_) = api.get(path)["spec"]["template"]["spec"]["containers"]
    env = [{"name": name, "value": value} for name, value in values.items()]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": container["name"], "env": env}]}}}}
    api.request("PATCH", path, body=patch, content_type="application/strategic-merge-patch+json")


def environment(api: "ClusterApi") -> Mapping[str, str]:
    (container, *_) = api.get(f"{SYSTEM}/daemonsets/aws-node")["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def scale(api: "ClusterApi", replicas: int) -> None:
    """`kubectl -n kube-system scale deployment/coredns --replicas N`."""
    api.request(
        "PATCH",
        f"{SYSTEM}/deployments/coredns/scale",
        body={"spec": {"replicas": replicas}},
        content_type="application/merge-patch+json",
    )


def test_snat_without_the_exclusion_hides_eks_s_pods(lab: Lab) -> None:
    api = api_of(lab, "aws")
    before = environment(api)["AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"]
    assert before
    there, _ = pod_ways(lab)

    inject = partial(set_environment, api, AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS="")
    heal = partial(set_environment, api, AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS=before)
    with lab.broken(inject, heal):
        (finding,) = lab.finds(("POD-13", there), seen={"POD-11": 1, "POD-12": 1, "KUB-04": 2})

    assert "SNAT hides the pod" in finding.evidence
    assert "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS=" in finding.evidence
    assert f"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS={before}" in finding.remedy
    assert "kubectl --context twinspan-dev" in finding.command


def test_a_masquerading_agent_that_is_told_so_hides_aks_s_pods(lab: Lab) -> None:
    api = api_of(lab, "azure")
    maps = "/api/v1/namespaces/kube-system/configmaps"
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "azure-ip-masq-agent-config"},
        "data": {"ip-masq-agent": "nonMasqueradeCIDRs:\n  - 10.1.0.0/16\nmasqLinkLocal: true\n"},
    }
    assert api.find(f"{maps}/azure-ip-masq-agent-config") is None
    _, back = pod_ways(lab)

    def restart() -> None:
        """Kubelet takes a minute to show a changed ConfigMap to pods that run."""
        query = {"labelSelector": "k8s-app=azure-ip-masq-agent"}
        api.request("DELETE", "/api/v1/namespaces/kube-system/pods", query=query)

    def inject() -> None:
        api.request("POST", maps, body=body)
        restart()

    def heal() -> None:
        api.delete(f"{maps}/azure-ip-masq-agent-config")
        restart()

    with lab.broken(inject, heal):
        (finding,) = lab.finds(("POD-13", back), seen={"POD-11": 1, "POD-12": 1})

    assert "nonMasqueradeCIDRs: - 10.1.0.0/16" in finding.evidence
    assert "Add 10.2.0.0/16 to nonMasqueradeCIDRs" in finding.remedy


@pytest.mark.parametrize(("side", "cluster"), [("aws", "twinspan-dev"), ("azure", "twinspan-dev-aks")])
def test_a_cluster_without_dns_servers(lab: Lab, side: str, cluster: str) -> None:
    api = api_of(lab, side)
    replicas = api.get(f"{SYSTEM}/deployments/coredns")["spec"]["replicas"]

    with lab.broken(partial(scale, api, 0), partial(scale, api, replicas)):
        (finding,) = lab.finds(("KUB-05", cluster), seen={"POD-13": 2, "KUB-04": 2})

    assert finding.outcome is Outcome.FAIL
    assert "0 addresses behind the Service kube-dns" in finding.evidence
    assert f"kubectl --context {cluster} -n kube-system scale deployment coredns" in finding.remedy


def test_a_cluster_security_group_that_no_longer_admits_azure(lab: Lab) -> None:
    facts = lab.facts()
    group_id = next(cluster.security_group_id for cluster in facts.clusters if cluster.side == "aws")
    security_group = lab.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    own = [
        {
            "IpProtocol": permission["IpProtocol"],
            "IpRanges": [{"CidrIp": r["CidrIp"]} for r in permission["IpRanges"]],
        }
        | (
            {"FromPort": permission["FromPort"], "ToPort": permission["ToPort"]}
            if "FromPort" in permission
            else {}
        )
        for permission in security_group["IpPermissions"]
        if permission["IpRanges"]
    ]
    assert own
    inject: Callable[[], object] = partial(
        lab.ec2.revoke_security_group_ingress,
        GroupId=group_id,
        IpPermissions=own,  # type: ignore[arg-type]
    )
    heal: Callable[[], object] = partial(
        lab.ec2.authorize_security_group_ingress,
        GroupId=group_id,
        IpPermissions=own,  # type: ignore[arg-type]
    )

    with lab.broken(inject, heal):
        findings = lab.finds_like("FLT-04", group_id, seen={"RCH-01": 2, "KUB-03": 2})

    assert "no ingress rule admits it" in findings[0].evidence
    assert f"--group-id {group_id}" in findings[0].remedy


def test_a_rule_on_the_pods_subnet_that_denies_aws(lab: Lab) -> None:
    facts = lab.facts()
    pods = next(subnet for subnet in facts.cluster_subnets if subnet.name == "aks-pods")
    assert pods.network_security_group_id
    group = pods.network_security_group_id.rpartition("/")[2]
    rule = SecurityRule(
        properties=SecurityRulePropertiesFormat(
            protocol="*",
            source_address_prefix="10.1.8.0/22",
            source_port_range="*",
            destination_address_prefix="10.2.0.0/16",
            destination_port_range="*",
            access="Deny",
            priority=150,
            direction="Outbound",
        )
    )
    rules = lab.azure.security_rules

    def inject() -> None:
        rules.begin_create_or_update(lab.group, group, "NoPods", rule).result()

    def heal() -> None:
        rules.begin_delete(lab.group, group, "NoPods").result()

    with lab.broken(inject, heal):
        (finding,) = lab.finds_like("FLT-05", "aks-pods", seen={"RCH-01": 2, "RCH-02": 2, "KUB-03": 2})

    assert "rule NoPods (priority 150) denies pings to 10.2." in finding.evidence
    assert f"az network nsg rule delete -g {lab.group} --nsg-name {group} -n NoPods" in finding.remedy


def test_a_network_policy_that_closes_eks_s_pods(lab: Lab) -> None:
    api = api_of(lab, "aws")
    aws = lab.target.endpoints.aws
    assert aws
    eks = service_client(aws, "eks")
    addon = {"clusterName": "twinspan-dev", "addonName": "vpc-cni"}
    before = eks.describe_addon(**addon)["addon"]["configurationValues"]
    enforcing = json.dumps(json.loads(before) | {"enableNetworkPolicy": "true"})
    path = "/apis/networking.k8s.io/v1/namespaces/twinspan-probe/networkpolicies"
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]},
    }

    def inject() -> None:
        eks.update_addon(**addon, configurationValues=enforcing)
        api.request("POST", path, body=body)

    def heal() -> None:
        api.delete(f"{path}/closed")
        eks.update_addon(**addon, configurationValues=before)

    with lab.broken(inject, heal):
        (finding,) = lab.finds(("KUB-06", "twinspan-probe/closed of twinspan-dev"), seen={"POD-11": 1})

    assert "no rule of twinspan-probe/closed admits it from 10.1." in finding.evidence
    assert '"path": "/spec/ingress/-"' in finding.remedy
