"""Where two schemas of a provider are not the same."""

from collections.abc import Iterator, Mapping
from typing import Any

_LATER_MEMBERS = {"odb_network_arn"}
_NOT_IN_TRUTH = {"description"}
"""The truth was stripped of every `description`, also of attributes with that name."""

_FLAGS = ("required", "optional", "computed", "sensitive", "write_only")


def _bare(kind: Any) -> Any:
    """Return a type without members that one side cannot have."""
    if isinstance(kind, str):
        return kind
    name, inner = kind
    if name != "object":
        return [name, _bare(inner)]
    left_out = _NOT_IN_TRUTH | _LATER_MEMBERS
    return [name, {key: _bare(member) for key, member in inner.items() if key not in left_out}]


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield a line for each difference of two blocks, which begins with the place below `path`."""
    mine, true = ours.get("attributes", {}), theirs.get("attributes", {})
    for name in sorted((set(mine) | set(true)) - _NOT_IN_TRUTH):
        if name not in mine or name not in true:
            yield f"{path}.{name} is {'missing' if name in true else 'extra'}"
            continue
        if _bare(mine[name]["type"]) != _bare(true[name]["type"]):
            yield f"{path}.{name} has type {mine[name]['type']} for {true[name]['type']}"
        yield from (
            f"{path}.{name} differs in {flag}"
            for flag in _FLAGS
            if bool(mine[name].get(flag)) != bool(true[name].get(flag))
        )
    mine, true = ours.get("block_types", {}), theirs.get("block_types", {})
    for name in sorted(set(mine) | set(true)):
        if name not in mine or name not in true:
            yield f"{path}.{name} {{}} is {'missing' if name in true else 'extra'}"
            continue
        yield from (
            f"{path}.{name} {{}} differs in {fact}"
            for fact in ("nesting_mode", "min_items", "max_items")
            if mine[name].get(fact) != true[name].get(fact)
        )
        yield from differences(mine[name]["block"], true[name]["block"], f"{path}.{name}")


COMPARED_WITH_THE_PROVIDERS = frozenset(
    {
        "aws_ami",
        "aws_eip_association",
        "aws_instance",
        "aws_key_pair",
        "aws_network_interface",
        "aws_network_interface_attachment",
        "azurerm_application_security_group",
        "azurerm_linux_virtual_machine",
        "azurerm_network_interface",
        "azurerm_network_interface_application_security_group_association",
        "azurerm_network_interface_security_group_association",
    }
)
"""Types that the files with real schemas lack: `tests/real/test_real_schemas.py` asks the providers."""


def is_settled(path: str, settled: list[str]) -> bool:
    """Whether an attribute's whole path, or its last part, is among those."""
    return path in settled or path.rsplit(".", 1)[1] in settled
