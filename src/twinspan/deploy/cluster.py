"""An application on one cluster: checked, applied, waited for, pruned, taken back, removed."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twinspan.deploy.inventory import (
    Inventory,
    read_inventory,
    remove_inventory,
    union,
    write_inventory,
)
from twinspan.deploy.objects import (
    APP_LABEL,
    ObjectRef,
    Source,
    labelled,
    ref_of,
    removal_order,
)
from twinspan.deploy.report import ObjectReport, WorkloadReport
from twinspan.deploy.rollout import waits
from twinspan.deploy.watch import OnProgress, Watch
from twinspan.errors import ApiRefusedError, WaitTimeoutError
from twinspan.kubernetes.api import ClusterApi, Manifest, object_path
from twinspan.wait import wait_until

MANAGER = "twinspan"
_APPLY = "application/apply-patch+yaml"
_LOOK_EVERY_S = 0.5
_REMOVAL_S = 60.0
"""The least time to give what is removed: a namespace takes some, however short the rollouts may take."""
_CHANGES_BY_ITSELF = ("managedFields", "resourceVersion", "generation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An object to apply.

    Attributes:
        ref: Which, with its namespace.
        manifest: As it is sent.
        where: Its file and line.
        before: As it is in the cluster; None if it is not there.
    """

    ref: ObjectRef
    manifest: Manifest
    where: str
    before: Manifest | None


