# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""The schemas that the offline providers serve: extracted facts plus an overlay.

`schemas/aws.json` and `schemas/azurerm.json` are written by `tools/extract_schemas.py`; the overlays add what
the extraction cannot know. The form is that of `terraform providers schema -json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any

from twinspan.twin.providers.values import Type
from twinspan.twin.providers.wire import MESSAGES, NESTING

VERSIONS = {"aws": "6.25.0", "azurerm": "5.2.0"}
"""Provider -> the version whose schema is served."""

_DATA = "data-"
"""Begins the name of a data source in the overlays; a resource type may have the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of a block."""

    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False


@dataclass(frozen=True, kw_only=True)
class NestedBlock:
    """A block type inside a block."""

    block: "Block"
    nesting_mode: str
    """`list`, `set` or `single`."""
    min_items: int = 0
    max_items: int = 0
    """0: no limit."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Attributes and nested blocks of a resource, data source or provider."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    block_types: Mapping[str, NestedBlock] = field(default_factory=dict)
    version: int = 0

    @cached_property
    def type(self) -> Type:
        """The object type of this block's values."""
        members: dict[str, Type] = {name: attribute.type for name, attribute in self.attributes.items()}
        for name, nested in self.block_types.items():
            inner = nested.block.type
            members[name] = inner if nested.nesting_mode == "single" else [nested.nesting_mode, inner]
        return ["object", members]


@dataclass(frozen=True, kw_only=True)
class ProviderSchema:
    """Everything one provider serves."""

    name: str
    version: str
    provider: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]


def load(provider: str) -> ProviderSchema:
    """Return the schema of `aws` or `azurerm`."""
    folder = files("twinspan.twin.providers") / "schemas"
    raw = json.loads((folder / f"{provider}.json").read_text())
    overlay = json.loads((folder / f"overlay-{provider}.json").read_text())
    sources = {f"{_DATA}{name}": block for name, block in raw["data_sources"].items()}
    roots = {"provider": raw["provider"], **raw["resources"], **sources}
    _apply(overlay, roots)
    return ProviderSchema(
        name=provider,
        version=VERSIONS[provider],
        provider=_block(raw["provider"], 0),
        resources={
            name: _block(block, overlay["versions"].get(name, 0)) for name, block in raw["resources"].items()
        },
        data_sources={name: _block(block, 0) for name, block in raw["data_sources"].items()},
    )


def _apply(overlay: Mapping[str, Any], roots: dict[str, Any]) -> None:
    for path in overlay["removed"]:
        holder = _parent(roots, path)
        part = "attributes" if _leaf(path) in holder["attributes"] else "block_types"
        del holder[part][_leaf(path)]
    for path, attribute in overlay["attributes"].items():
        _parent(roots, path)["attributes"][_leaf(path)] = attribute
    for path, nested in overlay["blocks"].items():
        _parent(roots, path).setdefault("block_types", {})[_leaf(path)] = nested
    for path in overlay["sensitive"]:
        _parent(roots, path)["attributes"][_leaf(path)]["sensitive"] = True
    for path, items in overlay["max_items"].items():
        _parent(roots, path)["block_types"][_leaf(path)]["max_items"] = items


def _parent(roots: dict[str, Any], path: str) -> dict[str, Any]:
    root, *middle = path.split(".")[:-1]
    block: dict[str, Any] = roots[root]
    for name in middle:
        block = block["block_types"][name]["block"]
    return block


def _leaf(path: str) -> str:
    return path.rsplit(".", 1)[1]


def _block(raw: Mapping[str, Any], version: int) -> Block:
    blocks = {
        name: NestedBlock(
            block=_block(nested["block"], 0), **{key: nested[key] for key in nested if key != "block"}
        )
        for name, nested in raw.get("block_types", {}).items()
    }
    attributes = {name: Attribute(**attribute) for name, attribute in raw["attributes"].items()}
    return Block(attributes=attributes, block_types=blocks, version=version)


def to_message(block: Block) -> Any:
    """Return the `Schema` message of a block."""
    return MESSAGES["Schema"](version=block.version, block=_block_message(block))


def _block_message(block: Block) -> Any:
    attributes = [
        MESSAGES["Attribute"](
            name=name,
            type=json.dumps(attribute.type).encode(),
            required=attribute.required,
            optional=attribute.optional,
            computed=attribute.computed,
            sensitive=attribute.sensitive,
            write_only=attribute.write_only,
        )
        for name, attribute in block.attributes.items()
    ]
    blocks = [
        MESSAGES["NestedBlock"](
            type_name=name,
            block=_block_message(nested.block),
            nesting=NESTING[nested.nesting_mode],
            min_items=nested.min_items,
            max_items=nested.max_items,
        )
        for name, nested in block.block_types.items()
    ]
    return MESSAGES["Block"](version=block.version, attributes=attributes, block_types=blocks)
