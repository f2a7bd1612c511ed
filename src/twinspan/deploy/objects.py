"""Kubernetes objects of an application: which they are, and in which order they are applied."""

from collections.abc import Iterable
from dataclasses import dataclass

from twinspan.kubernetes.api import Manifest

APP_LABEL = "twinspan/app"
"""On every object: the application it belongs to."""
_FIRST = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
)
"""What others need; everything else follows in the order of the files."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObjectRef:
    """Names an object of a cluster.

    Attributes:
        api_version: E.g. `apps/v1`.
        kind: E.g. `Deployment`.
        namespace: Empty for what lives in none.
        name: Its name.
    """

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What stays the same when only the version of its group changes."""
        return self.api_version.rpartition("/")[0], self.kind, self.namespace, self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An object as the application's files have it.

    Attributes:
        manifest: The object.
        where: File and line, or the folder that was rendered.
    """

    manifest: Manifest
    where: str


def ref_of(manifest: Manifest) -> ObjectRef:
    """Return an object's name; its namespace as written, empty if there is none."""
    meta = manifest["metadata"]
    return ObjectRef(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=meta.get("namespace") or "",
        name=meta["name"],
    )


def labelled(manifest: Manifest, app: str) -> Manifest:
    """Return the object with the label that says which application it belongs to."""
    meta = manifest["metadata"]
    return {**manifest, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), APP_LABEL: app}}}


def in_order(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Return the objects in the order to apply them; the reverse is the order to remove them."""
    return tuple(sorted(sources, key=lambda source: _rank(source.manifest["kind"])))


def removal_order(refs: Iterable[ObjectRef]) -> tuple[ObjectRef, ...]:
    """Return objects in the order to remove them: what others need goes last."""
    return tuple(sorted(refs, key=lambda ref: (-_rank(ref.kind), ref)))


def _rank(kind: str) -> int:
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
