#!/usr/bin/env python3
"""Rebuild the provider schemas that `twinspan.twin.providers` serves, from published packages.

    tools/extract_schemas.py aws     PATH/cdktf_cdktf_provider_aws-21.22.1-py3-none-any.whl
    tools/extract_schemas.py azurerm PATH/cdktf_cdktf_provider_azurerm-14.23.1-py3-none-any.whl

The wheels are HashiCorp's generated bindings (MPL-2.0) for hashicorp/aws 6.25.0 and hashicorp/azurerm
4.55.0. Each generated JavaScript file carries its TypeScript source in an inline source map, and that source
states every attribute's type, requiredness and nesting. Only these facts are taken. The types named in
`src/twinspan/twin/providers/schemas/types.json` are written to `schemas/{aws,azurerm}.json`; what the
bindings do not say (sensitive flags, versions, changes of azurerm 5) is in `schemas/overlay-*.json`, which
this script does not touch.
"""

import base64
import io
import json
import re
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "src/twinspan/twin/providers/schemas"
SOURCE_MAP = re.compile(rb"//# sourceMappingURL=data:application/json;base64,(\S+)")
MEMBER = re.compile(r"^  // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)$", re.MULTILINE)
CLASS = re.compile(r"^export class (\w+) extends cdktf\.(\w+) \{$", re.MULTILINE)
HCL_FUNCTION = re.compile(r"^export function (\w+)ToHclTerraform\(", re.MULTILINE)
HCL_ENTRY = re.compile(
    r"^ {4,6}(\w+): \{\n +value: (.+),\n +isBlock: (\w+),\n"
    r' +type: "(\w+)",\n +storageClassType: "(\w+)",$',
    re.MULTILINE,
)
INTERFACE = re.compile(r"^export interface (\w+) .*?\{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
INTERFACE_FIELD = re.compile(r"#(\w+) \w+#\w+\}.*?\n  readonly \w+(\??):", re.DOTALL)
Type = str | list[Any]
SIMPLE = {"string": "string", "boolean": "bool", "number": "number"}
GETTERS: dict[str, Type] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}
Block = dict[str, Any]


class ExtractionError(Exception):
    """The bindings hold a construct that this script does not know."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How one settable argument is written to HCL."""

    value: str
    nesting: str
    storage: str


@dataclass(frozen=True, kw_only=True)
class Member:
    """One attribute or block of a class: its flags and the lines that declare it."""

    computed: bool
    optional: bool
    required: bool
    body: str


@dataclass(kw_only=True)
class Source:
    """The pieces of one generated TypeScript file."""

    members: dict[str, dict[str, Member]] = field(default_factory=dict)
    entries: dict[str, dict[str, Entry]] = field(default_factory=dict)
    interfaces: dict[str, dict[str, bool]] = field(default_factory=dict)
    root: str = ""
    """The class of the resource, data source or provider itself."""


def parse(text: str) -> Source:
    """Cut a generated file into classes, HCL tables and interfaces."""
    source = Source()
    for name, kind, body in _sections(text, CLASS):
        source.members[name] = _members(body)
        if kind in {"TerraformResource", "TerraformDataSource", "TerraformProvider"}:
            source.root = name
            source.entries[name] = _entries(body)
    for name, body in _sections(text, HCL_FUNCTION):
        source.entries[name[0].upper() + name[1:]] = _entries(body.split("\nexport ", 1)[0])
    for match in INTERFACE.finditer(text):
        source.interfaces[match[1]] = {f[1]: f[2] != "?" for f in INTERFACE_FIELD.finditer(match[2])}
    return source


def _sections(text: str, start: re.Pattern[str]) -> list[tuple[str, ...]]:
    matches = list(start.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)] * bool(matches)
    return [(*match.groups(), text[match.end() : end]) for match, end in zip(matches, ends, strict=True)]


def _members(body: str) -> dict[str, Member]:
    return {
        name: Member(
            computed=computed == "true", optional=optional == "true", required=required == "true", body=lines
        )
        for name, computed, optional, required, lines in _sections(body, MEMBER)
    }


def _entries(body: str) -> dict[str, Entry]:
    return {m[1]: Entry(value=m[2], nesting=m[4], storage=m[5]) for m in HCL_ENTRY.finditer(body)}


def block_of(source: Source, name: str) -> Block:
    """Return a class's block in the form of `terraform providers schema -json`."""
    attributes: Block = {}
    blocks: Block = {}
    members = source.members.get(name) or source.members.get(f"{name}OutputReference")
    entries = source.entries.get(name.removesuffix("OutputReference"), {})
    if members is None:
        members = _members_of_input(source, name, entries)
    for key, member in members.items():
        entry = entries.get(key)
        if key == "alias" and source.root.endswith("Provider") and name == source.root:
            continue
        if entry is not None and _is_block(entry):
            blocks[key] = _nested_block(source, entry, required=member.required)
            continue
        kind = _settable_type(source, entry) if entry else _computed_type(source, member)
        flags = {"required": member.required, "optional": member.optional, "computed": member.computed}
        attributes[key] = {"type": kind} | {flag: True for flag, on in flags.items() if on}
    return {"attributes": attributes} | ({"block_types": blocks} if blocks else {})


