"""BIRD's configuration files: a gateway's and a router's. Pure text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.spec import EndSpec, GatewaySpec, RouterSpec

ROUTER_SESSION = "to_router"
"""Protocol of a gateway's session with its VPC or VNet router."""

OWN_NETWORKS = "own_networks"
"""Protocol of a gateway's own VPC or VNet prefixes."""

_IMPORTED_METRIC = 32
"""Kernel metric of BIRD's routes; static routes of a route table have a lower one and win."""

_QUICK = """  connect delay time 1;
  connect retry time 1;
  error wait time 1, 5;
  startup hold time 30;"""
"""The clouds publish no such timers. Short ones keep the twin's start quick; they end no session."""


Preference = Literal["withdrawn", "last"]
"""`withdrawn`: nothing is announced over a tunnel. `last`: it is used only if no other tunnel is up."""

_LAST_MED, _LAST_LOCAL_PREF, _LAST_STATIC = 200, 50, 150
"""Worse than the defaults, 0, 100 and 200. Only the order matters; a static route stays before BGP's (100).

Source: AWS Site-to-Site VPN User Guide, endpoint replacements: AWS gives the other tunnel the lower
multi-exit discriminator before it updates one.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """How a gateway and its router reach each other: addresses of both, and the router's device."""

    gateway: IPv4Address
    router: IPv4Address


def session_name(end_key: str) -> str:
    """Return the name of a tunnel end's BGP session in bird.conf."""
    return short_name("t_", end_key)


def sibling_name(address: IPv4Address) -> str:
    """Return the name of the session with another instance of the same gateway."""
    return short_name("i_", str(address))


def static_name(end_key: str) -> str:
    """Return the name of the protocol that holds a tunnel end's static routes."""
    return f"far_{session_name(end_key)}"


def gateway_name(gateway_key: str) -> str:
    """Return the name of a router's session with a gateway."""
    return short_name("g_", gateway_key)


def gateway_config(
    spec: GatewaySpec,
    ends: Sequence[EndSpec],
    devices: Mapping[str, str],
    uplink: Uplink | None,
    router_id: IPv4Address,
    *,
    preferences: Mapping[str, Preference],
) -> str:
    """Return bird.conf of a gateway.

    An AWS virtual private gateway uses one path per prefix; an Azure instance spreads flows over all
    equal ones. Sources: AWS Site-to-Site VPN user guide, "Routing" (no ECMP on a VGW); Azure, About
    active-active gateways.

    Args:
        spec: The gateway.
        ends: Its tunnel ends.
        devices: End key -> TUN device.
        uplink: The way to its router; None if it is attached to none.
        router_id: Its BGP identifier.
        preferences: End key -> how its tunnel differs from the others.
    """
    parts = [
        _head(router_id),
        _kernel(ecmp=spec.side == "azure", export='source = RTS_BGP || proto ~ "far_*"'),
        _networks(spec),
        *(_far_routes(end, devices[end.key], preferences.get(end.key)) for end in ends if end.static_routes),
    ]
    if spec.bgp_enabled:
        parts += [
            _tunnel(spec, end, preferences.get(end.key))
            for end in ends
            if end.bgp is not None and _addressed(end)
        ]
    if spec.address is not None:
        parts += [_sibling(spec, address) for address in spec.siblings]
    if uplink is not None:
        parts.append(_to_router(spec, uplink))
    return "\n".join(part for part in parts if part)


def router_config(
    spec: RouterSpec,
    gateways: Iterable[tuple[GatewaySpec, Uplink]],
    table_numbers: Mapping[str, int],
    router_id: IPv4Address,
) -> str:
    """Return bird.conf of a VPC or VNet router: routes from its gateways into the propagating tables.

    None within the own network: see `network.routes`.
    """
    own = ", ".join(f"{network}+" for network in spec.networks)
    export = f"where !(net ~ [ {own} ])" if own else "all"
    parts = [_head(router_id)]
    for index, table in enumerate(table for table in spec.tables if table.propagated):
        number = table_numbers[table.key]
        parts.append(
            f"ipv4 table rt{index};\n"
            f"protocol pipe p{index} {{\n  table master4;\n  peer table rt{index};\n"
            "  export all;\n  import none;\n}\n"
            f"protocol kernel k{index} {{\n  kernel table {number};\n  metric {_IMPORTED_METRIC};\n"
            f"{_merge(ecmp=spec.side == 'azure')}"
            f"  ipv4 {{ table rt{index}; import none; export {export}; }};\n}}\n"
        )
    for gateway, uplink in gateways:
        parts.append(
            f"protocol bgp {gateway_name(gateway.key)} {{\n{_QUICK}\n"
            "  debug { states, events, routes };\n"
            f"  local {uplink.router} as {gateway.asn};\n"
            f"  neighbor {uplink.gateway} as {gateway.asn};\n  direct;\n"
            "  ipv4 { import all; export none; };\n}\n"
        )
    return "\n".join(parts)


