"""Read the parameters of a JSON or XML body, strictly: what the operation's model does not know is refused.

Source: Smithy specifications "AWS JSON 1.1 protocol" and "AWS restXml protocol".
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from twinspan.twin.aws.requests.flaws import Flaw, FlawKind
from twinspan.twin.aws.requests.shapes import (
    check_blob,
    check_count,
    check_number,
    check_string,
    check_text,
    check_time,
    shown,
)

_ONE_RULE = frozenset({"OwnershipControls.Rule", "ServerSideEncryptionConfiguration.Rule"})
"""Source: S3 API, PutBucketOwnershipControls and PutBucketEncryption, which take one rule."""
_WHOLE = frozenset({"byte", "short", "integer", "long"})


def parse_json(body: bytes) -> Mapping[str, Any]:
    """Return a JSON object; nothing counts as an empty one.

    Raises:
        Flaw: It is something else, or no JSON.
    """
    if not body:
        return {}
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Flaw(FlawKind.SYNTAX, "", "The body must be JSON") from error
    if not isinstance(document, dict):
        raise Flaw(FlawKind.SYNTAX, "", "The body must be a JSON object")
    return document


def read_json(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Return an operation's parameters, checked.

    Raises:
        Flaw: A parameter is not what the operation's model allows.
    """
    document = parse_json(body)
    if operation.input_shape is None:
        return {}
    params: dict[str, Any] = _json_value(operation.input_shape, document, "")
    return params


