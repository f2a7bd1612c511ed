"""Filters of Describe calls.

Source: EC2 API, "List and filter resources": all filters must match, one value of each is enough, `*`
and `?` are wildcards, a backslash takes their meaning away, case counts.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from moto.ec2.exceptions import EC2ClientError

T = TypeVar("T")

_TOKEN = re.compile(r"\\(.)|(\*)|(\?)|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filterable(Generic[T]):
    """What a kind of resource can be filtered by.

    Attributes:
        fields: Filter name -> the values a resource has for it.
        tags: The tags of a resource.
    """

    fields: Mapping[str, Callable[[T], Iterable[str]]]
    tags: Callable[[T], Mapping[str, str]]


def select(kind: Filterable[T], resources: Iterable[T], filters: Sequence[Mapping[str, Any]]) -> list[T]:
    """Return the resources that match every filter.

    Raises:
        EC2ClientError: A filter is unknown for this kind of resource.
    """
    tests = [_test(kind, item) for item in filters]
    return [resource for resource in resources if all(test(resource) for test in tests)]


def _test(kind: Filterable[T], item: Mapping[str, Any]) -> Callable[[T], bool]:
    name = item.get("Name", "null")
    patterns = [_pattern(value) for value in item.get("Values", ())]
    read = _reader(kind, name)

    def matches(resource: T) -> bool:
        values = list(read(resource))
        return any(pattern.fullmatch(value) for pattern in patterns for value in values)

    return matches


def _reader(kind: Filterable[T], name: str) -> Callable[[T], Iterable[str]]:
    if name in kind.fields:
        return kind.fields[name]
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda resource: [value for tag, value in kind.tags(resource).items() if tag == key]
    if name == "tag-key":
        return lambda resource: kind.tags(resource).keys()
    if name == "tag-value":
        return lambda resource: kind.tags(resource).values()
    raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")


def _pattern(value: str) -> re.Pattern[str]:
    """Return an expression that takes time by the length of what it is compared with, whatever the value.

    What stands between two `*` is taken where it is found first, and nowhere else (atomic groups).
    """
    parts = [""]
    for escaped, star, mark, plain in _TOKEN.findall(value):
        if star:
            parts.append("")
        else:
            parts[-1] += "." if mark else re.escape(escaped or plain)
    first, *between = parts
    if between:
        *between, last = between
        first += "".join(f"(?>.*?{part})" for part in between if part) + f".*{last}"
    return re.compile(first, re.DOTALL)
