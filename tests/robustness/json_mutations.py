"""Turns a good JSON document into one that is a little, or very, wrong."""

import copy
import json
from random import Random
from typing import Any

_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    -(2**64),
    10**300,
    0.5,
    -1e308,
    1e-320,
    "",
    " ",
    "\t\n",
    "0",
    "-1",
    "true",
    "None",
    "*",
    "/",
    "//",
    "..",
    "a/b",
    "10.1.0.0/16",
    "10.1.0.1/16",
    "300.1.0.0/99",
    "10.1.0.0/-1",
    "0.0.0.0/0",
    "::/0",
    "fe80::1%eth0",
    "169.254.21.2",
    "255.255.255.255",
    "65536",
    "80-",
    "90-80",
    "٣",  # a digit that is none of ASCII's
    "é\u0301\u200b",
    "\u0000",
    "\ud800",  # half a character
    "😀",
    "'; drop table",
    "%00%2e%2e%2f",
    "[concat('a')]",
    "[[",
    "[",
    "x" * 300,
    "2026-13-45T99:99:99Z",
    "PT5M",
    "P99999999999D",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"id": ""},
    {"id": "/"},
    {"id": None},
    {"id": "/subscriptions/a/resourceGroups/b/providers/c/d/e"},
    {"name": None},
    {"properties": None},
    {"properties": []},
)

_GARBAGE: tuple[bytes, ...] = (
    b"",
    b" ",
    b"null",
    b"true",
    b"[]",
    b'"text"',
    b"1e999999",
    b"NaN",
    b"-Infinity",
    b"{",
    b"{}}",
    b"{'a': 1}",
    b'{"a": 1,}',
    b'{"properties": NaN}',
    b'{"location": "westeurope", "properties": {"a": Infinity}}',
    b'{"tags": {"a": "\\ud800"}}',
    b'{"location": "westeurope", "tags": {"\\ud800": "\\udfff"}}',
    b'{"a": ' + b"1" * 6000 + b"}",
    b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"a": "\xff"}',
    b"\0" * 100,
    b"a=1&b=2",
    b"<?xml version='1.0'?><a/>",
    b'{"location": "westeurope", "location": "eastus"}',
)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) in a document."""
    pairs: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        here = waiting.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        for key in keys:
            pairs.append((here, key))
            waiting.append(here[key])
    return pairs


def odd_value(draw: Random) -> Any:
    """Return a value that few places take."""
    return copy.deepcopy(draw.choice(_ODD))


def mutated(draw: Random, document: Any) -> Any:
    """Return a copy of a document with one to three things changed."""
    changed = copy.deepcopy(document)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        pairs = places(changed)
        if pairs:
            _change(draw, *draw.choice(pairs))
    return changed


def _change(draw: Random, container: Any, key: Any) -> None:
    """Change what is at one place."""
    match draw.randrange(8):
        case 0:
            del container[key]
        case 1 if isinstance(container, dict):
            container[draw.choice((str(key).upper(), f"{key}s", "unknown", "", "id"))] = container.pop(key)
        case 2 if isinstance(container, list):
            container += copy.deepcopy([container[key]]) * draw.choice((1, 2, 40))
        case 3:
            container[key] = [container[key]]
        case 4 if isinstance(container[key], (int, float)):
            container[key] = -container[key]
        case 5 if isinstance(container[key], str):
            text = container[key]
            container[key] = draw.choice((text.upper(), text + "x", text[:-1], text[1:], f" {text} "))
        case _:
            container[key] = odd_value(draw)


def encoded(draw: Random, document: Any) -> bytes:
    """Return a document as bytes, now and then cut, doubled, in another encoding or no JSON at all."""
    chance = draw.random()
    if chance < 0.02:
        return draw.choice(_GARBAGE)
    plain = json.dumps(document)
    if chance < 0.03:
        return plain.encode()[: draw.randrange(len(plain) + 1)]
    if chance < 0.035:
        return plain.encode(draw.choice(("utf-16", "utf-32", "utf-8-sig")))
    if chance < 0.04:
        place = draw.randrange(len(plain) + 1)
        return plain[:place].encode() + draw.randbytes(4) + plain[place:].encode()
    return plain.encode()
