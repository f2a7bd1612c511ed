"""Customer gateways and the options of AWS's tunnels: what EC2 refuses of them by name.

Source: EC2 API, CreateCustomerGateway, CreateVpnConnection, VpnTunnelOptionsSpecification.
"""

from collections.abc import Iterator

from twinspan.network.asns import AWS_DEFAULT_CUSTOMER_ASN
from twinspan.network.ipsec import AWS_CHOICES
from twinspan.network.limits import (
    CUSTOMER_GATEWAY_NAME_LENGTH,
    INSIDE_IP_VERSION,
    OUTSIDE_ADDRESS_TYPE,
    STATIC_ROUTES_PER_VPN_CONNECTION,
    TRANSIT_GATEWAY_OPTIONS,
)
from twinspan.network.model import VpnConnection
from twinspan.network.ranges import NO_DEVICE, NOT_PUBLIC
from twinspan.network.timers import AWS_NUMBERS
from twinspan.network.unknown import Unknown, known
from twinspan.results import Finding
from twinspan.rules.design import Design
from twinspan.rules.parts import Tunnel, subject


def customer_gateway_addressed(design: Design) -> Iterator[Finding]:
    """CGW-01: a customer gateway has an address or a certificate."""
    for gateway in design.customer_gateways:
        if gateway.ip_address is None and not gateway.certificate_arn:
            yield Finding(
                subject=subject(gateway, "ip_address"),
                evidence="neither ip_address nor certificate_arn; AWS refuses it"
                " (MissingParameter: ipAddress)",
                remedy="Set ip_address to the public address of an Azure gateway instance",
            )


def customer_gateway_public(design: Design) -> Iterator[Finding]:
    """CGW-02: a customer gateway has a public address."""
    private = {
        connection.customer_gateway_id
        for connection in design.vpn_connections
        if connection.outside_ip_address_type != OUTSIDE_ADDRESS_TYPE
    }
    for gateway in design.customer_gateways:
        address, name = known(gateway.ip_address), known(gateway.device_name) or ""
        wrong = address is not None and any(address in block for block in (*NO_DEVICE, *NOT_PUBLIC))
        if wrong and gateway.id not in private:
            yield Finding(
                subject=subject(gateway, "ip_address"),
                evidence=f"{address} is no public address; a virtual private gateway needs one",
                remedy="Set it to the public address of an Azure gateway instance",
            )
        if len(name) > CUSTOMER_GATEWAY_NAME_LENGTH:
            yield Finding(
                subject=subject(gateway, "device_name"),
                evidence=f"{len(name)} characters; AWS takes {CUSTOMER_GATEWAY_NAME_LENGTH}",
                remedy="Shorten it",
            )


def asns_differ(design: Design) -> Iterator[Finding]:
    """CGW-03: the ASN of a customer gateway differs from that of AWS's gateway."""
    for connection in design.vpn_connections:
        customer, gateway = design.customer_gateway_of(connection), design.vpn_gateway_of(connection)
        if customer is None or gateway is None:
            continue
        asn = known(customer.bgp_asn)
        if asn is not None and asn == gateway.amazon_side_asn:
            yield Finding(
                subject=subject(customer, "bgp_asn"),
                evidence=f"{asn} is also the ASN of {subject(gateway)}; AWS refuses the connection",
                remedy=f"Take Azure's ASN; without BGP any other, e.g. {AWS_DEFAULT_CUSTOMER_ASN}",
            )


def inside_version(design: Design) -> Iterator[Finding]:
    """TUN-01: no tunnel with IPv4 inside has an IPv6 inside range."""
    for tunnel in design.tunnels:
        ipv4 = tunnel.connection.tunnel_inside_ip_version == INSIDE_IP_VERSION
        if known(tunnel.options.inside_ipv6_cidr) and ipv4:
            yield Finding(
                subject=tunnel.where("inside_ipv6_cidr"),
                evidence="an IPv6 range beside an IPv4 inside version; AWS refuses it"
                " (InvalidParameterCombination)",
                remedy="Leave it out; a virtual private gateway carries IPv4 alone",
            )


