"""Check a single value against its shape in the service model.

Source: the service models that botocore ships; XML 1.0, section 2.2 (characters that an answer can carry).
"""

import base64
import binascii
import re
from datetime import UTC
from functools import cache
from typing import Any

from botocore.model import Shape
from botocore.utils import parse_timestamp

from twinspan.twin.aws.requests.flaws import Flaw, FlawKind

SHOWN_LENGTH = 100
"""Longer values are cut in messages."""

_BITS = {"byte": 8, "short": 16, "integer": 32, "long": 64}
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?|[+-]?(Infinity|NaN)")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WRONG_PATTERNS = frozenset({"arn:[^:]+:s3(express)?:[^:].*"})
"""Patterns that the service does not keep to: S3 Control tags buckets, for whose ARN this one has no place.

Source: S3 user guide, using tags with general purpose buckets."""
_LONGEST_SUBJECT = 4096
"""Longer texts are not matched against patterns, some of which take very long for them."""


def shown(shape: Shape, value: object) -> str:
    """Return a value as messages show it: secrets never, long ones shortened."""
    if shape.metadata.get("sensitive"):
        return "hidden"
    text = str(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}..."


def check_text(shape: Shape, text: str, where: str) -> None:
    """Check a scalar as it is written in a form, a URL, a header or XML.

    Raises:
        Flaw: It is not what the shape allows.
    """
    match shape.type_name:
        case "byte" | "short" | "integer" | "long":
            if _INTEGER.fullmatch(text) is None:
                raise _of_wrong_type(shape, text, where, "a whole number")
            check_number(shape, int(text), where)
        case "float" | "double":
            if _FLOAT.fullmatch(text) is None:
                raise _of_wrong_type(shape, text, where, "a number")
            check_number(shape, float(text), where)
        case "boolean":
            if text.lower() not in {"true", "false"}:
                raise _of_wrong_type(shape, text, where, "true or false")
        case "timestamp":
            check_time(shape, text, where)
        case "blob":
            check_blob(shape, text, where)
        case "string":
            check_string(shape, text, where)


def check_number(shape: Shape, value: float, where: str) -> None:
    """Check a number's range: its type's, and the one that the model names."""
    if isinstance(value, int):
        limit = 1 << (_BITS.get(shape.type_name, 64) - 1)
        if not -limit <= value < limit:
            raise _of_wrong_type(shape, value, where, f"a number of {_BITS.get(shape.type_name, 64)} bits")
    _check_range(shape, value, value, where, "It must be")


def check_string(shape: Shape, text: str, where: str) -> None:
    """Check a string's characters, choices, length and pattern."""
    if _NOT_XML.search(text):
        raise Flaw(FlawKind.VALUE, where, "It has characters that XML cannot carry", value="hidden")
    choices = shape.metadata.get("enum")
    if choices and text not in choices:
        raise Flaw(FlawKind.VALUE, where, f"Valid values: {' | '.join(choices)}", value=shown(shape, text))
    _check_range(shape, len(text), text, where, "Its length must be")
    pattern = _compiled(shape.metadata.get("pattern"))
    if pattern is not None and len(text) <= _LONGEST_SUBJECT and pattern.fullmatch(text) is None:
        raise Flaw(FlawKind.VALUE, where, f"It must match {pattern.pattern}", value=shown(shape, text))


def check_count(shape: Shape, count: int, where: str) -> None:
    """Check how many entries a list or a map has."""
    _check_range(shape, count, f"{count} entries", where, "The number of entries must be")


def check_time(shape: Shape, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """Check that a moment can be read."""
    try:
        parse_timestamp(value).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError, RuntimeError) as error:
        raise _of_wrong_type(shape, value, where, "a time, such as 2026-11-28T12:00:00Z") from error


def check_blob(shape: Shape, text: str, where: str) -> None:
    """Check that a text is base64, and how many bytes it stands for."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _of_wrong_type(shape, text, where, "base64") from error
    _check_range(shape, len(content), f"{len(content)} bytes", where, "Its length must be")


def _check_range(shape: Shape, size: float, value: object, where: str, what: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        raise Flaw(FlawKind.VALUE, where, f"{what} at least {least}", value=shown(shape, value))
    if most is not None and size > most:
        raise Flaw(FlawKind.VALUE, where, f"{what} at most {most}", value=shown(shape, value))


def _of_wrong_type(shape: Shape, value: object, where: str, what: str) -> Flaw:
    return Flaw(FlawKind.TYPE, where, f"It must be {what}", value=shown(shape, value))


@cache
def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    """Return a pattern of the model; None for those that nothing is to be matched with.

    Python does not have some of the patterns, such as classes of letters.
    """
    try:
        return re.compile(pattern) if pattern and pattern not in _WRONG_PATTERNS else None
    except re.error:
        return None
