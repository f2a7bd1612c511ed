"""A Terraform state as typed resources.

Source: Terraform, "State" (format version 4).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from twinspan.errors import DesignError
from twinspan.project.plan import Plan, PlannedResource, module_path, split_address

VERSION = 4
_KEY = re.compile(r"\[(?P<key>.*)\]$")


class _Instance(BaseModel):
    model_config = ConfigDict(extra="ignore")

    index_key: str | int | None = None
    attributes: dict[str, Any] = {}
    deposed: str | None = None


class _Resource(BaseModel):
    model_config = ConfigDict(extra="ignore")

    module: str = ""
    mode: str
    type: str
    name: str
    instances: list[_Instance] = []

    def address(self, instance: _Instance) -> str:
        key = instance.index_key
        shown = "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'
        return ".".join(part for part in (self.module, self.type, self.name) if part) + shown


class _State(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: int
    resources: list[_Resource] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class StateResource:
    """One managed resource as it was applied.

    Attributes:
        address: Terraform's address of it.
        type: E.g. `aws_vpn_connection`.
        values: Its attributes. May hold secrets, so never shown as a whole.
    """

    address: str
    type: str
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What Terraform knows of an environment.

    Attributes:
        resources: The managed ones.
    """

    resources: tuple[StateResource, ...] = ()

    @property
    def plan(self) -> Plan:
        """The same resources as a plan, of which everything is known and nothing of the configuration."""
        return Plan(resources=tuple(map(_known, self.resources)), configuration={})

    def of(self, *types: str) -> Iterator[StateResource]:
        """Yield the resources of these types."""
        return (resource for resource in self.resources if resource.type in types)


def _known(resource: StateResource) -> PlannedResource:
    module, rest = split_address(resource.address)
    name = _KEY.sub("", rest).rpartition(".")[2]
    key = _KEY.search(rest)
    return PlannedResource(
        address=resource.address,
        type=resource.type,
        name=name,
        key=key["key"].strip('"') if key else "",
        module=module_path(module),
        values=resource.values,
        unknown={},
    )


def load_state(text: str | bytes, *, where: str, remedy: str) -> State:
    """Read a state file.

    Args:
        text: The whole file.
        where: Its name, for the error.
        remedy: What to do if it is no state, for the error.

    Raises:
        DesignError: It is no Terraform state, or of another version.
    """
    try:
        raw = _State.model_validate_json(text)
    except ValidationError as error:
        raise DesignError(where=where, problem="this is no Terraform state", remedy=remedy) from error
    if raw.version != VERSION:
        raise DesignError(
            where=where,
            problem=f"this state is of version {raw.version}, not {VERSION}",
            remedy="Use the twinspan that fits your Terraform",
        )
    return State(
        resources=tuple(
            StateResource(address=resource.address(instance), type=resource.type, values=instance.attributes)
            for resource in raw.resources
            if resource.mode == "managed"
            for instance in resource.instances
            if instance.deposed is None
        ),
    )


def state_of_values(values: Mapping[str, Any]) -> State:
    """Return the state in a plan's `prior_state.values`.

    Source: Terraform, "JSON Output Format", values representation.
    """
    return State(resources=tuple(_in_module(values.get("root_module", {}))))


def _in_module(module: Mapping[str, Any]) -> Iterator[StateResource]:
    for resource in module.get("resources", ()):
        if resource.get("mode") == "managed" and not resource.get("deposed_key"):
            yield StateResource(
                address=resource["address"], type=resource["type"], values=resource.get("values", {})
            )
    for child in module.get("child_modules", ()):
        yield from _in_module(child)
