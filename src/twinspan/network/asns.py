"""Autonomous system numbers: what each cloud takes, keeps for itself and fills in. Pure.

Sources: EC2 API, CreateVpnGateway.AmazonSideAsn and CreateCustomerGateway; AWS Site-to-Site VPN user guide,
"Customer gateway options"; Azure VPN Gateway FAQ, "BGP and routing"; ARM, BgpSettings; RFC 7300.
"""

from collections.abc import Mapping

LARGEST_ASN = 2**32 - 1
LARGEST_PLAIN_ASN = 2**31 - 1
"""Of a customer gateway's BgpAsn; larger ones are its BgpAsnExtended."""

AWS_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
"""What a virtual private gateway can have (RFC 6996)."""
AWS_DEFAULT_ASN = 64512
AWS_DEFAULT_CUSTOMER_ASN = 65000
NOBODYS_ASN = 65010
"""Of a BGP peer that no connection speaks to; any private one would do."""
AWS_RESERVED_ASNS: Mapping[int, str | None] = {
    7224: None,
    9059: "eu-west-1",
    10124: "ap-northeast-1",
    17943: "ap-southeast-1",
}
"""ASN that no customer gateway can have -> the region where AWS keeps it; None: everywhere."""

AZURE_DEFAULT_ASN = 65515
AZURE_RESERVED_ASNS = frozenset({8074, 8075, 12076, 65515, 65517, 65518, 65519, 65520})
"""Azure's own gateways may have the default one."""
IANA_RESERVED_ASNS = (
    range(23456, 23457),
    range(64496, 64512),
    range(65535, 65552),
    range(LARGEST_ASN, LARGEST_ASN + 1),
)
"""The last of these is RFC 7300's; the FAQ prints it without its last digit."""


def aws_allows(asn: int) -> bool:
    """Whether a virtual private gateway can have the number."""
    return any(asn in block for block in AWS_ASNS)


def aws_allowed() -> str:
    """Return what a virtual private gateway can have, as text."""
    return " or ".join(f"{block[0]}-{block[-1]}" for block in AWS_ASNS)


def aws_reserves(asn: int, *, region: str | None) -> bool:
    """Whether AWS keeps the number in a customer gateway's region; None: that is not known."""
    return asn in AWS_RESERVED_ASNS and AWS_RESERVED_ASNS[asn] in {None, region}


def azure_reserves(asn: int, *, own: bool) -> bool:
    """Whether Azure keeps the number; `own`: whether it is its own gateway's, not the remote side's."""
    return asn in AZURE_RESERVED_ASNS and not (own and asn == AZURE_DEFAULT_ASN)


def iana_reserves(asn: int) -> bool:
    """Whether IANA keeps the number, so that Azure refuses it."""
    return any(asn in block for block in IANA_RESERVED_ASNS)
