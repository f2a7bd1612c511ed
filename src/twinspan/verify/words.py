"""AWS's words for algorithms, in Azure's.

Source: EC2 API, VpnTunnelOptionsSpecification; Azure VPN Gateway FAQ, IPsec/IKE policy.
"""

from collections.abc import Iterable, Mapping

ENCRYPTION: Mapping[str, frozenset[str]] = {
    "AES128": frozenset({"AES128"}),
    "AES256": frozenset({"AES256"}),
    "AES128-GCM-16": frozenset({"GCMAES128"}),
    "AES256-GCM-16": frozenset({"GCMAES256"}),
}
INTEGRITY: Mapping[str, frozenset[str]] = {
    "SHA1": frozenset({"SHA1"}),
    "SHA2-256": frozenset({"SHA256"}),
    "SHA2-384": frozenset({"SHA384"}),
}
IKE_GROUP: Mapping[str, frozenset[str]] = {
    "2": frozenset({"DHGroup2"}),
    "14": frozenset({"DHGroup14", "DHGroup2048"}),
    "19": frozenset({"ECP256"}),
    "20": frozenset({"ECP384"}),
    "24": frozenset({"DHGroup24"}),
}
PFS_GROUP: Mapping[str, frozenset[str]] = {
    "2": frozenset({"PFS2"}),
    "14": frozenset({"PFS2048", "PFS14"}),
    "19": frozenset({"ECP256"}),
    "20": frozenset({"ECP384"}),
    "24": frozenset({"PFS24"}),
}


def in_azure(values: Iterable[object], translation: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return Azure's words for AWS's; a value that Azure does not have stays as it is."""
    return frozenset(
        word for value in values for word in translation.get(str(value), frozenset({str(value)}))
    )


def in_aws(azure: str, translation: Mapping[str, frozenset[str]]) -> str | None:
    """Return AWS's word for Azure's; None if AWS has none."""
    return next(
        (aws for aws, words in translation.items() if azure.upper() in {word.upper() for word in words}), None
    )
