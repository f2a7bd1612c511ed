"""A Terraform plan as typed resources, with what the plan cannot know yet marked as such.

Source: Terraform, "JSON Output Format", plan representation (format version 1).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from twinspan.errors import DesignError
from twinspan.network.unknown import UNKNOWN

_SUPPORTED_MAJOR = "1"
_MODULES = re.compile(r'(?:module\.[^.\[]+(?:\[(?:"[^"]*"|\d+)\])?\.)+')
_MODULE = re.compile(r'module\.(?P<name>[^.\[]+)(?:\[(?P<key>"[^"]*"|\d+)\])?')

ModulePath = tuple[tuple[str, str], ...]
"""(name, key) of each module from the root down; the key is empty without `for_each` or `count`."""


class _WireResource(BaseModel):
    address: str
    mode: str = "managed"
    type: str
    name: str
    index: str | int | None = None
    values: dict[str, Any] = Field(default_factory=dict)


class _WireModule(BaseModel):
    address: str = ""
    resources: list[_WireResource] = Field(default_factory=list)
    child_modules: list["_WireModule"] = Field(default_factory=list)


class _WireValues(BaseModel):
    root_module: _WireModule = Field(default_factory=_WireModule)


class _WireChange(BaseModel):
    actions: list[str] = Field(default_factory=list)
    before: dict[str, Any] | None = None
    after_unknown: dict[str, Any] | bool = Field(default_factory=dict)


class _WireResourceChange(BaseModel):
    address: str
    change: _WireChange = Field(default_factory=_WireChange)


class _WireAttribute(BaseModel):
    resource: str
    attribute: list[str | int] = Field(default_factory=list)


class _WirePlan(BaseModel):
    planned_values: _WireValues
    relevant_attributes: list[_WireAttribute] = Field(default_factory=list)
    resource_changes: list[_WireResourceChange] = Field(default_factory=list)
    configuration: dict[str, Any] = Field(default_factory=dict)
    errored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResource:
    """One resource as it will be.

    Attributes:
        address: Terraform's address of it.
        type: E.g. `aws_vpn_connection`.
        name: Its name in the configuration.
        key: Its `for_each` key or `count` index; empty if there is none.
        module: Where it stands.
        values: Its known values. May hold secrets, so never shown as a whole.
        unknown: Mirrors `values`: True where the value is known after apply only.
        before: Its values until now, if it is changed in place. May hold secrets, too.
    """

    address: str
    type: str
    name: str
    key: str
    module: ModulePath
    values: Mapping[str, Any] = field(repr=False)
    unknown: Mapping[str, Any] = field(repr=False)
    before: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def updated(self) -> bool:
        """Whether it is there and is changed in place."""
        return bool(self.before)

    def changes(self, argument: str) -> bool:
        """Whether an argument that was set is changed to another known value."""
        before, after = self.before.get(argument), self.get(argument)
        return before not in (None, [], "") and after is not UNKNOWN and after != before

    def get(self, *path: str | int) -> Any:  # noqa: ANN401 - a plan is JSON; views give it types
        """Return the value at `path`: None if it is not set, `UNKNOWN` if it is known after apply only."""
        value: Any = self.values
        unknown: Any = self.unknown
        for part in path:
            if unknown is True:
                return UNKNOWN
            value = _at(value, part)
            unknown = _at(unknown, part)
        return UNKNOWN if unknown is True and value is None else value

    @property
    def keys(self) -> frozenset[str]:
        """Every key on the way to it, by which resources of one `for_each` family are paired."""
        return frozenset(key for key in (self.key, *(key for _, key in self.module)) if key)


@dataclass(frozen=True)
class Plan:
    """All managed resources of a plan, and the configuration that relates them.

    Attributes:
        resources: In the order of the plan.
        configuration: `configuration.root_module` of the plan.
        relevant: What Terraform took values from, also by way of locals, which it does not show otherwise:
            a resource's address, without a key if all instances were meant, and the path of the attribute,
            empty if all of it was. Source: Terraform, "JSON Output Format", `relevant_attributes`.
    """

    resources: tuple[PlannedResource, ...]
    configuration: Mapping[str, Any] = field(repr=False)
    relevant: tuple[tuple[str, tuple[str | int, ...]], ...] = ()

    def of(self, *types: str) -> tuple[PlannedResource, ...]:
        """Return the resources of these types."""
        return tuple(resource for resource in self.resources if resource.type in types)

    @cached_property
    def modules(self) -> frozenset[ModulePath]:
        """Every module instance that has a resource, with its parents."""
        return frozenset(
            resource.module[:depth]
            for resource in self.resources
            for depth in range(len(resource.module) + 1)
        )


def load_plan(text: str, *, where: str) -> Plan:
    """Read `terraform show -json` of a plan.

    Args:
        text: The document.
        where: Its name, for messages.

    Raises:
        DesignError: It is no JSON, no plan, or of a format that is not understood.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DesignError(
            where=f"{where} line {error.lineno} column {error.colno}",
            problem=f"this is no complete JSON document ({error.msg})",
            remedy="Write it again: `terraform plan -out=FILE`, then `terraform show -json FILE`",
        ) from error
    return read_plan(document, where=where)


