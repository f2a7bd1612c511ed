"""Do the two gateways exchange routes over every tunnel?"""

from collections.abc import Iterator

from twinspan.network.model import BgpPeer, VpnTunnel
from twinspan.verify.causes import bgp_causes
from twinspan.verify.facts import Facts, TunnelLink
from twinspan.verify.findings import Finding, Outcome
from twinspan.verify.shell import az_network


def peers_connected(facts: Facts) -> Iterator[Finding]:
    """BGP-01: for every tunnel, Azure says Connected of the session between its two inside addresses.

    Azure lists a session per connection and instance, so a neighbour alone does not name a session: the local
    address must match too.
    """
    for link in facts.links():
        if link.tunnel:
            yield _peer(facts, link, link.tunnel)


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
    )


def _judge(facts: Facts, link: TunnelLink, peer: BgpPeer | None) -> tuple[Outcome, str, str]:
    if not facts.bgp:
        problem = "; ".join(facts.bgp_problems.values()) or "no gateway to ask"
        return Outcome.INCONCLUSIVE, f"Azure could not be asked: {problem}", "Ask again in a minute"
    remedy = "; ".join(bgp_causes(facts, link)) or (
        "The two configurations agree, so look at the gateways' BGP logs; TCP 179 is opened by AWS"
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