def options_within_bounds(design: Design) -> Iterator[Finding]:
    """TUN-02: the options of every tunnel are within AWS's bounds."""
    for tunnel in design.tunnels:
        options = tunnel.options
        numbers = {  # dead peer detection is POL-07's
            "phase1_lifetime_seconds": options.phase1.lifetime_seconds,
            "phase2_lifetime_seconds": options.phase2.lifetime_seconds,
            "rekey_margin_time_seconds": options.rekey_margin_time_seconds,
            "rekey_fuzz_percentage": options.rekey_fuzz_percentage,
            "replay_window_size": options.replay_window_size,
        }
        words = {
            "dpd_timeout_action": options.dpd_timeout_action,
            "startup_action": options.startup_action,
        }
        for option, value in numbers.items():
            bounds = AWS_NUMBERS[option]
            if not isinstance(value, Unknown) and not bounds.takes(value):
                yield _out_of_bounds(tunnel, option, str(value), f"{bounds.least} to {bounds.most}")
        for option, word in words.items():
            if not isinstance(word, Unknown) and word not in AWS_CHOICES[option]:
                yield _out_of_bounds(tunnel, option, word, " or ".join(AWS_CHOICES[option]))


def _out_of_bounds(tunnel: Tunnel, option: str, value: str, allowed: str) -> Finding:
    return Finding(
        subject=tunnel.where(option),
        evidence=f"{value}; AWS refuses it (InvalidParameterValue)",
        remedy=f"Take {allowed}",
    )


def options_go_together(design: Design) -> Iterator[Finding]:
    """TUN-03: the options of a tunnel go together: lifetimes, rekeying, who begins, logs."""
    for tunnel in design.tunnels:
        options = tunnel.options
        phase1, phase2 = known(options.phase1.lifetime_seconds), known(options.phase2.lifetime_seconds)
        margin = known(options.rekey_margin_time_seconds)
        if phase1 is not None and phase2 is not None and phase2 >= phase1:
            yield _apart(tunnel, "phase2_lifetime_seconds", f"{phase2} s, not less than phase 1, {phase1} s")
        if margin is not None and phase2 is not None and margin > phase2 / 2:
            yield _apart(tunnel, "rekey_margin_time_seconds", f"{margin} s, more than half of {phase2} s")
        if options.startup_action == "start" and options.ike_versions == ("ikev1",):
            yield _apart(tunnel, "startup_action", "start needs ikev2")
        if options.log_enabled is True and options.log_group_arn == "":
            yield _apart(tunnel, "log_options", "log_enabled without log_group_arn")


def _apart(tunnel: Tunnel, option: str, problem: str) -> Finding:
    return Finding(
        subject=tunnel.where(option),
        evidence=f"{problem}; AWS refuses it",
        remedy="Leave it to AWS's default",
    )


def transit_gateway_only(design: Design) -> Iterator[Finding]:
    """TUN-04: no connection to a virtual private gateway has an option of transit gateways."""
    for connection in design.vpn_connections:
        if connection.vpn_gateway_id is None:
            continue
        for option, harmless in TRANSIT_GATEWAY_OPTIONS.items():
            value: object = getattr(connection, option)
            if not isinstance(value, Unknown) and value not in (*harmless, ""):
                yield Finding(
                    subject=subject(connection, option),
                    evidence=f"{value} is an option of transit gateways; AWS refuses it here"
                    " (InvalidParameterCombination)",
                    remedy="Leave it out, or use a transit gateway",
                )


def routes_on_static(design: Design) -> Iterator[Finding]:
    """TUN-05: static routes are for connections without BGP, each once and 100 at most."""
    for connection in design.vpn_connections:
        routes = connection.static_routes
        if routes and connection.static_routes_only is False:
            yield _refused(connection, "it speaks BGP; AWS refuses a static route for it")
        elif len(routes) > STATIC_ROUTES_PER_VPN_CONNECTION:
            yield _refused(connection, f"{len(routes)}; AWS takes {STATIC_ROUTES_PER_VPN_CONNECTION}")


def _refused(connection: VpnConnection[Unknown], problem: str) -> Finding:
    return Finding(
        subject=subject(connection, "routes"),
        evidence=problem,
        remedy="Set static_routes_only to true, or remove the route; routes can be summarised",
    )
