"""Compares what two sets of providers plan and store of one configuration, attribute by attribute."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_OF_ONE_RUN = (
    (r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----\n?", "<pem>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
    (r"\b(?P<kind>[a-z]{2,10})-[0-9a-f]{17}\b", r"\g<kind>-<id>"),
    (r"\b(?:203\.0\.113|198\.51\.100|192\.0\.2|100\.\d+\.\d+)(?:\.\d+)?\b", "<public address>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(?:Z|\+00:00)", "<time>"),
    (r"(?P<host>localhost|127\.0\.0\.1):\d+", r"\g<host>:<port>"),
    (r"[A-Za-z0-9+/]{200,}={0,2}", "<base64>"),
)
_SECRET = re.compile(r"(preshared_key|shared_key|password|client_key|token|kube_config_raw)$")


def plain(value: object, name: str = "") -> Any:
    """Return a value without what differs from run to run, every list in one order."""
    match value:
        case str() if _SECRET.search(name) and value:
            return "<secret>"
        case str():
            text: str = value
            for pattern, name_of_it in _OF_ONE_RUN:
                text = re.sub(pattern, name_of_it, text, flags=re.DOTALL)
            return text
        case list():
            return sorted((plain(each, name) for each in value), key=json.dumps)
        case dict():
            return {key: plain(each, key) for key, each in sorted(value.items())}
        case _:
            return value


def differences(
    real: Mapping[str, Mapping[str, Any]], offline: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, object, object]]:
    """Yield address, attribute and both values of whatever is not the same.

    Args:
        real: Address -> attributes, of the real providers.
        offline: The same of ours. An attribute that only one of them has is one of another schema.
    """
    for address in sorted(real.keys() | offline.keys()):
        ours, theirs = offline.get(address), real.get(address)
        if ours is None or theirs is None:
            yield address, "", theirs is not None, ours is not None
            continue
        for attribute in sorted(ours.keys() & theirs.keys()):
            first, second = plain(theirs[attribute], attribute), plain(ours[attribute], attribute)
            if first != second:
                yield address, attribute, first, second


def changed(before: object, after: object, place: str = "") -> Iterator[str]:
    """Yield where two values of one schema differ, e.g. `default_node_pool.0.zones`."""
    match before, after:
        case dict(), dict():
            pairs = [(key, before.get(key), value) for key, value in after.items()]
        case list(), list() if len(before) == len(after):
            pairs = [(str(index), *both) for index, both in enumerate(zip(before, after, strict=True))]
        case _:
            if before != after:
                yield place
            return
    for key, first, second in pairs:
        yield from changed(first, second, f"{place}.{key}" if place else key)


def planned(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a plan document says of each managed resource; `<unknown>` for what it cannot know."""
    found = {}
    for change in document["resource_changes"]:
        if change["mode"] == "managed":
            after, unknown = change["change"]["after"] or {}, change["change"]["after_unknown"]
            found[change["address"]] = {
                **after,
                **{name: "<unknown>" for name, value in unknown.items() if value is True},
            }
    return found
