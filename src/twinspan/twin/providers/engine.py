"""What a provider plans: defaults, computed values, what forces a new object.

The rules are those of Terraform's older provider SDK, on which hashicorp/aws and hashicorp/azurerm are
mostly built: a computed attribute without a configured value is unknown until it exists and keeps its value
after; an optional one without a configured value takes its default; and a "zero" value equals none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from twinspan.twin.providers.schema import Attribute, Block, NestedBlock
from twinspan.twin.providers.values import UNKNOWN, Type, Value, conform, is_zero

State = dict[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What no schema says of a resource type. Paths are dotted and name no element: `rule.port`.

    Attributes:
        defaults: Optional attribute -> the value it takes when not configured.
        force_new: Attributes and blocks whose change means another object.
        computed_blocks: Blocks that keep what the API says when they are not configured.
        unset_as: Optional attribute -> what the API says of it when it was never set.
    """

    defaults: Mapping[str, Value] = field(default_factory=dict)
    force_new: frozenset[str] = frozenset()
    computed_blocks: frozenset[str] = frozenset()
    unset_as: Mapping[str, Value] = field(default_factory=dict)


def plan(block: Block, facts: Facts, *, prior: State | None, config: State) -> State:
    """Return what the object will be.

    Args:
        block: Schema of the type.
        facts: What the schema does not say.
        prior: The present state; None if there is no object yet.
        config: The configuration, null where nothing is written.
    """
    return _Planner(facts).block(block, "", prior, config)


def replacements(facts: Facts, *, prior: State, planned: State) -> tuple[str, ...]:
    """Return the attributes and blocks at the top whose change cannot be made in place."""
    changed = {
        path.split(".", 1)[0]
        for path in facts.force_new
        if _at(planned, path.split(".")) != _at(prior, path.split("."))
    }
    return tuple(sorted(changed))


def _at(value: Value, path: Sequence[str]) -> Value:
    """Return what a path names; through a list or set of blocks, the list of it."""
    if not path or value is None or value is UNKNOWN:
        return value
    if isinstance(value, list):
        return [_at(item, path) for item in value]
    return _at(value.get(path[0]), path[1:])


