"""Small plans for tests: resources with values, what is known after apply only, and what they refer to."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twinspan.network.model import AwsNetwork, AzureNetwork, Network
from twinspan.network.unknown import Unknown
from twinspan.project.network import network_of
from twinspan.project.plan import Plan, read_plan

_ADDRESS = re.compile(r"(\w+)\.(\w+)(?:\[(.+)\])?")
PLANS = Path(__file__).parents[2] / "golden" / "check"


class Ref:
    """A reference that is known after apply only, e.g. `Ref("aws_vpc.this.id")`; without one, to nothing."""

    def __init__(self, *names: str) -> None:
        self.names = names


def plan(
    resources: Mapping[str, Mapping[str, Any]], *, relevant: Mapping[str, Sequence[str]] | None = None
) -> Plan:
    """Return the plan of a root module; addresses are `TYPE.NAME[KEY]`, values may be or hold `Ref`.

    `for_each` among the values is the resource's own; `relevant`: address -> the attributes that Terraform
    took values from, of which an empty one is the whole resource.
    """
    planned, changes, configuration = [], [], []
    for address, given in resources.items():
        values = {name: value for name, value in given.items() if name != "for_each"}
        parts = _ADDRESS.fullmatch(address)
        assert parts
        kind, name, key = parts.groups()
        index = {} if key is None else {"index": int(key) if key.isdecimal() else key.strip('"')}
        planned.append({"address": address, "type": kind, "name": name, "values": _known(values), **index})
        changes.append({"address": address, "change": {"after_unknown": _unknown(values) or {}}})
        block = {"type": kind, "name": name, "expressions": _written(values)}
        if "for_each" in given:
            block["for_each_expression"] = _written(given["for_each"])
        configuration.append(block)
    document = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configuration}},
        "relevant_attributes": [
            {"resource": address, "attribute": [name] if name else []}
            for address, names in (relevant or {}).items()
            for name in names
        ],
    }
    return read_plan(json.loads(json.dumps(document)), where="plan")


def network(resources: Mapping[str, Mapping[str, Any]]) -> Network[Unknown]:
    return network_of(plan(resources))


def aws(resources: Mapping[str, Mapping[str, Any]]) -> AwsNetwork[Unknown]:
    aws_network = network(resources).aws
    assert aws_network
    return aws_network


def azure(resources: Mapping[str, Mapping[str, Any]]) -> AzureNetwork[Unknown]:
    azure_network = network(resources).azure
    assert azure_network
    return azure_network


def golden(name: str) -> Network[Unknown]:
    """Return the network of a real plan."""
    return network_of(read_plan(json.loads((PLANS / f"{name}.json").read_text()), where=name))


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _known(member) for key, member in value.items() if not isinstance(member, Ref)}
    if isinstance(value, list):
        return [None if isinstance(element, Ref) else _known(element) for element in value]
    return value


def _unknown(value: Any) -> Any:
    if isinstance(value, Ref):
        return True
    if isinstance(value, Mapping):
        return {key: mask for key, member in value.items() if (mask := _unknown(member))}
    if isinstance(value, list):
        masks = [_unknown(element) for element in value]
        return masks if any(masks) else None
    return None


def _written(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"references": list(value.names)}
    if isinstance(value, Mapping):
        return {key: _written(member) for key, member in value.items()}
    if isinstance(value, list) and any(isinstance(element, Mapping) for element in value):
        return [_written(element) for element in value]
    if isinstance(value, list) and any(isinstance(element, Ref) for element in value):
        return {
            "references": [name for element in value if isinstance(element, Ref) for name in element.names]
        }
    return {"constant_value": value}


VPC = {"cidr_block": "10.2.0.0/16"}
OF_VPC = Ref("aws_vpc.a.id", "aws_vpc.a")
