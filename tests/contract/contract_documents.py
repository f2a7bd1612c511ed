"""Bodies of both clouds' APIs as trees, whatever they were written in: XML, JSON, forms."""

import base64
import json
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

import yaml

Tree: TypeAlias = "bool | int | float | str | list[Tree] | dict[str, Tree] | None"
Object: TypeAlias = "dict[str, Tree]"

INSIDE = "$document"
"""The one member of what stands for a string that is a document itself: a policy, a dashboard."""
_ELEMENTS = ("item", "member")
"""What AWS calls the elements of a list in XML."""


def read_body(content_type: str, body: bytes) -> Tree:
    """Return a body as a tree; documents within its strings are trees, too."""
    text = body.decode("utf-8", "replace")
    if not text.strip():
        return None
    if "x-www-form-urlencoded" in content_type:
        return dict(parse_qsl(text, keep_blank_values=True))
    return _document(text) or text


def error_code(tree: Tree, header: str) -> str:
    """Return the code of an AWS error, wherever the protocol puts it; empty if there is none.

    Source: Smithy, AWS restJson1, awsJson1_1, restXml, ec2Query and awsQuery protocols, error serialization.
    """
    code = header or next((code for code in _codes(tree) if code), "")
    return code.partition(":")[0].rpartition("#")[2]


def open_strings(tree: Tree) -> Tree:
    """Return a tree whose strings that are documents are trees."""
    if isinstance(tree, dict):
        return {name: open_strings(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [open_strings(value) for value in tree]
    if not isinstance(tree, str):
        return tree
    inside = _document(unquote(tree) if tree.startswith("%7B") else _kubeconfig(tree))
    return tree if inside is None else {INSIDE: inside}


def _codes(tree: Tree) -> list[str]:
    if isinstance(tree, list):
        return [code for value in tree for code in _codes(value)]
    if not isinstance(tree, dict):
        return []
    own = [value for name in ("Code", "code", "__type") if isinstance(value := tree.get(name), str)]
    return own + [code for value in tree.values() for code in _codes(value)]


def _document(text: str) -> Tree:
    """Return what a string holds if it is JSON or XML, else None."""
    start = text.lstrip()[:1]
    if start and start in "{[":
        try:
            return open_strings(json.loads(text))
        except ValueError:
            return None
    if start == "<":
        try:
            root = ET.fromstring(text)
        except ET.ParseError:
            return None
        return open_strings(_element(root))
    return None


def _element(element: ET.Element) -> Tree:
    children: dict[str, list[Tree]] = {}
    for child in element:
        children.setdefault(child.tag.rpartition("}")[2], []).append(_element(child))
    if len(children) == 1 and next(iter(children)) in _ELEMENTS:
        return next(iter(children.values()))
    if children:
        return {name: values[0] if len(values) == 1 else list(values) for name, values in children.items()}
    return element.text or ""


def _kubeconfig(text: str) -> str:
    """Return a kubeconfig that is in base64 as JSON, and any other string as it is."""
    if not text.startswith(("YXBp", "ey", "Y2x1c3")):
        return text
    try:
        opened = yaml.safe_load(base64.b64decode(text, validate=True))
    except (ValueError, yaml.YAMLError):
        return text
    return json.dumps(opened) if isinstance(opened, dict) and "clusters" in opened else text
