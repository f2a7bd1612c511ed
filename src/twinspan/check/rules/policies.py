"""IKE and IPsec: what both ends offer, for how long, and who begins."""

from collections.abc import Iterator
from dataclasses import dataclass

from twinspan.check.design import Design, Link, items, known, number
from twinspan.check.findings import unclear
from twinspan.network import ipsec
from twinspan.network.ipsec import AWS_LISTS, AZURE_WEAK, NONE, Translation, authenticates_itself, in_azure
from twinspan.network.timers import (
    AWS_DPD_S,
    AWS_PHASE1_LIFETIME_S,
    AWS_PHASE2_LIFETIME_S,
    AZURE_DEFAULT_DPD_S,
    AZURE_DEFAULT_SA_LIFETIME_S,
    AZURE_DPD_S,
    AZURE_IKE_LIFETIME_S,
)
from twinspan.project.plan import UNKNOWN
from twinspan.results import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One choice that both ends must share: AWS's list and Azure's word for it."""

    option: str
    azure: str
    words: Translation

    def offered(self, link: Link) -> tuple[str, ...]:
        """What AWS's end takes: what is configured, else all it knows."""
        configured = items(link.tunnel.get(self.option))
        return tuple(map(str, configured or AWS_LISTS[self.option]))

    def problem(self, link: Link) -> str:
        """Return how the two ends differ; empty if they share a choice or one of them is not told."""
        theirs = link.connection.get("ipsec_policy", 0, self.azure)
        # An unset list is unknown too: the provider reads AWS's default back.
        if not known(theirs):
            return ""
        mine = self.offered(link)
        if str(theirs) in in_azure(mine, self.words):
            return ""
        return f"Azure's {self.azure} {theirs} is not among AWS's {self.option}: {', '.join(mine)}"


_PHASE1 = (
    _Field(option="phase1_encryption_algorithms", azure="ike_encryption", words=ipsec.ENCRYPTION),
    _Field(option="phase1_integrity_algorithms", azure="ike_integrity", words=ipsec.INTEGRITY),
    _Field(option="phase1_dh_group_numbers", azure="dh_group", words=ipsec.IKE_GROUP),
)
_PHASE2 = _Field(option="phase2_encryption_algorithms", azure="ipsec_encryption", words=ipsec.ENCRYPTION)
_PHASE2_INTEGRITY = _Field(
    option="phase2_integrity_algorithms", azure="ipsec_integrity", words=ipsec.INTEGRITY
)
_PFS = _Field(option="phase2_dh_group_numbers", azure="pfs_group", words=ipsec.PFS_GROUP)


def _mismatch(design: Design, link: Link, field: _Field) -> Iterator[Finding]:
    theirs = link.connection.get("ipsec_policy", 0, field.azure)
    if theirs is UNKNOWN:
        yield unclear(f"{link.connection.address} ipsec_policy.{field.azure}", "known after apply only")
    elif design.setting(link.tunnel.connection, f"tunnel{link.tunnel.number}_{field.option}") is UNKNOWN:
        yield unclear(link.tunnel.where(field.option), "known after apply only")
    elif problem := field.problem(link):
        yield Finding(
            subject=f"{link.connection.address} ipsec_policy.{field.azure}",
            evidence=f"{problem} ({link.tunnel.where()})",
            remedy="Give both ends one choice in common",
        )


def phase1_agrees(design: Design) -> Iterator[Finding]:
    """POL-01: the IKE proposals of both ends have a choice in common, and the version too."""
    for link in design.links:
        for field in _PHASE1:
            yield from _mismatch(design, link, field)
        versions = items(link.tunnel.get("ike_versions"))
        theirs = link.connection.get("connection_protocol")
        theirs = "IKEv2" if theirs is None else theirs
        if versions and known(theirs) and str(theirs).lower() not in {str(each).lower() for each in versions}:
            yield Finding(
                subject=f"{link.connection.address} connection_protocol",
                evidence=f"{theirs} is not among AWS's ike_versions: {', '.join(map(str, versions))}"
                f" ({link.tunnel.where()})",
                remedy="Use IKEv2 at both ends",
            )


def phase2_agrees(design: Design) -> Iterator[Finding]:
    """POL-02: the IPsec proposals have a choice in common; with GCM, Azure's two fields are the same."""
    for link in design.links:
        yield from _mismatch(design, link, _PHASE2)
        encryption = link.connection.get("ipsec_policy", 0, "ipsec_encryption")
        integrity = link.connection.get("ipsec_policy", 0, "ipsec_integrity")
        gcm = [authenticates_itself(each) for each in (encryption, integrity) if known(each)]
        if any(gcm) and len(gcm) > 1 and encryption != integrity:
            yield Finding(
                subject=f"{link.connection.address} ipsec_policy.ipsec_integrity",
                evidence=f"{integrity} with ipsec_encryption {encryption}; Azure wants the same GCM name in"
                f" both",
                remedy="Write the same GCM name in both, or GCM in neither",
            )
        elif not any(gcm):
            yield from _mismatch(design, link, _PHASE2_INTEGRITY)


