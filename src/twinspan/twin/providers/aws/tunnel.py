# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""Tunnel options of a VPN connection, and the document that tells the customer gateway about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any
from xml.etree import ElementTree as ET

from twinspan.network.ipsec import AWS_CHOICES, AWS_LISTS
from twinspan.network.ranges import AWS_RESERVED_INSIDE, INSIDE_LENGTH, LINK_LOCAL
from twinspan.network.timers import AWS_NUMBERS
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.resource import Rule, between, each, matches, one_of

_SCALARS = {
    "dpd_timeout_action": "DPDTimeoutAction",
    "dpd_timeout_seconds": "DPDTimeoutSeconds",
    "enable_tunnel_lifecycle_control": "EnableTunnelLifecycleControl",
    "inside_cidr": "TunnelInsideCidr",
    "inside_ipv6_cidr": "TunnelInsideIpv6Cidr",
    "phase1_lifetime_seconds": "Phase1LifetimeSeconds",
    "phase2_lifetime_seconds": "Phase2LifetimeSeconds",
    "preshared_key": "PreSharedKey",
    "rekey_fuzz_percentage": "RekeyFuzzPercentage",
    "rekey_margin_time_seconds": "RekeyMarginTimeSeconds",
    "replay_window_size": "ReplayWindowSize",
    "startup_action": "StartupAction",
}
_LISTS = {
    "ike_versions": "IKEVersions",
    "phase1_dh_group_numbers": "Phase1DHGroupNumbers",
    "phase1_encryption_algorithms": "Phase1EncryptionAlgorithms",
    "phase1_integrity_algorithms": "Phase1IntegrityAlgorithms",
    "phase2_dh_group_numbers": "Phase2DHGroupNumbers",
    "phase2_encryption_algorithms": "Phase2EncryptionAlgorithms",
    "phase2_integrity_algorithms": "Phase2IntegrityAlgorithms",
}
_ANSWERED = {
    "dpd_timeout_action": "DpdTimeoutAction",
    "dpd_timeout_seconds": "DpdTimeoutSeconds",
    "ike_versions": "IkeVersions",
}
"""Members whose names differ between requests and answers. Source: EC2 API, TunnelOption."""

_LOG = {
    "log_enabled": "LogEnabled",
    "log_group_arn": "LogGroupArn",
    "log_output_format": "LogOutputFormat",
    "bgp_log_enabled": "BgpLogEnabled",
    "bgp_log_group_arn": "BgpLogGroupArn",
    "bgp_log_output_format": "BgpLogOutputFormat",
}
DEFAULTS: Mapping[str, Any] = {
    **{name: choices[0] for name, choices in AWS_CHOICES.items()},
    **{name: number.default for name, number in AWS_NUMBERS.items()},
    **{name: list(values) for name, values in AWS_LISTS.items()},
    "enable_tunnel_lifecycle_control": False,
}
"""What AWS does where nothing is configured. Source: EC2 API, VpnTunnelOptionsSpecification."""


def _inside_cidr(value: Any) -> str:
    try:
        network = ip_network(value)
    except ValueError as error:
        return str(error)
    if (
        network.version != LINK_LOCAL.version
        or network.prefixlen != INSIDE_LENGTH
        or not network.subnet_of(LINK_LOCAL)
    ):
        return f"expected a /{INSIDE_LENGTH} within {LINK_LOCAL}, got {value}"
    return f"{value} is reserved by AWS" if network in AWS_RESERVED_INSIDE else ""


RULES: Mapping[str, Rule] = {
    **{name: one_of(*choices) for name, choices in AWS_CHOICES.items()},
    **{name: between(number.least, number.most or 2**31) for name, number in AWS_NUMBERS.items()},
    **{name: each(one_of(*values)) for name, values in AWS_LISTS.items() if "dh_group" not in name},
    "inside_cidr": _inside_cidr,
    "preshared_key": matches(
        r"[1-9a-zA-Z._][0-9a-zA-Z._]{7,63}",
        "8 to 64 letters, digits, dots or underscores, not starting with 0",
    ),
}
"""What the real provider checks of a tunnel option, by name without `tunnel1_`."""


