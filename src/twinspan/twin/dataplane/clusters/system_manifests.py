"""The cluster's own objects, as manifests. Pure."""

from collections.abc import Mapping

from twinspan.twin.dataplane.clusters.api import Json
from twinspan.twin.dataplane.clusters.dns_manifests import DNS, dns_objects
from twinspan.twin.dataplane.clusters.manifests import NAMESPACE, addon_setting, object_of
from twinspan.twin.dataplane.clusters.system_scripts import SOURCE_NAT_AWS, SOURCE_NAT_AZURE
from twinspan.twin.kubernetes.images import PAUSE_IMAGE, SYSTEM_IMAGE
from twinspan.twin.kubernetes.spec import ClusterSpec

AGENT = "konnectivity-agent"
"""AKS: the Deployment, and label `app` of its pods: the API server's connections come from their network."""
_AGENTS = 2
_SNAT_DEFAULTS = {
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
    "AWS_VPC_K8S_CNI_RANDOMIZESNAT": "prng",
}
_APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
METADATA = "/etc/twinspan/metadata"
"""Folder of a node with `network.env`: what the clouds' agents learn from the instance metadata service."""


def network_agent_name(spec: ClusterSpec) -> str:
    """Return the name of the DaemonSet that changes pods' source addresses."""
    return "aws-node" if spec.side == "aws" else "azure-ip-masq-agent"


def system_objects(spec: ClusterSpec) -> Mapping[str, Json]:
    """Return path -> manifest of all objects, in the order in which they are to be made."""
    return {
        **dns_objects(spec),
        f"{_APPS}/daemonsets/{network_agent_name(spec)}": _network_agent(spec),
        **({f"{_APPS}/deployments/{AGENT}": _konnectivity_agent()} if spec.side == "azure" else {}),
    }


def deployments(spec: ClusterSpec) -> tuple[str, ...]:
    """Return the names of the Deployments among them."""
    return (DNS, AGENT) if spec.side == "azure" else (DNS,)


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
        **object_of("apps/v1", "Deployment", AGENT, labels=labels),
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
        **_container(name, script, probed={"host": "127.0.0.1", "port": 61679}),
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
        **object_of("apps/v1", "DaemonSet", name, labels=labels),
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
    return {**_SNAT_DEFAULTS, **{key: str(value) for key, value in own.items()}}


def _container(name: str, script: str, *, probed: Json) -> Json:
    return {
        "name": name,
        "image": SYSTEM_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
        # Asked often, so it must cost next to nothing: no process is started for it.
        "readinessProbe": {"tcpSocket": probed, "periodSeconds": 1, "failureThreshold": 2},
    }