class ClusterDeployment:
    """One application on one cluster; its methods are called in the order in which they stand here."""

    def __init__(
        self, api: ClusterApi, app: str, *, namespace: str, force: bool, stop: threading.Event
    ) -> None:
        self.api = api
        self.items: tuple[Item, ...] = ()
        self.done: list[ObjectReport] = []
        self._app = app
        self._namespace = namespace
        self._force = force
        self._stop = stop
        self._previous: Inventory | None = None

    def prepare(self, sources: Sequence[Source]) -> tuple[str, ...]:
        """Look at what is there and ask the server about every object; return why it refuses any.

        Nothing is changed. What lies in a namespace, or is of a kind, that the application itself brings
        cannot be asked about before that is there.
        """
        self._previous = read_inventory(self.api, self._app)
        problems: list[str] = []
        items: list[Item] = []
        own_kinds = {pair[0]: pair[1] for source in sources for pair in _defines(source.manifest)}
        for source in sources:
            served = self.api.resource(source.manifest["apiVersion"], source.manifest["kind"])
            kind = _group_kind(source.manifest)
            if served is None and kind not in own_kinds:
                problems.append(self._not_served(source))
                continue
            items.append(self._item(source, namespaced=served[1] if served else own_kinds[kind]))
        self.items = tuple(items)
        brought = {item.ref.name for item in self.items if item.ref.kind == "Namespace" and not item.before}
        for item in self.items:
            problems += self._foreign(item)
            known = self.api.resource(item.ref.api_version, item.ref.kind) is not None
            if known and item.ref.namespace not in brought:
                problems += self._refusal(item)
        return tuple(problems)

    def planned(self) -> tuple[ObjectReport, ...]:
        """Return what applying would do, without doing it."""
        kept = {item.ref.identity for item in self.items}
        gone = [ref for ref in self._before() if ref.identity not in kept]
        return (
            *(ObjectReport(ref=item.ref, action=self._would(item)) for item in self.items),
            *(ObjectReport(ref=ref, action="removed") for ref in removal_order(gone)),
        )

    def apply(self) -> None:
        """Apply every object.

        Raises:
            CloudError: The cluster refuses one; those before it are applied.
        """
        begun = union((item.ref for item in self.items), self._before())
        if self._previous is None or set(begun) != set(self._previous.refs):
            self._keep(Inventory(refs=begun, manifests=self.manifests_before()))
        for item in self.items:
            self._apply(item)

    def add(self, manifests: Iterable[Manifest]) -> None:
        """Apply objects that only came up on the way."""
        for manifest in manifests:
            item = self._item(Source(manifest=manifest, where=str(ref_of(manifest))), namespaced=True)
            self.items = (*self.items, item)
            self._apply(item)

    def wait(self, timeout_s: float, on_progress: OnProgress) -> tuple[WorkloadReport, ...]:
        """Wait until all workloads run, one has failed or is stuck, or the time is over."""
        refs = [item.ref for item in self.items if waits(item.ref.kind)]
        watch = Watch(self.api, refs, self._path, self._stop, on_progress)
        try:
            wait_until(
                watch.look,
                bool,
                what=f"rollout of {self._app} on {self.api.name}",
                timeout_s=timeout_s,
                interval_s=_LOOK_EVERY_S,
            )
        except WaitTimeoutError:
            return watch.reports(late_s=timeout_s)
        return watch.reports(late_s=None)

    def finish(self, timeout_s: float, *, keep: Iterable[ObjectRef] = ()) -> None:
        """Remove what the application no longer has, and remember what it has now.

        Args:
            timeout_s: How long removing may take, seconds.
            keep: What it no longer has, but shall stay.

        Raises:
            WaitTimeoutError: Something is still there.
        """
        kept = {item.ref.identity for item in self.items} | {ref.identity for ref in keep}
        surplus = removal_order(ref for ref in self._before() if ref.identity not in kept)
        gone = [ref for ref in surplus if self._remove(ref)]
        self.done += [ObjectReport(ref=ref, action="removed") for ref in gone]
        self._await_end(gone, timeout_s)
        older = [manifest for manifest in self.manifests_before() if ref_of(manifest) in set(keep)]
        inventory = Inventory(
            refs=union((item.ref for item in self.items), keep),
            manifests=(*(item.manifest for item in self.items), *older),
        )
        if inventory != self._previous:
            self._keep(inventory)

    def roll_back(self, timeout_s: float) -> tuple[ObjectReport, ...]:
        """Take every object back to what it was before: its last manifest, its last state, or nothing."""
        last = {ref_of(manifest).identity: manifest for manifest in self.manifests_before()}
        touched = {report.ref.identity for report in self.done if report.action != "unchanged"}
        changed = [item for item in reversed(self.items) if item.ref.identity in touched]
        new = [item.ref for item in changed if item.before is None and item.ref.identity not in last]
        for item in changed:
            if item.ref in new:
                self._remove(item.ref)
            else:
                self._restore(item, last.get(item.ref.identity))
        if self._previous is not None:
            self._keep(self._previous)
        else:
            remove_inventory(self.api, self._app)
        self._await_end(new, timeout_s)
        self.items = tuple(item for item in self.items if item.before is not None)
        return tuple(
            ObjectReport(ref=item.ref, action="removed" if item.ref in new else "restored")
            for item in changed
        )

    def remove(self, timeout_s: float) -> tuple[ObjectReport, ...]:
        """Remove the whole application and wait until it is gone.

        Raises:
            WaitTimeoutError: Something is still there.
        """
        self._previous = read_inventory(self.api, self._app)
        refs = removal_order(self._before())
        gone = [ObjectReport(ref=ref, action="removed") for ref in refs if self._remove(ref)]
        self._await_end(refs, timeout_s)
        remove_inventory(self.api, self._app)
        return tuple(gone)

    def live(self, ref: ObjectRef) -> Manifest | None:
        """Return an object as it is now."""
        path = self._path(ref)
        return self.api.find(path) if path else None

    def _before(self) -> tuple[ObjectRef, ...]:
        return self._previous.refs if self._previous else ()

    def manifests_before(self) -> tuple[Manifest, ...]:
        """Return what was applied when it was last deployed well."""
        return self._previous.manifests if self._previous else ()

    def _keep(self, inventory: Inventory) -> None:
        write_inventory(self.api, self._app, inventory)

    def _item(self, source: Source, *, namespaced: bool) -> Item:
        manifest = labelled(source.manifest, self._app)
        ref = ref_of(manifest)
        if namespaced and not ref.namespace:
            manifest = {**manifest, "metadata": {**manifest["metadata"], "namespace": self._namespace}}
        elif not namespaced and ref.namespace:
            meta = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
            manifest = {**manifest, "metadata": meta}
        ref = ref_of(manifest)
        return Item(ref=ref, manifest=manifest, where=source.where, before=self.live(ref))

    def _path(self, ref: ObjectRef) -> str | None:
        served = self.api.resource(ref.api_version, ref.kind)
        if served is None:
            return None
        return object_path(ref.api_version, served[0], namespace=ref.namespace or None, name=ref.name)

    def _not_served(self, source: Source) -> str:
        ref = ref_of(source.manifest)
        return (
            f"{source.where}: {ref}: this cluster has no {ref.kind} in {ref.api_version};"
            " `kubectl api-resources` lists what it has"
        )

    def _foreign(self, item: Item) -> list[str]:
        owner = ((item.before or {}).get("metadata", {}).get("labels") or {}).get(APP_LABEL, self._app)
        if owner == self._app:
            return []
        return [f"{item.where}: {item.ref} belongs to the application {owner}; give it another name"]

    def _refusal(self, item: Item) -> list[str]:
        try:
            self._patch(item.ref, item.manifest, force=self._force, dry_run=True)
        except ApiRefusedError as error:
            hint = "; --force-conflicts takes them over" if error.code == "Conflict" else ""
            return [f"{item.where}: {item.ref}: {error.message}{hint}"]
        return []

    def _would(self, item: Item) -> str:
        if item.before is None:
            return "created"
        after = self._patch(item.ref, item.manifest, force=self._force, dry_run=True)
        return "unchanged" if _essence(after) == _essence(item.before) else "configured"

    def _apply(self, item: Item) -> None:
        after = self._patch(item.ref, item.manifest, force=self._force)
        if item.ref.kind == "CustomResourceDefinition":
            self._await_definition(item)
        version = after["metadata"].get("resourceVersion")
        if item.before is None:
            action = "created"
        else:
            same = version == item.before["metadata"].get("resourceVersion")
            action = "unchanged" if same else "configured"
        self.done.append(ObjectReport(ref=item.ref, action=action))

    def _await_definition(self, item: Item) -> None:
        spec = item.manifest["spec"]
        group, kind = spec["group"], spec["names"]["kind"]

        def served() -> bool:
            self.api.forget_resources()
            return all(
                self.api.resource(f"{group}/{version['name']}", kind) is not None
                for version in spec["versions"]
                if version.get("served", True)
            )

        wait_until(served, bool, what=f"kind {kind} on {self.api.name}", timeout_s=30, interval_s=0.2)

    def _patch(self, ref: ObjectRef, manifest: Manifest, *, force: bool, dry_run: bool = False) -> Manifest:
        path = self._path(ref)
        if path is None:
            raise ApiRefusedError(
                operation=self.api.name,
                status=404,
                code="NotServed",
                message=f"no {ref.kind} in {ref.api_version}",
            )
        query = {"fieldManager": MANAGER, "force": str(force).lower()}
        query |= {"dryRun": "All"} if dry_run else {}
        return self.api.request("PATCH", path, query=query, body=manifest, content_type=_APPLY)

    def _restore(self, item: Item, manifest: Manifest | None) -> None:
        if manifest is not None:
            self._patch(item.ref, manifest, force=True)
            return
        path, before = self._path(item.ref), item.before
        if path is None or before is None:
            return
        # It was not ours: fields that were overwritten are put back as they were.
        meta = {key: value for key, value in before["metadata"].items() if key not in _CHANGES_BY_ITSELF}
        self.api.request("PUT", path, body={**before, "metadata": meta})

    def _remove(self, ref: ObjectRef) -> bool:
        path = self._path(ref)
        return self.api.delete(path, propagation="Foreground") if path else False

    def _await_end(self, refs: Sequence[ObjectRef], timeout_s: float) -> None:
        wait_until(
            lambda: [str(ref) for ref in refs if self.live(ref) is not None],
            lambda left: not left,
            what=f"end of what was removed of {self._app} on {self.api.name}",
            timeout_s=max(timeout_s, _REMOVAL_S),
            interval_s=_LOOK_EVERY_S,
        )


def _defines(manifest: Manifest) -> list[tuple[tuple[str, str], bool]]:
    """Return ((group, kind), whether it lives in namespaces) of a definition of a kind."""
    if manifest["kind"] != "CustomResourceDefinition":
        return []
    spec = manifest.get("spec") or {}
    kind = (str(spec.get("group")), str((spec.get("names") or {}).get("kind")))
    return [(kind, spec.get("scope") == "Namespaced")]


def _group_kind(manifest: Manifest) -> tuple[str, str]:
    return manifest["apiVersion"].rpartition("/")[0], manifest["kind"]


def _essence(live: Manifest) -> Manifest:
    """Return an object without what changes by itself."""
    meta = {key: value for key, value in live["metadata"].items() if key not in _CHANGES_BY_ITSELF}
    return {**live, "metadata": meta}
