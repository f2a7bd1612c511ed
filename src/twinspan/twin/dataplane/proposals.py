"""The two clouds' names of algorithms, as strongSwan proposals."""

from twinspan.errors import TwinspanError
from twinspan.network.model import IpsecPolicy, Phase

_AWS_ENCRYPTION = {
    "AES128": "aes128",
    "AES256": "aes256",
    "AES128-GCM-16": "aes128gcm16",
    "AES256-GCM-16": "aes256gcm16",
}
_AWS_INTEGRITY = {"SHA1": "sha1", "SHA2-256": "sha256", "SHA2-384": "sha384", "SHA2-512": "sha512"}
_GROUPS = {
    1: "modp768",
    2: "modp1024",
    5: "modp1536",
    14: "modp2048",
    15: "modp3072",
    16: "modp4096",
    17: "modp6144",
    18: "modp8192",
    19: "ecp256",
    20: "ecp384",
    21: "ecp521",
    22: "modp1024s160",
    23: "modp2048s224",
    24: "modp2048s256",
}
_AWS_PHASE1_GROUPS = (2, *range(14, 25))
_AWS_PHASE2_GROUPS = (2, 5, *range(14, 25))

_AZURE_ENCRYPTION = {
    "DES": "des",
    "DES3": "3des",
    "AES128": "aes128",
    "AES192": "aes192",
    "AES256": "aes256",
    "GCMAES128": "aes128gcm16",
    "GCMAES192": "aes192gcm16",
    "GCMAES256": "aes256gcm16",
    "None": "null",
}
_AZURE_INTEGRITY = {
    "MD5": "md5",
    "SHA1": "sha1",
    "SHA256": "sha256",
    "SHA384": "sha384",
    "GCMAES128": "sha256",
    "GCMAES256": "sha384",
}
_AZURE_GROUPS = {
    "DHGroup1": "modp768",
    "DHGroup2": "modp1024",
    "DHGroup14": "modp2048",
    "DHGroup2048": "modp2048",
    "DHGroup24": "modp2048s256",
    "ECP256": "ecp256",
    "ECP384": "ecp384",
    "PFS1": "modp768",
    "PFS2": "modp1024",
    "PFS14": "modp2048",
    "PFS2048": "modp2048",
    "PFS24": "modp2048s256",
    "None": "",
}

AZURE_DEFAULT_IKE = (
    "aes256-sha1-modp1024",
    "aes256-sha256-modp1024",
    "aes128-sha1-modp1024",
    "aes128-sha256-modp1024",
    "3des-sha1-modp1024",
    "3des-sha256-modp1024",
)
"""Source: Azure, About VPN devices, "Default IPsec/IKE parameters", IKE phase 1, route-based."""

_AZURE_DEFAULT_PFS = "modpnone-modp768-modp1024-modp2048-modp2048s256"
AZURE_DEFAULT_ESP = tuple(
    f"{algorithms}-{_AZURE_DEFAULT_PFS}"
    for algorithms in (
        "aes256gcm16",
        "aes256-sha1",
        "3des-sha1",
        "aes256-sha256",
        "aes128-sha1",
        "3des-sha256",
    )
)
"""Source: as above, phase 2: no PFS as initiator; groups 1, 2, 14, 24 also accepted."""


class UnknownAlgorithmError(TwinspanError, ValueError):
    """A cloud's word for an algorithm that the data plane does not know."""


def aws_ike_proposals(phase: Phase) -> tuple[str, ...]:
    """Return AWS's phase 1 proposals, weakest first, which is the order AWS chooses in.

    Source: EC2 API, VpnTunnelOptionsSpecification, defaults; AWS Site-to-Site VPN user guide,
    "Tunnel options" (the order).

    Raises:
        UnknownAlgorithmError: An algorithm is not one of AWS's.
    """
    return _aws(phase, _AWS_PHASE1_GROUPS, ike=True)


def aws_esp_proposals(phase: Phase) -> tuple[str, ...]:
    """Return AWS's phase 2 proposals; AWS always asks for perfect forward secrecy.

    Raises:
        UnknownAlgorithmError: An algorithm is not one of AWS's.
    """
    return _aws(phase, _AWS_PHASE2_GROUPS, ike=False)


