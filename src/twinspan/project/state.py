"""A Terraform state as typed resources.

Source: Terraform, "State" (format version 4).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from twinspan.errors import DesignError

VERSION = 4
_ARN_OF_EC2 = re.compile(r"arn:[^:]+:ec2:(?P<region>[a-z0-9-]+):[0-9]*:.+")
_PLACED = ("aws_vpn_connection", "aws_vpn_gateway", "aws_vpc")
"""Resources that say in which region a network is, the most telling first."""


class _Output(BaseModel):
    model_config = ConfigDict(extra="ignore")

    value: Any = None


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
    outputs: dict[str, _Output] = {}
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
        outputs: Output name -> value.
        resources: The managed ones.
    """

    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    resources: tuple[StateResource, ...] = ()

    def of(self, *types: str) -> Iterator[StateResource]:
        """Yield the resources of these types."""
        return (resource for resource in self.resources if resource.type in types)

    @property
    def aws_region(self) -> str | None:
        """The AWS region of the network: of a VPN connection if there is one; None if nothing tells.

        Source: AWS General Reference, Amazon Resource Names (arn:partition:service:region:account:resource).
        """
        arns = (str(each.values.get("arn")) for kind in _PLACED for each in self.of(kind))
        return next((found["region"] for arn in arns if (found := _ARN_OF_EC2.fullmatch(arn))), None)


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
        outputs={name: output.value for name, output in raw.outputs.items()},
        resources=tuple(
            StateResource(address=resource.address(instance), type=resource.type, values=instance.attributes)
            for resource in raw.resources
            if resource.mode == "managed"
            for instance in resource.instances
            if instance.deposed is None
        ),
    )
