"""Configuration files and command lines of a node's programs. Nothing here starts anything."""

import json
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from twinspan.network.ranges import ANYWHERE, AZURE_HOST
from twinspan.twin.dataplane.clusters.files import kubeconfig, write, write_yaml
from twinspan.twin.dataplane.clusters.node_network import Place
from twinspan.twin.kubernetes.images import PAUSE_IMAGE
from twinspan.twin.kubernetes.programs import plug_in_folder
from twinspan.twin.kubernetes.spec import ClusterSpec, NodeSpec

_ETC = "/etc/twinspan"
_KUBERNETES = "/opt/kubernetes"
_POD_MTU = 1500
_NETWORK = "twinspan"
_LEASES = "run/cni"
POD_ADDRESSES = f"{_LEASES}/{_NETWORK}"
"""Folder of a node with a file for each pod's address, which begins with the id of the pod's sandbox.

Source: CNI plug-ins, host-local, files of `dataDir`.
"""
SANDBOXES = "run/containerd/io.containerd.runtime.v2.task/k8s.io"
"""Folder of a node with the OCI bundle of each sandbox. Source: containerd, runtime v2, bundle paths."""


def _containerd() -> str:
    """Return containerd's configuration: containerd 1.6 and 1.7 read `version = 2`, 2.x converts it."""
    return f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", \
"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", \
"io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plug_in_folder()}"
    conf_dir = "{_ETC}/cni"
"""


def write_all(
    folder: Path,
    *,
    cluster: ClusterSpec,
    node: NodeSpec,
    name: str,
    place: Place,
    server: str,
    control_group: str,
) -> None:
    """Write all files of a node.

    Args:
        folder: Shows in the node as `/etc/twinspan`.
        cluster: Its cluster.
        node: What it is to be.
        name: Its name in Kubernetes.
        place: Its addresses.
        server: URL of the API server, for the node.
        control_group: Its control group.
    """
    authority = cluster.authority
    certificate, key = authority.issue(
        f"system:node:{name}", organizations=["system:nodes"], names=[name, str(place.address)]
    )
    write(folder / "kubelet.crt", certificate)
    write(folder / "kubelet.key", key)
    write(folder / "ca.crt", authority.certificate)
    write(folder / "resolv.conf", f"nameserver {resolver(cluster)}\n")
    write(folder / "metadata/network.env", _metadata(cluster, place))
    write(folder / "containerd.toml", _containerd())
    write(folder / "cni/10-twinspan.conflist", json.dumps(_cni(place), indent=2))
    write_yaml(folder / "kubelet.yaml", _kubelet(cluster, node, control_group))
    write_yaml(
        folder / "kubelet-user.yaml",
        kubeconfig(authority, server=server, user=f"system:node:{name}", organizations=("system:nodes",)),
    )
    write_yaml(
        folder / "kube-proxy-user.yaml", kubeconfig(authority, server=server, user="system:kube-proxy")
    )
    write_yaml(folder / "kube-proxy.yaml", _kube_proxy(name, place.address))


def commands(
    *, cluster: ClusterSpec, node: NodeSpec, name: str, address: IPv4Address
) -> Mapping[str, list[str]]:
    """Return program -> command line, for inside the node."""
    labels = {**_labels(cluster, node), **node.labels}
    return {
        "containerd": ["containerd", "--config", f"{_ETC}/containerd.toml", "--log-level", "warn"],
        "kubelet": [
            f"{_KUBERNETES}/kubelet",
            f"--config={_ETC}/kubelet.yaml",
            f"--kubeconfig={_ETC}/kubelet-user.yaml",
            f"--hostname-override={name}",
            f"--node-ip={address}",
            "--node-labels=" + ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        ],
        "kube-proxy": [f"{_KUBERNETES}/kube-proxy", f"--config={_ETC}/kube-proxy.yaml"],
    }


def _labels(cluster: ClusterSpec, node: NodeSpec) -> dict[str, str]:
    """Sources: Amazon EKS user guide, "Create a managed node group"; AKS, "Use labels in an AKS cluster"."""
    own = (
        {"eks.amazonaws.com/nodegroup": node.group}
        if cluster.side == "aws"
        else {"agentpool": node.group, "kubernetes.azure.com/agentpool": node.group}
    )
    return {
        "topology.kubernetes.io/region": cluster.region,
        "topology.kubernetes.io/zone": node.zone,
        **own,
    }


def _kubelet(cluster: ClusterSpec, node: NodeSpec, control_group: str) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{_ETC}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{_ETC}/kubelet.crt",
        "tlsPrivateKeyFile": f"{_ETC}/kubelet.key",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "cgroupRoot": f"/{control_group}",
        "clusterDNS": [str(cluster.dns_address)],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{_ETC}/resolv.conf",
        "maxPods": node.max_pods,
        "failSwapOn": False,
        "nodeStatusUpdateFrequency": "1s",
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        # The node's disk is this machine's memory: what is free there says nothing of the node.
        "evictionHard": {"memory.available": "16Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
        "containerLogMaxSize": "5Mi",
        "containerLogMaxFiles": 2,
        "readOnlyPort": 0,
        "healthzPort": 0,
    }


def _kube_proxy(name: str, address: IPv4Address) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"{_ETC}/kube-proxy-user.yaml"},
        "hostnameOverride": name,
        # Known here: otherwise kube-proxy waits for the Node object, for longer and longer.
        "bindAddress": str(address),
        "mode": "iptables",
        "healthzBindAddress": "",
        "metricsBindAddress": "127.0.0.1:10249",
        "iptables": {"minSyncPeriod": "0s"},
        # Tables of connections are this machine's: its settings are not a node's to change.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def resolver(cluster: ClusterSpec) -> IPv4Address:
    """Return the address of the virtual network's own DNS server.

    Sources: Amazon VPC user guide, "Amazon DNS server": the primary range plus two; Azure, "Name resolution
    for resources in Azure virtual networks".
    """
    return cluster.network_ranges[0][2] if cluster.side == "aws" else AZURE_HOST


def _metadata(cluster: ClusterSpec, place: Place) -> str:
    pods = "overlay" if place.overlay else "subnet" if place.pod_address else "node"
    return (
        f"NODE_ADDRESS={place.address}\n"
        f"NETWORK_RANGES='{' '.join(map(str, cluster.network_ranges))}'\n"
        f"PODS={pods}\n"
        f"POD_NETWORK='{cluster.pod_network or ''}'\n"
    )


def _cni(place: Place) -> dict[str, Any]:
    ranges = [
        {
            "subnet": str(place.pod_subnet),
            "rangeStart": str(first),
            "rangeEnd": str(last),
            "gateway": str(place.pod_gateway),
        }
        for first, last in place.pod_ranges
    ]
    return {
        "cniVersion": "0.4.0",
        "name": _NETWORK,
        "plugins": [
            {
                "type": "ptp",
                "mtu": _POD_MTU,
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "ranges": [ranges],
                    "routes": [{"dst": str(ANYWHERE)}],
                    "dataDir": f"/{_LEASES}",
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