def _head(router_id: IPv4Address) -> str:
    return (
        f"log stderr all;\nrouter id {router_id};\ntimeformat protocol iso long us;\nprotocol device {{\n}}\n"
    )


def _merge(*, ecmp: bool) -> str:
    return "  merge paths on limit 64;\n" if ecmp else ""


def _kernel(*, ecmp: bool, export: str) -> str:
    return (
        f"protocol kernel forwarding {{\n{_merge(ecmp=ecmp)}"
        f"  ipv4 {{ import none; export where {export}; }};\n}}\n"
    )


def _networks(spec: GatewaySpec) -> str:
    routes = "".join(f"  route {network} blackhole;\n" for network in spec.networks)
    return f"protocol static {OWN_NETWORKS} {{\n  ipv4;\n{routes}}}\n"


def _far_routes(end: EndSpec, device: str, preference: Preference | None) -> str:
    """Static routes of a connection: AWS's own, or the prefixes of Azure's local network gateway.

    They hold while their device is up, which is while the child SA is.
    """
    routes = "".join(f'  route {prefix} via "{device}";\n' for prefix in end.static_routes)
    channel = f"ipv4 {{ preference {_LAST_STATIC}; }}" if preference == "last" else "ipv4"
    return f"protocol static {static_name(end.key)} {{\n  {channel};\n{routes}}}\n"


def _addressed(end: EndSpec) -> bool:
    return not (end.inside_local.is_unspecified or end.inside_remote.is_unspecified)


def _tunnel(spec: GatewaySpec, end: EndSpec, preference: Preference | None) -> str:
    bgp = end.bgp
    if bgp is None:
        raise AssertionError("callers pass ends with BGP")
    # AWS announces the VPC; Azure its VNet, its local network gateways and what other peers told it.
    also = ' || source = RTS_BGP || proto ~ "far_*"' if spec.side == "azure" else ""
    return (
        f"protocol bgp {session_name(end.key)} {{\n{_QUICK}\n"
        "  debug { states, events, packets };\n"
        f"  local {end.inside_local} as {bgp.local_as};\n"
        f"  neighbor {end.inside_remote} as {bgp.remote_as};\n"
        f"  hold time {bgp.hold_s};\n"
        f"{'  passive on;' if bgp.passive else ''}\n"
        "  ipv4 {\n"
        f"    import limit {bgp.import_limit} action restart;\n"
        f"    import {_import(preference)};\n"
        f'    export {_export(f"""net != 0.0.0.0/0 && (proto = "{OWN_NETWORKS}"{also})""", preference)};\n'
        "    next hop self;\n  };\n}\n"
    )


def _import(preference: Preference | None) -> str:
    if preference == "last":
        return f"filter {{ bgp_local_pref = {_LAST_LOCAL_PREF}; accept; }}"
    return "all"


def _export(condition: str, preference: Preference | None) -> str:
    if preference == "withdrawn":
        return "none"
    if preference == "last":
        return f"filter {{ if {condition} then {{ bgp_med = {_LAST_MED}; accept; }} reject; }}"
    return f"where {condition}"


def _sibling(spec: GatewaySpec, address: IPv4Address) -> str:
    """Instances hand each other what they know, also without BGP, so that one without tunnel is no dead end.

    Source: Azure, Highly available connectivity: traffic moves to the other instance by itself. How is not
    published; without BGP the API does not show this session.
    """
    return (
        f"protocol bgp {sibling_name(address)} {{\n{_QUICK}\n"
        "  debug { states, events, packets };\n"
        f"  local {spec.address} as {spec.asn};\n  neighbor {address} as {spec.asn};\n  direct;\n"
        "  ipv4 {\n    import all;\n"
        '    export where source = RTS_BGP || proto ~ "far_*";\n'
        "    next hop self;\n  };\n}\n"
    )


def _to_router(spec: GatewaySpec, uplink: Uplink) -> str:
    return (
        f"protocol bgp {ROUTER_SESSION} {{\n{_QUICK}\n"
        f"  local {uplink.gateway} as {spec.asn};\n  neighbor {uplink.router} as {spec.asn};\n  direct;\n"
        "  ipv4 {\n    import none;\n"
        '    export where source = RTS_BGP || proto ~ "far_*";\n'
        "    next hop self;\n  };\n}\n"
    )
