"""Networks from different sources made comparable: what a cloud chose is replaced by names of objects."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from ipaddress import IPv4Address
from typing import Any, TypeAlias

from twinspan.network.links import tunnel_key
from twinspan.network.model import Network
from twinspan.network.unknown import Unknown

Difference: TypeAlias = tuple[str, object, object]
_IN_ORDER = frozenset({"tunnels", "instances", "cidr_blocks"})
_OF_A_PLAN = frozenset(
    {
        "address",
        "attached_by",
        "ip_address_of",
        "gateway_ip_address_of",
        "both_forms",
        "unplaced",
        "malformed",
    }
)
"""How a plan names objects and what is one of them; a network that exists has ids and addresses instead."""


def differences(one: Network[Unknown], other: Network[Unknown]) -> dict[str, tuple[object, object]]:
    """Return place -> value, other value of what differs; what is not known agrees with everything."""
    return {place: (mine, theirs) for place, mine, theirs in _apart("", comparable(one), comparable(other))}


def not_known(network: Network[Unknown]) -> set[str]:
    """Return the fields that a network leaves open."""
    unknown_places = {
        place for place, value in _leaves("", comparable(network)) if isinstance(value, Unknown)
    }
    return {f"{place.split('/')[2]}.{place.rpartition('/')[2]}" for place in unknown_places}


def addresses(network: Network[Unknown]) -> dict[str, str]:
    """Return Terraform's address of each object that has one, by what the object is."""
    names = dict(_names(network))
    return dict(_addresses(network, "", names))


def comparable(network: Network[Unknown]) -> object:
    """Return a network as mappings: each object by its kind and name, lists without an order sorted."""
    return _plain(network, "", dict(_names(network)))


def _names(network: Network[Unknown]) -> Iterator[tuple[object, str]]:
    """Yield what stands for an object, and its kind and name, which it shares with no other."""
    for cloud in (network.aws, network.azure):
        for field in fields(cloud) if cloud else ():
            values = getattr(cloud, field.name)
            for resource in values if isinstance(values, tuple) else ():
                name = (
                    "main"
                    if getattr(resource, "main", False) is True
                    else getattr(resource, "name", "default")
                )
                yield getattr(resource, "id", name), f"{field.name} {name}"
                yield from _inside(resource, f"{field.name} {name}")
    for table in network.aws.route_tables if network.aws else ():
        for route in table.routes:
            if route.to_internet:
                yield route.target, "internet gateway"


def _inside(resource: Any, name: str) -> Iterator[tuple[object, str]]:
    for subnet in getattr(resource, "subnets", ()):
        yield subnet.id, f"subnet {subnet.name}"
    for instance in getattr(resource, "instances", ()):
        yield instance.ip_configuration_id, f"instance {instance.ip_configuration_name}"
        yield instance.public_ip_address, f"address of {instance.ip_configuration_name}"
    for number, tunnel in enumerate(getattr(resource, "tunnels", ()), start=1):
        yield tunnel.outside_ip_address, f"address of {tunnel_key(name, number)}"


def _plain(value: object, field: str, names: Mapping[object, str]) -> object:
    if isinstance(value, Unknown):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        parts = [member.name for member in fields(value) if member.name not in _OF_A_PLAN]
        return {part: _plain(getattr(value, part), part, names) for part in parts}
    if isinstance(value, tuple):
        plain = [_plain(element, "", names) for element in value]
        if field in _IN_ORDER:
            return plain
        keyed = {_key(element): element for element in plain if isinstance(element, dict)}
        assert len(keyed) in {0, len(plain)}, f"two objects of one name among {keyed.keys()}"
        return keyed or sorted(plain, key=str)
    if isinstance(value, Mapping):
        return {names.get(key, str(key)): _plain(entry, "", names) for key, entry in value.items()}
    return names.get(value, value) if isinstance(value, str | IPv4Address) else value


def _key(plain: Mapping[str, object]) -> str:
    """Return what tells objects of one kind apart: id, name, or all there is."""
    identifier = plain.get("id") or plain.get("name")
    return identifier if isinstance(identifier, str) else " ".join(map(str, plain.values()))


def _apart(place: str, one: object, other: object) -> Iterator[Difference]:
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _apart(f"{place}/{key}", one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _apart(f"{place}/{number}", mine, theirs)
    elif one != other:
        yield place, one, other


def _leaves(place: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(f"{place}/{key}", child)
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _leaves(f"{place}/{number}", child)
    else:
        yield place, value


def _addresses(value: object, place: str, names: Mapping[object, str]) -> Iterator[tuple[str, str]]:
    if is_dataclass(value) and not isinstance(value, type):
        identifier = getattr(value, "id", None) or getattr(value, "name", None)
        here = names.get(identifier, str(identifier)) if identifier else place
        if address := getattr(value, "address", ""):
            yield here if identifier else f"{place} {address}", address
        for field in fields(value):
            yield from _addresses(getattr(value, field.name), f"{here}/{field.name}", names)
    elif isinstance(value, tuple):
        for element in value:
            yield from _addresses(element, place, names)
