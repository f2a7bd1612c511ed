# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""What all Azure resource types share: ids, locations, tags, and PUT, GET, DELETE of a document."""

import re
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.resource import Change, Record, Resource
from twinspan.twin.providers.values import Value

_GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/([^/]+)", re.IGNORECASE)


def normalised(location: Value) -> Value:
    """Return a location as Azure writes it: `westeurope` for `West Europe`."""
    return location.replace(" ", "").lower() if isinstance(location, str) else location


def last(identity: str) -> str:
    """Return the name at the end of an id."""
    return identity.rsplit("/", 1)[1]


def parent(identity: str) -> str:
    """Return the id of what an inner resource lies in: `.../virtualNetworks/v` of `.../subnets/s`."""
    return identity.rsplit("/", 2)[0]


def group_of(identity: str) -> str:
    """Return the name of the resource group in an id; empty if there is none."""
    match = _GROUP.match(identity)
    return match[1] if match else ""


def reference(identity: Value) -> Document | None:
    """Return ARM's `{"id": ...}`, None for no id."""
    return {"id": identity} if isinstance(identity, str) and identity else None


def id_in(document: Document | None, known: Value) -> str:
    """Return the id in a reference, spelled as `known` where only the case differs."""
    identity = str((document or {}).get("id", ""))
    return known if isinstance(known, str) and known.lower() == identity.lower() else identity


def given(value: Value) -> Value:
    """Return `value` if it is known and set, else None."""
    return value if isinstance(value, str | bool | int | float | list | dict) and value != "" else None


def without_nones(properties: Document) -> Document:
    """Return a document without its empty members."""
    return {name: value for name, value in properties.items() if value is not None}


class ArmResource(Resource[ArmCloud]):
    """A resource type that is one ARM document."""

    _provider: ClassVar[str] = "Microsoft.Network"
    _segments: ClassVar[tuple[tuple[str, str], ...]]
    """ARM type and the attribute with its name, from the outside in."""

    def identity(self, cloud: ArmCloud, state: State) -> str:
        """Return the id of the document that a state describes."""
        tail = "/".join(f"{kind}/{state[name]}" for kind, name in self._segments)
        group = state["resource_group_name"]
        return f"{cloud.subscription}/resourceGroups/{group}/providers/{self._provider}/{tail}"

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the `properties` to be sent; None in it means leave out.

        `existing` are the present ones, empty for a new resource: what other resource types put there
        has to be sent again, as a PUT replaces everything.
        """
        raise NotImplementedError

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the attributes in a document, other than name, location and tags."""
        raise NotImplementedError

    def extras(self, planned: State) -> Document:
        """Return what is beside `properties` in the document: sku, zones..."""
        return {}

    def adjust(self, cloud: ArmCloud, change: Change) -> State:
        """Plan the location as Azure writes it."""
        planned = dict(change.planned)
        if "location" in planned:
            planned["location"] = normalised(planned["location"])
        return planned

    def _locked(self, cloud: ArmCloud, identity: str) -> Any:
        """Return the lock for a change of this resource: its outermost one's."""
        depth = len(self._segments) - 1
        for _ in range(depth):
            identity = parent(identity)
        return cloud.lock(identity)

    def create(self, cloud: ArmCloud, planned: State, record: Record) -> str:
        """PUT the document; refused if there is one already, as the real provider does."""
        identity = self.identity(cloud, planned)
        with self._locked(cloud, identity):
            if cloud.get(identity) is not None:
                raise CloudRefusedError(
                    operation=f"create {last(identity)}",
                    code="AlreadyExists",
                    message=f"{identity} already exists; import it to manage it with Terraform",
                )
            cloud.put(identity, self._document(cloud, planned, {}))
        record(identity)
        return identity

    def _document(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        body = self.body(cloud, planned, existing.get("properties") or {})
        document: Document = {"properties": without_nones(body), **self.extras(planned)}
        if "location" in planned:
            document["location"] = planned["location"]
        if "tags" in planned:
            document["tags"] = planned["tags"] or {}
        return without_nones(document)

    def read(self, cloud: ArmCloud, state: State) -> State | None:
        """GET the document."""
        document = cloud.get(state["id"])
        if document is None:
            return None
        attributes: State = {"resource_group_name": group_of(state["id"]) or state.get("resource_group_name")}
        names = state["id"].split("/")[-2 * len(self._segments) :]
        for (_, attribute), name in zip(self._segments, names[1::2], strict=True):
            attributes[attribute] = name
        if "location" in state:
            attributes["location"] = normalised(document.get("location", ""))
        if "tags" in state:
            attributes["tags"] = document.get("tags") or {}
        return {**attributes, **self.flatten(cloud, document, state)}

    def update(self, cloud: ArmCloud, prior: State, planned: State) -> State:
        """PUT the whole document again, with what other resources have put into it."""
        identity = prior["id"]
        with self._locked(cloud, identity):
            existing = cloud.get(identity) or {}
            cloud.put(identity, self._document(cloud, planned, existing))
        return {}

    def delete(self, cloud: ArmCloud, state: State) -> None:
        """DELETE the document."""
        with self._locked(cloud, state["id"]):
            cloud.delete(state["id"])

    def import_state(self, cloud: ArmCloud, import_id: str) -> State:
        """Read a full resource id of this type."""
        kinds = "/".join(f"{kind}/[^/]+" for kind, _ in self._segments)
        pattern = rf"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/{re.escape(self._provider)}/{kinds}"
        if not re.fullmatch(pattern, import_id, re.IGNORECASE):
            names = "/".join(f"{kind}/NAME" for kind, _ in self._segments)
            form = f"/subscriptions/ID/resourceGroups/NAME/providers/{self._provider}/{names}"
            raise ValueError(f"expected {form}")
        return {"id": import_id}
