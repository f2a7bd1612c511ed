"""The last layers of the catalogue: clusters, and the packets of their pods."""

from twinspan.verify.check import Check
from twinspan.verify.checks import azure_routes, clusters, filters, pods

BELOW_PACKETS = (
    *("VPN-03", "VPN-04", "IPS-02", "BGP-03", "RTE-01", "RTE-02", "RTE-03", "RTE-05", "RTE-07", "RTE-08"),
    *("FLT-01", "FLT-02", "FLT-03"),
)
"""What every packet between the clouds stands on."""
_KUBERNETES = "Kubernetes API reference"
CLUSTERS = (
    Check(
        id="KUB-01",
        title="clusters ACTIVE and Succeeded",
        section="Clusters",
        source="EKS API, Cluster; ARM, ManagedCluster",
        command="aws eks describe-cluster",
        examine=clusters.clusters_ready,
        after=("NET-01", "NET-02"),
        applies=clusters.exist,
    ),
    Check(
        id="KUB-02",
        title="Kubernetes answers",
        section="Clusters",
        source=f"{_KUBERNETES}, Node",
        command="kubectl get nodes",
        examine=clusters.kubernetes_answers,
        notes=clusters.versions_that_run,
        after=("KUB-01",),
        applies=clusters.exist,
    ),
    Check(
        id="KUB-03",
        title="nodes Ready, as many as asked for",
        section="Clusters",
        source=f"{_KUBERNETES}, NodeCondition; EKS API, NodegroupScalingConfig",
        command="kubectl get nodes",
        examine=clusters.nodes_ready,
        after=("KUB-02",),
        applies=clusters.exist,
    ),
    Check(
        id="KUB-04",
        title="network add-on and system pods run",
        section="Clusters",
        source=f"{_KUBERNETES}, DaemonSetStatus, DeploymentStatus",
        command="kubectl -n kube-system get daemonsets,deployments",
        examine=clusters.system_pods_run,
        after=("KUB-03",),
        applies=clusters.exist,
    ),
    Check(
        id="KUB-05",
        title="cluster DNS answers",
        section="Clusters",
        source="Kubernetes, DNS for Services and Pods",
        command="kubectl -n kube-system get endpoints kube-dns",
        examine=clusters.dns_answers,
        after=("KUB-04",),
        applies=clusters.exist,
    ),
    Check(
        id="RTE-06",
        title="AKS subnets lead to AWS",
        section="Clusters",
        source="Azure, Virtual network traffic routing",
        command="az network route-table route list",
        examine=azure_routes.cluster_subnets_lead_to_aws,
        after=("NET-01", "NET-02", "KUB-01"),
        applies=clusters.exist,
    ),
    Check(
        id="FLT-04",
        title="EKS security group admits Azure",
        section="Clusters",
        source="EC2 API, IpPermission; EKS, Security group requirements",
        command="aws ec2 describe-security-groups",
        examine=filters.cluster_security_groups_admit,
        after=("NET-01", "NET-02", "KUB-01"),
        applies=clusters.exist,
    ),
    Check(
        id="FLT-05",
        title="network security groups of AKS admit AWS",
        section="Clusters",
        source="Azure, Network security groups",
        command="az network nsg rule list",
        examine=filters.cluster_network_security_groups_admit,
        after=("NET-01", "NET-02", "KUB-01"),
        applies=clusters.exist,
    ),
)
_BELOW_PODS = (*BELOW_PACKETS, "RCH-01", "RCH-02", "KUB-04", "RTE-06", "FLT-04", "FLT-05")
PODS = (
    Check(
        id="POD-01",
        title="ping from EKS pods to AKS pods",
        section="Pods",
        source="RFC 792",
        command="kubectl exec POD -- ping",
        examine=pods.aws_pods_reach_azure,
        after=_BELOW_PODS,
        applies=clusters.exist,
    ),
    Check(
        id="POD-02",
        title="ping from AKS pods to EKS pods",
        section="Pods",
        source="RFC 792",
        command="kubectl exec POD -- ping",
        examine=pods.azure_pods_reach_aws,
        after=(*_BELOW_PODS, "POD-01"),
        applies=clusters.exist,
    ),
    Check(
        id="POD-03",
        title="pods keep their own address",
        section="Pods",
        source="Amazon VPC CNI, README; AKS, ip-masq-agent",
        command="kubectl -n kube-system get daemonset aws-node",
        examine=pods.pods_keep_their_address,
        after=("POD-01", "POD-02"),
        applies=clusters.exist,
    ),
)
