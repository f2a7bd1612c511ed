"""Customer gateways and the options of AWS's tunnels: what EC2 refuses of them by name.

Source: EC2 API, CreateCustomerGateway, CreateVpnConnection, VpnTunnelOptionsSpecification.
"""

from collections.abc import Iterator

from twinspan.check.design import Design, Tunnel, address, items, known, number, static
from twinspan.check.rules.asns import aws_asn, customer_asn
from twinspan.network.asns import AWS_DEFAULT_CUSTOMER_ASN
from twinspan.network.ipsec import AWS_CHOICES
from twinspan.network.limits import (
    CUSTOMER_GATEWAY_NAME_LENGTH,
    STATIC_ROUTES_PER_VPN_CONNECTION,
    TRANSIT_GATEWAY_OPTIONS,
)
from twinspan.network.ranges import NO_DEVICE, NOT_PUBLIC
from twinspan.network.timers import (
    AWS_DPD_S,
    AWS_NUMBERS,
    AWS_PHASE1_LIFETIME_S,
    AWS_PHASE2_LIFETIME_S,
    AWS_REKEY_MARGIN_S,
)
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding


def customer_gateway_addressed(design: Design) -> Iterator[Finding]:
    """CGW-01: a customer gateway has an address or a certificate."""
    for gateway in design.of_type("aws_customer_gateway"):
        if not gateway.get("ip_address") and not gateway.get("certificate_arn"):
            yield Finding(
                subject=f"{gateway.address} ip_address",
                evidence="neither ip_address nor certificate_arn; AWS refuses it"
                " (MissingParameter: ipAddress)",
                remedy="Set ip_address to the public address of an Azure gateway instance",
            )


def customer_gateway_public(design: Design) -> Iterator[Finding]:
    """CGW-02: a customer gateway has a public address."""
    for gateway in design.of_type("aws_customer_gateway"):
        found = address(gateway.get("ip_address"))
        name = gateway.get("device_name")
        if found is not None and any(found in block for block in (*NO_DEVICE, *NOT_PUBLIC)):
            yield Finding(
                subject=f"{gateway.address} ip_address",
                evidence=f"{found} is no public address; a virtual private gateway needs one",
                remedy="Set it to the public address of an Azure gateway instance",
            )
        if isinstance(name, str) and len(name) > CUSTOMER_GATEWAY_NAME_LENGTH:
            yield Finding(
                subject=f"{gateway.address} device_name",
                evidence=f"{len(name)} characters; AWS takes {CUSTOMER_GATEWAY_NAME_LENGTH}",
                remedy="Shorten it",
            )


def asns_differ(design: Design) -> Iterator[Finding]:
    """CGW-03: the ASN of a customer gateway differs from that of AWS's gateway."""
    for connection in design.vpn_connections:
        customer, gateway = design.customer_gateway_of(connection), design.vpn_gateway_of(connection)
        if customer is None or gateway is None:
            continue
        asn = number(customer_asn(customer))
        if asn is not None and asn == number(aws_asn(design, gateway)):
            yield Finding(
                subject=f"{customer.address} bgp_asn",
                evidence=f"{asn} is also the ASN of {gateway.address}; AWS refuses the connection",
                remedy=f"Take Azure's ASN; without BGP any other, e.g. {AWS_DEFAULT_CUSTOMER_ASN}",
            )


def inside_version(design: Design) -> Iterator[Finding]:
    """TUN-01: no tunnel with IPv4 inside has an IPv6 inside range."""
    for tunnel in design.tunnels:
        version = tunnel.connection.get("tunnel_inside_ip_version")
        if known(tunnel.get("inside_ipv6_cidr")) and version != "ipv6":
            yield Finding(
                subject=tunnel.where("inside_ipv6_cidr"),
                evidence="an IPv6 range beside an IPv4 inside version; AWS refuses it"
                " (InvalidParameterCombination)",
                remedy="Leave it out; a virtual private gateway carries IPv4 alone",
            )


