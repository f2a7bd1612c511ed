"""BGP addresses and switches on the Azure side, where most public examples go wrong."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from twinspan.check.design import Design, address, bgp_enabled, items, known
from twinspan.check.findings import unclear
from twinspan.network.ranges import apipa, is_apipa
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding


def custom_addresses(connection: PlannedResource) -> tuple[IPv4Address, ...]:
    """Return the custom BGP addresses of an Azure connection that are set."""
    values = (connection.get("custom_bgp_addresses", 0, end) for end in ("primary", "secondary"))
    return tuple(found for value in values if (found := address(value)) is not None)


def gateway_addresses(design: Design, gateway: PlannedResource) -> dict[IPv4Address, str]:
    """Return APIPA address -> name of the instance that has it."""
    return {
        found: name
        for name, values in design.azure_gateway_instances(gateway)
        for value in values
        if (found := address(value)) is not None
    }


def addresses_open(design: Design, gateway: PlannedResource) -> bool:
    """Whether the gateway's APIPA addresses are written but known after apply only."""
    return UNKNOWN in (
        design.setting(gateway, "bgp_settings"),
        design.setting(gateway, "bgp_settings", 0, "peering_addresses"),
    )


def bgp_on(design: Design) -> Iterator[Finding]:
    """BGP-01: where AWS runs BGP, Azure's gateway and connection do too."""
    for link in design.links:
        if link.aws_bgp and not link.azure_bgp:
            yield Finding(
                subject=f"{link.connection.address} bgp_enabled",
                evidence="BGP is off, so the tunnel comes up and carries nothing",
                remedy="Set bgp_enabled to true (enable_bgp before azurerm 5), or static_routes_only of"
                f" {link.tunnel.connection.address}",
            )
    for gateway in design.azure_gateways:
        peers = any(link.azure_bgp and design.gateway_of(link.connection) == gateway for link in design.links)
        if peers and not bgp_enabled(gateway):
            yield Finding(
                subject=f"{gateway.address} bgp_enabled",
                evidence="BGP is off, but its connections peer with AWS",
                remedy="Set bgp_enabled to true (enable_bgp before azurerm 5)",
            )


def custom_address_set(design: Design) -> Iterator[Finding]:
    """BGP-02: a connection that is not on its instance's first APIPA address names its own."""
    for link in design.bgp_links:
        gateway = design.gateway_of(link.connection)
        if gateway is None:
            yield unclear(link.connection.address, "the plan does not tell its gateway")
            continue
        inside = link.tunnel.inside
        if inside is None or custom_addresses(link.connection):
            continue
        if link.connection.get("custom_bgp_addresses") is UNKNOWN or addresses_open(design, gateway):
            yield unclear(f"{link.connection.address} custom_bgp_addresses", "known after apply only")
            continue
        firsts = [address(values[0]) for _, values in design.azure_gateway_instances(gateway) if values]
        if inside[2] not in firsts:
            yield Finding(
                subject=f"{link.connection.address} custom_bgp_addresses",
                evidence=f"not set, so Azure speaks from {firsts[0] if firsts else 'its own address'} and"
                f" AWS, "
                f"which expects {inside[2]}, gets no BGP session although the tunnel is up",
                remedy=f"Name {inside[2]} for the instance that ends the tunnel",
            )


def custom_address_right(design: Design) -> Iterator[Finding]:
    """BGP-03: one custom BGP address of a connection is its tunnel's second host."""
    for link in design.bgp_links:
        inside, custom = link.tunnel.inside, custom_addresses(link.connection)
        if inside is not None and custom and inside[2] not in custom:
            yield Finding(
                subject=f"{link.connection.address} custom_bgp_addresses",
                evidence=f"{', '.join(map(str, custom))}: none is {inside[2]}, which AWS expects on"
                f" {link.tunnel.where()}",
                remedy=f"Name {inside[2]} for the instance that ends the tunnel",
            )


