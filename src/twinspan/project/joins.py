"""Which planned resource another one refers to, when the id that joins them is known after apply only.

A plan gives, for every argument, the references in its expression. They are followed through variables,
module outputs, `for_each` and attributes of other resources. Locals are not in a plan; of what goes through
one, the attributes that Terraform lists as relevant tell whom it can name: those of the right type and name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from twinspan.network.unknown import UNKNOWN, Unknown
from twinspan.project.plan import ModulePath, Plan, PlannedResource

_PART = re.compile(r'([^.\[\]"]+)|\[("[^"]*"|\d+)\]')
_DEEPEST = 40
"""No real configuration hands a value through so many places; a loop would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a reference is read: the module instance, for which argument, and what `each.value` is there."""

    module: ModulePath
    argument: str = ""
    each: tuple[str, ...] = ()
    each_module: ModulePath = ()
    depth: int = 0


def joined(
    plan: Plan, resource: PlannedResource, attribute: str, *types: str
) -> PlannedResource | Unknown | None:
    """Return the resource that `attribute` of `resource` names.

    Args:
        plan: The plan that holds both.
        resource: The one that refers.
        attribute: Its argument, e.g. `vpn_gateway_id`; in a block `ip_configuration.0.public_ip_address_id`.
        types: What may be referred to, e.g. `aws_vpn_gateway`.

    Returns:
        None if the argument is not set; `UNKNOWN` if the plan does not tell, or the target is outside it.
    """
    path = [int(part) if part.isdecimal() else part for part in attribute.split(".")]
    value = resource.get(*path)
    if value is None:
        return None
    targets = plan.of(*types)
    if value is not UNKNOWN:
        named = [
            target
            for target in targets
            if _same(value, target.get("id")) or (attribute.endswith("_name") and value == target.get("name"))
        ]
        if len(named) > 1:
            named = [target for target in named if _in_one_group(target, resource)]
        return named[0] if len(named) == 1 else UNKNOWN
    matches = _named(plan, resource, path, types)
    if len(matches) > 1:
        matches = [target for target in matches if target.keys & resource.keys]
    return matches[0] if len(matches) == 1 else UNKNOWN


def joined_all(
    plan: Plan, resource: PlannedResource, path: Sequence[str | int], *types: str
) -> tuple[PlannedResource, ...]:
    """Return all resources that the expression of a list names, as far as it is known how many there are.

    Args:
        plan: The plan that holds them.
        resource: The one that refers.
        path: Names and indices that lead to the list.
        types: What may be referred to.
    """
    matches = tuple(_named(plan, resource, path, types))
    value = resource.get(*path)
    count = len(value) if isinstance(value, list) else 1
    return matches if len(matches) == count else ()


def left_out(plan: Plan, resource: PlannedResource, path: Sequence[str | int]) -> bool:
    """Whether an argument, or the block it is in, is not written, so that the provider decides.

    A block that is there and not written is made by `dynamic`, whose arguments are not in a plan.
    """
    place: object = _resource_block(plan, resource.module, resource.type, resource.name).get(
        "expressions", {}
    )
    for depth, part in enumerate(path, start=1):
        if isinstance(place, Mapping) and not place.keys() & {"references", "constant_value"}:
            if part not in place:
                return depth == len(path) or resource.get(*path[:depth]) is UNKNOWN
            place = place[str(part)]
        elif isinstance(place, list) and isinstance(part, int) and part < len(place):
            place = place[part]
        else:
            return False
    return False


def _named(
    plan: Plan, resource: PlannedResource, path: Sequence[str | int], types: Sequence[str]
) -> list[PlannedResource]:
    block = _resource_block(plan, resource.module, resource.type, resource.name)
    argument = next((part for part in reversed(path) if isinstance(part, str)), "")
    place = _Place(
        module=resource.module, argument=argument, each=_for_each(block), each_module=resource.module
    )
    refs = _references(_at(block.get("expressions", {}), path))
    return _unique(target for ref in refs for target in _follow(plan, ref, place, types))


def _in_one_group(one: PlannedResource, other: PlannedResource) -> bool:
    group: str | None = one.get("resource_group_name")
    return bool(group == other.get("resource_group_name"))


def _at(expressions: object, path: Sequence[str | int]) -> object:
    for part in path:
        if isinstance(expressions, Mapping):
            expressions = expressions.get(str(part))
        elif isinstance(expressions, list) and isinstance(part, int) and part < len(expressions):
            expressions = expressions[part]
        else:
            return None
    return expressions


def references(plan: Plan, resource: PlannedResource, attribute: str) -> tuple[str, ...]:
    """Return what an argument's expression names directly, e.g. `aws_vpn_connection.a.tunnel1_address`."""
    block = _resource_block(plan, resource.module, resource.type, resource.name)
    return tuple(_references(block.get("expressions", {}).get(attribute, {})))


def written(plan: Plan, resource: PlannedResource, attribute: str) -> bool:
    """Whether the configuration gives this argument or block; what it does not give, the provider decides."""
    return attribute in _resource_block(plan, resource.module, resource.type, resource.name).get(
        "expressions", {}
    )


def _same(one: object, other: object) -> bool:
    """Azure compares ids without case."""
    return isinstance(one, str) and isinstance(other, str) and one.lower() == other.lower()


