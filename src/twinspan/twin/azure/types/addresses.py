"""Address arithmetic and the checks that several resource types share."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from twinspan.network.ranges import AZURE_RESERVED
from twinspan.twin.azure.documents import JsonObject, text, texts
from twinspan.twin.azure.errors import bad_request


def network(prefix: str, *, where: str, code: str = "InvalidAddressPrefixFormat") -> IPv4Network:
    """Parse an IPv4 prefix.

    Raises:
        ArmError: `AddressPrefixStringCannotBeNullOrEmpty`, `InvalidAddressPrefixFormat`, or
            `InvalidCIDRNotation` if host bits are set. Source of the first:
            hashicorp/terraform-provider-azurerm issue 21565.
    """
    if not prefix:
        raise bad_request(
            "AddressPrefixStringCannotBeNullOrEmpty",
            f"Address prefix string for resource {where} cannot be null or empty.",
        )
    try:
        return IPv4Network(prefix)
    except ValueError:
        pass
    try:
        right = IPv4Network(prefix, strict=False)
    except ValueError as error:
        message = f"Address prefix {prefix} of resource {where} is not formatted correctly. It should follow "
        raise bad_request(code, message + "CIDR notation, for example 10.0.0.0/24.") from error
    message = f"The address prefix {prefix} in resource {where} has an invalid CIDR notation. For the given "
    raise bad_request(
        "InvalidCIDRNotation", message + f"prefix length, the address prefix should be {right}."
    )


def address(value: str, *, where: str, code: str = "InvalidIPAddressFormat") -> IPv4Address:
    """Parse an IPv4 address.

    Raises:
        ArmError: With `code`.
    """
    try:
        return IPv4Address(value)
    except ValueError as error:
        raise bad_request(code, f"IP address {value} of {where} is not a valid IPv4 address.") from error


def subnet_networks(body: JsonObject, *, where: str) -> list[IPv4Network]:
    """Return the prefixes of a subnet's body: `addressPrefixes`, else `addressPrefix`."""
    prefixes = texts(body, "properties", "addressPrefixes")
    single = text(body, "properties", "addressPrefix")
    if not prefixes and single is not None:
        prefixes = [single]
    return [network(prefix, where=where) for prefix in prefixes]


def overlap(networks: Iterable[IPv4Network]) -> tuple[IPv4Network, IPv4Network] | None:
    """Return two networks that share addresses, the lower one first, or None.

    Networks are nested or apart, so that one that overlaps any overlaps its predecessor in this order, or
    what that one is nested in.
    """
    widest: IPv4Network | None = None
    for network_ in sorted(networks, key=lambda candidate: (candidate.network_address, candidate.prefixlen)):
        if widest is not None and network_.subnet_of(widest):
            return widest, network_
        widest = network_
    return None


def check_count(number: int, most: int, *, what: str, where: str, code: str) -> None:
    """Refuse more of something than Azure takes, before anything that takes a time for each of them.

    Raises:
        ArmError: With `code`.
    """
    if number > most:
        raise bad_request(code, f"Cannot create more than {most} {what} in {where}; there are {number}.")


def inside(inner: IPv4Network, outer: Iterable[IPv4Network]) -> bool:
    """Whether one network lies wholly within one of the others."""
    return any(inner.subnet_of(block) for block in outer)


def forbidden(candidate: IPv4Network) -> IPv4Network | None:
    """Return the reserved block that a virtual network's prefix touches, or None."""
    return next((block for block in AZURE_RESERVED if block.overlaps(candidate)), None)
