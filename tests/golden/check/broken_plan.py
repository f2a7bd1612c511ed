"""Small changes to one real plan, of the dev environment, that break it in one way each."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def _base() -> str:
    return (HERE / "base.json").read_text()


def base() -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(_base())
    return plan


def broken(case: dict[str, Any]) -> dict[str, Any]:
    """Return the base plan with a case's changes.

    `remove`: address beginnings of resources that are left out. `copy`: new address -> {of, index}.
    `set`: address -> {path: value}, a path being names and indices with dots; null takes the value away.
    `unknown`: address -> names that become known after apply. `add`: resources of the root module.
    """
    plan = base()
    root = plan["planned_values"]["root_module"]
    for beginning in case.get("remove", []):
        assert _remove(root, beginning), f"{beginning} removes nothing"
    for address, change in case.get("copy", {}).items():
        module, original = next(pair for pair in _walk(root) if pair[1]["address"] == change["of"])
        module["resources"].append(
            {**copy.deepcopy(original), "address": address, "index": change.get("index")}
        )
        masks = [entry for entry in plan["resource_changes"] if entry["address"] == change["of"]]
        plan["resource_changes"] += [{**copy.deepcopy(mask), "address": address} for mask in masks]
    root["resources"] += [{"mode": "managed", "name": "added", **each} for each in case.get("add", [])]
    for address, values in case.get("set", {}).items():
        resource = next(each for _, each in _walk(root) if each["address"] == address)
        for path, value in values.items():
            _put(resource["values"], path.split("."), value)
            _forget(plan, address, path.split(".")[0], unknown=False)
    for address, names in case.get("unknown", {}).items():
        resource = next(each for _, each in _walk(root) if each["address"] == address)
        for name in names:
            resource["values"].pop(name, None)
            _forget(plan, address, name, unknown=True)
    return plan


def _walk(module: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for resource in list(module.get("resources", [])):
        yield module, resource
    for child in module.get("child_modules", []):
        yield from _walk(child)


def _remove(root: dict[str, Any], beginning: str) -> int:
    found = [pair for pair in _walk(root) if pair[1]["address"].startswith(beginning)]
    for module, resource in found:
        module["resources"].remove(resource)
    return len(found)


def _put(values: Any, path: list[str], value: object) -> None:
    *parents, last = path
    for part in parents:
        values = values[int(part)] if isinstance(values, list) else values.setdefault(part, {})
    if isinstance(values, list):
        values[int(last)] = value
    else:
        values[last] = value


def _forget(plan: dict[str, Any], address: str, name: str, *, unknown: bool) -> None:
    for entry in plan["resource_changes"]:
        if entry["address"] == address:
            mask = entry["change"]["after_unknown"]
            if unknown:
                mask[name] = True
            elif mask.get(name) is True:
                del mask[name]
