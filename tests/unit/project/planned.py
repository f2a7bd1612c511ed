"""Small plans for tests: resources with values, what is known after apply only, and what they refer to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twinspan.network.model import AwsNetwork, AzureNetwork, Network
from twinspan.network.unknown import Unknown
from twinspan.project.network import network_of
from twinspan.project.plan import Plan, read_plan

PLANS = Path(__file__).parents[2] / "golden" / "check"


class Ref:
    """A reference that is known after apply only, e.g. `Ref("aws_vpc.this.id")`; without one, to nothing."""

    def __init__(self, *names: str) -> None:
        self.names = names


def plan(resources: Mapping[str, Mapping[str, Any]]) -> Plan:
    """Return the plan of a root module; addresses are `TYPE.NAME`, values may be or hold `Ref`."""
    planned, changes, configuration = [], [], []
    for address, values in resources.items():
        kind, name = address.split(".")
        planned.append({"address": address, "type": kind, "name": name, "values": _known(values)})
        changes.append({"address": address, "change": {"after_unknown": _unknown(values) or {}}})
        configuration.append({"type": kind, "name": name, "expressions": _written(values)})
    document = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configuration}},
    }
    return read_plan(json.loads(json.dumps(document)), where="plan")


def network(resources: Mapping[str, Mapping[str, Any]]) -> Network[Unknown]:
    return network_of(plan(resources))


def aws(resources: Mapping[str, Mapping[str, Any]]) -> AwsNetwork[Unknown]:
    found = network(resources).aws
    assert found
    return found


def azure(resources: Mapping[str, Mapping[str, Any]]) -> AzureNetwork[Unknown]:
    found = network(resources).azure
    assert found
    return found


def golden(name: str) -> Network[Unknown]:
    """Return the network of a real plan."""
    return network_of(read_plan(json.loads((PLANS / f"{name}.json").read_text()), where=name))


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _known(each) for key, each in value.items() if not isinstance(each, Ref)}
    if isinstance(value, list):
        return [None if isinstance(each, Ref) else _known(each) for each in value]
    return value


def _unknown(value: Any) -> Any:
    if isinstance(value, Ref):
        return True
    if isinstance(value, Mapping):
        return {key: mask for key, each in value.items() if (mask := _unknown(each))}
    if isinstance(value, list):
        masks = [_unknown(each) for each in value]
        return masks if any(masks) else None
    return None


def _written(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"references": list(value.names)}
    if isinstance(value, Mapping):
        return {key: _written(each) for key, each in value.items()}
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        return [_written(each) for each in value]
    if isinstance(value, list) and any(isinstance(each, Ref) for each in value):
        return {"references": [name for each in value if isinstance(each, Ref) for name in each.names]}
    return {"constant_value": value}
