"""The XML that AWS gives for configuring the customer's device. It holds both pre-shared keys.

Source: AWS Site-to-Site VPN User Guide, "Download the configuration file"; the members are those that
devices and Terraform's provider read.
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from twinspan.network.ipsec import AWS_ENCRYPTION, AWS_INTEGRITY, AWS_PHASE1_GROUPS, AWS_SAMPLE_HMACS, CIPHERS
from twinspan.network.limits import AWS_SAMPLE_MSS
from twinspan.network.timers import (
    AWS_BGP_HOLD_S,
    AWS_DPD_PROBE_S,
    AWS_DPD_RETRIES,
    AWS_PHASE1_LIFETIME_S,
    AWS_PHASE2_LIFETIME_S,
)
from twinspan.twin.aws.ec2.tunnel_options import TunnelOptions

_WEAKEST_GROUP = AWS_PHASE1_GROUPS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationInput:
    """All that the document is made from."""

    vpn_connection_id: str
    customer_gateway_id: str
    customer_address: str
    customer_asn: int
    vpn_gateway_id: str
    amazon_side_asn: int
    static_routes_only: bool
    tunnels: tuple[TunnelOptions, ...]


@lru_cache(maxsize=256)
def render(given: ConfigurationInput) -> str:
    """Write the document. Without BGP, the tunnels have no `bgp` members."""
    root = Element("vpn_connection", id=given.vpn_connection_id)
    _text(root, "customer_gateway_id", given.customer_gateway_id)
    _text(root, "vpn_gateway_id", given.vpn_gateway_id)
    _text(root, "vpn_connection_type", "ipsec.1")
    if given.static_routes_only:
        _text(root, "vpn_connection_attributes", "NoBGPVPNConnection")
    for tunnel in given.tunnels:
        _tunnel(SubElement(root, "ipsec_tunnel"), tunnel, given)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _tunnel(parent: Element, tunnel: TunnelOptions, given: ConfigurationInput) -> None:
    inside = tunnel.tunnel_inside_cidr
    customer = SubElement(parent, "customer_gateway")
    _end(customer, given.customer_address, inside[2], inside)
    gateway = SubElement(parent, "vpn_gateway")
    _end(gateway, str(tunnel.outside_ip_address), inside[1], inside)
    if not given.static_routes_only:
        _bgp(customer, given.customer_asn)
        _bgp(gateway, given.amazon_side_asn)
    _ike(SubElement(parent, "ike"), tunnel)
    _ipsec(SubElement(parent, "ipsec"), tunnel)


def _end(parent: Element, outside: str, inside: IPv4Address, cidr: IPv4Network) -> None:
    _text(SubElement(parent, "tunnel_outside_address"), "ip_address", outside)
    address = SubElement(parent, "tunnel_inside_address")
    _text(address, "ip_address", inside)
    _text(address, "network_mask", cidr.netmask)
    _text(address, "network_cidr", cidr.prefixlen)


def _bgp(parent: Element, asn: int) -> None:
    bgp = SubElement(parent, "bgp")
    _text(bgp, "asn", asn)
    _text(bgp, "hold_time", AWS_BGP_HOLD_S)


def _ike(parent: Element, tunnel: TunnelOptions) -> None:
    integrity = (tunnel.phase1_integrity_algorithms or AWS_INTEGRITY)[0]
    encryption = (tunnel.phase1_encryption_algorithms or AWS_ENCRYPTION)[0]
    _text(parent, "authentication_protocol", integrity.lower())
    _text(parent, "encryption_protocol", _cipher(encryption))
    _text(parent, "lifetime", tunnel.phase1_lifetime_seconds or AWS_PHASE1_LIFETIME_S.default)
    _text(
        parent, "perfect_forward_secrecy", f"group{(tunnel.phase1_dh_group_numbers or (_WEAKEST_GROUP,))[0]}"
    )
    _text(parent, "mode", "main")
    _text(parent, "pre_shared_key", tunnel.pre_shared_key)


def _ipsec(parent: Element, tunnel: TunnelOptions) -> None:
    integrity = (tunnel.phase2_integrity_algorithms or AWS_INTEGRITY)[0]
    encryption = (tunnel.phase2_encryption_algorithms or AWS_ENCRYPTION)[0]
    _text(parent, "protocol", "esp")
    _text(parent, "authentication_protocol", AWS_SAMPLE_HMACS.get(integrity, f"hmac-{integrity.lower()}"))
    _text(parent, "encryption_protocol", _cipher(encryption))
    _text(parent, "lifetime", tunnel.phase2_lifetime_seconds or AWS_PHASE2_LIFETIME_S.default)
    _text(
        parent, "perfect_forward_secrecy", f"group{(tunnel.phase2_dh_group_numbers or (_WEAKEST_GROUP,))[0]}"
    )
    _text(parent, "mode", "tunnel")
    _text(parent, "clear_df_bit", "true")
    _text(parent, "fragmentation_before_encryption", "true")
    _text(parent, "tcp_mss_adjustment", AWS_SAMPLE_MSS)
    detection = SubElement(parent, "dead_peer_detection")
    _text(detection, "interval", AWS_DPD_PROBE_S)
    _text(detection, "retries", AWS_DPD_RETRIES)


def _cipher(name: str) -> str:
    """Return a cipher as these documents write it."""
    cipher = next(candidate for candidate in CIPHERS if candidate.aws == name)
    return name.lower() if cipher.authenticated else f"aes-{cipher.charon[1]}-cbc"


def _text(parent: Element, name: str, value: object) -> None:
    SubElement(parent, name).text = str(value)
