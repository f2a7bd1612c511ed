"""Azure's connections and local network gateways: what Azure refuses of them by name."""

from collections.abc import Iterator

from twinspan.check.design import Design, address, bgp_enabled, items, known, network, number
from twinspan.check.rules.gateway_addresses import addresses_of
from twinspan.network.ipsec import authenticates_itself
from twinspan.network.ranges import LINK_LOCAL, NO_DEVICE, NOT_PUBLIC, apipa, is_apipa
from twinspan.network.timers import AZURE_SA_LIFETIME_S
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding

_IKEV1 = "IKEv1"


def prefixes_or_bgp(design: Design) -> Iterator[Finding]:
    """LNG-01: a local network gateway has address prefixes or BGP settings."""
    for local in design.local_gateways:
        if _empty(local.get("address_space")) and _empty(local.get("bgp_settings")):
            yield Finding(
                subject=f"{local.address} address_space",
                evidence="neither address_space nor bgp_settings; Azure refuses it"
                " (LocalNetworkGatewayCannotHaveEmptyAddressPrefixAndBgpSettings)",
                remedy="Name the ranges behind AWS, or AWS's BGP peer",
            )


def prefixes_well_formed(design: Design) -> Iterator[Finding]:
    """LNG-02: every address prefix of a local network gateway is a range that can be routed."""
    for local in design.local_gateways:
        for value in items(local.get("address_space")):
            if problem := _prefix_problem(value):
                yield Finding(
                    subject=f"{local.address} address_space",
                    evidence=problem,
                    remedy="Write ranges such as 10.2.0.0/16; leave it out where BGP brings them",
                )


def _prefix_problem(value: object) -> str:
    cidr = network(value)
    if value in (None, ""):
        return "an empty prefix; Azure refuses it (AddressPrefixStringCannotBeNullOrEmpty)"
    if not isinstance(value, str):
        return ""
    if cidr is None:
        return f"{value} is no range; Azure refuses it (InvalidAddressPrefixFormat)"
    if "/" in value and str(cidr) != value:
        return f"{value} has host bits set, its range is {cidr}; Azure refuses it (InvalidCIDRNotation)"
    return f"{value} is link-local and cannot be routed" if cidr.subnet_of(LINK_LOCAL) else ""


def address_reachable(design: Design) -> Iterator[Finding]:
    """LNG-03: a local network gateway has one address, or one name, that Azure can reach."""
    for local in design.local_gateways:
        given, name = local.get("gateway_address"), local.get("gateway_fqdn")
        found = address(given)
        where, remedy = f"{local.address} gateway_address", "Set it to tunnelN_address of the AWS connection"
        if (given is None) == (name is None):
            what = "neither an address nor a name" if given is None else "an address and a name"
            yield Finding(subject=where, evidence=f"{what} of AWS's end; Azure takes one", remedy=remedy)
        elif found is not None and any(found in block for block in (*NO_DEVICE, *NOT_PUBLIC)):
            yield Finding(subject=where, evidence=f"{found} is no public address", remedy=remedy)


def peer_allowed(design: Design) -> Iterator[Finding]:
    """LNG-04: the BGP peer of a local network gateway is an inside address that Azure takes."""
    for local in design.local_gateways:
        text = local.get("bgp_settings", 0, "bgp_peering_address")
        peer, where = address(text), f"{local.address} bgp_settings.bgp_peering_address"
        remedy = "Set it to the first host of the tunnel's inside range"
        if peer is None:
            continue
        if peer in LINK_LOCAL and not is_apipa(peer):
            problem = f"{peer} is not within {apipa()}"
            yield Finding(subject=where, evidence=problem, remedy=remedy)
        elif text == local.get("gateway_address"):
            yield Finding(subject=where, evidence=f"{peer} is also the gateway's address", remedy=remedy)


def two_ends(design: Design) -> Iterator[Finding]:
    """CON-01: every connection has two ends that go with its type."""
    needed = {
        "IPsec": "local_network_gateway_id",
        "Vnet2Vnet": "peer_virtual_network_gateway_id",
        "ExpressRoute": "express_route_circuit_id",
    }
    for connection in design.of_type("azurerm_virtual_network_gateway_connection"):
        kind = connection.get("type")
        argument = needed.get(str(kind), "")
        if known(kind) and not (argument and connection.get(argument)):
            why = f"{kind} without {argument}" if argument else f"{kind} is no type of connection"
            yield Finding(
                subject=f"{connection.address} {argument or 'type'}",
                evidence=f"{why}; Azure refuses it (GatewayConnectionMustHaveExactlyTwoEndpoints)",
                remedy=f"Set {argument}" if argument else f"Take one of {', '.join(needed)}",
            )


