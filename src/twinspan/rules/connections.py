"""Azure's connections and local network gateways: what Azure refuses of them by name."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from twinspan.network.azure import CONNECTION_ENDS
from twinspan.network.ipsec import authenticates_itself
from twinspan.network.model import AzureConnection, IpsecPolicy
from twinspan.network.ranges import LINK_LOCAL, NO_DEVICE, NOT_PUBLIC, apipa, is_apipa
from twinspan.network.timers import AZURE_SA_LIFETIME_S
from twinspan.network.unknown import Unknown, known
from twinspan.results import Finding
from twinspan.rules.design import Design
from twinspan.rules.gateway_addresses import addresses_of
from twinspan.rules.parts import addresses, subject

_CONNECTION = "azurerm_virtual_network_gateway_connection"
_IKEV1 = "IKEv1"


def prefixes_or_bgp(design: Design) -> Iterator[Finding]:
    """LNG-01: a local network gateway has address prefixes or BGP settings."""
    for local in design.local_gateways:
        if not local.address_prefixes and local.asn is None:
            yield Finding(
                subject=subject(local, "address_space"),
                evidence="neither address_space nor bgp_settings; Azure refuses it"
                " (LocalNetworkGatewayCannotHaveEmptyAddressPrefixAndBgpSettings)",
                remedy="Name the ranges behind AWS, or AWS's BGP peer",
                branch=local.id,
            )


def prefixes_well_formed(design: Design) -> Iterator[Finding]:
    """LNG-02: every address prefix of a local network gateway is a range that can be routed."""
    for local in design.local_gateways:
        problems = [_malformed_prefix(written) for written in design.malformed(local, "address_space")]
        problems += [
            f"{cidr} is link-local and cannot be routed"
            for cidr in local.address_prefixes
            if isinstance(cidr, IPv4Network) and cidr.subnet_of(LINK_LOCAL)
        ]
        for problem in problems:
            yield Finding(
                subject=subject(local, "address_space"),
                evidence=problem,
                remedy="Write ranges such as 10.2.0.0/16; leave it out where BGP brings them",
            )


def _malformed_prefix(written: str) -> str:
    if not written:
        return "an empty prefix; Azure refuses it (AddressPrefixStringCannotBeNullOrEmpty)"
    try:
        cidr = IPv4Network(written, strict=False)
    except ValueError:
        return f"{written} is no range; Azure refuses it (InvalidAddressPrefixFormat)"
    return f"{written} has host bits set, its range is {cidr}; Azure refuses it (InvalidCIDRNotation)"


def address_reachable(design: Design) -> Iterator[Finding]:
    """LNG-03: a local network gateway has one address, or one name, that Azure can reach."""
    for local in design.local_gateways:
        address, name = local.gateway_ip_address, local.fqdn
        where, remedy = subject(local, "gateway_address"), "Set it to tunnelN_address of the AWS connection"
        if (address is None) == (name == "") and (design.planned or address is None):
            what = "neither an address nor a name" if address is None else "an address and a name"
            yield Finding(subject=where, evidence=f"{what} of AWS's end; Azure takes one", remedy=remedy)
        elif isinstance(address, IPv4Address) and any(
            address in network for network in (*NO_DEVICE, *NOT_PUBLIC)
        ):
            yield Finding(subject=where, evidence=f"{address} is no public address", remedy=remedy)


def peer_allowed(design: Design) -> Iterator[Finding]:
    """LNG-04: the BGP peer of a local network gateway is an inside address that Azure takes."""
    for local in design.local_gateways:
        peer, where = local.bgp_peering_address, subject(local, "bgp_settings.bgp_peering_address")
        remedy = "Set it to the first host of the tunnel's inside range"
        if not isinstance(peer, IPv4Address):
            continue
        if peer in LINK_LOCAL and not is_apipa(peer):
            problem = f"{peer} is not within {apipa()}"
            yield Finding(subject=where, evidence=problem, remedy=remedy)
        elif peer == local.gateway_ip_address:
            yield Finding(subject=where, evidence=f"{peer} is also the gateway's address", remedy=remedy)


def two_ends(design: Design) -> Iterator[Finding]:
    """CON-01: every connection has two ends that go with its type."""
    kinds = {argument: kind for kind, argument in CONNECTION_ENDS.items()}
    refused = "Azure refuses it (GatewayConnectionMustHaveExactlyTwoEndpoints)"
    for address, argument in design.unplaced(_CONNECTION):
        yield Finding(
            subject=f"{address} {argument}",
            evidence=f"{kinds[argument]} without {argument}; {refused}",
            remedy=f"Set {argument}",
        )
    for malformed in design.network.malformed:
        if _CONNECTION in malformed.address.split(".") and malformed.attribute == "type":
            yield Finding(
                subject=f"{malformed.address} type",
                evidence=f"{malformed.value} is no type of connection; {refused}",
                remedy=f"Take one of {', '.join(CONNECTION_ENDS)}",
            )


def once_per_pair(design: Design) -> Iterator[Finding]:
    """CON-02: no two connections join the same gateway and local network gateway."""
    seen: dict[tuple[str, str], str] = {}
    for connection in design.azure_connections:
        gateway, local = design.gateway_of(connection), design.local_of(connection)
        if gateway is None or local is None:
            continue
        name = subject(connection)
        first = seen.setdefault((gateway.id, local.id), name)
        if first != name:
            yield Finding(
                subject=subject(connection, "local_network_gateway_id"),
                evidence=f"{first} already joins {subject(gateway)} and {subject(local)};"
                " Azure refuses another",
                remedy="Make a local network gateway for each tunnel",
            )


def options_go_together(design: Design) -> Iterator[Finding]:
    """CON-03: the options of an Azure connection go together."""
    for connection in design.azure_connections:
        for option, problem, remedy in (*_contradictions(connection), *_ends_apart(design, connection)):
            yield Finding(subject=subject(connection, option), evidence=problem, remedy=remedy)


def _contradictions(connection: AzureConnection[Unknown]) -> Iterator[tuple[str, str, str]]:
    """Yield (argument, problem, remedy) of a connection by itself."""
    policy, mode = connection.ipsec_policy, known(connection.connection_mode)
    if connection.use_policy_based_traffic_selectors is True and policy is None:
        problem = "true without ipsec_policy; Azure refuses it"
        yield "use_policy_based_traffic_selectors", problem, "Write an ipsec_policy"
    if addresses(connection.custom_bgp_addresses.values()) and connection.bgp_enabled is False:
        problem = "set, but BGP is off on the connection; Azure refuses it"
        yield "custom_bgp_addresses", problem, "Set bgp_enabled to true, or leave them out"
    if isinstance(policy, IpsecPolicy):
        yield from _policy_refused(policy)
    if connection.connection_protocol == _IKEV1 and mode not in (None, "Default"):
        yield "connection_mode", f"{mode} needs IKEv2, not IKEv1; Azure refuses it", "Use IKEv2"


def _policy_refused(policy: IpsecPolicy[Unknown]) -> Iterator[tuple[str, str, str]]:
    lifetime = known(policy.sa_life_time_seconds)
    if lifetime is not None and lifetime not in AZURE_SA_LIFETIME_S:
        problem = f"{lifetime} s; Azure refuses it (InvalidIpsecPolicy)"
        least, most = AZURE_SA_LIFETIME_S[0], AZURE_SA_LIFETIME_S[-1]
        yield "ipsec_policy.sa_lifetime", problem, f"Take {least} to {most}"
    encryption, integrity = known(policy.ike_encryption), policy.ike_integrity
    if authenticates_itself(integrity) and encryption and encryption != integrity:
        problem = f"{integrity} with ike_encryption {encryption}; Azure refuses it (InvalidIpsecPolicy)"
        yield "ipsec_policy.ike_integrity", problem, "Take SHA384, or the same GCM name in both"


def _ends_apart(design: Design, connection: AzureConnection[Unknown]) -> Iterator[tuple[str, str, str]]:
    """Yield (argument, problem, remedy) of a connection and its two ends."""
    local, gateway = design.local_of(connection), design.gateway_of(connection)
    if local is None:
        return
    if connection.bgp_enabled is True and local.asn is None:
        problem = f"true, but {subject(local)} has no bgp_settings; Azure refuses it"
        yield "bgp_enabled", problem, "Name AWS's ASN and inside address there"
    publics = addresses_of(design, gateway) if gateway else ()
    ids, own = {address.id for address in publics}, addresses(address.ip_address for address in publics)
    if gateway and (local.gateway_ip_address_of in ids or local.gateway_ip_address in own):
        problem = f"{subject(local)} has the address of {subject(gateway)} itself; Azure refuses it"
        problem += " (LocalNetworkGatewayCannotHaveSameAddressAsConnectedVnetGateway)"
        yield "local_network_gateway_id", problem, "Name AWS's outside address there"