class _Planner:
    """Walks a schema; `path` is the dotted path of the block at hand, with a dot at its end."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def block(self, block: Block, path: str, prior: State | None, config: State) -> State:
        planned: State = {}
        for name, attribute in block.attributes.items():
            planned[name] = self._attribute(attribute, path + name, name, prior, config[name])
        for name, nested in block.block_types.items():
            old = None if prior is None else prior[name]
            planned[name] = self._nested(nested, path + name, old, config[name])
        return planned

    def _attribute(
        self, attribute: Attribute, path: str, name: str, prior: State | None, configured: Value
    ) -> Value:
        if attribute.write_only:
            return None
        if configured is not None:
            if configured in ([], {}) and prior is not None and prior[name] is None:
                return None
            return fill(configured, attribute.type) if attribute.computed else configured
        if path in self._facts.defaults:
            return self._facts.defaults[path]
        if prior is None:
            return UNKNOWN if attribute.computed else None
        known = prior[name]
        kept = attribute.computed or is_zero(known) or known == self._facts.unset_as.get(path)
        return known if kept else None

    def _nested(self, nested: NestedBlock, path: str, prior: Value, configured: Value) -> Value:
        if configured is UNKNOWN:
            return UNKNOWN
        if nested.nesting_mode == "single":
            return configured
        if not configured and path in self._facts.computed_blocks:
            return UNKNOWN if prior is None else prior
        match = _by_likeness if nested.nesting_mode == "set" else _by_index
        olds = match(prior or [], configured)
        items = [
            self.block(nested.block, f"{path}.", old, item)
            for old, item in zip(olds, configured, strict=True)
        ]
        return conform(items, [nested.nesting_mode, nested.block.type])


def _by_index(prior: Sequence[State], configured: Sequence[State]) -> list[State | None]:
    return [prior[i] if i < len(prior) else None for i in range(len(configured))]


def _by_likeness(prior: Sequence[State], configured: Sequence[State]) -> list[State | None]:
    """Give each configured element the first old one that has all its values."""
    pool = list(prior)
    matches: list[State | None] = []
    for item in configured:
        alike = [old for old in pool if _covers(item, old)]
        matches.append(alike[0] if alike else None)
        if alike:
            pool.remove(alike[0])
    return matches


def fill(value: Value, kind: Type) -> Value:
    """Write out what is left unset in objects of an attribute: the SDK knows no null in there."""
    if value is UNKNOWN or isinstance(kind, str):
        return value
    name, element = kind
    if name == "object":
        zero = {member: _zero(inner) for member, inner in element.items()}
        if value is None:
            return zero
        return {
            member: zero[member] if value[member] is None else fill(value[member], inner)
            for member, inner in element.items()
        }
    if value is None or name == "map":
        return value
    return [fill(item, element) for item in value]


def _zero(kind: Type) -> Value:
    simple: Mapping[str, Value] = {"string": "", "number": 0, "bool": False}
    return simple[kind] if isinstance(kind, str) else {} if kind[0] in {"map", "object"} else []


def settle(block: Block, state: State, reference: State | None) -> State:
    """Return what the API said, with its "not set" written as `reference` writes it.

    An API answers "" or false, or leaves out, what was never set. Where that equals what the configuration
    or the state before has, theirs is kept, so that no plan shows a change that is none.
    """
    settled = dict(state)
    for name, attribute in block.attributes.items():
        known = None if reference is None else reference[name]
        if reference is None or known is UNKNOWN or attribute.computed:
            continue
        if is_zero(state[name]) and is_zero(known):
            settled[name] = known
    for name, nested in block.block_types.items():
        settled[name] = _settle_nested(nested, state[name], None if reference is None else reference[name])
    return settled


def _settle_nested(nested: NestedBlock, items: Value, known: Value) -> Value:
    if nested.nesting_mode == "single":
        return known if items is None and known is not UNKNOWN else items
    if not isinstance(items, list):
        return []
    olds = known if isinstance(known, list) else []
    if nested.nesting_mode == "set":
        olds = [
            next((old for old in olds if _covers(old, item) and _covers(item, old)), None) for item in items
        ]
    references = [*olds, *[None] * len(items)]
    settled = [settle(nested.block, item, old) for item, old in zip(items, references, strict=False)]
    return conform(settled, [nested.nesting_mode, nested.block.type])


def _covers(configured: Value, value: Value) -> bool:
    """Whether `value` has all that is set in `configured`; what is not set there may be anything."""
    if configured is UNKNOWN or value is UNKNOWN or is_zero(configured):
        return True
    if isinstance(configured, dict) and isinstance(value, dict):
        return all(_covers(item, value.get(key)) for key, item in configured.items())
    if isinstance(configured, list) and isinstance(value, list) and len(configured) == len(value):
        return all(_covers(one, other) for one, other in zip(configured, value, strict=True))
    return bool(configured == value)


def empty(block: Block) -> State:
    """Return a state of nothing but nulls (and no blocks)."""
    blocks: State = {
        name: None if nested.nesting_mode == "single" else [] for name, nested in block.block_types.items()
    }
    return dict.fromkeys(block.attributes) | blocks


def without_unknowns(value: Value) -> Value:
    """Return `value` with null for everything unknown: what is saved of an object half made."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {key: without_unknowns(item) for key, item in value.items()}
    return [without_unknowns(item) for item in value] if isinstance(value, list) else value


Visit = Callable[[Attribute, str, Value], None]


def visit(block: Block, config: State, see: Visit, path: str = "") -> None:
    """Call `see` for every attribute of a configuration, with its dotted path."""
    for name, attribute in block.attributes.items():
        see(attribute, path + name, config[name])
    for name, nested in block.block_types.items():
        items = config[name]
        for item in [items] if isinstance(items, dict) else items if isinstance(items, list) else []:
            if isinstance(item, dict):
                visit(nested.block, item, see, f"{path}{name}.")
