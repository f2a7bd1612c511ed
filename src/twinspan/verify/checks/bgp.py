"""Do the two gateways exchange routes over every tunnel?"""

from collections.abc import Iterator
from dataclasses import dataclass

from twinspan.network.links import TunnelLink, bgp_address
from twinspan.network.model import BgpPeer, TelemetryStatus, VpnConnection, VpnTunnel
from twinspan.results import Finding, Outcome
from twinspan.verify.checks.static_routes import not_applicable
from twinspan.verify.checks.tunnels import telemetry_command
from twinspan.verify.facts import Facts
from twinspan.verify.shell import aws_ec2, az_network


def settings_agree(facts: Facts) -> Iterator[Finding]:
    """BGP-02: both ends of a tunnel name each other's ASN and inside address."""
    links = [link for link in facts.links() if link.vpn_connection and not link.static]
    speaking = {link.vpn_connection.id for link in links if link.vpn_connection}
    for connection in facts.vpn_connections:
        if connection.id in speaking:
            yield _customer_asn(facts, connection)
    for link in links:
        # What a connection with static routes lacks is said once, of the connection.
        if link.joined and link.vpn_connection and not link.vpn_connection.static_routes_only:
            yield _azure_settings(facts, link)
    yield from not_applicable(facts)


def _customer_asn(facts: Facts, connection: VpnConnection) -> Finding:
    customer = facts.network.aws.customer_gateway_of(connection) if facts.network.aws else None
    asns = sorted({gateway.asn for gateway in facts.azure_gateways})
    shown = ", ".join(map(str, asns))
    outcome, remedy = Outcome.PASS, ""
    evidence = f"ASN {customer.bgp_asn}" if customer else "AWS does not show the customer gateway"
    if connection.static_routes_only:
        outcome, evidence = (
            Outcome.FAIL,
            "static_routes_only is on, so AWS speaks no BGP, but Azure expects it",
        )
        remedy = "Make a VPN connection without static_routes_only, which cannot be changed, or turn BGP off"
        remedy += " at Azure and name the VPC in its local network gateways"
    elif customer and asns and customer.bgp_asn not in asns:
        outcome = Outcome.FAIL
        evidence = f"it has ASN {customer.bgp_asn}, the Azure gateway has {shown}"
        remedy = f"Make a customer gateway with ASN {shown} and use it: " + aws_ec2(
            "modify-vpn-connection",
            f"--vpn-connection-id {connection.id} --customer-gateway-id NEW",
            region=facts.region,
        )
    return Finding(
        subject=f"{connection.customer_gateway_id} of {connection.id}",
        outcome=outcome,
        evidence=evidence,
        command=aws_ec2(
            "describe-customer-gateways",
            f"--customer-gateway-ids {connection.customer_gateway_id}",
            region=facts.region,
        ),
        remedy=remedy,
        branch=connection.id,
    )