def _unique(resources: Iterator[PlannedResource]) -> list[PlannedResource]:
    return list({target.address: target for target in resources}.values())


def _follow(plan: Plan, reference: str, place: _Place, types: Sequence[str]) -> Iterator[PlannedResource]:
    parts = [(name or key.strip('"'), bool(key)) for name, key in _PART.findall(reference)]
    if not parts or place.depth > _DEEPEST:
        return
    head = parts[0][0]
    deeper = replace(place, depth=place.depth + 1)
    if head == "each":
        if len(parts) > 1 and parts[1][0] == "value":
            outer = _Place(module=place.each_module, argument=place.argument, depth=deeper.depth)
            for ref in place.each:
                yield from _follow(plan, ref, outer, types)
    elif head == "var":
        yield from _variable(plan, parts[1][0], deeper, types)
    elif head == "module":
        yield from _output(plan, parts, deeper, types)
    elif head == "local":
        yield from _relevant(plan, place.argument, types)
    elif head not in {"data", "count", "path", "terraform", "self"} and len(parts) > 1:
        yield from _resource(plan, parts, deeper, types)


def _variable(plan: Plan, name: str, place: _Place, types: Sequence[str]) -> Iterator[PlannedResource]:
    if not place.module:
        return
    parent, (call_name, _) = place.module[:-1], place.module[-1]
    call = _module_block(plan, parent).get("module_calls", {}).get(call_name, {})
    outer = _Place(
        module=parent,
        argument=place.argument,
        each=_list_of(call.get("for_each_expression")),
        each_module=parent,
        depth=place.depth,
    )
    for ref in _references(call.get("expressions", {}).get(name, {})):
        yield from _follow(plan, ref, outer, types)


def _output(
    plan: Plan, parts: Sequence[tuple[str, bool]], place: _Place, types: Sequence[str]
) -> Iterator[PlannedResource]:
    name, rest = parts[1][0], list(parts[2:])
    key = rest.pop(0)[0] if rest and rest[0][1] else None
    for child in sorted(plan.modules):
        if child[:-1] != place.module or not child or child[-1][0] != name:
            continue
        if key is not None and child[-1][1] != key:
            continue
        outputs = _module_block(plan, child).get("outputs", {})
        chosen = [outputs[rest[0][0]]] if rest and rest[0][0] in outputs else list(outputs.values())
        for output in chosen:
            for ref in _references(output.get("expression", {})):
                yield from _follow(plan, ref, replace(place, module=child, each=(), each_module=()), types)


def _resource(
    plan: Plan, parts: Sequence[tuple[str, bool]], place: _Place, types: Sequence[str]
) -> Iterator[PlannedResource]:
    kind, name, rest = parts[0][0], parts[1][0], list(parts[2:])
    key = rest.pop(0)[0] if rest and rest[0][1] else None
    if kind in types:
        for target in plan.of(kind):
            if target.module == place.module and target.name == name and key in {None, target.key}:
                yield target
        return
    block = _resource_block(plan, place.module, kind, name)
    inner = replace(place, each=_for_each(block), each_module=place.module)
    for ref in _references(block.get("expressions", {}).get(rest[0][0], {})) if rest else ():
        yield from _follow(plan, ref, inner, types)


def _relevant(plan: Plan, argument: str, types: Sequence[str]) -> Iterator[PlannedResource]:
    """Yield the resources from which Terraform took a value that fits an argument, by its last word."""
    kind = argument.rpartition("_")[2]
    for address, path in plan.relevant:
        if not path or str(path[-1]).rpartition("_")[2] == kind:
            yield from (resource for resource in plan.of(*types) if _is_of(resource, address))


def relevant_attributes(plan: Plan, resource: PlannedResource) -> tuple[str, ...]:
    """Return the attributes of a resource that Terraform took values from; none if it took the whole."""
    paths = [path for address, path in plan.relevant if _is_of(resource, address)]
    return tuple(str(path[0]) for path in paths) if all(paths) else ()


def _is_of(resource: PlannedResource, address: str) -> bool:
    return resource.address == address or resource.address.startswith(f"{address}[")


def _module_block(plan: Plan, module: ModulePath) -> Mapping[str, Any]:
    block: Mapping[str, Any] = plan.configuration
    for name, _ in module:
        block = block.get("module_calls", {}).get(name, {}).get("module", {})
    return block


def _resource_block(plan: Plan, module: ModulePath, kind: str, name: str) -> Mapping[str, Any]:
    blocks: Sequence[Mapping[str, Any]] = _module_block(plan, module).get("resources", [])
    return next((block for block in blocks if (block["type"], block["name"]) == (kind, name)), {})


def _for_each(block: Mapping[str, Any]) -> tuple[str, ...]:
    return _list_of(block.get("for_each_expression"))


def _list_of(expression: object) -> tuple[str, ...]:
    return tuple(_references(expression))


def _references(expression: object) -> list[str]:
    """Return the references in an expression, without those that only shorten another."""
    refs: list[str] = []
    if isinstance(expression, Mapping):
        refs = [str(ref) for ref in expression.get("references", [])]
    return [ref for ref in dict.fromkeys(refs) if not any(_shortens(ref, other) for other in refs)]


def _shortens(ref: str, other: str) -> bool:
    return len(other) > len(ref) and other.startswith(ref) and other[len(ref)] in ".["
