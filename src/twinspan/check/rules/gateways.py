"""The gateways themselves: sizes, public addresses and GatewaySubnet."""

from collections import defaultdict
from collections.abc import Iterator

from twinspan.check.design import Design, blocks, items, known, network
from twinspan.check.findings import unclear
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
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding

_RECOMMENDED = f"/{GATEWAY_SUBNET_LENGTH}"
_LARGER = f"Take {SMALLEST_ZONED_SKU} or larger"


def pairs_differ(design: Design) -> Iterator[Finding]:
    """GW-01: no two AWS VPN connections join the same customer gateway and gateway."""
    seen: dict[tuple[str, str], str] = {}
    for connection in design.vpn_connections:
        customer = design.customer_gateway_of(connection)
        gateway = design.vpn_gateway_of(connection)
        if customer is None:
            yield unclear(f"{connection.address} customer_gateway_id", "the plan does not tell which one")
            continue
        if gateway is None:
            if connection.get("vpn_gateway_id") is not None:
                yield unclear(f"{connection.address} vpn_gateway_id", "the plan does not tell which one")
            continue
        pair = (customer.address, gateway.address)
        if pair in seen:
            yield Finding(
                subject=f"{connection.address} customer_gateway_id",
                evidence=f"{customer.address} and {gateway.address} are already joined by {seen[pair]}; AWS"
                f" gives"
                " the same connection again",
                remedy="Make a second customer gateway, at the second instance of the Azure gateway",
            )
        seen.setdefault(pair, connection.address)


def customer_gateways_differ(design: Design) -> Iterator[Finding]:
    """GW-02: no two customer gateways have the same address, ASN and device name."""
    seen: dict[tuple[object, ...], str] = {}
    for gateway in design.of_type("aws_customer_gateway"):
        public = design.join(gateway, "ip_address", "azurerm_public_ip")
        place = public.address if public else gateway.get("ip_address")
        if not known(place):
            continue
        facts = tuple(map(str, (place, gateway.get("bgp_asn"), gateway.get("device_name"))))
        if facts in seen:
            yield Finding(
                subject=gateway.address,
                evidence=f"the same address, ASN and device name as {seen[facts]}; AWS gives that one again",
                remedy="Give it the address of the other instance, or a device_name of its own",
            )
        seen.setdefault(facts, gateway.address)


def sku_offered(design: Design) -> Iterator[Finding]:
    """GW-03: the SKU can still be made."""
    for gateway in design.azure_gateways:
        sku = gateway.get("sku")
        if sku is UNKNOWN:
            yield unclear(f"{gateway.address} sku", "the plan does not tell the SKU")
        elif str(sku) not in GATEWAY_SKUS:
            yield Finding(
                subject=f"{gateway.address} sku",
                evidence=f"{sku} can no longer be made; Azure refuses it although the plan passes"
                " (NonAzSkusNotAllowedForVPNGateway)",
                remedy=f"Take {sku}{ZONED_SKU}" if f"{sku}{ZONED_SKU}" in GATEWAY_SKUS else _LARGER,
            )


def sku_can(design: Design) -> Iterator[Finding]:
    """GW-04: the SKU can do what is asked of it: Basic has no BGP, active-active or custom policy."""
    for gateway in design.azure_gateways:
        sku, generation = str(gateway.get("sku")), str(gateway.get("generation"))
        if sku == BASIC_SKU:
            asked = [
                name for name in ("bgp_enabled", "enable_bgp", "active_active") if gateway.get(name) is True
            ]
            asked += ["ipsec_policy"] * any(
                items(each.get("ipsec_policy")) for each in design.azure_connections
            )
            for name in asked:
                code = " (BasicSkuVirtualNetworkGatewayDoesNotSupportBgp)" if "bgp" in name else ""
                yield Finding(
                    subject=f"{gateway.address} sku",
                    evidence=f"Basic does not offer {name}{code}",
                    remedy=_LARGER,
                )
        if sku in GATEWAY_SKUS and generation in GENERATIONS:
            offered = GATEWAY_SKUS[sku].generations
            if generation not in offered:
                yield Finding(
                    subject=f"{gateway.address} generation",
                    evidence=f"{sku} does not exist in {generation}",
                    remedy=f"Set it to {offered[0]}",
                )