def _aws(phase: Phase, default_groups: tuple[int, ...], *, ike: bool) -> tuple[str, ...]:
    chosen = set(phase.encryption_algorithms or _AWS_ENCRYPTION)
    _check("encryption", chosen, _AWS_ENCRYPTION)
    hashes = set(phase.integrity_algorithms or _AWS_INTEGRITY)
    _check("integrity", hashes, _AWS_INTEGRITY)
    groups = sorted(set(phase.dh_group_numbers or default_groups))
    _check("Diffie-Hellman group", set(groups), _GROUPS)
    ciphers = [value for name, value in _AWS_ENCRYPTION.items() if name in chosen]
    digests = [value for name, value in _AWS_INTEGRITY.items() if name in hashes]
    dh = [_GROUPS[number] for number in groups]
    plain = [cipher for cipher in ciphers if "gcm" not in cipher]
    combined = [cipher for cipher in ciphers if "gcm" in cipher]
    proposals = []
    if plain:
        proposals.append("-".join([*plain, *digests, *dh]))
    if combined:
        random = [f"prf{digest}" for digest in digests] if ike else []
        proposals.append("-".join([*combined, *random, *dh]))
    return tuple(proposals)


def azure_ike_proposals(policy: IpsecPolicy | None) -> tuple[str, ...]:
    """Return Azure's phase 1 proposals; None is the default set. Source: ARM, IpsecPolicy.

    Raises:
        UnknownAlgorithmError: An algorithm is not one of Azure's.
    """
    if policy is None:
        return AZURE_DEFAULT_IKE
    cipher = _word(policy.ike_encryption, _AZURE_ENCRYPTION, "ikeEncryption")
    digest = _word(policy.ike_integrity, _AZURE_INTEGRITY, "ikeIntegrity")
    group = _word(policy.dh_group, _AZURE_GROUPS, "dhGroup")
    middle = f"prf{digest}" if "gcm" in cipher else digest
    return ("-".join(part for part in (cipher, middle, group) if part),)


def azure_esp_proposals(policy: IpsecPolicy | None) -> tuple[str, ...]:
    """Return Azure's phase 2 proposals; None is the default set.

    Raises:
        UnknownAlgorithmError: An algorithm is not one of Azure's.
    """
    if policy is None:
        return AZURE_DEFAULT_ESP
    cipher = _word(policy.ipsec_encryption, _AZURE_ENCRYPTION, "ipsecEncryption")
    group = _word(policy.pfs_group, _AZURE_GROUPS, "pfsGroup")
    if "gcm" in cipher:
        return ("-".join(part for part in (cipher, group) if part),)
    digest = _word(policy.ipsec_integrity, _AZURE_INTEGRITY, "ipsecIntegrity")
    return ("-".join(part for part in (cipher, digest, group) if part),)


def _word(word: str, table: dict[str, str], what: str) -> str:
    _check(what, {word}, table)
    return table[word]


def _check(what: str, words: set[str] | set[int], table: dict[str, str] | dict[int, str]) -> None:
    unknown = sorted(str(word) for word in words if word not in table)
    if unknown:
        raise UnknownAlgorithmError(f"{what} {', '.join(unknown)} is not known")


_AWS_ENCRYPTION_OF_CHARON = {
    ("AES_CBC", 128): "AES128",
    ("AES_CBC", 192): "AES192",
    ("AES_CBC", 256): "AES256",
    ("AES_GCM_16", 128): "AES128-GCM-16",
    ("AES_GCM_16", 192): "AES192-GCM-16",
    ("AES_GCM_16", 256): "AES256-GCM-16",
}
_GROUP_OF_CHARON = {
    "MODP_768": 1,
    "MODP_1024": 2,
    "MODP_1536": 5,
    "MODP_2048": 14,
    "MODP_3072": 15,
    "MODP_4096": 16,
    "MODP_6144": 17,
    "MODP_8192": 18,
    "ECP_256": 19,
    "ECP_384": 20,
    "ECP_521": 21,
    "MODP_1024_160": 22,
    "MODP_2048_224": 23,
    "MODP_2048_256": 24,
}
_HASH_OF_CHARON = {"SHA1": "SHA1", "SHA2_256": "SHA2-256", "SHA2_384": "SHA2-384", "SHA2_512": "SHA2-512"}


def aws_encryption_name(algorithm: str, key_bits: int) -> str:
    """Return AWS's word for charon's cipher, e.g. `AES256-GCM-16`; charon's own if AWS has none."""
    return _AWS_ENCRYPTION_OF_CHARON.get((algorithm, key_bits), algorithm)


def aws_integrity_name(algorithm: str) -> str:
    """Return AWS's word for charon's PRF or integrity algorithm; empty for none (AEAD ciphers)."""
    for name, word in _HASH_OF_CHARON.items():
        if name in algorithm:
            return word
    return algorithm


def group_number(algorithm: str) -> int | None:
    """Return the IANA number of charon's Diffie-Hellman group; None if there was no exchange."""
    return _GROUP_OF_CHARON.get(algorithm)