def options_within_bounds(design: Design) -> Iterator[Finding]:
    """TUN-02: the options of every tunnel are within AWS's bounds."""
    for tunnel in design.tunnels:
        for option, bounds in AWS_NUMBERS.items():
            value = number(tunnel.get(option))
            # Dead peer detection is POL-07's.
            if value is not None and bounds is not AWS_DPD_S and not bounds.takes(value):
                yield _out_of_bounds(tunnel, option, value, f"{bounds.least} to {bounds.most}")
        for option, allowed in AWS_CHOICES.items():
            value = tunnel.get(option)
            if known(value) and value not in allowed:
                yield _out_of_bounds(tunnel, option, value, " or ".join(allowed))


def _out_of_bounds(tunnel: Tunnel, option: str, value: object, allowed: str) -> Finding:
    return Finding(
        subject=tunnel.where(option),
        evidence=f"{value}; AWS refuses it (InvalidParameterValue)",
        remedy=f"Take {allowed}",
    )


def options_go_together(design: Design) -> Iterator[Finding]:
    """TUN-03: the options of a tunnel go together: lifetimes, rekeying, who begins, logs."""
    for tunnel in design.tunnels:
        phase1 = number(tunnel.get("phase1_lifetime_seconds")) or AWS_PHASE1_LIFETIME_S.default
        phase2 = number(tunnel.get("phase2_lifetime_seconds")) or AWS_PHASE2_LIFETIME_S.default
        margin = number(tunnel.get("rekey_margin_time_seconds")) or AWS_REKEY_MARGIN_S.default
        if phase2 >= phase1:
            yield _apart(tunnel, "phase2_lifetime_seconds", f"{phase2} s, not less than phase 1, {phase1} s")
        if margin > phase2 / 2:
            yield _apart(tunnel, "rekey_margin_time_seconds", f"{margin} s, more than half of {phase2} s")
        if tunnel.get("startup_action") == "start" and items(tunnel.get("ike_versions")) == ("ikev1",):
            yield _apart(tunnel, "startup_action", "start needs ikev2")
        logs = [
            tunnel.connection.get(f"tunnel{tunnel.number}_log_options", 0, "cloudwatch_log_options", 0, name)
            for name in ("log_enabled", "log_group_arn")
        ]
        if logs == [True, None]:
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
        if connection.get("vpn_gateway_id") is None:
            continue
        for option, harmless in TRANSIT_GATEWAY_OPTIONS.items():
            value = connection.get(option)
            if known(value) and value not in (*harmless, ""):
                yield Finding(
                    subject=f"{connection.address} {option}",
                    evidence=f"{value} is an option of transit gateways; AWS refuses it here"
                    " (InvalidParameterCombination)",
                    remedy="Leave it out, or use a transit gateway",
                )


def routes_on_static(design: Design) -> Iterator[Finding]:
    """TUN-05: static routes are for connections without BGP, each once and 100 at most."""
    seen: dict[str, list[object]] = {}
    for route in design.of_type("aws_vpn_connection_route"):
        connection = design.join(route, "vpn_connection_id", "aws_vpn_connection")
        if connection is None:
            continue
        seen.setdefault(connection.address, []).append(route.get("destination_cidr_block"))
        if not static(connection) and connection.get("static_routes_only") is not UNKNOWN:
            yield _refused(route, f"{connection.address} speaks BGP; AWS refuses a static route for it")
        elif len(seen[connection.address]) == STATIC_ROUTES_PER_VPN_CONNECTION + 1:
            yield _refused(
                route, f"more than {STATIC_ROUTES_PER_VPN_CONNECTION} routes of {connection.address}"
            )


def _refused(route: PlannedResource, problem: str) -> Finding:
    return Finding(
        subject=f"{route.address} vpn_connection_id",
        evidence=problem,
        remedy="Set static_routes_only to true, or remove the route; routes can be summarised",
    )
