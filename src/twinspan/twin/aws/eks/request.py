"""Read an EKS request and check it against the API's own model: names, types, ranges, choices.

Source: the service model `eks/2017-11-01` that botocore ships.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

from twinspan.twin.aws.eks.errors import EksError, invalid_parameter

_LABEL = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EksRequest:
    """An operation and its parameters, by the names of the API's input shapes."""

    operation: str
    params: Mapping[str, Any]


def parse(method: str, url: str, body: bytes) -> EksRequest:
    """Return what a request asks for.

    Args:
        method: HTTP method.
        url: As sent: nothing is decoded in its path.
        body: JSON or nothing.

    Raises:
        EksError: There is no such operation, or a parameter is not what the API's model allows.
    """
    target = urlsplit(url)
    path = tuple(target.path.strip("/").split("/"))
    for operation, labels in _matches(method, path):
        params = {**labels, **_from_query(operation, target.query), **_from_body(operation, body)}
        _check(operation, params)
        return EksRequest(operation=operation.name, params=params)
    raise EksError("UnknownOperationException", f"EKS has no {method} {target.path}")


@cache
def _operations() -> tuple[OperationModel, ...]:
    service = botocore.session.get_session().get_service_model("eks")
    return tuple(service.operation_model(name) for name in service.operation_names)


def _matches(method: str, path: tuple[str, ...]) -> Iterator[tuple[OperationModel, dict[str, str]]]:
    for operation in _operations():
        template = tuple(operation.http["requestUri"].strip("/").split("/"))
        if operation.http["method"] != method or len(template) != len(path):
            continue
        labels = {}
        for wanted, given in zip(template, path, strict=True):
            label = _LABEL.fullmatch(wanted)
            if label is not None:
                labels[label[1]] = unquote(given)
            elif wanted != given:
                break
        else:
            yield operation, _renamed(operation, "uri", labels)


def _renamed(operation: OperationModel, location: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Turn names on the wire into names of members."""
    return {
        member: found[wire]
        for member, shape in _members(operation).items()
        if shape.serialization.get("location") == location
        and (wire := shape.serialization.get("name", member)) in found
    }


def _members(operation: OperationModel) -> Mapping[str, Shape]:
    return operation.input_shape.members if operation.input_shape is not None else {}


def _from_query(operation: OperationModel, query: str) -> dict[str, Any]:
    raw = _renamed(operation, "querystring", parse_qs(query, keep_blank_values=True))
    return {name: _from_text(_members(operation)[name], values) for name, values in raw.items()}


def _from_text(shape: Shape, values: list[str]) -> object:
    if isinstance(shape, ListShape):
        return values
    if shape.type_name == "boolean":
        return values[0].lower() == "true"
    if shape.type_name == "integer":
        try:
            return int(values[0])
        except ValueError as error:
            raise invalid_parameter(f"{values[0]} is not a number") from error
    return values[0]


def _from_body(operation: OperationModel, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid_parameter("The request's body is not JSON") from error
    if not isinstance(document, dict):
        raise invalid_parameter("The request's body is not a JSON object")
    inside = {name for name, shape in _members(operation).items() if "location" not in shape.serialization}
    # Newer clients may send members that this model does not know; the API leaves such out, too.
    return {name: value for name, value in document.items() if name in inside and value is not None}


def _check(operation: OperationModel, params: Mapping[str, Any]) -> None:
    shape = operation.input_shape
    if shape is None:
        return
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise invalid_parameter(report.generate_report())
    _check_limits(shape, params, "")


def _check_limits(shape: Shape, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """Check what botocore's clients leave to the service: choices, patterns and upper limits."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if name in value:
                _check_limits(member, value[name], f"{where}.{name}".lstrip("."))
        return
    _check_length(shape, value, where)
    if isinstance(shape, ListShape):
        for each in value:
            _check_limits(shape.member, each, where)
    elif isinstance(shape, MapShape):
        for each in value.values():
            _check_limits(shape.value, each, where)
    elif shape.type_name == "string":
        _check_text(shape, value, where)


def _check_length(shape: Shape, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    limit = shape.metadata.get("max")
    size = value if shape.type_name in {"integer", "long"} else len(value) if hasattr(value, "__len__") else 0
    if limit is not None and size > limit:
        raise invalid_parameter(f"{where} is above its limit of {limit}")


def _check_text(shape: Shape, value: str, where: str) -> None:
    choices = shape.metadata.get("enum")
    if choices and value not in choices:
        raise invalid_parameter(f"{where}: {value} is none of {', '.join(choices)}")
    pattern = shape.metadata.get("pattern")
    if pattern and re.fullmatch(pattern, value) is None:
        raise invalid_parameter(f"{where}: {value} does not match {pattern}")
