"""Do the two gateways exchange routes over every tunnel?"""

from collections.abc import Iterator

from twinspan.network.links import TunnelLink
from twinspan.network.model import BgpPeer, TelemetryStatus, VpnTunnel
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.tunnels import telemetry_command
from twinspan.rules.shell import az_network


def peers_connected(facts: Facts) -> Iterator[Finding]:
    """BGP-11: Azure says Connected of the session between the two inside addresses of every tunnel."""
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
    """BGP-13: AWS says UP of every tunnel and has accepted routes over it."""
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


def not_applicable(facts: Facts) -> Iterator[Finding]:
    """Yield that BGP is not used, once, where every tunnel has static routes."""
    if facts.without_bgp:
        yield Finding(
            subject="BGP",
            outcome=Outcome.SKIPPED,
            evidence="not applicable: every tunnel has static routes at both ends, see STA-02 and STA-03",
        )
