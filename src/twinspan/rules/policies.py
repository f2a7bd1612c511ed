"""IKE and IPsec: what both ends offer, for how long, and who begins."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twinspan.network import ipsec
from twinspan.network.ipsec import AWS_LISTS, AZURE_WEAK, NONE, Translation, authenticates_itself, in_azure
from twinspan.network.model import AzureConnection, IpsecPolicy, VpnTunnel
from twinspan.network.timers import (
    AWS_DPD_S,
    AZURE_DEFAULT_DPD_S,
    AZURE_DEFAULT_SA_LIFETIME_S,
    AZURE_DPD_S,
    AZURE_IKE_LIFETIME_S,
)
from twinspan.network.unknown import UNKNOWN, Unknown, known
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import Link, subject
from twinspan.rules.shell import aws_ec2, az_network, tunnel_options

PHASE1_FAILED = "IKE_PHASE1_FAILED (Batfish), IkePolicyMismatch (Network Watcher)"
PHASE2_FAILED = "IPSEC_PHASE2_FAILED (Batfish), IkePolicyMismatch (Network Watcher)"
Policy = IpsecPolicy[Unknown]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One choice that both ends must share.

    Attributes:
        option: AWS's name of its list.
        offer: AWS's list.
        azure: Azure's name of its choice.
        choice: Azure's choice.
        words: AWS's words -> Azure's.
    """

    option: str
    offer: Callable[[VpnTunnel[Unknown]], tuple[str | int | Unknown, ...]]
    azure: str
    choice: Callable[[Policy], str | Unknown]
    words: Translation

    @property
    def member(self) -> str:
        """AWS's name of its list in the API, e.g. `Phase1DHGroupNumbers`."""
        return "".join(word.upper() if word == "dh" else word.capitalize() for word in self.option.split("_"))

    @property
    def fault(self) -> str:
        """What others call it if the ends do not agree."""
        return PHASE1_FAILED if self.option.startswith("phase1") else PHASE2_FAILED


_PHASE1 = (
    _Field(
        option="phase1_encryption_algorithms",
        offer=lambda tunnel: tunnel.phase1.encryption_algorithms,
        azure="ike_encryption",
        choice=lambda policy: policy.ike_encryption,
        words=ipsec.ENCRYPTION,
    ),
    _Field(
        option="phase1_integrity_algorithms",
        offer=lambda tunnel: tunnel.phase1.integrity_algorithms,
        azure="ike_integrity",
        choice=lambda policy: policy.ike_integrity,
        words=ipsec.INTEGRITY,
    ),
    _Field(
        option="phase1_dh_group_numbers",
        offer=lambda tunnel: tunnel.phase1.dh_group_numbers,
        azure="dh_group",
        choice=lambda policy: policy.dh_group,
        words=ipsec.IKE_GROUP,
    ),
)
_PHASE2 = _Field(
    option="phase2_encryption_algorithms",
    offer=lambda tunnel: tunnel.phase2.encryption_algorithms,
    azure="ipsec_encryption",
    choice=lambda policy: policy.ipsec_encryption,
    words=ipsec.ENCRYPTION,
)
_PHASE2_INTEGRITY = _Field(
    option="phase2_integrity_algorithms",
    offer=lambda tunnel: tunnel.phase2.integrity_algorithms,
    azure="ipsec_integrity",
    choice=lambda policy: policy.ipsec_integrity,
    words=ipsec.INTEGRITY,
)
_PFS = _Field(
    option="phase2_dh_group_numbers",
    offer=lambda tunnel: tunnel.phase2.dh_group_numbers,
    azure="pfs_group",
    choice=lambda policy: policy.pfs_group,
    words=ipsec.PFS_GROUP,
)


def _policy_of(connection: AzureConnection[Unknown]) -> Policy | None:
    """Return a connection's own policy, as far as it is known."""
    return connection.ipsec_policy if isinstance(connection.ipsec_policy, IpsecPolicy) else None


