"""The two clouds' names of algorithms, as strongSwan proposals."""

from collections.abc import Container, Mapping

from twinspan.errors import UnknownAlgorithmError
from twinspan.network.ipsec import (
    AWS_PHASE1_GROUPS,
    AWS_PHASE2_GROUPS,
    AZURE_DEFAULT_IKE,
    AZURE_DEFAULT_IPSEC,
    AZURE_DEFAULT_PFS,
    AZURE_PRF,
    CIPHERS,
    DIGESTS,
    GROUPS,
    NONE,
    authenticates_itself,
)
from twinspan.network.model import IpsecPolicy, Phase

_AWS_ENCRYPTION = {cipher.aws: cipher for cipher in CIPHERS if cipher.aws}
_AWS_INTEGRITY = {digest.aws: digest.keyword for digest in DIGESTS if digest.aws}
_GROUPS = {group.number: group.keyword for group in GROUPS}

_AZURE_ENCRYPTION = {NONE: "null"} | {cipher.azure: cipher.keyword for cipher in CIPHERS}
_AZURE_DIGESTS = {digest.azure: digest.keyword for digest in DIGESTS if digest.azure}
_AZURE_INTEGRITY = _AZURE_DIGESTS | {cipher: _AZURE_DIGESTS[digest] for cipher, digest in AZURE_PRF.items()}
_AZURE_GROUPS = {NONE: ""} | {
    word: group.keyword for group in GROUPS for word in (*group.azure, *group.azure_pfs)
}
_NO_GROUP = "modpnone"


def aws_ike_proposals(phase: Phase) -> tuple[str, ...]:
    """Return AWS's phase 1 proposals, weakest first, which is the order AWS chooses in.

    Source: EC2 API, VpnTunnelOptionsSpecification, defaults; AWS Site-to-Site VPN user guide,
    "Tunnel options" (the order).

    Raises:
        UnknownAlgorithmError: An algorithm is not one of AWS's.
    """
    return _aws(phase, AWS_PHASE1_GROUPS, ike=True)


def aws_esp_proposals(phase: Phase) -> tuple[str, ...]:
    """Return AWS's phase 2 proposals; AWS always asks for perfect forward secrecy.

    Raises:
        UnknownAlgorithmError: An algorithm is not one of AWS's.
    """
    return _aws(phase, AWS_PHASE2_GROUPS, ike=False)


def _aws(phase: Phase, default_groups: tuple[int, ...], *, ike: bool) -> tuple[str, ...]:
    chosen = set(phase.encryption_algorithms or _AWS_ENCRYPTION)
    _check("encryption", chosen, _AWS_ENCRYPTION)
    hashes = set(phase.integrity_algorithms or _AWS_INTEGRITY)
    _check("integrity", hashes, _AWS_INTEGRITY)
    groups = sorted(set(phase.dh_group_numbers or default_groups))
    _check("Diffie-Hellman group", set(groups), _GROUPS)
    ciphers = [cipher for name, cipher in _AWS_ENCRYPTION.items() if name in chosen]
    digests = [value for name, value in _AWS_INTEGRITY.items() if name in hashes]
    dh = [_GROUPS[number] for number in groups]
    plain = [cipher.keyword for cipher in ciphers if not cipher.authenticated]
    combined = [cipher.keyword for cipher in ciphers if cipher.authenticated]
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
        return tuple(
            "-".join((_AZURE_ENCRYPTION[cipher], _AZURE_INTEGRITY[digest], _AZURE_GROUPS[group]))
            for cipher, digest, group in AZURE_DEFAULT_IKE
        )
    cipher = _word(policy.ike_encryption, _AZURE_ENCRYPTION, "ikeEncryption")
    digest = _word(policy.ike_integrity, _AZURE_INTEGRITY, "ikeIntegrity")
    group = _word(policy.dh_group, _AZURE_GROUPS, "dhGroup")
    middle = f"prf{digest}" if authenticates_itself(policy.ike_encryption) else digest
    return ("-".join(part for part in (cipher, middle, group) if part),)


def azure_esp_proposals(policy: IpsecPolicy | None) -> tuple[str, ...]:
    """Return Azure's phase 2 proposals; None is the default set.

    Raises:
        UnknownAlgorithmError: An algorithm is not one of Azure's.
    """
    if policy is None:
        groups = [_AZURE_GROUPS[group] or _NO_GROUP for group in AZURE_DEFAULT_PFS]
        return tuple(
            "-".join((*_transforms(encryption, integrity), *groups))
            for encryption, integrity in AZURE_DEFAULT_IPSEC
        )
    group = _word(policy.pfs_group, _AZURE_GROUPS, "pfsGroup")
    transforms = _transforms(policy.ipsec_encryption, policy.ipsec_integrity)
    return ("-".join((*transforms, group) if group else transforms),)


def _transforms(encryption: str, integrity: str) -> tuple[str, ...]:
    """Return what stands for encryption and integrity in a proposal for IPsec."""
    cipher = _word(encryption, _AZURE_ENCRYPTION, "ipsecEncryption")
    if authenticates_itself(encryption):
        return (cipher,)
    return cipher, _word(integrity, _AZURE_INTEGRITY, "ipsecIntegrity")


def _word(word: str, table: Mapping[str, str], what: str) -> str:
    _check(what, {word}, table)
    return table[word]


def _check(what: str, words: set[str] | set[int], table: Container[object]) -> None:
    unknown = sorted(str(word) for word in words if word not in table)
    if unknown:
        raise UnknownAlgorithmError(f"{what} {', '.join(unknown)} is not known")


_AWS_ENCRYPTION_OF_CHARON = {cipher.charon: cipher.aws for cipher in CIPHERS if cipher.aws}
_GROUP_OF_CHARON = {group.charon: group.number for group in GROUPS}
_HASH_OF_CHARON = {digest.charon: digest.aws for digest in DIGESTS if digest.aws}


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
