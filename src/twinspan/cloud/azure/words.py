"""Small conversions of what Azure Resource Manager sends."""

from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Protocol


class Reference(Protocol):
    """Anything that names a resource: `{"id": ...}`."""

    id: str | None


def identity(reference: Reference | None) -> str | None:
    """Return the resource id in lower case, since Azure compares ids without case."""
    return reference.id.lower() if reference is not None and reference.id else None


def required_identity(reference: Reference | None) -> str:
    """Return the resource id in lower case, or an empty text if there is none."""
    return identity(reference) or ""


def word(value: str | Enum | None, default: str) -> str:
    """Return an enumeration's word as it goes over the wire."""
    if value is None:
        return default
    return str(value.value) if isinstance(value, Enum) else value


def address(text: str | None) -> IPv4Address | None:
    """Return an IPv4 address; None for nothing, an empty text, or IPv6."""
    try:
        return IPv4Address(text) if text else None
    except AddressValueError:
        return None


def addresses(texts: list[str] | None) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses of a list."""
    return tuple(parsed_address for parsed_address in map(address, texts or ()) if parsed_address is not None)


def networks(texts: list[str] | None) -> tuple[IPv4Network, ...]:
    """Return the IPv4 prefixes of a list; IPv6 has no place in our model."""
    return tuple(IPv4Network(text, strict=False) for text in texts or () if ":" not in text)


def group_and_name(resource_id: str) -> tuple[str, str]:
    """Return the resource group and the last name of a resource id.

    Raises:
        ValueError: It is not the id of a resource in a group.
    """
    parts = resource_id.strip("/").split("/")
    if len(parts) < 8 or parts[2].lower() != "resourcegroups":  # noqa: PLR2004 - /subscriptions/S/resourceGroups/G/providers/P/T/N
        msg = f"{resource_id!r} is not the id of an Azure resource"
        raise ValueError(msg)
    return parts[3], parts[-1]