def active_active_whole(design: Design) -> Iterator[Finding]:
    """GW-05: an active-active gateway is route-based and has two ip configurations; another one has one."""
    for gateway in design.azure_gateways:
        pair, count = gateway.get("active_active"), len(items(gateway.get("ip_configuration")))
        if pair is UNKNOWN or gateway.get("ip_configuration") is UNKNOWN:
            continue
        if pair is True and count != 2:  # noqa: PLR2004 - one per instance
            yield Finding(
                subject=f"{gateway.address} ip_configuration",
                evidence=f"{count} given; an active-active gateway has two"
                " (ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations)",
                remedy="Write two, each with a public address of its own",
            )
        elif pair is not True and count > 1:
            yield Finding(
                subject=f"{gateway.address} ip_configuration",
                evidence=f"{count} given; a gateway that is not active-active has one",
                remedy="Set active_active to true, or write one",
            )
        if pair is True and gateway.get("vpn_type") == "PolicyBased":
            yield Finding(
                subject=f"{gateway.address} vpn_type",
                evidence="PolicyBased gateways are neither active-active nor speak BGP",
                remedy="Set it to RouteBased",
            )


def public_addresses_static(design: Design) -> Iterator[Finding]:
    """GW-06: the gateway's public addresses are Standard and static."""
    for public in gateway_public_addresses(design):
        method, sku = public.get("allocation_method"), public.get("sku")
        if known(method) and method != "Static":
            yield Finding(
                subject=f"{public.address} allocation_method",
                evidence=f"{method}: the address is unknown until the gateway stands,"
                " and AWS needs it before",
                remedy="Set it to Static",
            )
        if known(sku) and sku == BASIC_SKU:
            yield Finding(
                subject=f"{public.address} sku",
                evidence="Basic public addresses are retired (IPv4BasicSkuPublicIpCountLimitReached)",
                remedy="Set it to Standard",
            )


def gateway_public_addresses(design: Design) -> tuple[PlannedResource, ...]:
    """Return the public addresses that customer gateways name; all there are, if the plan does not tell."""
    named = [
        public
        for gateway in design.of_type("aws_customer_gateway")
        if (public := design.join(gateway, "ip_address", "azurerm_public_ip")) is not None
    ]
    if named:
        return tuple({each.address: each for each in named}.values())
    return design.of_type("azurerm_public_ip") if design.azure_gateways else ()


def _gateway_subnets(design: Design) -> tuple[PlannedResource, ...]:
    return tuple(each for each in design.of_type("azurerm_subnet") if each.get("name") == GATEWAY_SUBNET)


def gateway_subnet_named(design: Design) -> Iterator[Finding]:
    """GW-07: the gateway has a subnet named GatewaySubnet."""
    if not design.azure_gateways or not design.of_type("azurerm_virtual_network"):
        return
    if not _gateway_subnets(design):
        yield Finding(
            subject=design.azure_gateways[0].address,
            evidence="no subnet is named GatewaySubnet, and the gateway stands in no other",
            remedy=f'Name its subnet "{GATEWAY_SUBNET}", exactly so',
        )
        return
    for gateway in design.azure_gateways:
        for subnet in gateway_subnets_of(design, gateway):
            if known(name := subnet.get("name")) and name != GATEWAY_SUBNET:
                yield Finding(
                    subject=f"{gateway.address} ip_configuration.subnet_id",
                    evidence=f"{subnet.address} is named {name}; a gateway stands in GatewaySubnet alone",
                    remedy="Name the subnet GatewaySubnet there",
                )


