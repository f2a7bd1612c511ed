"""Algorithms of IKE and IPsec, each once, with the word that everybody has for it. Pure.

Sources: EC2 API, VpnTunnelOptionsSpecification; ARM, IpsecPolicy (IkeEncryption, IkeIntegrity, DhGroup,
IpsecEncryption, IpsecIntegrity, PfsGroup); Azure, "About cryptographic requirements and VPN gateways"; IANA,
Internet Key Exchange Version 2 (IKEv2) Parameters; strongSwan, "Algorithm Proposals (Cipher Suites)".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cipher:
    """An encryption algorithm. A word is empty where that side does not have it.

    Attributes:
        aws: EC2's word.
        azure: ARM's word; for IPsec it stands for the integrity of an AES-GCM cipher too.
        azure_ike: Whether Azure has it for IKE as well as for IPsec.
        keyword: In a proposal of strongSwan.
        charon: Name and key length, bits, in what strongSwan's daemon reports.
        weak: Whether it is broken or no longer recommended.
    """

    aws: str = ""
    azure: str = ""
    azure_ike: bool = True
    keyword: str
    charon: tuple[str, int]
    weak: bool = False

    @property
    def authenticated(self) -> bool:
        """Whether it needs no integrity algorithm beside it."""
        return "GCM" in self.charon[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """An integrity algorithm, which is the pseudo-random function of IKE too; members as in `Cipher`.

    Attributes:
        azure_ipsec: Whether Azure has it for IPsec as well as for IKE.
    """

    aws: str = ""
    azure: str = ""
    azure_ipsec: bool = True
    keyword: str
    charon: str
    weak: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A Diffie-Hellman group.

    Attributes:
        number: IANA's, which is AWS's word.
        azure: ARM's words for it in IKE (DhGroup).
        azure_pfs: ARM's words for it in IPsec (PfsGroup), the documented one first.
        keyword: In a proposal of strongSwan.
        charon: Name in what strongSwan's daemon reports.
        weak: Whether it is broken or no longer recommended.
    """

    number: int
    azure: tuple[str, ...] = ()
    azure_pfs: tuple[str, ...] = ()
    keyword: str
    charon: str
    weak: bool = False


CIPHERS = (
    Cipher(azure="DES", keyword="des", charon=("DES_CBC", 0), weak=True),
    Cipher(azure="DES3", keyword="3des", charon=("3DES_CBC", 0), weak=True),
    Cipher(aws="AES128", azure="AES128", keyword="aes128", charon=("AES_CBC", 128)),
    Cipher(azure="AES192", keyword="aes192", charon=("AES_CBC", 192)),
    Cipher(aws="AES256", azure="AES256", keyword="aes256", charon=("AES_CBC", 256)),
    Cipher(aws="AES128-GCM-16", azure="GCMAES128", keyword="aes128gcm16", charon=("AES_GCM_16", 128)),
    Cipher(azure="GCMAES192", azure_ike=False, keyword="aes192gcm16", charon=("AES_GCM_16", 192)),
    Cipher(aws="AES256-GCM-16", azure="GCMAES256", keyword="aes256gcm16", charon=("AES_GCM_16", 256)),
)
"""Weakest first, which is the order in which AWS chooses.

Source of the order: AWS Site-to-Site VPN user guide, "Tunnel options".
"""
DIGESTS = (
    Digest(azure="MD5", keyword="md5", charon="MD5", weak=True),
    Digest(aws="SHA1", azure="SHA1", keyword="sha1", charon="SHA1", weak=True),
    Digest(aws="SHA2-256", azure="SHA256", keyword="sha256", charon="SHA2_256"),
    Digest(aws="SHA2-384", azure="SHA384", azure_ipsec=False, keyword="sha384", charon="SHA2_384"),
    Digest(aws="SHA2-512", keyword="sha512", charon="SHA2_512"),
)
"""Weakest first, as above."""
GROUPS = (
    Group(
        number=1, azure=("DHGroup1",), azure_pfs=("PFS1",), keyword="modp768", charon="MODP_768", weak=True
    ),
    Group(
        number=2, azure=("DHGroup2",), azure_pfs=("PFS2",), keyword="modp1024", charon="MODP_1024", weak=True
    ),
    Group(number=5, keyword="modp1536", charon="MODP_1536"),
    Group(
        number=14,
        azure=("DHGroup14", "DHGroup2048"),
        azure_pfs=("PFS2048", "PFS14"),
        keyword="modp2048",
        charon="MODP_2048",
    ),
    Group(number=15, keyword="modp3072", charon="MODP_3072"),
    Group(number=16, keyword="modp4096", charon="MODP_4096"),
    Group(number=17, keyword="modp6144", charon="MODP_6144"),
    Group(number=18, keyword="modp8192", charon="MODP_8192"),
    Group(number=19, azure=("ECP256",), azure_pfs=("ECP256",), keyword="ecp256", charon="ECP_256"),
    Group(number=20, azure=("ECP384",), azure_pfs=("ECP384",), keyword="ecp384", charon="ECP_384"),
    Group(number=21, keyword="ecp521", charon="ECP_521"),
    Group(number=22, keyword="modp1024s160", charon="MODP_1024_160"),
    Group(number=23, keyword="modp2048s224", charon="MODP_2048_224"),
    Group(
        number=24, azure=("DHGroup24",), azure_pfs=("PFS24",), keyword="modp2048s256", charon="MODP_2048_256"
    ),
)

NONE = "None"
"""Azure's word for no group, or no encryption."""
PFS_OF_IKE = "PFSMM"
"""Azure's word for the group of IKE, used again for IPsec."""

