"""Rules of BGP numbers and addresses on Azure VPN gateways.

Source: VPN Gateway FAQ, "BGP and routing"; How to configure BGP for Azure VPN Gateway, custom APIPA
addresses.
"""

from ipaddress import IPv4Address

from twinspan.twin.azure.errors import bad_request

DEFAULT_ASN = 65515
"""A gateway's autonomous system number where none is given."""
APIPA_FIRST = IPv4Address("169.254.21.0")
"""First of the APIPA addresses that Azure takes as BGP addresses."""
APIPA_LAST = IPv4Address("169.254.22.255")
"""Last of them."""
_RESERVED_BY_AZURE = frozenset({8074, 8075, 12076, 65515, 65517, 65518, 65519, 65520})
_RESERVED_BY_IANA = (range(23456, 23457), range(64496, 64512), range(65535, 65552))
_LAST_ASN = 4294967295


def check_asn(asn: int, *, where: str, azure_default_allowed: bool) -> None:
    """Refuse a number that is out of range or reserved.

    Args:
        asn: The number.
        where: Whose it is, for the message.
        azure_default_allowed: Whether 65515 may be used: by the gateway itself, not by the far end.

    Raises:
        ArmError: `InvalidBgpAsn` or `ReservedBgpAsn`.
    """
    if not 1 <= asn <= _LAST_ASN:
        raise bad_request("InvalidBgpAsn", f"BGP ASN {asn} of {where} is not between 1 and {_LAST_ASN}.")
    if asn == DEFAULT_ASN and azure_default_allowed:
        return
    if asn in _RESERVED_BY_AZURE:
        raise bad_request("ReservedBgpAsn", f"BGP ASN {asn} of {where} is reserved by Azure.")
    if any(asn in block for block in _RESERVED_BY_IANA):
        raise bad_request("ReservedBgpAsn", f"BGP ASN {asn} of {where} is reserved by IANA.")


def is_apipa(address: IPv4Address) -> bool:
    """Whether an address is link-local (169.254.0.0/16), which Azure calls APIPA."""
    return address.is_link_local


def check_apipa(address: IPv4Address, *, where: str) -> None:
    """Refuse a link-local address outside the range that Azure uses.

    Raises:
        ArmError: `InvalidCustomBgpIpAddress`.
    """
    if not APIPA_FIRST <= address <= APIPA_LAST:
        raise bad_request(
            "InvalidCustomBgpIpAddress",
            f"BGP address {address} of {where} is not within {APIPA_FIRST} - {APIPA_LAST}, the APIPA range "
            "reserved for VPN gateways.",
        )
