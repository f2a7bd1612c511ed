"""What a cluster has of an application: kept in the cluster itself, so that any machine can go on from it."""

import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from twinspan.deploy.objects import ObjectRef
from twinspan.errors import ApiRefusedError, CloudRefusedError
from twinspan.kubernetes.api import CONFLICT, ClusterApi, Manifest, object_path

NAMESPACE = "twinspan"
TYPE = "twinspan/deployment"
LARGEST_BYTES = 1_000_000
"""A little under what a Secret may hold (1 MiB). Source: Kubernetes, Secret, "Restriction on size"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What was applied.

    Attributes:
        refs: Every object that may be there: those of the last deployment, and of one that was begun since.
        manifests: The objects of the last deployment that ended well, as they were applied.
    """

    refs: tuple[ObjectRef, ...] = ()
    manifests: tuple[Manifest, ...] = ()


def read_inventory(api: ClusterApi, app: str) -> Inventory | None:
    """Return what is kept; None if the application was never deployed here.

    Raises:
        CloudError: The cluster does not answer, or what it keeps is not ours.
    """
    kept = api.find(_path(app))
    if kept is None:
        return None
    try:
        content = json.loads(gzip.decompress(base64.b64decode(kept["data"]["inventory"])))
        return Inventory(
            refs=tuple(ObjectRef(**ref) for ref in content["refs"]), manifests=tuple(content["manifests"])
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise CloudRefusedError(
            operation=f"{api.name}: Secret {NAMESPACE}/{_name(app)}",
            code="NotAnInventory",
            message=f"what is kept of the application {app} cannot be read: {error}."
            f" Remove it with `kubectl -n {NAMESPACE} delete secret {_name(app)}`, then deploy again",
        ) from error


def write_inventory(api: ClusterApi, app: str, inventory: Inventory) -> None:
    """Keep it, in a Secret: manifests may hold secrets.

    Raises:
        CloudError: The cluster refuses, or the application is too large to be kept.
    """
    content: dict[str, Any] = {
        "refs": [asdict(ref) for ref in inventory.refs],
        "manifests": list(inventory.manifests),
    }
    # A fixed time in the header: the same content is the same bytes, and then the object does not change.
    data = base64.b64encode(gzip.compress(json.dumps(content, sort_keys=True).encode(), mtime=0)).decode()
    if len(data) > LARGEST_BYTES:
        raise CloudRefusedError(
            operation=f"{api.name}: Secret {NAMESPACE}/{_name(app)}",
            code="TooLarge",
            message=f"the application's manifests are {len(data)} bytes when packed, at most {LARGEST_BYTES}"
            " can be kept. Deploy it in parts",
        )
    _ensure_namespace(api)
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _name(app), "namespace": NAMESPACE},
        "type": TYPE,
        "data": {"inventory": data},
    }
    api.request(
        "PATCH",
        _path(app),
        query={"fieldManager": "twinspan", "force": "true"},
        body=body,
        content_type="application/apply-patch+yaml",
    )


def remove_inventory(api: ClusterApi, app: str) -> None:
    """Forget the application."""
    api.delete(_path(app))


def union(*groups: Iterable[ObjectRef]) -> tuple[ObjectRef, ...]:
    """Return every object once, in the order in which it first appears."""
    refs: dict[tuple[str, str, str, str], ObjectRef] = {}
    for group in groups:
        for ref in group:
            refs.setdefault(ref.identity, ref)
    return tuple(refs.values())


def _ensure_namespace(api: ClusterApi) -> None:
    if api.find(object_path("v1", "namespaces", namespace=None, name=NAMESPACE)) is not None:
        return
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    try:
        api.request("POST", "/api/v1/namespaces", body=body)
    except ApiRefusedError as error:
        if error.status != CONFLICT:
            raise


def _name(app: str) -> str:
    return f"deploy-{app}"


def _path(app: str) -> str:
    return object_path("v1", "secrets", namespace=NAMESPACE, name=_name(app))
