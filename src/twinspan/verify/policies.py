"""What the two configurations of a tunnel contradict each other in, phase by phase. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from twinspan.network import ipsec
from twinspan.network.model import AzureConnection, VpnTunnel


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A field in which the two ends have no value in common.

    Attributes:
        what: The field, for a reader.
        azure: What Azure insists on.
        aws: What AWS allows, in Azure's words.
        option: The member of AWS's tunnel options that would settle it.
        value: The value to give it; None if AWS has nothing like Azure's.
    """

    what: str
    azure: str
    aws: tuple[str, ...]
    option: str
    value: str | int | None

    @property
    def text(self) -> str:
        """One sentence about it."""
        return f"{self.what}: Azure insists on {self.azure}, AWS allows {', '.join(self.aws)}"


def phase1_clashes(connection: AzureConnection, tunnel: VpnTunnel) -> Iterator[Clash]:
    """Yield what keeps the IKE SA from being agreed upon."""
    version = connection.connection_protocol.lower()
    if version and version not in {each.lower() for each in tunnel.ike_versions}:
        yield Clash(
            what="IKE version",
            azure=connection.connection_protocol,
            aws=tunnel.ike_versions,
            option="IKEVersions",
            value=version,
        )
    policy = connection.ipsec_policy
    if policy is not None:
        first = tunnel.phase1
        fields = (
            (
                "IKE encryption",
                policy.ike_encryption,
                first.encryption_algorithms,
                "Phase1EncryptionAlgorithms",
            ),
            ("IKE integrity", policy.ike_integrity, first.integrity_algorithms, "Phase1IntegrityAlgorithms"),
            ("IKE group", policy.dh_group, first.dh_group_numbers, "Phase1DHGroupNumbers"),
        )
        tables = (ipsec.ENCRYPTION, ipsec.INTEGRITY, ipsec.IKE_GROUP)
        for (what, azure, aws, option), table in zip(fields, tables, strict=True):
            yield from _clash(what, azure, aws, option, table)


def phase2_clashes(connection: AzureConnection, tunnel: VpnTunnel) -> Iterator[Clash]:
    """Yield what keeps the IPsec SA from being agreed upon, at once or at its first rekeying."""
    policy = connection.ipsec_policy
    if policy is None:
        return
    second = tunnel.phase2
    yield from _clash(
        "IPsec encryption",
        policy.ipsec_encryption,
        second.encryption_algorithms,
        "Phase2EncryptionAlgorithms",
        ipsec.ENCRYPTION,
    )
    if not ipsec.authenticates_itself(policy.ipsec_encryption):
        yield from _clash(
            "IPsec integrity",
            policy.ipsec_integrity,
            second.integrity_algorithms,
            "Phase2IntegrityAlgorithms",
            ipsec.INTEGRITY,
        )
    yield from _clash(
        "PFS group", policy.pfs_group, second.dh_group_numbers, "Phase2DHGroupNumbers", ipsec.PFS_GROUP
    )


def _clash(
    what: str,
    azure: str,
    aws: Sequence[object],
    option: str,
    table: ipsec.Translation,
) -> Iterator[Clash]:
    allowed = ipsec.in_azure(aws, table)
    # An empty list means AWS's default: everything it knows.
    if aws and azure.upper() not in {word.upper() for word in allowed}:
        wanted = ipsec.in_aws(azure, table)
        number = int(wanted) if wanted is not None and wanted.isdigit() else wanted
        yield Clash(what=what, azure=azure, aws=tuple(sorted(allowed)), option=option, value=number)
