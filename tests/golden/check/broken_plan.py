"""Small changes to two real plans that break them in one way each: the dev environment, and a static design.

`base.json` is the plan of dev when its root called each module; `nested` puts them into one, as they are now.
`static.json` is the plan of `static/main.tf`, with hashicorp/aws 5.100.0; empty values are left out.
"""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


PLANS = ("base", "static")


@cache
def _text(name: str) -> str:
    return (HERE / f"{name}.json").read_text()


def base(name: str = "base") -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(_text(name))
    return plan


def broken(case: dict[str, Any]) -> dict[str, Any]:
    """Return a plan with a case's changes.

    `plan`: `base` (if left out) or `static`.
    `remove`: address beginnings of resources that are left out. `copy`: new address -> {of, index}.
    `set`: address -> {path: value}, a path being names and indices with dots; null takes the value away.
    `unknown`: address -> names that become known after apply. `add`: resources of the root module.
    `refer`: address in the root module -> {argument: references of its expression}, with values unknown.
    `before`: address -> {name: value until now}, which makes it an update in place.
    `cut`: address -> {name of a list: how many of it remain}. `drop`: address -> {argument: path below it}.
    `manifests`: `aws` or `azure` -> an application's objects, in YAML, which are no change of the plan.
    """
    plan = base(case.get("plan", "base"))
    for operation in (_leave_out, _copy, _add, _set, _make_unknown, _refer, _change, _cut, _drop):
        operation(plan, case)
    return plan


def nested(plan: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a plan of a root module that does nothing but call a module with everything in it."""
    inner = copy.deepcopy(plan)
    for item in [
        *_modules(_root(inner)),
        *(pair[1] for pair in _walk(_root(inner))),
        *inner["resource_changes"],
    ]:
        item["address"] = f"module.{name}.{item['address']}" if item.get("address") else f"module.{name}"
    outer = {"module_calls": {name: {"module": inner["configuration"]["root_module"]}}}
    planned = {"root_module": {"child_modules": [_root(inner)]}}
    return {**inner, "planned_values": planned, "configuration": {"root_module": outer}}


def _modules(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield module
    for child in module.get("child_modules", []):
        yield from _modules(child)


def _root(plan: dict[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = plan["planned_values"]["root_module"]
    return root


def _leave_out(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for beginning in case.get("remove", []):
        assert _remove(_root(plan), beginning), f"{beginning} removes nothing"


def _copy(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for address, change in case.get("copy", {}).items():
        module, original = next(pair for pair in _walk(_root(plan)) if pair[1]["address"] == change["of"])
        module["resources"].append(
            {**copy.deepcopy(original), "address": address, "index": change.get("index")}
        )
        masks = [entry for entry in plan["resource_changes"] if entry["address"] == change["of"]]
        plan["resource_changes"] += [{**copy.deepcopy(mask), "address": address} for mask in masks]


def _add(plan: dict[str, Any], case: dict[str, Any]) -> None:
    added = [{"mode": "managed", "name": "added", **resource} for resource in case.get("add", [])]
    _root(plan)["resources"] += added


def _set(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for address, values in case.get("set", {}).items():
        for path, value in values.items():
            _put(_parts(plan, address)[0], path.split("."), value)
            _forget(plan, address, path.split(".")[0], unknown=False)


def _make_unknown(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for address, names in case.get("unknown", {}).items():
        for name in names:
            _parts(plan, address)[0].pop(name, None)
            _forget(plan, address, name, unknown=True)


def _refer(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for address, arguments in case.get("refer", {}).items():
        for argument, references in arguments.items():
            *parents, last = argument.split(".")
            expressions = _expressions(plan, address)
            for part in parents:
                expressions = expressions[int(part) if part.isdecimal() else part]
            expressions[last] = {"references": references}
            if not parents:
                _forget(plan, address, argument, unknown=True)


def _expressions(plan: dict[str, Any], address: str) -> Any:
    blocks = plan["configuration"]["root_module"]["resources"]
    return next(block for block in blocks if f"{block['type']}.{block['name']}" == address)["expressions"]


def _change(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for address, before in case.get("before", {}).items():
        change = next(
            resource_change["change"]
            for resource_change in plan["resource_changes"]
            if resource_change["address"] == address
        )
        change.update(actions=["update"], before=before)


def _cut(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for address, lists in case.get("cut", {}).items():
        for name, count in lists.items():
            for part in _parts(plan, address):
                del part[name][count:]


def _drop(plan: dict[str, Any], case: dict[str, Any]) -> None:
    for address, arguments in case.get("drop", {}).items():
        for argument, path in arguments.items():
            steps: list[Any] = [argument, *path]
            for values in _parts(plan, address):
                for parent in steps[:-1]:
                    values = values[parent]  # noqa: PLW2901 - down the path
                values.pop(steps[-1], None)


def _parts(plan: dict[str, Any], address: str) -> list[Any]:
    """Return the values of a resource, and the mask of what is known after apply only."""
    resource = next(candidate for _, candidate in _walk(_root(plan)) if candidate["address"] == address)
    masks = [c["change"]["after_unknown"] for c in plan["resource_changes"] if c["address"] == address]
    return [resource["values"], *masks]


def _walk(module: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for resource in list(module.get("resources", [])):
        yield module, resource
    for child in module.get("child_modules", []):
        yield from _walk(child)


def _remove(root: dict[str, Any], beginning: str) -> int:
    pairs = [pair for pair in _walk(root) if pair[1]["address"].startswith(beginning)]
    for module, resource in pairs:
        module["resources"].remove(resource)
    return len(pairs)


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