def custom_address_on_gateway(design: Design) -> Iterator[Finding]:
    """BGP-04: every custom BGP address is one of the gateway's APIPA addresses, on the right instance."""
    for connection in design.azure_connections:
        gateway = design.gateway_of(connection)
        if gateway is None:
            continue
        if addresses_open(design, gateway):
            yield unclear(connection.address, "the plan does not tell the gateway's APIPA addresses")
            continue
        has = gateway_addresses(design, gateway)
        names = [name for name, _ in design.azure_gateway_instances(gateway)]
        for position, end in enumerate(("primary", "secondary")):
            value = address(connection.get("custom_bgp_addresses", 0, end))
            where = f"{connection.address} custom_bgp_addresses.{end}"
            if value is not None and value not in has:
                yield Finding(
                    subject=where,
                    evidence=f"{value} is not among the APIPA addresses of {gateway.address}",
                    remedy="Add it to apipa_addresses of the instance that ends the tunnel",
                )
            elif value is not None and position < len(names) and has[value] != names[position]:
                yield Finding(
                    subject=where,
                    evidence=f"{value} belongs to {has[value]}, but {end} is {names[position]}'s",
                    remedy="Exchange primary and secondary",
                )


def apipa_of_gateway(design: Design) -> Iterator[Finding]:
    """BGP-05: the gateway's APIPA addresses are ones that Azure takes, each on one instance."""
    for gateway in design.azure_gateways:
        seen: dict[IPv4Address, str] = {}
        for name, values in design.azure_gateway_instances(gateway):
            if len(values) > 1 and gateway.get("active_active") in (None, False):
                yield Finding(
                    subject=f"{gateway.address} apipa_addresses of {name}",
                    evidence=f"{len(values)}; a gateway that is not active-active takes one",
                    remedy="Set active_active to true, or keep one",
                )
            for value in values:
                found, where = address(value), f"{gateway.address} apipa_addresses of {name}"
                if known(value) and (found is None or not is_apipa(found)):
                    yield Finding(
                        subject=where,
                        evidence=f"{value} is not within {apipa()}",
                        remedy="Take the second host of the tunnel's inside range",
                    )
                elif found is not None and found in seen:
                    yield Finding(
                        subject=where,
                        evidence=f"{found} is already on {seen[found]}",
                        remedy="Give it to the instance that ends the tunnel, and to no other",
                    )
                elif found is not None:
                    seen[found] = name


def same_instance(design: Design) -> Iterator[Finding]:
    """BGP-06: the tunnel's Azure address is on the instance whose public address AWS calls."""
    for link in design.bgp_links:
        gateway, inside, called = design.gateway_of(link.connection), link.tunnel.inside, link.called
        where = f"{link.tunnel.connection.address} customer_gateway_id"
        if gateway is None or inside is None:
            continue
        has = gateway_addresses(design, gateway).get(inside[2])
        if called and called.gateway != gateway:
            yield Finding(
                subject=where,
                evidence=f"AWS calls {called.name} of {called.gateway.address}, which is not the gateway of"
                f" {link.connection.address}",
                remedy=f"Name a public address of {gateway.address} in the customer gateway",
            )
        elif not called and _several_instances(design, gateway):
            yield unclear(where, f"which instance of {gateway.address} it calls is not in the plan")
        elif called and has and has != called.name:
            yield Finding(
                subject=where,
                evidence=f"AWS calls the public address of {called.name}, but {inside} ends at {has}",
                remedy="Exchange the customer gateways, or move the APIPA address to the other instance",
            )


def _several_instances(design: Design, gateway: PlannedResource) -> bool:
    """Whether a gateway has more than one instance to choose from, as far as the plan tells."""
    configurations = gateway.get("ip_configuration")
    return len(design.azure_gateway_instances(gateway)) > 1 and len(items(configurations)) != 1


def no_far_prefixes(design: Design) -> Iterator[Finding]:
    """BGP-07: a local network gateway that runs BGP has no address space of its own."""
    for link in design.bgp_links:
        space = link.local.get("address_space")
        if isinstance(space, list) and space:
            yield Finding(
                subject=f"{link.local.address} address_space",
                evidence=f"{', '.join(map(str, space))} becomes a static route beside BGP's, and stays when"
                " the session is down",
                remedy="Leave address_space out; the routes come by BGP",
            )
