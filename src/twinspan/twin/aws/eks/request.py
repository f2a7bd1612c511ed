"""Read an EKS request by the rules of the other services: names, types, ranges, choices.

Source: the service model `eks/2017-11-01` that botocore ships.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.model import ListShape, OperationModel, Shape

from twinspan.twin.aws.eks.errors import EksError
from twinspan.twin.aws.requests import documents, refusals
from twinspan.twin.aws.requests.flaws import Flaw, FlawKind
from twinspan.twin.aws.requests.lacks import lacking
from twinspan.twin.aws.requests.shapes import check_count, check_text

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
        EksError: There is no such operation, a parameter is not what the API's model allows, or the twin
            has no use for it.
    """
    target = urlsplit(url)
    path = tuple(target.path.strip("/").split("/"))
    for operation, labels in _matches(method, path):
        try:
            params = _params(operation, labels, target.query, body)
        except Flaw as flaw:
            raise EksError(*refusals.words("eks", "json", flaw)) from flaw
        lack = lacking("eks", operation.name, params)
        if lack is not None:
            raise EksError("UnsupportedOperation", lack)
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
        for segment, given in zip(template, path, strict=True):
            label = _LABEL.fullmatch(segment)
            if label is not None:
                labels[label[1]] = unquote(given)
            elif segment != given:
                break
        else:
            yield operation, labels


def _params(operation: OperationModel, labels: Mapping[str, str], query: str, body: bytes) -> dict[str, Any]:
    """Return all parameters, checked, wherever they stand."""
    params = documents.read_json(operation, body)
    asked = parse_qs(query, keep_blank_values=True)
    shape = operation.input_shape
    if shape is None:
        return params
    for name, member in shape.members.items():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri":
            check_text(member, labels[wire], name)
            params[name] = labels[wire]
        elif location == "querystring" and wire in asked:
            params[name] = _from_query(member, asked[wire], name)
        elif location == "querystring" and name in shape.required_members:
            raise Flaw(FlawKind.MISSING, name, "It is required")
    return params


def _from_query(shape: Shape, texts: list[str], name: str) -> object:
    if isinstance(shape, ListShape):
        check_count(shape, len(texts), name)
        for text in texts:
            check_text(shape.member, text, name)
        return texts
    check_text(shape, texts[0], name)
    if shape.type_name == "boolean":
        return texts[0].lower() == "true"
    return int(texts[0]) if shape.type_name == "integer" else texts[0]