def once_per_pair(design: Design) -> Iterator[Finding]:
    """CON-02: no two connections join the same gateway and local network gateway."""
    seen: dict[tuple[str, str], str] = {}
    for connection in design.azure_connections:
        gateway, local = design.gateway_of(connection), design.local_of(connection)
        if gateway is None or local is None:
            continue
        first = seen.setdefault((gateway.address, local.address), connection.address)
        if first != connection.address:
            yield Finding(
                subject=f"{connection.address} local_network_gateway_id",
                evidence=f"{first} already joins {gateway.address} and {local.address};"
                " Azure refuses another",
                remedy="Make a local network gateway for each tunnel",
            )


def options_go_together(design: Design) -> Iterator[Finding]:
    """CON-03: the options of an Azure connection go together."""
    for connection in design.azure_connections:
        for option, problem, remedy in (*_contradictions(connection), *_ends_apart(design, connection)):
            yield Finding(subject=f"{connection.address} {option}", evidence=problem, remedy=remedy)


def _contradictions(connection: PlannedResource) -> Iterator[tuple[str, str, str]]:
    """Yield (argument, problem, remedy) of a connection by itself."""
    policy, mode = connection.get("ipsec_policy"), connection.get("connection_mode")
    if connection.get("use_policy_based_traffic_selectors") is True and _empty(policy):
        problem = "true without ipsec_policy; Azure refuses it"
        yield "use_policy_based_traffic_selectors", problem, "Write an ipsec_policy"
    if items(connection.get("custom_bgp_addresses")) and not bgp_enabled(connection):
        problem = "set, but BGP is off on the connection; Azure refuses it"
        yield "custom_bgp_addresses", problem, "Set bgp_enabled to true, or leave them out"
    lifetime = number(connection.get("ipsec_policy", 0, "sa_lifetime"))
    if lifetime is not None and lifetime not in AZURE_SA_LIFETIME_S:
        problem = f"{lifetime} s; Azure refuses it (InvalidIpsecPolicy)"
        least, most = AZURE_SA_LIFETIME_S[0], AZURE_SA_LIFETIME_S[-1]
        yield "ipsec_policy.sa_lifetime", problem, f"Take {least} to {most}"
    encryption = connection.get("ipsec_policy", 0, "ike_encryption")
    integrity = connection.get("ipsec_policy", 0, "ike_integrity")
    if authenticates_itself(integrity) and known(encryption) and encryption != integrity:
        problem = f"{integrity} with ike_encryption {encryption}; Azure refuses it (InvalidIpsecPolicy)"
        yield "ipsec_policy.ike_integrity", problem, "Take SHA384, or the same GCM name in both"
    if connection.get("connection_protocol") == _IKEV1 and mode not in (None, UNKNOWN, "Default"):
        yield "connection_mode", f"{mode} needs IKEv2, not IKEv1; Azure refuses it", "Use IKEv2"


def _ends_apart(design: Design, connection: PlannedResource) -> Iterator[tuple[str, str, str]]:
    """Yield (argument, problem, remedy) of a connection and its two ends."""
    local, gateway = design.local_of(connection), design.gateway_of(connection)
    if local is None:
        return
    if connection.get("bgp_enabled") is True and _empty(local.get("bgp_settings")):
        problem = f"true, but {local.address} has no bgp_settings; Azure refuses it"
        yield "bgp_enabled", problem, "Name AWS's ASN and inside address there"
    public = design.join(local, "gateway_address", "azurerm_public_ip")
    if gateway is not None and public is not None and public in addresses_of(design, gateway):
        problem = f"{local.address} has the address of {gateway.address} itself; Azure refuses it"
        problem += " (LocalNetworkGatewayCannotHaveSameAddressAsConnectedVnetGateway)"
        yield "local_network_gateway_id", problem, "Name AWS's outside address there"


def _empty(value: object) -> bool:
    return value is None or value == []
