"""Are the tunnels there, and up on both sides?"""

from collections.abc import Iterator

from twinspan.network.model import AzureConnection, TelemetryStatus, VgwTelemetry
from twinspan.verify.causes import bgp_causes, ipsec_causes
from twinspan.verify.checks.networks import APPLY
from twinspan.verify.facts import Facts, TunnelLink
from twinspan.verify.findings import Finding, Outcome
from twinspan.verify.shell import aws_ec2, az_network

_NO_CONTRADICTION = (
    "The two configurations agree, so look at the path: UDP 500 and 4500 between the two public addresses, "
    "then the VPN logs"
)


def connections_available(facts: Facts) -> Iterator[Finding]:
    """VPN-01: every AWS VPN connection is `available`."""
    seen = {connection.id: connection for connection in facts.vpn_connections}
    for identifier in facts.expected.vpn_connection_ids or tuple(seen):
        connection = seen.get(identifier)
        state = connection.state if connection else "not there"
        yield Finding(
            subject=f"{connection.name} ({identifier})" if connection and connection.name else identifier,
            outcome=Outcome.PASS if state == "available" else Outcome.FAIL,
            evidence=f"state {state}",
            command=aws_ec2(
                "describe-vpn-connections",
                f"--vpn-connection-ids {identifier}",
                region=facts.region,
                query="VpnConnections[].State",
            ),
            remedy="" if state == "available" else APPLY,
        )
    if not seen and not facts.expected.vpn_connection_ids:
        yield Finding(
            subject="VPN connections",
            outcome=Outcome.FAIL,
            evidence="AWS shows none",
            command=aws_ec2("describe-vpn-connections", region=facts.region),
            remedy=APPLY,
        )


def tunnels_have_both_ends(facts: Facts) -> Iterator[Finding]:
    """VPN-02: as many tunnels as expected, each known to both clouds."""
    links = facts.links()
    whole = [link for link in links if link.joined]
    wanted = facts.expected.tunnel_count
    enough = len(whole) >= wanted
    yield Finding(
        subject="tunnels",
        outcome=Outcome.PASS if enough else Outcome.FAIL,
        evidence=f"{len(whole)} of {wanted} known to both clouds ({facts.expected.count_reason})",
        command=_tunnels_command(facts),
        remedy="" if enough else APPLY,
        branch="tunnel count",
    )
    for link in links:
        yield _both_ends(facts, link)


def _both_ends(facts: Facts, link: TunnelLink) -> Finding:
    local, connection = link.local_network_gateway, link.azure_connection
    command, remedy = _tunnels_command(facts), ""
    if link.joined and connection:
        evidence = f"{link.vpn_connection.id if link.vpn_connection else ''} and {connection.name}"
    elif link.tunnel and connection is None:
        evidence = "AWS has it, but no Azure connection leads to its outside address"
        command = "az network local-gateway list --output table"
        remedy = f"Give a local network gateway the address {link.tunnel.outside_ip_address} and connect it"
    elif connection:
        address = local.gateway_ip_address if local else None
        evidence = f"{connection.name} leads to {address}, which is no AWS tunnel's outside address"
        remedy = f"Correct the address of {local.name if local else 'the local network gateway'}"
        command = az_network("local-gateway show", connection.local_network_gateway_id)
    else:
        evidence, remedy = "neither cloud knows it", APPLY
    return Finding(
        subject=link.label,
        outcome=Outcome.PASS if link.joined else Outcome.FAIL,
        evidence=evidence,
        command=command,
        remedy=remedy,
        branch=link.key,
    )


def aws_tunnels_up(facts: Facts) -> Iterator[Finding]:
    """VPN-03: AWS says UP of every tunnel, with at least one route accepted."""
    for link in facts.links():
        if link.tunnel and link.vpn_connection:
            yield _aws_tunnel(facts, link, link.tunnel.telemetry)


def _aws_tunnel(facts: Facts, link: TunnelLink, telemetry: VgwTelemetry | None) -> Finding:
    identifier = link.vpn_connection.id if link.vpn_connection else ""
    outcome, evidence, remedy = Outcome.PASS, "", ""
    if telemetry is None:
        outcome, evidence = Outcome.INCONCLUSIVE, "AWS gives no telemetry for this tunnel"
        remedy = "Ask again in a minute; if it stays so, the connection is not finished"
    else:
        evidence = f"{telemetry.status.value}, {telemetry.accepted_route_count} routes accepted"
        evidence += f', "{telemetry.status_message}"' if telemetry.status_message else ""
        if telemetry.status is not TelemetryStatus.UP:
            outcome = Outcome.FAIL
            remedy = _remedy([*ipsec_causes(facts, link), *bgp_causes(facts, link)])
        elif telemetry.accepted_route_count < 1:
            outcome = Outcome.FAIL
            remedy = "Azure advertises nothing: look at `az network vnet-gateway list-advertised-routes`"
    return Finding(
        subject=f"{link.label} of {identifier}",
        outcome=outcome,
        evidence=evidence,
        command=aws_ec2(
            "describe-vpn-connections",
            f"--vpn-connection-ids {identifier}",
            region=facts.region,
            query="VpnConnections[].VgwTelemetry",
        ),
        remedy=remedy,
        branch=link.key,
    )


def azure_connections_connected(facts: Facts) -> Iterator[Finding]:
    """VPN-04: Azure says Connected of every connection."""
    for link in facts.links():
        if link.azure_connection:
            yield _azure_connection(facts, link.azure_connection, link)


def _azure_connection(facts: Facts, connection: AzureConnection, link: TunnelLink) -> Finding:
    status = connection.connection_status
    outcome = {"Connected": Outcome.PASS, "Unknown": Outcome.INCONCLUSIVE}.get(status, Outcome.FAIL)
    remedy = ""
    if outcome is Outcome.INCONCLUSIVE:
        remedy = "Ask again in a minute; if it stays so, reset the connection"
    elif outcome is Outcome.FAIL:
        remedy = _remedy(list(ipsec_causes(facts, link)))
    moved = f"{connection.ingress_bytes_transferred} bytes in, {connection.egress_bytes_transferred} out"
    return Finding(
        subject=connection.name,
        outcome=outcome,
        evidence=f"{status}, {moved}",
        command=az_network("vpn-connection show", connection.id, "--query connectionStatus"),
        remedy=remedy,
        branch=link.key,
    )


def expected_silent_ends(facts: Facts) -> Iterator[str]:
    """Say which Azure ends never come up, and why that is right."""
    silent = [
        f"{link.azure_connection.name} at {instance.public_ip_address}"
        for link in facts.links()
        if link.azure_connection and link.instance
        for gateway in facts.azure_gateways
        for instance in gateway.instances
        if gateway.active_active and instance.ip_configuration_id != link.instance.ip_configuration_id
    ]
    if silent:
        yield (
            f"{len(silent)} further Azure ends stay down, as in the cloud: both instances dial, but an AWS "
            f"customer gateway admits one address ({', '.join(silent)})"
        )


def _tunnels_command(facts: Facts) -> str:
    return aws_ec2(
        "describe-vpn-connections",
        region=facts.region,
        query="VpnConnections[].Options.TunnelOptions[].[OutsideIpAddress,TunnelInsideCidr]",
    )


def _remedy(causes: list[str]) -> str:
    return "; ".join(causes) or _NO_CONTRADICTION