def read_xml(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Return what the XML body of an operation sets, by the names of the model, checked.

    Raises:
        Flaw: It is not well formed, or not what the operation's model allows.
    """
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    if shape is not None and is_body(shape):
        if not body:
            return {}
        return dict(_read_element(shape, body, shape.serialization.get("name", shape.name), named=True))
    if shape is None or payload is None or not isinstance(shape.members[payload], StructureShape):
        return {}
    if not body:
        if payload in shape.required_members or operation.name.startswith("Put"):
            raise Flaw(FlawKind.MISSING, payload, "It is required")
        return {}
    return {payload: _read_element(shape.members[payload], body, payload)}


def is_body(shape: StructureShape) -> bool:
    """Return whether an input is itself what the body holds: so Route 53's, that has no `payload`."""
    return "payload" not in shape.serialization and any(
        "location" not in member.serialization for member in shape.members.values()
    )


def _read_element(shape: Shape, body: bytes, where: str, *, named: bool = False) -> Any:  # noqa: ANN401 - as the shape says
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Flaw(FlawKind.SYNTAX, "", "The body must not define entities")
    try:
        root = ET.fromstring(body)  # noqa: S314 - no entities, see above
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Flaw(FlawKind.SYNTAX, "", "The body must be well-formed XML") from error
    if named and _tag(root) != where:
        raise Flaw(FlawKind.UNKNOWN, _tag(root), f"The body must be a {where}")
    _check_element(shape, [root], where)
    return _inside(shape, root)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _json_value(shape: Shape, value: Any, where: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(shape, StructureShape):
        return _json_structure(shape, value, where)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _of_wrong_type(shape, value, where, "a list")
        check_count(shape, len(value), where)
        return [_json_value(shape.member, item, f"{where}.{place}") for place, item in enumerate(value, 1)]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise _of_wrong_type(shape, value, where, "an object")
        check_count(shape, len(value), where)
        for key in value:
            check_string(shape.key, key, f"{where}.key")
        return {key: _json_value(shape.value, item, f"{where}.{key}") for key, item in value.items()}
    _check_json_scalar(shape, value, where)
    return value


def _json_structure(shape: StructureShape, value: Any, where: str) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        raise _of_wrong_type(shape, value, where, "an object")
    if shape.is_document_type:
        return value
    names = {
        member.serialization.get("name", name): name
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }
    content = {}
    for wire, item in value.items():
        path = f"{where}.{wire}" if where else wire
        if item is None:
            continue
        if wire not in names:
            raise Flaw(FlawKind.UNKNOWN, path, "The operation has no such parameter")
        content[names[wire]] = _json_value(shape.members[names[wire]], item, path)
    _check_required(shape, content.keys(), where)
    return content


def _check_required(shape: StructureShape, given: Iterable[str], where: str) -> None:
    for name in shape.required_members:
        if name not in given and "location" not in shape.members[name].serialization:
            raise Flaw(FlawKind.MISSING, f"{where}.{name}" if where else name, "It is required")


def _check_json_scalar(shape: Shape, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    kind = shape.type_name
    if kind == "timestamp":
        check_time(shape, value, where)
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise _of_wrong_type(shape, value, where, "true or false")
    elif kind in _WHOLE:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _of_wrong_type(shape, value, where, "a whole number")
        check_number(shape, value, where)
    elif kind in {"float", "double"}:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _of_wrong_type(shape, value, where, "a number")
        check_number(shape, float(value), where)
    elif not isinstance(value, str):
        raise _of_wrong_type(shape, value, where, "a string")
    elif kind == "blob":
        check_blob(shape, value, where)
    else:
        check_string(shape, value, where)


def _check_element(shape: Shape, elements: list[ET.Element], where: str) -> None:
    """Check the elements that stand for one member; there are several only for a flattened list."""
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        if len(elements) > 1 and where in _ONE_RULE:
            raise Flaw(FlawKind.SYNTAX, where, "There must be one rule")
        for element in elements:
            _check_element(shape.member, [element], where)
        return
    if len(elements) > 1:
        raise Flaw(FlawKind.SYNTAX, where, "It is given more than once")
    element = elements[0]
    if isinstance(shape, StructureShape):
        _check_children(shape, element, where)
    elif isinstance(shape, ListShape):
        for child in element:
            _check_element(shape.member, [child], f"{where}.{_tag(child)}")
    elif not isinstance(shape, MapShape):
        if len(element):
            raise Flaw(FlawKind.UNKNOWN, f"{where}.{_tag(element[0])}", "The operation has no such parameter")
        text = element.text or ""
        check_text(shape, text if shape.type_name == "string" else text.strip(), where)


def _inside(shape: Shape, element: ET.Element) -> Any:  # noqa: ANN401 - as the shape says
    """Return what is in an element that has been checked."""
    if isinstance(shape, ListShape):
        return [_inside(shape.member, child) for child in element]
    if not isinstance(shape, StructureShape):
        return element.text or ""
    members = _xml_members(shape)
    content: dict[str, Any] = {}
    for child in element:
        name, member = members[_tag(child)]
        if isinstance(member, ListShape) and member.serialization.get("flattened"):
            content.setdefault(name, []).append(_inside(member.member, child))
        else:
            content[name] = _inside(member, child)
    return content


def _check_children(shape: StructureShape, element: ET.Element, where: str) -> None:
    members = _xml_members(shape)
    children: dict[str, list[ET.Element]] = {}
    for child in element:
        children.setdefault(_tag(child), []).append(child)
    for tag, elements in children.items():
        if tag not in members:
            raise Flaw(FlawKind.UNKNOWN, f"{where}.{tag}", "The operation has no such parameter")
        _check_element(members[tag][1], elements, f"{where}.{tag}")
    for name in shape.required_members:
        wire = _xml_name(shape.members[name], name)
        if (
            wire in members
            and wire not in children
            and not shape.members[name].serialization.get("xmlAttribute")
        ):
            raise Flaw(FlawKind.MISSING, f"{where}.{wire}", "It is required")


def _xml_members(shape: StructureShape) -> dict[str, tuple[str, Shape]]:
    """Return the members that stand in a body: element -> name and shape."""
    return {
        _xml_name(member, name): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def _xml_name(shape: Shape, name: str) -> str:
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        name = shape.member.serialization.get("name", name) or name
    return str(shape.serialization.get("name", name))


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _of_wrong_type(shape: Shape, value: object, where: str, what: str) -> Flaw:
    return Flaw(FlawKind.TYPE, where, f"It must be {what}", value=shown(shape, value))
