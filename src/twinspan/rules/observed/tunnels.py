"""Are the tunnels there, and up on both sides?"""

from collections.abc import Iterator

from twinspan.network.links import TunnelLink
from twinspan.network.model import AzureConnection, TelemetryStatus, VgwTelemetry
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.networks import APPLY
from twinspan.rules.shell import aws_ec2, az_network

MISSING_END_POINT = "MISSING_END_POINT (Batfish), PeerReachability (Network Watcher)"
PEER_UNREACHABLE = "PeerReachability (Network Watcher)"
IPSEC_UP = "IPSEC IS UP"
"""In `VgwTelemetry.StatusMessage`, as users report it; AWS does not document the words."""


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
                region=facts.region_of(identifier),
                query="VpnConnections[].State",
            ),
            remedy="" if state == "available" else APPLY,
            branch=identifier,
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
    """VPN-02: as many tunnels as expected exist, and both clouds know each of them by the same address."""
    links = facts.links()
    whole = [link for link in links if link.joined]
    expected_count = facts.expected.tunnel_count
    outcome = Outcome.PASS
    if len(whole) < expected_count:
        # Where a tunnel is known to one cloud only, that is the finding, and the count follows from it.
        outcome = Outcome.FAIL if len(links) < expected_count else Outcome.SKIPPED
    yield Finding(
        subject="tunnels",
        outcome=outcome,
        evidence=f"{len(whole)} of {expected_count} known to both clouds ({facts.expected.count_reason})",
        command=_tunnels_command(facts),
        remedy=APPLY if outcome is Outcome.FAIL else "",
        branch="tunnel count",
    )
    for link in links:
        yield _both_ends(facts, link)


def _both_ends(facts: Facts, link: TunnelLink) -> Finding:
    connection, command, remedy = link.azure_connection, _tunnels_command(facts), ""
    outcome = Outcome.PASS if link.joined else Outcome.FAIL
    maybe = link.maybe or [other.tunnel for other in facts.all_links() if connection in other.maybe]
    if link.joined and connection:
        evidence = f"{link.vpn_connection.id if link.vpn_connection else ''} and {connection.name}"
    elif maybe:
        outcome, evidence = Outcome.INCONCLUSIVE, "an address is not known, so nobody can tell what it meets"
        remedy = "Ask again when AWS shows the tunnel's outside address; let Azure name it by address"
    elif link.tunnel and connection is None:
        evidence = "AWS has it, but no Azure connection leads to its outside address"
        command = "az network local-gateway list --output table"
        remedy = f"Give a local network gateway the address {link.tunnel.outside_ip_address} and connect it"
    elif connection:
        local = link.local_network_gateway
        address = local.gateway_ip_address if local else None
        rival = next((e.name for e in facts.all_links() if connection in e.claims), "")
        why = f"where {rival} leads" if rival else "which is no AWS tunnel's outside address"
        evidence = f"{connection.name} leads to {address}, {why}"
        remedy = _correct_local_gateway(facts, link)
        command = az_network("local-gateway show", connection.local_network_gateway_id)
    else:
        evidence, remedy = "neither cloud knows it", APPLY
    return Finding(
        subject=link.label,
        outcome=outcome,
        evidence=evidence,
        command=command,
        remedy=remedy,
        fault=MISSING_END_POINT if outcome is Outcome.FAIL else "",
        branch=link.key,
        needs=link.stands_on,
    )


def _correct_local_gateway(facts: Facts, link: TunnelLink) -> str:
    if link.local_network_gateway is None or link.azure_connection is None:
        return "Give the connection a local network gateway with the AWS tunnel's outside address"
    name = link.azure_connection.name.lower()
    expected_addresses = [
        t.outside_ip_address for t in facts.expected.tunnels if t.azure_connection_name.lower() == name
    ]
    right = str(expected_addresses[0]) if expected_addresses else "AWS_OUTSIDE_ADDRESS"
    return "Correct its address: " + az_network(
        "local-gateway update", link.local_network_gateway.id, f"--gateway-ip-address {right}"
    )


def aws_ipsec_up(facts: Facts) -> Iterator[Finding]:
    """VPN-03: AWS has IPsec up on every tunnel."""
    for link in facts.links():
        if link.joined and link.tunnel and link.vpn_connection:
            yield _aws_tunnel(facts, link, link.tunnel.telemetry)