def gateway_subnets_of(design: Design, gateway: PlannedResource) -> tuple[PlannedResource, ...]:
    """Return the subnets that a gateway's ip configurations name, as far as the plan tells."""
    found = [
        design.join(gateway, f"ip_configuration.{position}.subnet_id", "azurerm_subnet")
        for position, _ in enumerate(items(gateway.get("ip_configuration")))
    ]
    return tuple({each.address: each for each in found if each is not None}.values())


def configurations_plain(design: Design) -> Iterator[Finding]:
    """GW-17: ip configurations have names of their own and dynamic addresses; GatewaySubnet no delegation."""
    for gateway in design.azure_gateways:
        where, seen = f"{gateway.address} ip_configuration", set[str]()
        for block in blocks(gateway.get("ip_configuration")):
            name = str(block.get("name") or "one of them")
            if block.get("name") and name in seen:
                yield _refused(where, f"{name} is the name of two of them")
            seen.add(name)
            if block.get("private_ip_address_allocation") == "Static":
                yield _refused(where, f"{name} has a static private address (StaticPrivateIpNotSupported)")
    for subnet in _gateway_subnets(design):
        if items(subnet.get("delegation")):
            yield _refused(f"{subnet.address} delegation", "GatewaySubnet cannot be delegated")


def _refused(where: str, problem: str) -> Finding:
    return Finding(
        subject=where, evidence=f"{problem}; Azure refuses it", remedy="Leave it out, or rename it"
    )


def one_gateway_per_vnet(design: Design) -> Iterator[Finding]:
    """GW-16: a GatewaySubnet holds one VPN gateway."""
    seen: dict[str, str] = {}
    for gateway in design.azure_gateways:
        for subnet in gateway_subnets_of(design, gateway):
            first = seen.setdefault(subnet.address, gateway.address)
            if first != gateway.address:
                yield Finding(
                    subject=f"{gateway.address} ip_configuration.subnet_id",
                    evidence=f"{first} is already in {subnet.address}; Azure refuses a second VPN gateway",
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
        for text in items(subnet.get("address_prefixes")):
            prefix = network(text)
            # The error says it already; a warning beside it would only repeat.
            beyond = AZURE_SUBNET_LENGTH if limit == GATEWAY_SUBNET_LENGTH else 32
            if prefix is not None and limit < prefix.prefixlen <= beyond:
                yield Finding(
                    subject=f"{subnet.address} address_prefixes",
                    evidence=f"{prefix} is too small for GatewaySubnet; {rule}",
                    remedy=f"Give it a {_RECOMMENDED}",
                )


def gateway_subnet_bare(design: Design) -> Iterator[Finding]:
    """GW-10: no network security group is put on GatewaySubnet."""
    for each in design.of_type("azurerm_subnet_network_security_group_association"):
        subnet = design.join(each, "subnet_id", "azurerm_subnet")
        if subnet is None and _gateway_subnets(design):
            yield unclear(f"{each.address} subnet_id", "the plan does not tell which subnet")
        elif subnet is not None and subnet.get("name") == GATEWAY_SUBNET:
            yield Finding(
                subject=each.address,
                evidence=f"puts a network security group on {subnet.address}; the gateway stops working"
                " (NetworkSecurityGroupCannotBeAttachedToGatewaySubnet)",
                remedy="Take GatewaySubnet out of the association",
            )


def one_gateway_per_vpc(design: Design) -> Iterator[Finding]:
    """GW-11: a VPC has one virtual private gateway, attached in one way."""
    attached: dict[str, list[str]] = defaultdict(list)
    for gateway in design.of_type("aws_vpn_gateway", "aws_vpn_gateway_attachment"):
        vpc = design.join(gateway, "vpc_id", "aws_vpc") if gateway.get("vpc_id") is not None else None
        if vpc is not None:
            attached[vpc.address].append(gateway.address)
    for vpc_address, gateways in attached.items():
        if len(gateways) > 1:
            yield Finding(
                subject=gateways[1],
                evidence=f"{vpc_address} is already attached by {gateways[0]}; a VPC has one gateway, and"
                f" vpc_id on"
                " the gateway fights with an attachment",
                remedy="Keep one gateway and one attachment",
            )