def _azure_settings(facts: Facts, link: TunnelLink) -> Finding:
    problems = [*_connection_problems(link), *_local_gateway_problems(facts, link)]
    first = problems[0] if problems else None
    connection, local = link.azure_connection, link.local_network_gateway
    agreed = f"peer {local.bgp_peering_address}, ASN {local.asn}" if local else ""
    return Finding(
        subject=first.subject if first else (connection.name if connection else link.key),
        outcome=Outcome.FAIL if problems else Outcome.PASS,
        evidence="; ".join(problem.evidence for problem in problems) or agreed,
        command=first.command
        if first
        else az_network("vpn-connection show", connection.id if connection else ""),
        remedy="; ".join(problem.remedy for problem in problems),
        branch=link.key,
        needs=link.stands_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    subject: str
    evidence: str
    command: str
    remedy: str


def _connection_problems(link: TunnelLink) -> Iterator[_Problem]:
    connection, tunnel, local = link.azure_connection, link.tunnel, link.local_network_gateway
    if connection is None or tunnel is None or link.instance is None or local is None:
        return
    show = "vpn-connection show"
    if not connection.bgp_enabled:
        yield _Problem(
            subject=connection.name,
            evidence="BGP is off on the connection",
            command=az_network(show, connection.id, "--query enableBgp"),
            remedy="Turn it on: " + az_network("vpn-connection update", connection.id, "--enable-bgp true"),
        )
    inside = tunnel.customer_inside_address
    used = bgp_address(connection, link.instance, local)
    if used != inside:
        named = link.instance.ip_configuration_id in connection.custom_bgp_addresses
        origin = "names" if named else "names no custom BGP address for that instance, so it uses"
        yield _Problem(
            subject=connection.name,
            evidence=f"it {origin} {used}, the tunnel needs {inside}",
            command=az_network(show, connection.id, "--query gatewayCustomBgpIpAddresses"),
            remedy=f"Set custom_bgp_addresses of the connection to {inside} on "
            f"{link.instance.ip_configuration_name}; `twinspan apply` does",
        )


def _local_gateway_problems(facts: Facts, link: TunnelLink) -> Iterator[_Problem]:
    local, tunnel = link.local_network_gateway, link.tunnel
    if local is None or tunnel is None:
        return
    command = az_network("local-gateway show", local.id, "--query bgpSettings")
    asns = {gateway.amazon_side_asn for gateway in facts.vpn_gateways}
    if asns and local.asn not in asns:
        right = ", ".join(map(str, sorted(asns)))
        yield _Problem(
            subject=local.name,
            evidence=f"it has ASN {local.asn}, the virtual private gateway has {right}",
            command=command,
            remedy="Correct it: " + az_network("local-gateway update", local.id, f"--asn {right}"),
        )
    if local.bgp_peering_address != tunnel.aws_inside_address:
        right = str(tunnel.aws_inside_address)
        yield _Problem(
            subject=local.name,
            evidence=f"it expects the peer {local.bgp_peering_address}, AWS has {right}",
            command=command,
            remedy="Correct it: "
            + az_network("local-gateway update", local.id, f"--bgp-peering-address {right}"),
        )


def peers_connected(facts: Facts) -> Iterator[Finding]:
    """BGP-01: Azure says Connected of the session between the two inside addresses of every tunnel."""
    # Azure lists a session per connection and instance, so a neighbour alone does not name a session.
    for link in facts.links():
        if link.joined and link.tunnel and not link.static:
            yield _peer(facts, link, link.tunnel)
    yield from not_applicable(facts)


def _peer(facts: Facts, link: TunnelLink, tunnel: VpnTunnel) -> Finding:
    local, neighbor = tunnel.customer_inside_address, tunnel.aws_inside_address
    peer = next((p for p in facts.bgp_peers if (p.local_address, p.neighbor) == (local, neighbor)), None)
    outcome, evidence, remedy = _judge(facts, link, peer)
    return Finding(
        subject=f"{link.key}: {local} - {neighbor}",
        outcome=outcome,
        evidence=evidence,
        command=peers_command(facts),
        remedy=remedy,
        branch=link.key,
        needs=link.stands_on,
    )


def _judge(facts: Facts, link: TunnelLink, peer: BgpPeer | None) -> tuple[Outcome, str, str]:
    if not facts.bgp:
        problem = "; ".join(facts.bgp_problems.values()) or "no gateway to ask"
        return Outcome.INCONCLUSIVE, f"Azure could not be asked: {problem}", "Ask again in a minute"
    remedy = (
        "IPsec is up and the two configurations agree: read the BGP logs of the AWS tunnel, and wait a hold "
        "time; AWS opens the session, on TCP 179"
    )
    if peer is None:
        others = {p.local_address for p in facts.bgp_peers if p.neighbor == _neighbor(link)}
        seen = ", ".join(map(str, sorted(others)))
        evidence = f"no such session; Azure has one from {seen}" if seen else "no such session"
        return Outcome.FAIL, evidence, remedy
    if peer.state == "Connected":
        return Outcome.PASS, f"Connected for {peer.connected_duration}, {peer.routes_received} routes", ""
    if peer.state == "Unknown":
        return Outcome.INCONCLUSIVE, "Unknown", "Ask again in a minute"
    return Outcome.FAIL, peer.state, remedy


def _neighbor(link: TunnelLink) -> object:
    return link.tunnel.aws_inside_address if link.tunnel else None


def aws_accepts_routes(facts: Facts) -> Iterator[Finding]:
    """BGP-03: AWS says UP of every tunnel and has accepted routes over it."""
    for link in facts.links():
        telemetry = link.tunnel.telemetry if link.tunnel else None
        if not link.joined or telemetry is None or link.static:
            continue
        outcome, remedy = Outcome.PASS, ""
        if telemetry.status is not TelemetryStatus.UP:
            outcome = Outcome.FAIL
            remedy = "Azure says the session is up, AWS says it is not: ask again, then reset the connection"
        elif telemetry.accepted_route_count < 1:
            outcome = Outcome.FAIL
            remedy = "Azure advertises nothing that AWS takes: look at what it sends with " + az_network(
                "vnet-gateway list-advertised-routes",
                facts.azure_gateways[0].id if facts.azure_gateways else "",
                f"--peer {link.tunnel.aws_inside_address if link.tunnel else ''}",
            )
        yield Finding(
            subject=link.label,
            outcome=outcome,
            evidence=f"{telemetry.status.value}, {telemetry.accepted_route_count} routes accepted",
            command=telemetry_command(facts, link),
            remedy=remedy,
            branch=link.key,
            needs=link.stands_on,
        )
    yield from not_applicable(facts)


def expected_silent_peers(facts: Facts) -> Iterator[str]:
    """Say which sessions in Azure's list are never connected, and why that is right."""
    tunnels = [link.tunnel for link in facts.links() if link.tunnel]
    local_of = {tunnel.aws_inside_address: tunnel.customer_inside_address for tunnel in tunnels}
    silent = [
        f"{peer.local_address} - {peer.neighbor}"
        for peer in facts.bgp_peers
        if peer.state != "Connected"
        and peer.neighbor in local_of
        and peer.local_address != local_of[peer.neighbor]
    ]
    if silent:
        yield (
            f"{len(silent)} further sessions in Azure's list stay down, as in the cloud: they belong to the "
            f"Azure ends that no tunnel reaches ({', '.join(silent)})"
        )


def peers_command(facts: Facts) -> str:
    """Return the az command that lists the BGP peers of the gateway in scope."""
    for gateway in facts.azure_gateways:
        return az_network("vnet-gateway list-bgp-peer-status", gateway.id, "--output table")
    return "az network vnet-gateway list-bgp-peer-status -g GROUP -n GATEWAY"
