"""Customer gateways: whether AWS calls the Azure gateway, and the instance, that its tunnels end at."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from twinspan.network.model import CustomerGateway, GatewayInstance, VirtualNetworkGateway
from twinspan.network.unknown import Unknown, known
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import Link, addresses, configurations, subject
from twinspan.rules.shell import aws_ec2, show_customer_gateway

_MISSING_END_POINT = "MISSING_END_POINT (Batfish), PeerReachability (Network Watcher)"


def gateway_called(design: Design) -> Iterator[Finding]:
    """CGW-04: a customer gateway has the address of the Azure gateway whose connection ends its tunnels."""
    for link in {link.tunnel.connection.id: link for link in design.links}.values():
        gateway, customer = design.gateway_of(link.connection), link.joined.customer_gateway
        if gateway is None or customer is None:
            continue
        if problem := _not_called(link, gateway, customer):
            remedy = f"Name a public address of {subject(gateway)} in the customer gateway"
            yield _finding(design, link, problem, _use_of(design, link, _end_of(link, gateway)) or remedy)


def _not_called(
    link: Link, gateway: VirtualNetworkGateway[Unknown], customer: CustomerGateway[Unknown]
) -> str:
    called, of = link.joined.instance, link.joined.gateway
    if called and of:
        other = f"AWS calls {called.ip_configuration_name} of {subject(of)}, which is not the gateway of"
        return "" if of.id == gateway.id else f"{other} {subject(link.connection)}"
    address = known(customer.ip_address) if customer.ip_address else None
    own = addresses(instance.public_ip_address for instance in gateway.instances)
    if address is None or len(own) < len(gateway.instances):
        return ""
    return f"AWS calls {address}, which is the address of no Azure gateway instance ({_listed(own)})"


def instance_called(design: Design) -> Iterator[Finding]:
    """BGP-06: the tunnel's Azure address is on the instance whose public address AWS calls."""
    for link in design.bgp_links:
        gateway, inside = design.gateway_of(link.connection), link.tunnel.inside
        where = subject(link.tunnel.connection, "customer_gateway_id")
        if gateway is None or inside is None:
            continue
        right, called, of = _end_of(link, gateway), link.joined.instance, link.joined.gateway
        if called is None or of is None:
            several = sum(bool(instance.custom_bgp_ip_addresses) for instance in gateway.instances) > 1
            customer = link.joined.customer_gateway
            astray = customer and _not_called(link, gateway, customer)
            if several and len(configurations(gateway)) != 1 and not astray:
                yield unclear(where, f"which instance of {subject(gateway)} it calls is not in the plan")
        elif of.id == gateway.id and right and right.ip_configuration_name != called.ip_configuration_name:
            problem = f"AWS calls the public address of {called.ip_configuration_name}, but {inside} ends at"
            remedy = "Exchange the customer gateways, or move the APIPA address to the other instance"
            yield _finding(
                design,
                link,
                f"{problem} {right.ip_configuration_name}",
                _use_of(design, link, right) or remedy,
            )


def _end_of(link: Link, gateway: VirtualNetworkGateway[Unknown]) -> GatewayInstance[Unknown] | None:
    """Return the instance that has the tunnel's address for BGP, if that is known."""
    inside = link.tunnel.inside
    ends = [
        instance for instance in gateway.instances if inside and inside[2] in instance.custom_bgp_ip_addresses
    ]
    return ends[0] if ends else None


def _finding(design: Design, link: Link, problem: str, remedy: str) -> Finding:
    connection = link.tunnel.connection
    shown = show_customer_gateway(connection.customer_gateway_id, region=design.region_of(connection.id))
    return Finding(
        subject=subject(connection, "customer_gateway_id"),
        evidence=problem,
        command=design.of_what_exists(shown),
        remedy=remedy,
        fault=_MISSING_END_POINT,
        branch=connection.id,
    )


def _use_of(design: Design, link: Link, right: GatewayInstance[Unknown] | None) -> str:
    """Return the command that makes AWS call an instance; empty in a plan, or without a customer gateway."""
    address = right.public_ip_address if right else None
    fitting = [
        gateway.id for gateway in design.customer_gateways if address and gateway.ip_address == address
    ]
    if not fitting:
        return ""
    arguments = f"--vpn-connection-id {link.tunnel.connection.id} --customer-gateway-id {fitting[0]}"
    use = aws_ec2("modify-vpn-connection", arguments, region=design.region_of(link.tunnel.connection.id))
    return design.of_what_exists(f"Use the right one: {use}")


def _listed(ip_addresses: tuple[IPv4Address, ...]) -> str:
    return ", ".join(map(str, ip_addresses))
