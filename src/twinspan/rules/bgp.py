"""BGP addresses and switches on the Azure side, where most public examples go wrong."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from twinspan.network.model import VirtualNetworkGateway
from twinspan.network.ranges import apipa, is_apipa
from twinspan.network.unknown import UNKNOWN, Unknown
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import Link, addresses, subject
from twinspan.rules.shell import az_network

_CUSTOM = "gatewayCustomBgpIpAddresses"


def gateway_addresses(gateway: VirtualNetworkGateway[Unknown]) -> dict[IPv4Address, str]:
    """Return APIPA address -> name of the instance that has it."""
    return {
        address: str(instance.ip_configuration_name)
        for instance in gateway.instances
        for address in addresses(instance.custom_bgp_ip_addresses)
    }


def addresses_open(gateway: VirtualNetworkGateway[Unknown]) -> bool:
    """Whether the gateway's APIPA addresses are written but known after apply only."""
    return not gateway.instances or any(
        UNKNOWN in instance.custom_bgp_ip_addresses for instance in gateway.instances
    )


def bgp_on(design: Design) -> Iterator[Finding]:
    """BGP-01: where AWS runs BGP, Azure's gateway and connection do too."""
    for link in design.links:
        if link.aws_bgp and not link.azure_bgp:
            yield Finding(
                subject=subject(link.connection, "bgp_enabled"),
                evidence="BGP is off, so the tunnel comes up and carries nothing",
                command=_show(design, link, "enableBgp"),
                remedy="Set bgp_enabled to true (enable_bgp before azurerm 5), or static_routes_only of"
                f" {subject(link.tunnel.connection)}",
                branch=link.branch,
            )
    peering = {link.connection.virtual_network_gateway_id for link in design.links if link.azure_bgp}
    for gateway in design.azure_gateways:
        if gateway.id in peering and gateway.bgp_enabled is False:
            yield Finding(
                subject=subject(gateway, "bgp_enabled"),
                evidence="BGP is off, but its connections peer with AWS",
                command=design.of_what_exists(az_network("vnet-gateway show", gateway.id)),
                remedy="Set bgp_enabled to true (enable_bgp before azurerm 5)",
                branch=gateway.id,
            )


def custom_address_set(design: Design) -> Iterator[Finding]:
    """BGP-02: a connection that is not on its instance's first APIPA address names its own."""
    for link in design.bgp_links:
        gateway = design.gateway_of(link.connection)
        if gateway is None:
            yield unclear(subject(link.connection), "the plan does not tell its gateway")
            continue
        inside, custom = link.tunnel.inside, link.connection.custom_bgp_addresses.values()
        if inside is None or addresses(custom):
            continue
        where = subject(link.connection, "custom_bgp_addresses")
        if UNKNOWN in custom or addresses_open(gateway):
            yield unclear(where, "known after apply only")
            continue
        called = link.joined.instance
        ends = (called,) if called in gateway.instances else gateway.instances
        firsts = [own[0] for end in ends if end and (own := addresses(end.custom_bgp_ip_addresses))]
        if inside[2] not in firsts:
            yield Finding(
                subject=where,
                evidence=f"not set, so Azure speaks from {firsts[0] if firsts else 'its own address'} and"
                f" AWS, which expects {inside[2]}, gets no BGP session although the tunnel is up",
                command=_show(design, link, _CUSTOM),
                remedy=f"Name {inside[2]} for the instance that ends the tunnel",
                branch=link.branch,
            )


def custom_address_right(design: Design) -> Iterator[Finding]:
    """BGP-03: one custom BGP address of a connection is its tunnel's second host."""
    for link in design.bgp_links:
        inside, custom = link.tunnel.inside, addresses(link.connection.custom_bgp_addresses.values())
        if inside is not None and custom and inside[2] not in custom:
            yield Finding(
                subject=subject(link.connection, "custom_bgp_addresses"),
                evidence=f"{', '.join(map(str, custom))}: none is {inside[2]}, which AWS expects on"
                f" {link.tunnel.where()}",
                command=_show(design, link, _CUSTOM),
                remedy=f"Name {inside[2]} for the instance that ends the tunnel",
                branch=link.branch,
            )


