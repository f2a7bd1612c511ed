"""Can the two ends of a tunnel agree on an IPsec SA?"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from twinspan.network.links import TunnelLink
from twinspan.network.selectors import Pair, admit, admitted, azure_pairs, shown
from twinspan.results import Finding, Outcome
from twinspan.verify.checks.ike import proposal
from twinspan.verify.facts import Facts
from twinspan.verify.policies import phase2_clashes
from twinspan.verify.shell import az_network

_SELECTORS_FAILED = "TrafficSelectorMismatch (Network Watcher), TS_UNACCEPTABLE (RFC 7296)"
PHASE2_FAILED = "IPSEC_PHASE2_FAILED (Batfish), IkePolicyMismatch (Network Watcher)"


def phase2_meets(facts: Facts) -> Iterator[Finding]:
    """IPS-01: Azure's IPsec policy is among what AWS's tunnel allows in phase 2."""
    for link in facts.links():
        if link.joined and link.azure_connection and link.tunnel:
            clashes = tuple(phase2_clashes(link.azure_connection, link.tunnel))
            yield proposal(facts, link, clashes, phase=2, fault=PHASE2_FAILED)


def selectors_meet(facts: Facts) -> Iterator[Finding]:
    """IPS-02: the traffic selectors of both ends admit what is to pass, in the one pair that AWS keeps."""
    for link in facts.links():
        if link.joined and link.azure_connection and link.vpn_connection:
            yield _selectors(facts, link)


def swallowing(facts: Facts) -> frozenset[str]:
    """Return the keys of tunnels that are up and do not let everything through: pings follow from that."""
    return frozenset(
        link.key
        for link in facts.links()
        if link.joined and (finding := _selectors(facts, link)).bad and not finding.fault
    )


def _selectors(facts: Facts, link: TunnelLink) -> Finding:
    connection, aws, local = link.azure_connection, link.vpn_connection, link.local_network_gateway
    mine = (aws.local_ipv4_network_cidr, aws.remote_ipv4_network_cidr) if aws else None
    theirs = _azure_pairs(facts, link)
    pairs = admitted(theirs, mine) if mine else ()
    problem = _selector_problem(facts, link, theirs, pairs)
    return Finding(
        subject=f"{link.label} of {aws.id if aws else ''}",
        outcome=Outcome.FAIL if problem else Outcome.PASS,
        evidence=problem or shown(pairs),
        command=az_network(
            "vpn-connection show",
            connection.id if connection else "",
            '--query "[usePolicyBasedTrafficSelectors,trafficSelectorPolicies]"',
        ),
        remedy=_selector_remedy(local.name if local else "", aws.id if aws else "") if problem else "",
        fault=_SELECTORS_FAILED if problem and not pairs else "",
        branch=link.key,
        needs=link.stands_on,
    )


def _azure_pairs(facts: Facts, link: TunnelLink) -> tuple[Pair, ...]:
    connection, local = link.azure_connection, link.local_network_gateway
    given = [
        (azure, aws)
        for policy in (connection.traffic_selector_policies if connection else ())
        for azure in policy.local_address_ranges
        for aws in policy.remote_address_ranges
    ]
    return azure_pairs(
        policy_based=bool(connection and connection.use_policy_based_traffic_selectors),
        given=given,
        address_space=facts.azure_prefixes,
        prefixes=local.address_prefixes if local else (),
    )


def _selector_problem(
    facts: Facts, link: TunnelLink, theirs: tuple[Pair, ...], pairs: tuple[Pair, ...]
) -> str:
    """Return what is wrong with the traffic selectors; empty if nothing is."""
    if not pairs:
        return f"Azure proposes {shown(theirs) or 'nothing'}, of which AWS admits nothing"
    if len(theirs) > 1:
        return f"{len(theirs)} pairs ({shown(theirs)}), but AWS keeps one pair of SAs per tunnel"
    tunnel = link.tunnel
    inside = (
        (IPv4Network(tunnel.customer_inside_address), IPv4Network(tunnel.aws_inside_address))
        if tunnel
        else None
    )
    if inside and not link.static and not admit(pairs, inside):
        return f"{shown(pairs)} leaves out BGP, {inside[0][0]} - {inside[1][0]}: IPsec comes up, BGP does not"
    left_out = [
        pair
        for pair in ((azure, aws) for azure in facts.azure_prefixes for aws in facts.vpc_prefixes)
        if not admit(pairs, pair)
    ]
    return f"{shown(pairs)} does not admit all of {shown(left_out)}" if left_out else ""


def _selector_remedy(local: str, vpn_connection: str) -> str:
    return (
        f"Name all of the VPC in {local} and all of the VNet at Azure, summarised to one range each, and the"
        f" same in LocalIpv4NetworkCidr (Azure) and RemoteIpv4NetworkCidr (VPC) of {vpn_connection}; or leave"
        " both ends at their default, any to any"
    )