def _mismatch(design: Design, link: Link, field: _Field) -> Iterator[Finding]:
    where, offer = subject(link.connection, f"ipsec_policy.{field.azure}"), field.offer(link.tunnel.options)
    policy = _policy_of(link.connection)
    choice = field.choice(policy) if policy else link.connection.ipsec_policy
    mine = offer or AWS_LISTS[field.option]
    if choice is UNKNOWN:
        yield unclear(where, "known after apply only")
    elif UNKNOWN in offer:
        yield unclear(link.tunnel.where(field.option), "known after apply only")
    elif choice and str(choice) not in in_azure(mine, field.words):
        yield Finding(
            subject=where,
            evidence=f"Azure's {field.azure} {choice} is not among AWS's {field.option}:"
            f" {', '.join(map(str, mine))} ({link.tunnel.where()})",
            command=_both_policies(design, link, field.member),
            remedy=_common_choice(design, link, field, str(choice)),
            fault=field.fault,
            branch=link.branch,
        )


def _common_choice(design: Design, link: Link, field: _Field, choice: str) -> str:
    """Return what gives both ends a choice in common; of what exists, the command."""
    if design.planned:
        return "Give both ends one choice in common"
    word = ipsec.in_aws(choice, field.words)
    if word is None:
        return f"AWS has nothing like {choice}: choose another policy on the Azure connection"
    value = int(word) if word.isdigit() else word
    return _allow(design, link, field.member, [{"Value": value}])


def _allow(design: Design, link: Link, member: str, value: object) -> str:
    return "Make AWS allow what Azure insists on: " + aws_ec2(
        "modify-vpn-tunnel-options",
        f"--vpn-connection-id {link.tunnel.connection.id}",
        f"--vpn-tunnel-outside-ip-address {link.tunnel.options.outside_ip_address}",
        f"--tunnel-options '{json.dumps({member: value}, separators=(',', ':'))}'",
        region=design.region_of(link.tunnel.connection.id),
    )


def _both_policies(design: Design, link: Link, member: str) -> str:
    """Return the commands that show what both ends of a tunnel that exists offer."""
    shown = az_network("vpn-connection show", link.connection.id, "--query ipsecPolicies")
    return design.of_what_exists(
        f"{tunnel_options(link.tunnel, member, region=design.region_of(link.tunnel.connection.id))}; {shown}"
    )


def phase1_agrees(design: Design) -> Iterator[Finding]:
    """POL-01: the IKE proposals of both ends have a choice in common, and the version too."""
    for link in design.links:
        for field in _PHASE1:
            yield from _mismatch(design, link, field)
        versions, theirs = link.tunnel.options.ike_versions, known(link.connection.connection_protocol)
        if theirs and UNKNOWN not in versions and theirs.lower() not in {str(v).lower() for v in versions}:
            yield Finding(
                subject=subject(link.connection, "connection_protocol"),
                evidence=f"{theirs} is not among AWS's ike_versions: {', '.join(map(str, versions))}"
                f" ({link.tunnel.where()})",
                command=_both_policies(design, link, "IKEVersions"),
                remedy=design.of_what_exists(
                    _allow(design, link, "IKEVersions", [{"Value": theirs.lower()}]),
                    planned="Use IKEv2 at both ends",
                ),
                fault=PHASE1_FAILED,
                branch=link.branch,
            )


def phase2_agrees(design: Design) -> Iterator[Finding]:
    """POL-02: the IPsec proposals have a choice in common; with GCM, Azure's two fields are the same."""
    for link in design.links:
        yield from _mismatch(design, link, _PHASE2)
        policy = _policy_of(link.connection)
        encryption, integrity = (policy.ipsec_encryption, policy.ipsec_integrity) if policy else ("", "")
        gcm = [authenticates_itself(algorithm) for algorithm in (encryption, integrity) if known(algorithm)]
        if any(gcm) and len(gcm) > 1 and encryption != integrity:
            yield Finding(
                subject=subject(link.connection, "ipsec_policy.ipsec_integrity"),
                evidence=f"{integrity} with ipsec_encryption {encryption}; Azure wants the same GCM name in"
                " both",
                remedy="Write the same GCM name in both, or GCM in neither",
            )
        elif not any(gcm):
            yield from _mismatch(design, link, _PHASE2_INTEGRITY)


