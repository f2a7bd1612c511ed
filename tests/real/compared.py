"""Compares what two sets of providers plan and store of one configuration, attribute by attribute."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_OF_ONE_RUN = (
    (r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----\n?", "<pem>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
    (r"r-rtb-[0-9a-f]{17}[0-9]+", "r-rtb-<id>"),
    (r"(?<![a-z])(?P<kind>[a-z]{1,10})-[0-9a-f]{17}(?![0-9a-f])", r"\g<kind>-<id>"),
    (r"vpn-attachment-[0-9a-f]{7,8}", "vpn-attachment-<id>"),
    (r"AROA[0-9A-Z]{17}", "<role id>"),
    (r"(?<=/id/)[0-9A-F]{32}", "<OIDC id>"),
    (r"(?<=-)[0-9a-f]{8}(?=\.(?:portal\.)?hcp\.|\.<uuid>\.privatelink\.)", "<id>"),
    (r"198[.-]19[.-]\d+[.-]\d+", "<public address>"),
    (r"169\.254\.\d+\.\d+", "<inside address>"),
    (r"(?<=-)[0-9a-f]{26}(?![0-9a-f])", "<suffix>"),
    (r"02(?::[0-9a-f]{2}){5}", "<mac address>"),
    (r"(?<=_OsDisk_1_)[0-9a-f]{32}", "<id>"),
    (r"[0-9a-f]{26}(?=\.[a-z]+\.internal\.cloudapp\.net)", "<domain>"),
    (r"(?<=<pre_shared_key>).*?(?=</pre_shared_key>)", "<secret>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(?:Z|\+00:00)", "<time>"),
    (r"(?P<host>localhost|127\.0\.0\.1):\d+", r"\g<host>:<port>"),
    (r"[A-Za-z0-9+/]{200,}={0,2}", "<base64>"),
)
_SECRET = re.compile(r"(preshared_key|shared_key|password|client_key|token|kube_config_raw)$")
_UNKNOWN = "<unknown>"


def plain(value: object, name: str = "") -> Any:
    """Return a value without what differs from run to run, every list in one order.

    Null, empty and zero are one: the providers' older SDK writes the empty value of its type for what is not
    set, the newer one null. Source: terraform-plugin-sdk v2, "Data Handling and Drift".
    """
    match value:
        case str() if _SECRET.search(name) and value:
            return "<secret>"
        case str():
            return _plain_text(value)
        case list():
            return sorted((plain(element, name) for element in value), key=json.dumps) or None
        case dict():
            members = {key: plain(member, key) for key, member in sorted(value.items())}
            return {key: member for key, member in members.items() if member is not None} or None
        case _:
            return value or None


def _plain_text(text: str) -> Any:
    if text[:1] in ("{", "["):
        try:
            return plain(json.loads(text))
        except ValueError:
            pass  # it only begins like JSON
    for pattern, name in _OF_ONE_RUN:
        text = re.sub(pattern, name, text, flags=re.DOTALL)
    return text or None


def differences(
    real: Mapping[str, Mapping[str, Any]], offline: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, object, object]]:
    """Yield address, place and both values of whatever is not the same.

    Args:
        real: Address -> attributes, of the real providers.
        offline: The same of ours. An attribute that only one of them has is one of another schema.
    """
    for address in sorted(real.keys() | offline.keys()):
        ours, theirs = offline.get(address), real.get(address)
        if ours is None or theirs is None:
            yield address, "", theirs is not None, ours is not None
            continue
        for place, first, second in _unlike(theirs, ours, ""):
            yield address, place, first, second


def type_of(address: str) -> str:
    """Return the type in a resource's address."""
    return re.sub(r"\[.*?\]", "", address).split(".")[-2]


def _unlike(theirs: Any, ours: Any, place: str) -> Iterator[tuple[str, object, object]]:
    """Yield the innermost places of blocks, without indices, at which two values are not the same."""
    name = place.rpartition(".")[2]
    first, second = plain(theirs, name), plain(ours, name)
    if first == second:
        return
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() & ours.keys():
        for key in sorted(theirs.keys() & ours.keys()):
            yield from _unlike(theirs[key], ours[key], f"{place}.{key}" if place else key)
    elif _is_one_block(theirs) and _is_one_block(ours):
        yield from _unlike(theirs[0], ours[0], place)
    else:
        yield place, first, second


def _is_one_block(value: object) -> bool:
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)


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
    return {
        change["address"]: {
            name: _with_unknowns(after.get(name), unknown.get(name)) for name in after | unknown
        }
        for change in document["resource_changes"]
        if change["mode"] == "managed"
        for after, unknown in [(change["change"]["after"] or {}, change["change"]["after_unknown"])]
    }


def _with_unknowns(after: Any, unknown: Any) -> Any:
    """Join what is known of a value with what is not; a list or map of unknown values is unknown itself.

    The providers' older SDK cannot keep parts of a set or map that are known beside others that are not.
    """
    match unknown:
        case True:
            return _UNKNOWN
        case dict() if isinstance(after, dict):
            members = {key: _with_unknowns(after.get(key), unknown.get(key)) for key in after | unknown}
            return _UNKNOWN if members and set(map(str, members.values())) == {_UNKNOWN} else members
        case list() if isinstance(after, list):
            elements = [_with_unknowns(*both) for both in zip(after, unknown, strict=False)]
            return _UNKNOWN if _UNKNOWN in elements else elements
        case _:
            return after
