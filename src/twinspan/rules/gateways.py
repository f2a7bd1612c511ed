"""The gateways themselves: sizes, public addresses and GatewaySubnet."""

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Network

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.limits import (
    AZURE_SUBNET_LENGTH,
    BASIC_SKU,
    GATEWAY_SKUS,
    GATEWAY_SUBNET_LENGTH,
    GENERATIONS,
    SMALLEST_ZONED_SKU,
    ZONED_SKU,
)
from twinspan.network.model import AzureSubnet, IpsecPolicy, VirtualNetworkGateway
from twinspan.network.unknown import Unknown, known
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import configurations, subject

_ASSOCIATION = "azurerm_subnet_network_security_group_association"
_RECOMMENDED = f"/{GATEWAY_SUBNET_LENGTH}"
_LARGER = f"Take {SMALLEST_ZONED_SKU} or larger"


def pairs_differ(design: Design) -> Iterator[Finding]:
    """GW-01: no two AWS VPN connections join the same customer gateway and gateway."""
    seen: dict[tuple[str, str], str] = {}
    for connection in design.vpn_connections:
        customer = design.customer_gateway_of(connection)
        gateway = design.vpn_gateway_of(connection)
        where = subject(connection, "customer_gateway_id")
        if customer is None:
            yield unclear(where, "the plan does not tell which one")
            continue
        if gateway is None:
            if connection.vpn_gateway_id is not None:
                yield unclear(subject(connection, "vpn_gateway_id"), "the plan does not tell which one")
            continue
        pair = (customer.id, gateway.id)
        if pair in seen:
            yield Finding(
                subject=where,
                evidence=f"{subject(customer)} and {subject(gateway)} are already joined by {seen[pair]}; AWS"
                " gives the same connection again",
                remedy="Make a second customer gateway, at the second instance of the Azure gateway",
            )
        seen.setdefault(pair, subject(connection))


def customer_gateways_differ(design: Design) -> Iterator[Finding]:
    """GW-02: no two customer gateways have the same address, ASN and device name."""
    seen: dict[tuple[object, ...], str] = {}
    for gateway in design.customer_gateways:
        place = known(gateway.ip_address) or gateway.ip_address_of
        if not place:
            continue
        facts = (place, gateway.bgp_asn, gateway.device_name, gateway.region)
        if facts in seen:
            yield Finding(
                subject=subject(gateway),
                evidence=f"the same address, ASN and device name as {seen[facts]}; AWS gives that one again",
                remedy="Give it the address of the other instance, or a device_name of its own",
            )
        seen.setdefault(facts, subject(gateway))


def sku_offered(design: Design) -> Iterator[Finding]:
    """GW-03: the SKU can still be made."""
    for gateway in design.azure_gateways if design.planned else ():
        sku, where = gateway.sku, subject(gateway, "sku")
        if isinstance(sku, Unknown):
            yield unclear(where, "the plan does not tell the SKU")
        elif sku not in GATEWAY_SKUS:
            yield Finding(
                subject=where,
                evidence=f"{sku} can no longer be made; Azure refuses it although the plan passes"
                " (NonAzSkusNotAllowedForVPNGateway)",
                remedy=f"Take {sku}{ZONED_SKU}" if f"{sku}{ZONED_SKU}" in GATEWAY_SKUS else _LARGER,
            )


def sku_can(design: Design) -> Iterator[Finding]:
    """GW-04: the SKU can do what is asked of it: Basic has no BGP, active-active or custom policy."""
    for gateway in design.azure_gateways:
        for name in _beyond_basic(design, gateway) if gateway.sku == BASIC_SKU else ():
            code = " (BasicSkuVirtualNetworkGatewayDoesNotSupportBgp)" if "bgp" in name else ""
            yield Finding(
                subject=subject(gateway, "sku"),
                evidence=f"Basic does not offer {name}{code}",
                remedy=_LARGER,
            )
        sku, generation = known(gateway.sku) or "", gateway.generation
        offered = GATEWAY_SKUS[sku].generations if sku in GATEWAY_SKUS else GENERATIONS
        if generation in GENERATIONS and generation not in offered:
            yield Finding(
                subject=subject(gateway, "generation"),
                evidence=f"{sku} does not exist in {generation}",
                remedy=f"Set it to {offered[0]}",
            )


