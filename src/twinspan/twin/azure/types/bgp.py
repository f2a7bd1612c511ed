"""Rules of BGP numbers and addresses on Azure VPN gateways.

Source: VPN Gateway FAQ, "BGP and routing"; How to configure BGP for Azure VPN Gateway, custom APIPA
addresses.
"""

from ipaddress import IPv4Address

from twinspan.network import ranges
from twinspan.network.asns import LARGEST_ASN, azure_reserves, iana_reserves
from twinspan.twin.azure.errors import bad_request


def check_asn(asn: int, *, where: str, own: bool) -> None:
    """Refuse a number that is out of range or reserved.

    Args:
        asn: The number.
        where: Whose it is, for the message.
        own: Whether it is the gateway's own, which may be Azure's default, not the remote side's.

    Raises:
        ArmError: `InvalidBgpAsn` or `ReservedBgpAsn`.
    """
    if not 1 <= asn <= LARGEST_ASN:
        raise bad_request("InvalidBgpAsn", f"BGP ASN {asn} of {where} is not between 1 and {LARGEST_ASN}.")
    if azure_reserves(asn, own=own):
        raise bad_request("ReservedBgpAsn", f"BGP ASN {asn} of {where} is reserved by Azure.")
    if iana_reserves(asn):
        raise bad_request("ReservedBgpAsn", f"BGP ASN {asn} of {where} is reserved by IANA.")


def is_apipa(address: IPv4Address) -> bool:
    """Whether an address is link-local (169.254.0.0/16), which Azure calls APIPA."""
    return address.is_link_local


def check_apipa(address: IPv4Address, *, where: str) -> None:
    """Refuse a link-local address outside the range that Azure uses.

    Raises:
        ArmError: `InvalidCustomBgpIpAddress`.
    """
    if not ranges.is_apipa(address):
        raise bad_request(
            "InvalidCustomBgpIpAddress",
            f"BGP address {address} of {where} is not within {ranges.APIPA_FIRST} - {ranges.APIPA_LAST}, the "
            "APIPA range reserved for VPN gateways.",
        )