def custom_address_on_gateway(design: Design) -> Iterator[Finding]:
    """BGP-04: every custom BGP address is one of the gateway's APIPA addresses, on the right instance."""
    for connection in design.azure_connections:
        gateway = design.gateway_of(connection)
        if gateway is None:
            continue
        if addresses_open(gateway):
            yield unclear(subject(connection), "the plan does not tell the gateway's APIPA addresses")
            continue
        has = gateway_addresses(gateway)
        own = {
            gateway_instance.ip_configuration_id: gateway_instance for gateway_instance in gateway.instances
        }
        custom = connection.custom_bgp_addresses.items()
        for end, (instance, address) in zip(("primary", "secondary"), custom, strict=False):
            where = subject(connection, f"custom_bgp_addresses.{end}")
            if isinstance(address, Unknown):
                continue
            if address not in has:
                yield Finding(
                    subject=where,
                    evidence=f"{address} is not among the APIPA addresses of {subject(gateway)}",
                    remedy="Add it to apipa_addresses of the instance that ends the tunnel",
                    branch=connection.id,
                )
            elif instance in own and address not in own[instance].custom_bgp_ip_addresses:
                name = own[instance].ip_configuration_name
                yield Finding(
                    subject=where,
                    evidence=f"{address} belongs to {has[address]}, but {end} is {name}'s",
                    remedy=f"Name an address of {name} there",
                    branch=connection.id,
                )


def apipa_of_gateway(design: Design) -> Iterator[Finding]:
    """BGP-05: the gateway's APIPA addresses are ones that Azure takes, each on one instance."""
    remedy = "Take the second host of the tunnel's inside range"
    for gateway in design.azure_gateways:
        for written in design.malformed(gateway, "bgp_settings.0.peering_addresses"):
            yield Finding(
                subject=subject(gateway, "apipa_addresses"),
                evidence=f"{written} is not within {apipa()}",
                remedy=remedy,
            )
        seen: dict[IPv4Address, str] = {}
        for instance in gateway.instances:
            name, count = str(instance.ip_configuration_name), len(instance.custom_bgp_ip_addresses)
            where = subject(gateway, f"apipa_addresses of {name}")
            if count > 1 and gateway.active_active is False:
                yield Finding(
                    subject=where,
                    evidence=f"{count}; a gateway that is not active-active takes one",
                    remedy="Set active_active to true, or keep one",
                )
            for address in addresses(instance.custom_bgp_ip_addresses):
                if not is_apipa(address):
                    yield Finding(subject=where, evidence=f"{address} is not within {apipa()}", remedy=remedy)
                elif address in seen:
                    yield Finding(
                        subject=where,
                        evidence=f"{address} is already on {seen[address]}",
                        remedy="Give it to the instance that ends the tunnel, and to no other",
                    )
                else:
                    seen[address] = name


def no_far_prefixes(design: Design) -> Iterator[Finding]:
    """BGP-07: a local network gateway that runs BGP has no address space of its own."""
    for link in design.bgp_links:
        space = [str(prefix) for prefix in link.local.address_prefixes if not isinstance(prefix, Unknown)]
        if space:
            yield Finding(
                subject=subject(link.local, "address_space"),
                evidence=f"{', '.join(space)} becomes a static route beside BGP's, and stays when"
                " the session is down",
                remedy="Leave address_space out; the routes come by BGP",
            )


def _show(design: Design, link: Link, member: str) -> str:
    """Return the command that shows a member of a connection that exists."""
    return design.of_what_exists(az_network("vpn-connection show", link.connection.id, f"--query {member}"))
