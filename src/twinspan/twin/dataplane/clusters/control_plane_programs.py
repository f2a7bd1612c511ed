"""The programs of a control plane: their command lines and the configuration files they read."""

from collections.abc import Mapping
from pathlib import Path

from twinspan.network.ranges import TWIN_MANAGEMENT
from twinspan.twin.dataplane.clusters.api import PORT
from twinspan.twin.kubernetes.spec import ClusterSpec

ADDRESS = TWIN_MANAGEMENT[1]
"""Where the API server is for its nodes."""
REVIEWER_PORT = 21362
"""Where Amazon's aws-iam-authenticator listens, beside the API server, too."""
TUNNEL = "konnectivity"
"""Name of the Unix socket of the tunnel; abstract, so that it exists in this network namespace only."""
FRONT_PROXY = "front-proxy-client"


def commands(spec: ClusterSpec, folder: Path) -> Mapping[str, list[str]]:
    """Return program -> its command line, in the order in which they are started.

    Args:
        spec: The cluster.
        folder: Where its keys and configuration files are.
    """
    programs = Path(spec.programs)
    return {
        "etcd": _etcd(folder),
        "kube-apiserver": [str(programs / "kube-apiserver"), *_api_server_options(spec, folder)],
        "kube-controller-manager": [
            str(programs / "kube-controller-manager"),
            f"--kubeconfig={folder}/kube-controller-manager.yaml",
            f"--root-ca-file={folder}/ca.crt",
            f"--service-account-private-key-file={folder}/service-account.key",
            f"--cluster-signing-cert-file={folder}/ca.crt",
            f"--cluster-signing-key-file={folder}/ca.key",
            f"--cert-dir={folder}/controller-manager",
            "--kube-api-qps=100",
            "--kube-api-burst=200",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
        ],
        "kube-scheduler": [
            str(programs / "kube-scheduler"),
            f"--kubeconfig={folder}/kube-scheduler.yaml",
            f"--cert-dir={folder}/scheduler",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
        ],
    }


def _api_server_options(spec: ClusterSpec, folder: Path) -> list[str]:
    options = [
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={ADDRESS}",
        f"--secure-port={PORT}",
        f"--tls-cert-file={folder}/server.crt",
        f"--tls-private-key-file={folder}/server.key",
        f"--client-ca-file={folder}/ca.crt",
        f"--kubelet-certificate-authority={folder}/ca.crt",
        f"--kubelet-client-certificate={folder}/kubelet-client.crt",
        f"--kubelet-client-key={folder}/kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-cluster-ip-range={spec.service_network}",
        f"--service-account-key-file={folder}/service-account.pub",
        f"--service-account-signing-key-file={folder}/service-account.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--anonymous-auth=true",
        "--enable-bootstrap-token-auth=false",
        "--profiling=false",
        f"--requestheader-client-ca-file={folder}/front-proxy-ca.crt",
        f"--requestheader-allowed-names={FRONT_PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={folder}/front-proxy.crt",
        f"--proxy-client-key-file={folder}/front-proxy.key",
    ]
    # EKS's API server asks the pods behind a Service, AKS's the Service's address.
    options += (
        ["--enable-aggregator-routing=true"]
        if spec.side == "aws"
        else [f"--egress-selector-config-file={folder}/egress.yaml"]
    )
    if spec.authenticator_socket:
        options += [
            f"--authentication-token-webhook-config-file={folder}/reviewer.yaml",
            "--authentication-token-webhook-version=v1",
        ]
    return options


def as_user(user: int) -> list[str]:
    """Return what runs a program as another user than root, with no power but over files.

    So each control plane has inotify instances of its own: together they need more than root may have, and
    that is counted per user on the whole machine. Source: inotify(7), max_user_instances.
    """
    kept = "-all,+dac_override"
    powers = [f"--{which}={kept}" for which in ("inh-caps", "ambient-caps", "bounding-set")]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *powers, "--"]


def _etcd(folder: Path) -> list[str]:
    return [
        "etcd",
        "--name=default",
        f"--data-dir={folder}/etcd",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=default=http://127.0.0.1:2380",
        "--unsafe-no-fsync=true",
        "--log-level=warn",
        "--auto-compaction-retention=10",
    ]


def reviewer_config(cluster: str) -> dict[str, object]:
    """Return how the API server asks who sent a token, as a kubeconfig."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "default",
                "cluster": {"server": f"http://127.0.0.1:{REVIEWER_PORT}/clusters/{cluster}"},
            }
        ],
        "users": [{"name": "default", "user": {}}],
        "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
        "current-context": "default",
    }


def egress_config() -> dict[str, object]:
    """Return the way of an API server to its cluster.

    Source: Kubernetes, "Set up Konnectivity service", egress selector configuration.
    """
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [
            {
                "name": "cluster",
                "connection": {
                    "proxyProtocol": "HTTPConnect",
                    "transport": {"uds": {"udsName": f"@{TUNNEL}"}},
                },
            }
        ],
    }