def read_plan(document: object, *, where: str) -> Plan:
    """Read a parsed plan; see `load_plan`.

    Raises:
        DesignError: It is no plan, or of a format that is not understood.
    """
    remedy = "Give the output of `terraform show -json FILE`, FILE being from `terraform plan -out=FILE`"
    if not isinstance(document, dict) or "format_version" not in document:
        raise DesignError(
            where=where, problem="this is no Terraform plan: format_version missing", remedy=remedy
        )
    version = str(document["format_version"])
    if version.partition(".")[0] != _SUPPORTED_MAJOR:
        raise DesignError(
            where=f"{where} format_version",
            problem=f"format {version} is not understood, only {_SUPPORTED_MAJOR}.x",
            remedy="Make the plan with Terraform 1.x, or use a twinspan that knows the format",
        )
    if "planned_values" not in document:
        what = "a state" if "values" in document else "not a plan"
        raise DesignError(where=where, problem=f"this is {what}: planned_values missing", remedy=remedy)
    try:
        wire = _WirePlan.model_validate(document)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise DesignError(
            where=f"{where} {place}", problem=error.errors()[0]["msg"], remedy=remedy
        ) from error
    if wire.errored:
        raise DesignError(
            where=where,
            problem="Terraform could not finish this plan (errored: true)",
            remedy="Correct what `terraform plan` complains of and plan again",
        )
    if _destroys_all(wire):
        raise DesignError(
            where=where,
            problem="this plan destroys all that there is, so that nothing is left to look at",
            remedy="Plan without -destroy, or give the state: `terraform state pull`",
        )
    changes = {change.address: change.change for change in wire.resource_changes}
    return Plan(
        resources=tuple(_resources(wire.planned_values.root_module, changes)),
        configuration=wire.configuration.get("root_module", {}),
        relevant=tuple((source.resource, tuple(source.attribute)) for source in wire.relevant_attributes),
    )


def _destroys_all(wire: _WirePlan) -> bool:
    deleted = any(change.change.actions == ["delete"] for change in wire.resource_changes)
    return deleted and not any(True for _ in _resources(wire.planned_values.root_module, {}))


def module_path(address: str) -> ModulePath:
    """Return the module instances that an address passes through."""
    return tuple((match["name"], (match["key"] or "").strip('"')) for match in _MODULE.finditer(address))


def split_address(address: str) -> tuple[str, str]:
    """Return the module's part of a resource's address, which may be empty, and the rest."""
    module = _MODULES.match(address)
    end = module.end() if module else 0
    return address[:end].rstrip("."), address[end:]


def _resources(module: _WireModule, changes: Mapping[str, _WireChange]) -> Iterator[PlannedResource]:
    for resource in module.resources:
        if resource.mode != "managed":
            continue
        change = changes.get(resource.address, _WireChange())
        mask = change.after_unknown
        yield PlannedResource(
            address=resource.address,
            type=resource.type,
            name=resource.name,
            key="" if resource.index is None else str(resource.index),
            module=module_path(module.address),
            values=resource.values,
            unknown=mask if isinstance(mask, dict) else {},
            before=(change.before or {}) if change.actions == ["update"] else {},
        )
    for child in module.child_modules:
        yield from _resources(child, changes)


def _at(value: object, part: str | int) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return value.get(str(part))
    if isinstance(value, Sequence) and not isinstance(value, str) and isinstance(part, int):
        return value[part] if part < len(value) else None
    return None