def expand(state: State, prefix: str) -> dict[str, Any]:
    """Return the request of one tunnel, VpnTunnelOptionsSpecification; zero values are not sent."""
    options: dict[str, Any] = {}
    for name, member in _SCALARS.items():
        value = state[prefix + name]
        if isinstance(value, str | int) and value:
            options[member] = value
    for name, member in _LISTS.items():
        values = state[prefix + name]
        if isinstance(values, list) and values:
            options[member] = [{"Value": value} for value in values]
    if log := _expand_log(state[f"{prefix}log_options"]):
        options["LogOptions"] = {"CloudWatchLogOptions": log}
    return options


def changes(prior: State, planned: State, prefix: str) -> dict[str, Any]:
    """Return what is to be sent to ModifyVpnTunnelOptions for one tunnel; empty if nothing changed."""
    old, new = expand(prior, prefix), expand(planned, prefix)
    options = {member: value for member, value in new.items() if old.get(member) != value}
    for name, member in (_SCALARS | _LISTS).items():
        if member in old and member not in new and name in DEFAULTS:
            default = DEFAULTS[name]
            options[member] = [{"Value": item} for item in default] if name in _LISTS else default
    if "LogOptions" in old and "LogOptions" not in new:
        options["LogOptions"] = {"CloudWatchLogOptions": {"LogEnabled": False}}
    return options


def _expand_log(blocks: Any) -> dict[str, Any]:
    for block in blocks if isinstance(blocks, list) else []:
        for inner in block["cloudwatch_log_options"]:
            return {
                member: inner[name] for name, member in _LOG.items() if isinstance(inner[name], str | bool)
            }
    return {}


def flatten(option: Mapping[str, Any], prefix: str) -> State:
    """Return the attributes for one TunnelOption of an answer, without the key."""
    state: State = {
        prefix + name: option.get(_ANSWERED.get(name, member))
        for name, member in _SCALARS.items()
        if name != "preshared_key"
    }
    for name, member in _LISTS.items():
        values = option.get(_ANSWERED.get(name, member))
        state[prefix + name] = None if values is None else [item["Value"] for item in values]
    log = option.get("LogOptions", {}).get("CloudWatchLogOptions")
    flat = {name: (log or {}).get(member) for name, member in _LOG.items()}
    state[f"{prefix}log_options"] = [{"cloudwatch_log_options": [flat]}] if log else []
    return state


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelInfo:
    """One tunnel as the customer gateway's configuration document describes it."""

    outside_address: str
    cgw_inside_address: str
    vgw_inside_address: str
    bgp_asn: str
    bgp_hold_time: int
    pre_shared_key: str


def tunnels_of(document: str) -> list[TunnelInfo]:
    """Read CustomerGatewayConfiguration, in its order; an empty list if there is none yet."""
    if not document.strip():
        return []
    root = ET.fromstring(document)  # noqa: S314 - the cloud's own answer, over an authenticated connection

    def text(tunnel: ET.Element, path: str) -> str:
        return (tunnel.findtext(path) or "").strip()

    return [
        TunnelInfo(
            outside_address=text(tunnel, "vpn_gateway/tunnel_outside_address/ip_address"),
            cgw_inside_address=text(tunnel, "customer_gateway/tunnel_inside_address/ip_address"),
            vgw_inside_address=text(tunnel, "vpn_gateway/tunnel_inside_address/ip_address"),
            bgp_asn=text(tunnel, "vpn_gateway/bgp/asn"),
            bgp_hold_time=int(text(tunnel, "vpn_gateway/bgp/hold_time") or 0),
            pre_shared_key=text(tunnel, "ike/pre_shared_key"),
        )
        for tunnel in root.iter("ipsec_tunnel")
    ]


def ordered(tunnels: Sequence[TunnelInfo], *, key: str, inside_cidr: str) -> list[TunnelInfo]:
    """Return the tunnels with number 1 first.

    Number 1 is the one with tunnel 1's key if that is known, else the one within its inside range if that
    is known; else they are sorted by outside address, as text. Source: hashicorp/aws, aws_vpn_connection.
    """
    if key:
        first = [tunnel.pre_shared_key == key for tunnel in tunnels]
    elif inside_cidr:
        network = ip_network(inside_cidr)
        first = [
            bool(tunnel.vgw_inside_address) and ip_address(tunnel.vgw_inside_address) in network
            for tunnel in tunnels
        ]
    else:
        return sorted(tunnels, key=lambda tunnel: tunnel.outside_address)
    return sorted(tunnels, key=lambda tunnel: not first[tunnels.index(tunnel)])