def forward_secrecy(design: Design) -> Iterator[Finding]:
    """POL-03: Azure uses perfect forward secrecy with a group that AWS has; None never matches."""
    for link in design.links:
        if link.connection.get("ipsec_policy", 0, "pfs_group") == NONE:
            yield Finding(
                subject=f"{link.connection.address} ipsec_policy.pfs_group",
                evidence=f"None, but AWS always wants a group in phase 2 ({link.tunnel.where()})",
                remedy="Name a group of AWS's list, e.g. ECP384 for 20",
            )
        else:
            yield from _mismatch(design, link, _PFS)


def explicit_policy(design: Design) -> Iterator[Finding]:
    """POL-04: every connection to AWS has an ipsec_policy; Azure's default proposes no forward secrecy."""
    for link in design.links:
        policy = link.connection.get("ipsec_policy")
        if policy is None or policy == []:
            yield Finding(
                subject=f"{link.connection.address} ipsec_policy",
                evidence="not set; Azure then proposes phase 2 without forward secrecy and IKE with group"
                " 2, so"
                " which end begins decides whether the tunnel comes up",
                remedy="Write one policy, and the same at AWS",
            )


def lifetimes_agree(design: Design) -> Iterator[Finding]:
    """POL-05: both ends rekey after the same time."""
    for link in design.links:
        theirs = link.connection.get("ipsec_policy", 0, "sa_lifetime")
        mine = link.tunnel.get("phase2_lifetime_seconds")
        ike = link.tunnel.get("phase1_lifetime_seconds")
        theirs_s = AZURE_DEFAULT_SA_LIFETIME_S if theirs is None else number(theirs)
        mine_s = AWS_PHASE2_LIFETIME_S.default if mine is None else number(mine)
        ike_s = AWS_PHASE1_LIFETIME_S.default if ike is None else number(ike)
        if theirs_s is not None and mine_s is not None and theirs_s != mine_s:
            yield Finding(
                subject=f"{link.connection.address} ipsec_policy.sa_lifetime",
                evidence=f"{theirs_s} s, but AWS rekeys IPsec after {mine_s} s ({link.tunnel.where()})",
                remedy=f"Set it to {mine_s}",
            )
        if ike_s is not None and ike_s != AZURE_IKE_LIFETIME_S:
            yield Finding(
                subject=link.tunnel.where("phase1_lifetime_seconds"),
                evidence=f"{ike_s} s, but Azure's IKE lifetime is fixed at {AZURE_IKE_LIFETIME_S} s",
                remedy=f"Set it to {AZURE_IKE_LIFETIME_S}",
            )


def strong_algorithms(design: Design) -> Iterator[Finding]:
    """POL-06: no connection uses an algorithm that is broken or no longer recommended."""
    for connection in design.azure_connections:
        for name in ("ike_encryption", "ike_integrity", "dh_group", "ipsec_encryption", "ipsec_integrity"):
            value = connection.get("ipsec_policy", 0, name)
            if isinstance(value, str) and value in AZURE_WEAK:
                yield Finding(
                    subject=f"{connection.address} ipsec_policy.{name}",
                    evidence=f"{value} is no longer recommended",
                    remedy="Take GCMAES256, SHA384 and ECP384, or AES256, SHA256 and DHGroup14",
                )


def dead_peer_detection(design: Design) -> Iterator[Finding]:
    """POL-07: dead peer detection is within what each cloud takes, and a dead tunnel is started again."""
    for tunnel in design.tunnels:
        seconds = number(tunnel.get("dpd_timeout_seconds"))
        if seconds is not None and not AWS_DPD_S.takes(seconds):
            yield Finding(
                subject=tunnel.where("dpd_timeout_seconds"),
                evidence=f"{seconds} s; AWS takes {AWS_DPD_S.least} s or more",
                remedy=f"Set it to {AWS_DPD_S.least} or more",
            )
    for connection in design.azure_connections:
        seconds = number(connection.get("dpd_timeout_seconds"))
        if seconds is not None and seconds not in AZURE_DPD_S:
            yield Finding(
                subject=f"{connection.address} dpd_timeout_seconds",
                evidence=f"{seconds} s is not within {AZURE_DPD_S[0]}-{AZURE_DPD_S[-1]} s",
                remedy=f"Set it to {AZURE_DEFAULT_DPD_S}, or {AZURE_DPD_S[0]} at the least",
            )


def somebody_begins(design: Design) -> Iterator[Finding]:
    """POL-08: one of the two ends starts the tunnel."""
    for link in design.links:
        startup, mode = link.tunnel.get("startup_action"), link.connection.get("connection_mode")
        if startup in (None, "add") and mode == "ResponderOnly":
            yield Finding(
                subject=link.tunnel.where("startup_action"),
                evidence=f"{startup or 'not set (add)'}, and {link.connection.address} only responds:"
                f" nobody begins",
                remedy='Set startup_action to "start", or connection_mode to "Default"',
            )
        if startup == "start" and mode == "InitiatorOnly":
            yield Finding(
                subject=f"{link.connection.address} connection_mode",
                evidence=f"InitiatorOnly refuses what AWS begins ({link.tunnel.where('startup_action')}"
                f" start)",
                remedy='Set connection_mode to "Default"',
            )
