"""The cluster's own pods: made when its API server is ready, kept as the spec says."""

import time

from twinspan.twin.dataplane.clusters.api import ApiClient, Json
from twinspan.twin.dataplane.clusters.dns_manifests import dns_settings
from twinspan.twin.dataplane.clusters.known import KnownObjects
from twinspan.twin.dataplane.clusters.system_manifests import deployments, network_agent_name, system_objects
from twinspan.twin.kubernetes.spec import ClusterSpec

_RECONCILE_S = 60.0
"""How often AKS's settings are made again. Source: Kubernetes, cluster/addons/addon-manager."""


class SystemPods:
    """Applies the manifests of one cluster, once per change of the spec: what users change stays.

    Not so AKS's DNS settings: a changed `coredns` and a removed `coredns-custom` are made again.
    """

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._applied: dict[str, Json] = {}
        self._reconciled_s = time.monotonic()

    def apply(self, spec: ClusterSpec) -> None:
        """Make the objects what the spec asks for. Raises CloudError."""
        for path, manifest in system_objects(spec).items():
            if self._applied.get(path) != manifest:
                self._api.apply(path, manifest)
                self._applied[path] = manifest
        if spec.side == "azure" and time.monotonic() >= self._reconciled_s + _RECONCILE_S:
            self._reconciled_s = time.monotonic()
            for path, manifest in dns_settings(spec).items():
                self._api.apply(path, manifest)


def system_ready(spec: ClusterSpec, known: KnownObjects) -> bool:
    """Return whether all of them are ready."""
    there = known.deployments
    made = [there.get(name) for name in deployments(spec)]
    agents = known.daemon_sets.get(network_agent_name(spec))
    return (
        agents is not None
        and _on_all_nodes(agents)
        and all(deployment is not None and _all_available(deployment) for deployment in made)
    )


def _all_available(deployment: Json) -> bool:
    status = deployment.get("status", {})
    desired_replicas = deployment["spec"]["replicas"]
    return _is_current(deployment) and bool(status.get("availableReplicas", 0) >= desired_replicas)


def _on_all_nodes(daemon_set: Json) -> bool:
    status = daemon_set.get("status", {})
    desired_count = status.get("desiredNumberScheduled", 0)
    done = min(status.get("numberReady", 0), status.get("updatedNumberScheduled", 0))
    return _is_current(daemon_set) and bool(done >= desired_count > 0)


def _is_current(item: Json) -> bool:
    return bool(item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"])