def _beyond_basic(design: Design, gateway: VirtualNetworkGateway[Unknown]) -> Iterator[str]:
    """Yield what is asked of a gateway that Basic does not offer."""
    if gateway.bgp_enabled is True:
        yield "bgp_enabled"
    if gateway.active_active is True:
        yield "active_active"
    if any(
        isinstance(connection.ipsec_policy, IpsecPolicy) and design.gateway_of(connection) in (gateway, None)
        for connection in design.azure_connections
    ):
        yield "ipsec_policy"


def active_active_whole(design: Design) -> Iterator[Finding]:
    """GW-05: an active-active gateway is route-based and has two ip configurations; another one has one."""
    for gateway in design.azure_gateways:
        pair, count = gateway.active_active, len(configurations(gateway))
        if isinstance(pair, Unknown) or not count:
            continue
        where = subject(gateway, "ip_configuration")
        if pair and count != 2:  # noqa: PLR2004 - one per instance
            yield Finding(
                subject=where,
                evidence=f"{count} given; an active-active gateway has two"
                " (ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations)",
                remedy="Write two, each with a public address of its own",
            )
        elif not pair and count > 1:
            yield Finding(
                subject=where,
                evidence=f"{count} given; a gateway that is not active-active has one",
                remedy="Set active_active to true, or write one",
            )
        if pair and gateway.vpn_type == "PolicyBased":
            yield Finding(
                subject=subject(gateway, "vpn_type"),
                evidence="PolicyBased gateways are neither active-active nor speak BGP",
                remedy="Set it to RouteBased",
            )


def public_addresses_static(design: Design) -> Iterator[Finding]:
    """GW-06: the gateway's public addresses are Standard and static."""
    for public in design.gateway_public_addresses if design.planned else ():
        method = known(public.allocation_method)
        if method and method != "Static":
            yield Finding(
                subject=subject(public, "allocation_method"),
                evidence=f"{method}: the address is unknown until the gateway stands,"
                " and AWS needs it before",
                remedy="Set it to Static",
            )
        if public.sku == BASIC_SKU:
            yield Finding(
                subject=subject(public, "sku"),
                evidence="Basic public addresses are retired (IPv4BasicSkuPublicIpCountLimitReached)",
                remedy="Set it to Standard",
            )


def _gateway_subnets(design: Design) -> tuple[AzureSubnet[Unknown], ...]:
    return tuple(subnet for _, subnet in design.azure_subnets_of if subnet.name == GATEWAY_SUBNET)


def gateway_subnet_named(design: Design) -> Iterator[Finding]:
    """GW-07: the gateway has a subnet named GatewaySubnet."""
    if not design.azure_gateways or not any(vnet.address for vnet in design.azure.virtual_networks):
        return
    if not _gateway_subnets(design):
        yield Finding(
            subject=subject(design.azure_gateways[0]),
            evidence="no subnet is named GatewaySubnet, and the gateway stands in no other",
            remedy=f'Name its subnet "{GATEWAY_SUBNET}", exactly so',
        )
        return
    for gateway in design.azure_gateways:
        for subnet in gateway_subnets_of(design, gateway):
            if (name := known(subnet.name)) and name != GATEWAY_SUBNET:
                yield Finding(
                    subject=subject(gateway, "ip_configuration.subnet_id"),
                    evidence=f"{subject(subnet)} is named {name}; a gateway stands in GatewaySubnet alone",
                    remedy="Name the subnet GatewaySubnet there",
                )


def gateway_subnets_of(
    design: Design, gateway: VirtualNetworkGateway[Unknown]
) -> tuple[AzureSubnet[Unknown], ...]:
    """Return the subnets that a gateway's ip configurations name, as far as they are known."""
    ids = {instance.subnet_id for instance in gateway.instances}
    return tuple(subnet for _, subnet in design.azure_subnets_of if subnet.id in ids)


