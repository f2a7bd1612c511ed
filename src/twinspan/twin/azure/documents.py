"""JSON documents as Azure Resource Manager sends and takes them, read without surprises."""

from collections.abc import Iterator
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, "Json"]


def member(document: Json, *path: str) -> Json:
    """Return the member at `path`, or None where any step is missing or not an object."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def text(document: Json, *path: str) -> str | None:
    """Return the string at `path`; None if it is missing or something else."""
    value = member(document, *path)
    return value if isinstance(value, str) else None


def number(document: Json, *path: str) -> int | None:
    """Return the whole number at `path`; None if it is missing or something else."""
    value = member(document, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(document: Json, *path: str) -> bool:
    """Return the boolean at `path`; False if it is missing or something else."""
    return member(document, *path) is True


def objects(document: Json, *path: str) -> list[JsonObject]:
    """Return the objects of the list at `path`; an empty list if there is none."""
    value = member(document, *path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(document: Json, *path: str) -> list[str]:
    """Return the strings of the list at `path`; an empty list if there is none."""
    value = member(document, *path)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def properties(document: JsonObject) -> JsonObject:
    """Return the `properties` object of a resource's body, made if missing; writes to it are kept."""
    members = document.setdefault("properties", {})
    if not isinstance(members, dict):
        msg = f"properties is {type(members).__name__}, not an object"
        raise TypeError(msg)
    return members


def references(document: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, id) of every reference `{"id": ...}` in a document, e.g. a gateway's subnet."""
    if isinstance(document, dict):
        identity = document.get("id")
        if len(document) == 1 and isinstance(identity, str):
            yield path, identity
            return
        for name, value in document.items():
            yield from references(value, f"{path}.{name}" if path else name)
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from references(value, f"{path}[{index}]")
