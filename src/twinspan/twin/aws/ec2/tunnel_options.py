"""The options of one VPN tunnel: what AWS allows, what it fills in.

Source: EC2 API, VpnTunnelOptionsSpecification and ModifyVpnTunnelOptionsSpecification.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Any

from twinspan.network.ipsec import AWS_CHOICES, AWS_LISTS, AWS_POST_QUANTUM_GROUPS
from twinspan.network.ranges import AWS_RESERVED_INSIDE, INSIDE_LENGTH, LINK_LOCAL
from twinspan.network.timers import (
    AWS_NUMBERS,
    AWS_PHASE1_LIFETIME_S,
    AWS_PHASE2_LIFETIME_S,
    AWS_REKEY_MARGIN_S,
)
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value, missing, unsupported
from twinspan.twin.aws.ec2.log_options import LogOptions, parse_log_options

_PRE_SHARED_KEY = re.compile(r"[A-Za-z1-9._][A-Za-z0-9._]{7,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelOptions:
    """One tunnel of a connection. Names are EC2's.

    What nobody set stays None or empty, and AWS's answers leave it out: Terraform's provider, whose own
    tests record this, plans changes for ever otherwise. The defaults in force are in `AWS_NUMBERS`; an empty
    list means "all".
    """

    outside_ip_address: IPv4Address
    tunnel_inside_cidr: IPv4Network
    pre_shared_key: str = field(repr=False)
    phase1_lifetime_seconds: int | None = None
    phase2_lifetime_seconds: int | None = None
    rekey_margin_time_seconds: int | None = None
    rekey_fuzz_percentage: int | None = None
    replay_window_size: int | None = None
    dpd_timeout_seconds: int | None = None
    """Default 30 in the documentation of creation, 40 in that of modification."""
    dpd_timeout_action: str | None = None
    startup_action: str | None = None
    phase1_encryption_algorithms: tuple[str, ...] = ()
    phase2_encryption_algorithms: tuple[str, ...] = ()
    phase1_integrity_algorithms: tuple[str, ...] = ()
    phase2_integrity_algorithms: tuple[str, ...] = ()
    phase1_dh_group_numbers: tuple[int, ...] = ()
    phase2_dh_group_numbers: tuple[int, ...] = ()
    ike_versions: tuple[str, ...] = ()
    enable_tunnel_lifecycle_control: bool = False
    log_options: LogOptions = field(default_factory=LogOptions)


_NUMBERS: Mapping[str, str] = {
    "Phase1LifetimeSeconds": "phase1_lifetime_seconds",
    "Phase2LifetimeSeconds": "phase2_lifetime_seconds",
    "RekeyMarginTimeSeconds": "rekey_margin_time_seconds",
    "RekeyFuzzPercentage": "rekey_fuzz_percentage",
    "ReplayWindowSize": "replay_window_size",
    "DPDTimeoutSeconds": "dpd_timeout_seconds",
}
_CHOICES: Mapping[str, str] = {
    "DPDTimeoutAction": "dpd_timeout_action",
    "StartupAction": "startup_action",
}
_LISTS: Mapping[str, str] = {
    "Phase1EncryptionAlgorithms": "phase1_encryption_algorithms",
    "Phase2EncryptionAlgorithms": "phase2_encryption_algorithms",
    "Phase1IntegrityAlgorithms": "phase1_integrity_algorithms",
    "Phase2IntegrityAlgorithms": "phase2_integrity_algorithms",
    "Phase1DHGroupNumbers": "phase1_dh_group_numbers",
    "Phase2DHGroupNumbers": "phase2_dh_group_numbers",
    "IKEVersions": "ike_versions",
}
"""Member of a request -> our field, the option's name in `AWS_NUMBERS`, `AWS_CHOICES` and `AWS_LISTS`."""
_NOT_IN_THE_TWIN = ("Phase1AdditionalKeyExchanges", "Phase2AdditionalKeyExchanges")