def forward_secrecy(design: Design) -> Iterator[Finding]:
    """POL-03: Azure uses perfect forward secrecy with a group that AWS has; None never matches."""
    for link in design.links:
        policy = _policy_of(link.connection)
        if policy and policy.pfs_group == NONE:
            yield Finding(
                subject=subject(link.connection, "ipsec_policy.pfs_group"),
                evidence=f"None, but AWS always wants a group in phase 2 ({link.tunnel.where()})",
                command=_both_policies(design, link, _PFS.member),
                remedy="Name a group of AWS's list, e.g. ECP384 for 20",
                fault=PHASE2_FAILED,
                branch=link.branch,
            )
        else:
            yield from _mismatch(design, link, _PFS)


def explicit_policy(design: Design) -> Iterator[Finding]:
    """POL-04: every connection to AWS has an ipsec_policy; Azure's default proposes no forward secrecy."""
    for link in design.links:
        if link.connection.ipsec_policy is None:
            yield Finding(
                subject=subject(link.connection, "ipsec_policy"),
                evidence="not set; Azure then proposes phase 2 without forward secrecy and IKE with group"
                " 2, so which end begins decides whether the tunnel comes up",
                remedy="Write one policy, and the same at AWS",
            )


def lifetimes_agree(design: Design) -> Iterator[Finding]:
    """POL-05: both ends rekey after the same time."""
    for link in design.links:
        policy, tunnel = link.connection.ipsec_policy, link.tunnel.options
        theirs = policy.sa_life_time_seconds if isinstance(policy, IpsecPolicy) else policy
        theirs_s = AZURE_DEFAULT_SA_LIFETIME_S if theirs is None else known(theirs)
        mine_s, ike_s = known(tunnel.phase2.lifetime_seconds), known(tunnel.phase1.lifetime_seconds)
        if theirs_s is not None and mine_s is not None and theirs_s != mine_s:
            yield Finding(
                subject=subject(link.connection, "ipsec_policy.sa_lifetime"),
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
        policy = _policy_of(connection)
        fields = (*_PHASE1, _PHASE2, _PHASE2_INTEGRITY)
        for name, value in [(field.azure, field.choice(policy)) for field in fields] if policy else ():
            if value in AZURE_WEAK:
                yield Finding(
                    subject=subject(connection, f"ipsec_policy.{name}"),
                    evidence=f"{value} is no longer recommended",
                    remedy="Take GCMAES256, SHA384 and ECP384, or AES256, SHA256 and DHGroup14",
                )


def dead_peer_detection(design: Design) -> Iterator[Finding]:
    """POL-07: dead peer detection is within what each cloud takes, and a dead tunnel is started again."""
    for tunnel in design.tunnels:
        seconds = known(tunnel.options.dpd_timeout_seconds)
        if seconds is not None and not AWS_DPD_S.takes(seconds):
            yield Finding(
                subject=tunnel.where("dpd_timeout_seconds"),
                evidence=f"{seconds} s; AWS takes {AWS_DPD_S.least} s or more",
                remedy=f"Set it to {AWS_DPD_S.least} or more",
            )
    for connection in design.azure_connections:
        seconds = known(connection.dpd_timeout_seconds)
        if seconds is not None and seconds not in AZURE_DPD_S:
            yield Finding(
                subject=subject(connection, "dpd_timeout_seconds"),
                evidence=f"{seconds} s is not within {AZURE_DPD_S[0]}-{AZURE_DPD_S[-1]} s",
                remedy=f"Set it to {AZURE_DEFAULT_DPD_S}, or {AZURE_DPD_S[0]} at the least",
            )


def somebody_begins(design: Design) -> Iterator[Finding]:
    """POL-08: one of the two ends starts the tunnel."""
    for link in design.links:
        startup, mode = link.tunnel.options.startup_action, link.connection.connection_mode
        if startup == "add" and mode == "ResponderOnly":
            yield Finding(
                subject=link.tunnel.where("startup_action"),
                evidence=f"{startup}, and {subject(link.connection)} only responds: nobody begins",
                remedy='Set startup_action to "start", or connection_mode to "Default"',
                branch=link.branch,
            )
        if startup == "start" and mode == "InitiatorOnly":
            yield Finding(
                subject=subject(link.connection, "connection_mode"),
                evidence=f"InitiatorOnly refuses what AWS begins ({link.tunnel.where('startup_action')}"
                " start)",
                remedy='Set connection_mode to "Default"',
                branch=link.branch,
            )