AWS_ENCRYPTION = tuple(cipher.aws for cipher in CIPHERS if cipher.aws)
AWS_INTEGRITY = tuple(digest.aws for digest in DIGESTS if digest.aws)
AWS_PHASE1_GROUPS = (2, *range(14, 25))
AWS_PHASE2_GROUPS = (2, 5, *range(14, 25))
AWS_POST_QUANTUM_GROUPS = (35, 36, 37)
"""Key exchanges of AWS (ML-KEM) that `GROUPS` does not have."""
AWS_SAMPLE_HMACS: Mapping[str, str] = {"SHA1": "hmac-sha1-96"}
"""Integrity -> its word for IPsec in sample configurations, where that is not its name in small letters."""
AWS_IKE_VERSIONS = ("ikev1", "ikev2")
AWS_LISTS: Mapping[str, tuple[str, ...] | tuple[int, ...]] = {
    "ike_versions": AWS_IKE_VERSIONS,
    "phase1_dh_group_numbers": AWS_PHASE1_GROUPS,
    "phase1_encryption_algorithms": AWS_ENCRYPTION,
    "phase1_integrity_algorithms": AWS_INTEGRITY,
    "phase2_dh_group_numbers": AWS_PHASE2_GROUPS,
    "phase2_encryption_algorithms": AWS_ENCRYPTION,
    "phase2_integrity_algorithms": AWS_INTEGRITY,
}
"""Option of a tunnel, in Terraform's words -> what it takes, all of which is the default."""
AWS_CHOICES: Mapping[str, tuple[str, ...]] = {
    "dpd_timeout_action": ("clear", "none", "restart"),
    "startup_action": ("add", "start"),
}
"""Option of a tunnel -> the words it takes, the default first."""

AZURE_IKE_ENCRYPTION = tuple(cipher.azure for cipher in CIPHERS if cipher.azure_ike)
AZURE_IKE_INTEGRITY = (
    *(digest.azure for digest in DIGESTS if digest.azure),
    *(cipher.azure for cipher in CIPHERS if cipher.authenticated and cipher.azure_ike),
)
AZURE_IKE_GROUPS = (NONE, *(word for group in GROUPS for word in group.azure))
AZURE_IPSEC_ENCRYPTION = (NONE, *(cipher.azure for cipher in CIPHERS))
AZURE_IPSEC_INTEGRITY = (
    *(digest.azure for digest in DIGESTS if digest.azure and digest.azure_ipsec),
    *(cipher.azure for cipher in CIPHERS if cipher.authenticated),
)
AZURE_PFS_GROUPS = (NONE, PFS_OF_IKE, *(word for group in GROUPS for word in group.azure_pfs))
"""What ARM takes in each member of an IpsecPolicy."""
AZURE_WEAK = frozenset(
    {
        NONE,
        *(cipher.azure for cipher in CIPHERS if cipher.weak),
        *(digest.azure for digest in DIGESTS if digest.weak),
        *(word for group in GROUPS if group.weak for word in (*group.azure, *group.azure_pfs)),
    }
)
"""Azure's words for what is broken or no longer recommended."""
AZURE_PRF: Mapping[str, str] = {"GCMAES128": "SHA256", "GCMAES256": "SHA384"}
"""Azure's cipher, given as the integrity of IKE -> the pseudo-random function that it means. UNCONFIRMED."""

AZURE_DEFAULT_IKE = tuple(
    (cipher, digest, "DHGroup2") for cipher in ("AES256", "AES128", "DES3") for digest in ("SHA1", "SHA256")
)
"""Encryption, integrity and group that Azure proposes for IKE without a policy, in its order.

Source: Azure, "About VPN devices", default IPsec/IKE parameters, IKE phase 1, route-based.
"""
AZURE_DEFAULT_IPSEC = (
    ("GCMAES256", "GCMAES256"),
    ("AES256", "SHA1"),
    ("DES3", "SHA1"),
    ("AES256", "SHA256"),
    ("AES128", "SHA1"),
    ("DES3", "SHA256"),
)
"""Encryption and integrity that it proposes for IPsec. Source: as above, phase 2."""
AZURE_DEFAULT_PFS = (NONE, "PFS1", "PFS2", "PFS2048", "PFS24")
"""Without a group as initiator; the others are accepted. Source: as above."""

Translation = Mapping[str, Sequence[str]]
ENCRYPTION: Translation = {cipher.aws: (cipher.azure,) for cipher in CIPHERS if cipher.aws}
INTEGRITY: Translation = {digest.aws: (digest.azure,) for digest in DIGESTS if digest.aws and digest.azure}
IKE_GROUP: Translation = {str(group.number): group.azure for group in GROUPS if group.azure}
PFS_GROUP: Translation = {str(group.number): group.azure_pfs for group in GROUPS if group.azure_pfs}
"""AWS's word -> Azure's; without those that Azure does not have."""


def in_azure(values: Iterable[object], translation: Translation) -> frozenset[str]:
    """Return Azure's words for AWS's; a value that Azure does not have stays as it is."""
    return frozenset(word for value in values for word in translation.get(str(value), (str(value),)))


def in_aws(azure: str, translation: Translation) -> str | None:
    """Return AWS's word for Azure's, in any case; None if AWS has none."""
    return next(
        (aws for aws, words in translation.items() if azure.upper() in {word.upper() for word in words}), None
    )


def authenticates_itself(azure: object) -> bool:
    """Whether Azure's word, in any case, is a cipher that needs no integrity algorithm (AES-GCM)."""
    return str(azure).upper() in {cipher.azure for cipher in CIPHERS if cipher.authenticated}