def configurations_plain(design: Design) -> Iterator[Finding]:
    """GW-17: ip configurations have names of their own and dynamic addresses; GatewaySubnet no delegation."""
    for gateway in design.azure_gateways:
        where, seen = subject(gateway, "ip_configuration"), set[str]()
        for configuration in configurations(gateway):
            name = known(configuration.ip_configuration_name) or "one of them"
            if name in seen and name == configuration.ip_configuration_name:
                yield _refused(where, f"{name} is the name of two of them")
            seen.add(name)
            if configuration.private_ip_allocation_method == "Static":
                yield _refused(where, f"{name} has a static private address (StaticPrivateIpNotSupported)")
    for subnet in _gateway_subnets(design):
        if subnet.delegated is True:
            yield _refused(subject(subnet, "delegation"), "GatewaySubnet cannot be delegated")


def _refused(where: str, problem: str) -> Finding:
    return Finding(
        subject=where, evidence=f"{problem}; Azure refuses it", remedy="Leave it out, or rename it"
    )


def one_gateway_per_vnet(design: Design) -> Iterator[Finding]:
    """GW-16: a GatewaySubnet holds one VPN gateway."""
    seen: dict[str, str] = {}
    for gateway in design.azure_gateways:
        for subnet in gateway_subnets_of(design, gateway):
            name = subject(gateway)
            first = seen.setdefault(subnet.id, name)
            if first != name:
                yield Finding(
                    subject=subject(gateway, "ip_configuration.subnet_id"),
                    evidence=f"{first} is already in {subject(subnet)}; Azure refuses a second VPN gateway",
                    remedy="Let its connections end at the first one",
                )


def gateway_subnet_large(design: Design) -> Iterator[Finding]:
    """GW-08: GatewaySubnet is a /29 at least."""
    yield from _too_small(design, AZURE_SUBNET_LENGTH, f"Azure takes a /{AZURE_SUBNET_LENGTH} or larger")


def gateway_subnet_roomy(design: Design) -> Iterator[Finding]:
    """GW-09: GatewaySubnet is a /27 or larger, as recommended."""
    yield from _too_small(design, GATEWAY_SUBNET_LENGTH, f"a {_RECOMMENDED} or larger is recommended")


def _too_small(design: Design, limit: int, rule: str) -> Iterator[Finding]:
    for subnet in _gateway_subnets(design):
        for prefix in subnet.address_prefixes:
            # The error says it already; a warning beside it would only repeat.
            beyond = AZURE_SUBNET_LENGTH if limit == GATEWAY_SUBNET_LENGTH else 32
            if isinstance(prefix, IPv4Network) and limit < prefix.prefixlen <= beyond:
                yield Finding(
                    subject=subject(subnet, "address_prefixes"),
                    evidence=f"{prefix} is too small for GatewaySubnet; {rule}",
                    remedy=f"Give it a {_RECOMMENDED}",
                )


def gateway_subnet_bare(design: Design) -> Iterator[Finding]:
    """GW-10: no network security group is put on GatewaySubnet."""
    subnets = _gateway_subnets(design)
    for address, attribute in design.unplaced(_ASSOCIATION) if subnets else ():
        yield unclear(f"{address} {attribute}", "the plan does not tell which subnet")
    for subnet in subnets:
        if subnet.network_security_group_id is not None:
            group = design.security_group(subnet.network_security_group_id)
            yield Finding(
                subject=subject(subnet),
                evidence=f"{subject(group) if group else 'a network security group'} is on it; the gateway"
                " stops working (NetworkSecurityGroupCannotBeAttachedToGatewaySubnet)",
                remedy="Take GatewaySubnet out of the association",
            )


def one_gateway_per_vpc(design: Design) -> Iterator[Finding]:
    """GW-11: a VPC has one virtual private gateway, attached in one way."""
    attached: dict[str, list[str]] = defaultdict(list)
    for gateway in design.vpn_gateways:
        if isinstance(gateway.vpc_id, str):
            attached[gateway.vpc_id] += gateway.attached_by or (subject(gateway),)
    for vpc_id, gateways in attached.items():
        if len(gateways) > 1:
            name = next((subject(vpc) for vpc in design.aws.vpcs if vpc.id == vpc_id), vpc_id)
            yield Finding(
                subject=gateways[1],
                evidence=f"{name} is already attached by {gateways[0]}; a VPC has one gateway, and"
                " vpc_id on the gateway fights with an attachment",
                remedy="Keep one gateway and one attachment",
            )
