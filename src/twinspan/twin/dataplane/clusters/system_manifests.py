"""The cluster's own objects, as manifests. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from twinspan.twin.dataplane.clusters.api import Json
from twinspan.twin.dataplane.clusters.system_scripts import NAMES, SOURCE_NAT_AWS, SOURCE_NAT_AZURE
from twinspan.twin.kubernetes.images import PAUSE_IMAGE, SYSTEM_IMAGE
from twinspan.twin.kubernetes.spec import ClusterSpec

NAMESPACE = "kube-system"
DNS = "coredns"
AGENT = "konnectivity-agent"
"""AKS: the Deployment, and label `app` of its pods: the API server's connections come from their network."""
_AGENTS = 2
_SNAT_DEFAULTS = {
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
    "AWS_VPC_K8S_CNI_RANDOMIZESNAT": "prng",
}
_CORE = f"/api/v1/namespaces/{NAMESPACE}"
_APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
METADATA = "/etc/twinspan/metadata"
"""Folder of a node with `network.env`: what the clouds' agents learn from the instance metadata service."""


def network_agent_name(spec: ClusterSpec) -> str:
    """Return the name of the DaemonSet that changes pods' source addresses."""
    return "aws-node" if spec.side == "aws" else "azure-ip-masq-agent"


def system_objects(spec: ClusterSpec) -> Mapping[str, Json]:
    """Return path -> manifest of all objects, in the order in which they are to be made."""
    return {
        f"{_CORE}/serviceaccounts/{DNS}": _object("v1", "ServiceAccount", DNS),
        f"{_RBAC}/clusterroles/system:{DNS}": {
            **_object("rbac.authorization.k8s.io/v1", "ClusterRole", f"system:{DNS}", namespace=""),
            "rules": [
                {
                    "apiGroups": [""],
                    "resources": ["services", "endpoints"],
                    "verbs": ["get", "list", "watch"],
                }
            ],
        },
        f"{_RBAC}/clusterrolebindings/system:{DNS}": {
            **_object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", f"system:{DNS}", namespace=""),
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": f"system:{DNS}",
            },
            "subjects": [{"kind": "ServiceAccount", "name": DNS, "namespace": NAMESPACE}],
        },
        f"{_CORE}/services/kube-dns": _dns_service(spec),
        f"{_APPS}/deployments/{DNS}": _dns(spec),
        f"{_APPS}/daemonsets/{network_agent_name(spec)}": _network_agent(spec),
        **({f"{_APPS}/deployments/{AGENT}": _konnectivity_agent()} if spec.side == "azure" else {}),
    }


def deployments(spec: ClusterSpec) -> tuple[str, ...]:
    """Return the names of the Deployments among them."""
    return (DNS, AGENT) if spec.side == "azure" else (DNS,)


def addon_setting(spec: ClusterSpec, addon: str, name: str) -> Any:  # noqa: ANN401 - any JSON
    """Return one of an add-on's configuration values; None if it has none, or none that can be read."""
    try:
        values = json.loads(spec.addons.get(addon) or "{}")
    except ValueError:
        return None
    return values.get(name) if isinstance(values, dict) else None


def _dns_service(spec: ClusterSpec) -> Json:
    labels = {"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true"}
    return {
        **_object("v1", "Service", "kube-dns", labels=labels),
        "spec": {
            "clusterIP": str(spec.dns_address),
            "selector": {"k8s-app": "kube-dns"},
            "ports": [
                {"name": "dns", "port": 53, "targetPort": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "port": 53, "targetPort": 53, "protocol": "TCP"},
            ],
        },
    }


def _dns(spec: ClusterSpec) -> Json:
    replicas = addon_setting(spec, "coredns", "replicaCount")
    labels = {"k8s-app": "kube-dns"}
    container = {
        **_container("coredns", "bash", NAMES, probed={"port": 53}),
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
    }
    pod = {
        "serviceAccountName": DNS,
        "priorityClassName": "system-cluster-critical",
        "terminationGracePeriodSeconds": 1,
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "containers": [container],
    }
    return {
        **_object("apps/v1", "Deployment", DNS, labels=labels),
        "spec": {
            "replicas": replicas if isinstance(replicas, int) and replicas > 0 else 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _konnectivity_agent() -> Json:
    """Return the pods that stand for the agent's; nothing runs in them."""
    labels = {"app": AGENT}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
    pod = {
        "priorityClassName": "system-node-critical",
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "topologySpreadConstraints": [spread],
        "containers": [{"name": AGENT, "image": PAUSE_IMAGE, "imagePullPolicy": "IfNotPresent"}],
    }
    return {
        **_object("apps/v1", "Deployment", AGENT, labels=labels),
        "spec": {
            "replicas": _AGENTS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _network_agent(spec: ClusterSpec) -> Json:
    name = network_agent_name(spec)
    labels = {"k8s-app": name}
    script = SOURCE_NAT_AWS if spec.side == "aws" else SOURCE_NAT_AZURE
    mounts = [{"name": "metadata", "mountPath": "/metadata", "readOnly": True}]
    volumes: list[Json] = [{"name": "metadata", "hostPath": {"path": METADATA}}]
    if spec.side == "azure":
        mounts.append({"name": "config", "mountPath": "/config", "readOnly": True})
        config = {"name": "azure-ip-masq-agent-config", "optional": True}
        volumes.append({"name": "config", "configMap": config})
    container = {
        **_container(name, "sh", script, probed={"host": "127.0.0.1", "port": 61679}),
        "securityContext": {"privileged": True},
        "env": [{"name": key, "value": value} for key, value in sorted(_environment(spec).items())],
        "volumeMounts": mounts,
    }
    pod = {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "terminationGracePeriodSeconds": 1,
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": volumes,
    }
    return {
        **_object("apps/v1", "DaemonSet", name, labels=labels),
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _environment(spec: ClusterSpec) -> dict[str, str]:
    if spec.side != "aws":
        return {}
    given = addon_setting(spec, "vpc-cni", "env")
    own = given if isinstance(given, dict) else {}
    return {**_SNAT_DEFAULTS, **{key: str(each) for key, each in own.items()}}


def _container(name: str, shell: str, script: str, *, probed: Json) -> Json:
    return {
        "name": name,
        "image": SYSTEM_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": [shell, "-c", script],
        # Asked often, so it must cost next to nothing: no process is started for it.
        "readinessProbe": {"tcpSocket": probed, "periodSeconds": 1, "failureThreshold": 2},
    }


def _object(
    version: str,
    kind: str,
    name: str,
    *,
    namespace: str = NAMESPACE,
    labels: Mapping[str, str] | None = None,
) -> Json:
    metadata: Json = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
