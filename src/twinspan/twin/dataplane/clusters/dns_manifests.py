"""The clusters' DNS: CoreDNS as EKS and AKS install it, as manifests. Pure."""

from collections.abc import Mapping

from twinspan.network.clouds import Cloud
from twinspan.twin.dataplane.clusters.api import Json
from twinspan.twin.dataplane.clusters.manifests import NAMESPACE, addon_setting, object_of
from twinspan.twin.kubernetes.images import DNS_IMAGE
from twinspan.twin.kubernetes.spec import ClusterSpec

DNS = "coredns"
_CUSTOM = "coredns-custom"
_METRICS = 9153
_CORE = f"/api/v1/namespaces/{NAMESPACE}"
_APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
_RBAC_VERSION = "rbac.authorization.k8s.io/v1"
_RBAC = f"/apis/{_RBAC_VERSION}"
_SELECTED = {"k8s-app": "kube-dns"}
_SERVED = {**_SELECTED, "kubernetes.io/cluster-service": "true"}
_MODE = "addonmanager.kubernetes.io/mode"
_COMPONENT = "eks.amazonaws.com/component"
_LABELS: Mapping[Cloud, Mapping[str, str]] = {
    "aws": {**_SELECTED, _COMPONENT: DNS},
    "azure": {**_SERVED, _MODE: "Reconcile"},
}

EKS_COREFILE = """.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""
"""Sources: Camunda 8, "Dual-region setup (EKS)", the ConfigMap `coredns` of an EKS cluster;
aws-eks-best-practices, issue 728, on `lameduck`."""

AKS_COREFILE = r""".:53 {
    errors
    ready
    health {
        lameduck 5s
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
    import custom/*.override
    template ANY ANY internal.cloudapp.net {
        match "^(?:[^.]+\.){4,}internal\.cloudapp\.net\.$"
        rcode NXDOMAIN
        fallthrough
    }
    template ANY ANY reddog.microsoft.com {
        rcode NXDOMAIN
    }
}
import custom/*.server
"""
"""Source: coredns/coredns, issue 7090 (2025), the ConfigMap `coredns` of an AKS cluster."""


def dns_objects(spec: ClusterSpec) -> Mapping[str, Json]:
    """Return path -> manifest, in the order in which they are to be made."""
    labels = _LABELS[spec.side]
    return {
        f"{_CORE}/serviceaccounts/{DNS}": object_of("v1", "ServiceAccount", DNS, labels=labels),
        **_rights(labels),
        **dns_settings(spec),
        f"{_CORE}/services/kube-dns": _service(spec),
        f"{_APPS}/deployments/{DNS}": _deployment(spec),
    }


def dns_settings(spec: ClusterSpec) -> Mapping[str, Json]:
    """Return path -> ConfigMap: `coredns`, on EKS with the add-on's `corefile`; AKS: `coredns-custom`."""
    labels = _LABELS[spec.side]
    given = addon_setting(spec, DNS, "corefile")
    default = EKS_COREFILE if spec.side == "aws" else AKS_COREFILE
    settings = {
        f"{_CORE}/configmaps/{DNS}": {
            **object_of("v1", "ConfigMap", DNS, labels=labels),
            "data": {"Corefile": given if isinstance(given, str) and given.strip() else default},
        }
    }
    if spec.side == "azure":  # without `data`: that is the user's
        custom = object_of("v1", "ConfigMap", _CUSTOM, labels={**_SERVED, _MODE: "EnsureExists"})
        settings[f"{_CORE}/configmaps/{_CUSTOM}"] = custom
    return settings


def _rights(labels: Mapping[str, str]) -> Mapping[str, Json]:
    """Source: coredns/deployment, kubernetes/coredns.yaml.sed, ClusterRole `system:coredns`."""
    role = f"system:{DNS}"
    read = {"verbs": ["list", "watch"]}
    return {
        f"{_RBAC}/clusterroles/{role}": {
            **object_of(_RBAC_VERSION, "ClusterRole", role, namespace="", labels=labels),
            "rules": [
                {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], **read},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], **read},
            ],
        },
        f"{_RBAC}/clusterrolebindings/{role}": {
            **object_of(_RBAC_VERSION, "ClusterRoleBinding", role, namespace="", labels=labels),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": DNS, "namespace": NAMESPACE}],
        },
    }


def _service(spec: ClusterSpec) -> Json:
    ports: list[Json] = [
        {"name": "dns", "port": 53, "targetPort": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "targetPort": 53, "protocol": "TCP"},
    ]
    own = _LABELS["azure"]
    if spec.side == "aws":
        own = {_COMPONENT: "kube-dns"}
        ports.append({"name": "metrics", "port": _METRICS, "targetPort": _METRICS, "protocol": "TCP"})
    labels = {**_SERVED, **own, "kubernetes.io/name": "CoreDNS"}
    return {
        **object_of("v1", "Service", "kube-dns", labels=labels),
        "spec": {"clusterIP": str(spec.dns_address), "selector": _SELECTED, "ports": ports},
    }


def _deployment(spec: ClusterSpec) -> Json:
    replicas = addon_setting(spec, DNS, "replicaCount")
    corefile = {"name": DNS, "items": [{"key": "Corefile", "path": "Corefile"}]}
    mounts = [{"name": "config-volume", "mountPath": "/etc/coredns", "readOnly": True}]
    volumes: list[Json] = [{"name": "config-volume", "configMap": corefile}]
    if spec.side == "azure":
        mounts.append({"name": "custom-config-volume", "mountPath": "/etc/coredns/custom", "readOnly": True})
        volumes.append({"name": "custom-config-volume", "configMap": {"name": _CUSTOM, "optional": True}})
    pod = {
        "serviceAccountName": DNS,
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "containers": [{**_container(), "volumeMounts": mounts}],
        "volumes": volumes,
    }
    return {
        **object_of("apps/v1", "Deployment", DNS, labels=_LABELS[spec.side]),
        "spec": {
            "replicas": replicas if isinstance(replicas, int) and replicas > 0 else 1,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "selector": {"matchLabels": _SELECTED},
            "template": {"metadata": {"labels": _SELECTED}, "spec": pod},
        },
    }


def _container() -> Json:
    return {
        "name": DNS,
        "image": DNS_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
            {"name": "metrics", "containerPort": _METRICS, "protocol": "TCP"},
        ],
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": 8080},
            "initialDelaySeconds": 60,
            "timeoutSeconds": 5,
            "failureThreshold": 5,
        },
        # Asked often: Terraform waits for it.
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": 8181},
            "periodSeconds": 1,
            "timeoutSeconds": 5,
            "failureThreshold": 2,
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