def _members_of_input(source: Source, name: str, entries: dict[str, Entry]) -> dict[str, Member]:
    """Return the members of a struct of a provider block, which has an interface but no class."""
    required = source.interfaces.get(name, {})
    return {
        key: Member(computed=False, optional=not required.get(key), required=bool(required.get(key)), body="")
        for key in entries
    }


def _is_block(entry: Entry) -> bool:
    if entry.storage.removesuffix("List").removesuffix("Map") in SIMPLE:
        return False
    return not entry.value.startswith("cdktf.listMapperHcl(") or ", true)(" in entry.value


def _struct(entry: Entry) -> str:
    return entry.storage if entry.nesting == "struct" else entry.storage.removesuffix("List")


def _nested_block(source: Source, entry: Entry, *, required: bool) -> Block:
    nested: Block = {"block": block_of(source, _struct(entry))}
    if entry.nesting == "struct":
        return nested | {"nesting_mode": "single"}
    nested["nesting_mode"] = entry.nesting
    if required:
        nested["min_items"] = 1
    if not entry.value.startswith("cdktf.listMapperHcl("):
        nested["max_items"] = 1
    return nested


def _settable_type(source: Source, entry: Entry) -> Type:
    if entry.nesting == "simple":
        return SIMPLE[entry.storage]
    if entry.nesting in {"list", "set", "map"}:
        element = SIMPLE.get(entry.storage.removesuffix("List").removesuffix("Map"))
        return [entry.nesting, element or _object(source, _struct(entry))]
    raise ExtractionError(f"{source.root}: {entry}")


def _computed_type(source: Source, member: Member) -> Type:
    struct = re.search(r"= new (\w+?)List\(this, \"\w+\", (true|false)\)", member.body)
    if struct:
        return ["set" if struct[2] == "true" else "list", _object(source, struct[1])]
    typed_map = re.search(r"= new cdktf\.(String|Boolean|Number)Map\(", member.body)
    if typed_map:
        return ["map", GETTERS[typed_map[1]]]
    getter = re.search(r"this\.get(\w+)Attribute\(", member.body)
    if getter is None or getter[1] not in GETTERS:
        raise ExtractionError(f"{source.root}: {member}")
    kind = GETTERS[getter[1]]
    if isinstance(kind, list) and "Fn.tolist(" in member.body:
        return ["set", kind[1]]
    return kind


def _object(source: Source, name: str) -> Type:
    block = block_of(source, name)
    fields = {key: attribute["type"] for key, attribute in block["attributes"].items()}
    for key, nested in block.get("block_types", {}).items():
        inner = {k: a["type"] for k, a in nested["block"]["attributes"].items()}
        fields[key] = [nested["nesting_mode"], ["object", inner]]
    return ["object", fields]


def open_bindings(wheel: Path) -> tarfile.TarFile:
    """Open the package of generated JavaScript inside the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        inner = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        return tarfile.open(fileobj=io.BytesIO(archive.read(inner)))


def typescript(bindings: tarfile.TarFile, name: str) -> str:
    """Return the TypeScript source of one generated module."""
    opened = bindings.extractfile(f"package/lib/{name}/index.js")
    source_map = SOURCE_MAP.search(opened.read()) if opened else None
    if source_map is None:
        raise ExtractionError(f"{name}: no source map")
    content: str = json.loads(base64.b64decode(source_map[1]))["sourcesContent"][0]
    return content


def extract(bindings: tarfile.TarFile, name: str) -> Block:
    """Return the block of one generated module."""
    source = parse(typescript(bindings, name))
    return block_of(source, source.root)


def main() -> None:
    """Write `schemas/PROVIDER.json`."""
    provider, wheel = sys.argv[1], Path(sys.argv[2])
    served_types = json.loads((FOLDER / "types.json").read_text())[provider]
    bindings = open_bindings(wheel)
    version = re.search(rf"/{provider}/([\d.]+)/docs", typescript(bindings, "provider"))

    def modules(names: list[str], prefix: str) -> Block:
        return {
            name: extract(bindings, prefix + name.removeprefix(f"{provider}_").replace("_", "-"))
            for name in sorted(names)
        }

    schemas = {
        "extracted_from": f"hashicorp/{provider} {version[1] if version else 'unknown'}",
        "provider": extract(bindings, "provider"),
        "resources": modules(served_types["resources"], ""),
        "data_sources": modules(served_types["data_sources"], f"data-{provider}-"),
    }
    target = FOLDER / f"{provider}.json"
    target.write_text(json.dumps(schemas, separators=(",", ":"), sort_keys=True) + "\n")
    sys.stdout.write(f"{target}: {len(schemas['resources'])} resources\n")


if __name__ == "__main__":
    main()