def apply_request(base: TunnelOptions, request: Mapping[str, Any]) -> TunnelOptions:
    """Return `base` with what a request asks for put over it.

    Args:
        base: The tunnel as it is, or as AWS would make it.
        request: `VpnTunnelOptionsSpecification` of a parsed request.

    Raises:
        EC2ClientError: A value is not allowed, or does not go with another one.
    """
    if "TunnelInsideIpv6Cidr" in request:  # a virtual private gateway has IPv4 inside only
        raise invalid_combination(
            "An ipv6 inside cidr is not allowed for VPNs using an ipv4 inside ip version"
        )
    for name in _NOT_IN_THE_TWIN:
        if request.get(name):
            raise unsupported(f"The twin cannot do additional key exchanges ({name})")
    changes: dict[str, Any] = {}
    changes.update(_numbers(request))
    changes.update(_chosen(request))
    changes.update(_listed(request))
    if "TunnelInsideCidr" in request:
        changes["tunnel_inside_cidr"] = parse_inside_cidr(request["TunnelInsideCidr"])
    if "PreSharedKey" in request:
        changes["pre_shared_key"] = _pre_shared_key(request["PreSharedKey"])
    if "EnableTunnelLifecycleControl" in request:
        changes["enable_tunnel_lifecycle_control"] = bool(request["EnableTunnelLifecycleControl"])
    if "LogOptions" in request:
        changes["log_options"] = parse_log_options(base.log_options, request["LogOptions"])
    changed = replace(base, **changes)
    _check_together(changed)
    return changed


def parse_inside_cidr(text: str) -> IPv4Network:
    """Read a `TunnelInsideCidr`.

    Raises:
        EC2ClientError: It is not a /30 of 169.254.0.0/16, or it is one that AWS keeps for itself.
    """
    try:
        cidr = IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise invalid_value("TunnelInsideCidr", text, "It must be a network in CIDR notation") from error
    if cidr.prefixlen != INSIDE_LENGTH or not cidr.subnet_of(LINK_LOCAL):
        raise invalid_value("TunnelInsideCidr", text, f"It must be a size /30 block of {LINK_LOCAL}")
    if cidr in AWS_RESERVED_INSIDE:
        raise invalid_value("TunnelInsideCidr", text, "The block is reserved")
    return cidr


def _numbers(request: Mapping[str, Any]) -> dict[str, int]:
    numbers = {}
    for name, attribute in _NUMBERS.items():
        if name not in request:
            continue
        value, bounds = int(request[name]), AWS_NUMBERS[attribute]
        if not bounds.takes(value):
            least, most = bounds.least, bounds.most
            allowed = f"between {least} and {most}" if most is not None else f"at least {least}"
            raise invalid_value(name, value, f"It must be {allowed}")
        numbers[attribute] = value
    return numbers


def _chosen(request: Mapping[str, Any]) -> dict[str, str]:
    choices = {}
    for name, attribute in _CHOICES.items():
        if name not in request:
            continue
        allowed = AWS_CHOICES[attribute]
        if request[name] not in allowed:
            raise invalid_value(name, request[name], f"Valid values: {' | '.join(allowed)}")
        choices[attribute] = str(request[name])
    return choices


def _listed(request: Mapping[str, Any]) -> dict[str, tuple[str | int, ...]]:
    lists = {}
    for name, attribute in _LISTS.items():
        if name not in request:
            continue
        allowed = AWS_LISTS[attribute]
        values = tuple(item.get("Value") for item in request[name])
        for value in values:
            if value in AWS_POST_QUANTUM_GROUPS and "DHGroup" in name:
                raise unsupported(f"The twin cannot do key exchange {value} ({name})")
            if value not in allowed:
                words = " | ".join(str(item) for item in allowed)
                raise invalid_value(name, value, f"Valid values: {words}")
        lists[attribute] = tuple(dict.fromkeys(values))
    return lists


def _pre_shared_key(text: str) -> str:
    if not _PRE_SHARED_KEY.fullmatch(text):
        raise invalid_value(
            "PreSharedKey",
            None,
            "It must have 8 to 64 characters, only letters, digits, periods and underscores, "
            "and not begin with 0",
        )
    return text


def _check_together(options: TunnelOptions) -> None:
    phase1 = options.phase1_lifetime_seconds or AWS_PHASE1_LIFETIME_S.default
    phase2 = options.phase2_lifetime_seconds or AWS_PHASE2_LIFETIME_S.default
    margin = options.rekey_margin_time_seconds or AWS_REKEY_MARGIN_S.default
    if phase2 >= phase1:
        raise invalid_value(
            "Phase2LifetimeSeconds", phase2, f"It must be less than Phase1LifetimeSeconds ({phase1})"
        )
    if margin > phase2 / 2:
        raise invalid_value(
            "RekeyMarginTimeSeconds", margin, f"It must be at most half of Phase2LifetimeSeconds ({phase2})"
        )
    if options.startup_action == "start" and options.ike_versions == ("ikev1",):
        raise invalid_combination("StartupAction start is only supported with ikev2")
    if options.log_options.log_enabled and options.log_options.log_group_arn is None:
        raise missing("LogGroupArn")
    if options.log_options.bgp_log_enabled and options.log_options.bgp_log_group_arn is None:
        raise missing("BgpLogGroupArn")
