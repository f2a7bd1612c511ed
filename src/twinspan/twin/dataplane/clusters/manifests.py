"""What the manifests of the cluster's own objects share. Pure."""

from collections.abc import Mapping
from typing import Any

import yaml

from twinspan.twin.dataplane.clusters.api import Json
from twinspan.twin.kubernetes.spec import ClusterSpec

NAMESPACE = "kube-system"


def object_of(
    version: str,
    kind: str,
    name: str,
    *,
    namespace: str = NAMESPACE,
    labels: Mapping[str, str] | None = None,
) -> Json:
    """Return an object without a spec; `namespace` is empty if the cluster has one such object."""
    metadata: Json = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def addon_setting(spec: ClusterSpec, addon: str, name: str) -> Any:  # noqa: ANN401 - any JSON
    """Return one of an add-on's configuration values; None if it has none, or none that can be read."""
    try:
        values = yaml.safe_load(spec.addons.get(addon) or "{}")
    except yaml.YAMLError:
        return None
    return values.get(name) if isinstance(values, dict) else None
