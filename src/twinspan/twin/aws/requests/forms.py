"""Read the parameters of a query request, strictly: what the operation's model does not know is refused.

Source: Smithy specifications "AWS query protocol" and "AWS EC2 query protocol". moto reads both after us, by
laxer rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from twinspan.twin.aws.requests.flaws import Flaw, FlawKind
from twinspan.twin.aws.requests.shapes import check_count, check_text

MOST_PARAMETERS = 5000
"""How many a request may have. More would only serve to keep the twin busy."""

_COMMON = frozenset({"Action", "Version"})
_LONGEST_INDEX = 9

Pairs = Sequence[tuple[str, str]]


@dataclass(slots=True)
class _Node:
    """A parameter, and those whose names go on behind it after a dot."""

    text: str | None = None
    children: dict[str, "_Node"] = field(default_factory=dict)


def pairs_of(*sources: str) -> Pairs:
    """Return the parameters of a query string or a form, as they stand there.

    Raises:
        Flaw: They are not UTF-8, or too many.
    """
    text = "&".join(source for source in sources if source)
    try:
        unquote_to_bytes(text).decode()
        return parse_qsl(
            text,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
            strict_parsing=False,
        )
    except UnicodeError as error:
        raise Flaw(FlawKind.SYNTAX, "", "The parameters must be UTF-8") from error
    except ValueError as error:
        raise Flaw(FlawKind.SYNTAX, "", f"A request can have {MOST_PARAMETERS} parameters") from error


def action_of(pairs: Pairs) -> str | None:
    """Return the operation that is asked for."""
    return next((value for name, value in pairs if name == "Action"), None)


def read(operation: OperationModel, pairs: Pairs, *, ec2: bool) -> tuple[dict[str, Any], Pairs]:
    """Return an operation's parameters, checked, and the same in the one form that has no second reading.

    Args:
        operation: What is asked for.
        pairs: All parameters as sent.
        ec2: Whether the form is EC2's, which writes lists otherwise.

    Raises:
        Flaw: A parameter is not what the operation's model allows.
    """
    root = _tree(pairs)
    for name in _COMMON:
        root.children.pop(name, None)
    reader = _Reader(ec2)
    shape = operation.input_shape
    if shape is None:
        if root.children:
            raise _unknown(next(iter(root.children)))
        return {}, reader.pairs
    values = reader.structure(shape, root, "")
    return values, reader.pairs


def _tree(pairs: Pairs) -> _Node:
    root = _Node()
    for name, value in pairs:
        node = root
        for part in name.split("."):
            node = node.children.setdefault(part, _Node())
        if node.text is not None:
            raise Flaw(FlawKind.SYNTAX, name, "It is given more than once")
        node.text = value
    return root


def _unknown(where: str) -> Flaw:
    return Flaw(FlawKind.UNKNOWN, where, "The operation has no such parameter")


class _Reader:
    """Walks down a shape and what was given for it; notes each value under its canonical name."""

    def __init__(self, ec2: bool) -> None:
        self._ec2 = ec2
        self.pairs: list[tuple[str, str]] = []

    def structure(self, shape: StructureShape, node: _Node, where: str) -> dict[str, Any]:
        if node.text:
            raise Flaw(FlawKind.TYPE, where, "It has members of its own", value=node.text[:20])
        members = _members(shape, self._ec2)
        content: dict[str, Any] = {}
        for wire, child in node.children.items():
            path = f"{where}.{wire}" if where else wire
            if wire not in members:
                raise _unknown(path)
            name, member = members[wire]
            content[name] = self._value(member, child, path)
        for name in shape.required_members:
            if name not in content or (self._ec2 and content[name] == []):
                wire = _wire_name(shape.members[name], name, self._ec2)
                raise Flaw(FlawKind.MISSING, f"{where}.{wire}" if where else wire, "It is required")
        return content

    def _value(self, shape: Shape, node: _Node, where: str) -> Any:  # noqa: ANN401 - as the shape says
        if isinstance(shape, StructureShape):
            return self.structure(shape, node, where)
        if isinstance(shape, ListShape):
            return self._list(shape, node, where)
        if isinstance(shape, MapShape):
            return self._map(shape, node, where)
        if node.children:
            raise _unknown(f"{where}.{next(iter(node.children))}")
        text = node.text or ""
        check_text(shape, text, where)
        self.pairs.append((where, text))
        return text

    def _list(self, shape: ListShape, node: _Node, where: str) -> list[Any]:
        if node.text:
            raise Flaw(FlawKind.TYPE, where, "It is a list; its entries are numbered", value=node.text[:20])
        if node.text == "" and not node.children:
            if not self._ec2:
                self.pairs.append((where, ""))
            return []
        if not self._ec2 and not shape.serialization.get("flattened"):
            entry = shape.member.serialization.get("name", "member")
            node, where = _only_child(node, entry, where)
        values = [
            self._value(shape.member, child, f"{where}.{place}")
            for place, (_, child) in enumerate(_numbered(node, where), start=1)
        ]
        check_count(shape, len(values), where)
        return values

    def _map(self, shape: MapShape, node: _Node, where: str) -> dict[str, Any]:
        if not shape.serialization.get("flattened"):
            node, where = _only_child(node, "entry", where)
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        content: dict[str, Any] = {}
        for place, (_, entry) in enumerate(_numbered(node, where), start=1):
            path = f"{where}.{place}"
            for name in entry.children.keys() - {key_name, value_name}:
                raise _unknown(f"{path}.{name}")
            for name in (key_name, value_name):
                if name not in entry.children:
                    raise Flaw(FlawKind.MISSING, f"{path}.{name}", "It is required")
            key = self._value(shape.key, entry.children[key_name], f"{path}.{key_name}")
            content[key] = self._value(shape.value, entry.children[value_name], f"{path}.{value_name}")
        check_count(shape, len(content), where)
        return content


def _only_child(node: _Node, name: str, where: str) -> tuple[_Node, str]:
    for other in node.children.keys() - {name}:
        raise _unknown(f"{where}.{other}")
    return node.children.get(name, _Node()), f"{where}.{name}"


def _numbered(node: _Node, where: str) -> Iterator[tuple[int, _Node]]:
    """Yield the entries of a list by their numbers; numbers may have gaps, as AWS allows."""
    for name in node.children:
        if not (name.isascii() and name.isdigit() and len(name) <= _LONGEST_INDEX):
            raise _unknown(f"{where}.{name}")
    numbers = sorted((int(name), name) for name in node.children)
    return ((number, node.children[name]) for number, name in numbers)


@cache
def _members(shape: StructureShape, ec2: bool) -> Mapping[str, tuple[str, Shape]]:
    """Return a structure's members by their names on the wire."""
    return {
        _wire_name(member, name, ec2): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def _wire_name(shape: Shape, name: str, ec2: bool) -> str:
    if ec2:
        written = shape.serialization.get("queryName")
        if written is None:
            written = shape.serialization.get("name", name)
            written = written[0].upper() + written[1:]
        return str(written)
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        return str(shape.member.serialization.get("name", shape.serialization.get("name", name)))
    return str(shape.serialization.get("name", name))