def _aws_tunnel(facts: Facts, link: TunnelLink, telemetry: VgwTelemetry | None) -> Finding:
    identifier = link.vpn_connection.id if link.vpn_connection else ""
    outcome, evidence, remedy = Outcome.PASS, "AWS gives no telemetry for this tunnel", ""
    if telemetry is None:
        outcome = Outcome.INCONCLUSIVE
        remedy = "Ask again in a minute; if it stays so, the connection is not finished"
    else:
        evidence = telemetry.status.value
        evidence += f', "{telemetry.status_message}"' if telemetry.status_message else ""
        if telemetry.last_status_change:
            evidence += f", since {telemetry.last_status_change:%Y-%m-%d %H:%M:%S} UTC"
        if not _ipsec_up(link, telemetry):
            outcome, remedy = Outcome.FAIL, _path_remedy(link)
    return Finding(
        subject=f"{link.label} of {identifier}",
        outcome=outcome,
        evidence=evidence,
        command=telemetry_command(facts, link),
        remedy=remedy,
        fault=PEER_UNREACHABLE if outcome is Outcome.FAIL else "",
        branch=link.key,
        needs=link.stands_on,
    )


def _ipsec_up(link: TunnelLink, telemetry: VgwTelemetry) -> bool:
    # AWS calls a tunnel with BGP down until the session stands. Its message tells IPsec apart, in words that
    # are not documented; where they are others, Azure's word decides.
    message = telemetry.status_message.upper()
    if telemetry.status is TelemetryStatus.UP or IPSEC_UP in message:
        return True
    return "DOWN" not in message and link.connected


def _path_remedy(link: TunnelLink) -> str:
    ends = [link.tunnel.outside_ip_address if link.tunnel else None]
    ends.append(link.instance.public_ip_address if link.instance else None)
    both = " and ".join(str(end) for end in ends if end) or "the two public addresses"
    text = f"The two configurations agree, so look at the path between {both}: UDP 500 and 4500 both ways"
    return (
        text + "; then reset the connection (`az network vpn-connection reset`) or replace the AWS endpoint"
    )


def telemetry_command(facts: Facts, link: TunnelLink) -> str:
    """Return the aws command that shows the telemetry of a tunnel's connection."""
    return aws_ec2(
        "describe-vpn-connections",
        f"--vpn-connection-ids {link.vpn_connection.id if link.vpn_connection else ''}",
        region=facts.region_of(link.vpn_connection.id if link.vpn_connection else ""),
        query="VpnConnections[].VgwTelemetry",
    )


def azure_connections_connected(facts: Facts) -> Iterator[Finding]:
    """VPN-04: Azure says Connected of every connection."""
    for link in facts.links():
        if link.azure_connection:
            yield _azure_connection(link.azure_connection, link)


def _azure_connection(connection: AzureConnection, link: TunnelLink) -> Finding:
    status = connection.connection_status
    outcome = {"Connected": Outcome.PASS, "Unknown": Outcome.INCONCLUSIVE}.get(status, Outcome.FAIL)
    remedy = ""
    if outcome is Outcome.INCONCLUSIVE:
        remedy = "Ask again in a minute; if it stays so, reset the connection"
    elif outcome is Outcome.FAIL:
        remedy = _path_remedy(link)
    moved = f"{connection.ingress_bytes_transferred} bytes in, {connection.egress_bytes_transferred} out"
    return Finding(
        subject=connection.name,
        outcome=outcome,
        evidence=f"{status}, {moved}",
        command=az_network("vpn-connection show", connection.id, "--query connectionStatus"),
        remedy=remedy,
        fault=PEER_UNREACHABLE if outcome is Outcome.FAIL else "",
        branch=link.key,
        needs=link.stands_on,
    )


def expected_silent_ends(facts: Facts) -> Iterator[str]:
    """Say which Azure ends never come up, and why that is right."""
    silent = [
        f"{link.azure_connection.name} at {instance.public_ip_address}"
        for link in facts.links()
        if link.azure_connection and link.instance and link.gateway and link.mutual
        for instance in link.gateway.instances
        if link.gateway.active_active and instance != link.instance
    ]
    if silent:
        yield (
            f"{len(silent)} further Azure ends stay down, as in the cloud: both instances initiate, but an"
            f" AWS customer gateway admits one address ({', '.join(silent)})"
        )


def tunnels_left_alone(facts: Facts) -> Iterator[str]:
    """Say which AWS tunnels are down because nobody uses them."""
    for link in facts.spare_tunnels():
        telemetry = link.tunnel.telemetry if link.tunnel else None
        said = (
            f"{telemetry.status.value}, {telemetry.status_message or 'no message'}" if telemetry else "silent"
        )
        yield (
            f"{link.label} of {link.vpn_connection.id if link.vpn_connection else ''} is {said}: no Azure"
            " connection leads to it, so that is normal; while AWS maintains the other tunnel's endpoint,"
            " nothing passes"
        )


def _tunnels_command(facts: Facts) -> str:
    return aws_ec2(
        "describe-vpn-connections",
        region=facts.region,
        query="VpnConnections[].Options.TunnelOptions[].[OutsideIpAddress,TunnelInsideCidr]",
    )
