"""Do both ends of a VPN without BGP have the routes that BGP would bring?"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from twinspan.network.model import LocalNetworkGateway, VpnConnection
from twinspan.results import Finding, Outcome
from twinspan.verify.facts import Facts
from twinspan.verify.shell import aws_ec2, az_network

OVERLAP = "overlapping prefixes"
"""What a ping stands on, too: a prefix of the VNet that leads into a tunnel takes its own hosts away."""


def exist(facts: Facts) -> bool:
    """Whether a tunnel has static routes."""
    return any(link.static for link in facts.links())


def not_applicable(facts: Facts) -> Iterator[Finding]:
    """Yield that BGP is not used, once, where every tunnel has static routes."""
    if facts.without_bgp:
        yield Finding(
            subject="BGP",
            outcome=Outcome.SKIPPED,
            evidence="not applicable: every tunnel has static routes at both ends, see RTE-07 and RTE-08",
        )


def aws_routes_lead_to_azure(facts: Facts) -> Iterator[Finding]:
    """RTE-07: the static routes of every AWS connection without BGP lead to all of the VNet."""
    for connection in facts.vpn_connections:
        if connection.static_routes_only:
            yield _connection(facts, connection)


def _connection(facts: Facts, connection: VpnConnection) -> Finding:
    missing = _uncovered(facts.azure_prefixes, connection.static_routes)
    text = _listed(connection.static_routes) or "no static route"
    outcome, remedy = Outcome.PASS, ""
    if not facts.azure_prefixes:
        outcome, text = Outcome.INCONCLUSIVE, "Azure's address space is unknown"
        remedy = "Build the VNet first"
    elif missing:
        outcome, text = Outcome.FAIL, f"{text}: nothing leads to {_listed(missing)} of the VNet"
        remedy = "Add it: " + "; ".join(
            aws_ec2(
                "create-vpn-connection-route",
                f"--vpn-connection-id {connection.id} --destination-cidr-block {cidr}",
                region=facts.region,
            )
            for cidr in missing
        )
    return Finding(
        subject=f"{connection.name} ({connection.id})" if connection.name else connection.id,
        outcome=outcome,
        evidence=text,
        command=aws_ec2(
            "describe-vpn-connections",
            f"--vpn-connection-ids {connection.id}",
            region=facts.region,
            query="VpnConnections[].Routes",
        ),
        remedy=remedy,
        branch=connection.id,
    )


def azure_prefixes_are_the_vpcs(facts: Facts) -> Iterator[Finding]:
    """RTE-08: local network gateways of tunnels without BGP name all of the VPC, and nothing of the VNet."""
    for link in facts.links():
        if link.static and link.local_network_gateway:
            yield _local_gateway(facts, link.local_network_gateway, link.key)


def _local_gateway(facts: Facts, local: LocalNetworkGateway, key: str) -> Finding:
    missing = _uncovered(facts.vpc_prefixes, local.address_prefixes)
    own = [cidr for cidr in local.address_prefixes if any(map(cidr.overlaps, facts.azure_prefixes))]
    problems = [
        *([f"nothing leads to {_listed(missing)} of the VPC"] if missing else []),
        *([f"{_listed(own)} overlaps the VNet, {_listed(facts.azure_prefixes)}"] if own else []),
    ]
    prefixes = _listed(local.address_prefixes) or "no prefix"
    right = [*(cidr for cidr in local.address_prefixes if cidr not in own), *missing]
    update = f"--address-prefixes {' '.join(map(str, right))}"
    known = bool(facts.vpc_prefixes)
    return Finding(
        subject=local.name,
        outcome=Outcome.INCONCLUSIVE if not known else Outcome.FAIL if problems else Outcome.PASS,
        evidence=f"{prefixes}: {'; '.join(problems)}" if problems and known else prefixes,
        command=az_network("local-gateway show", local.id, "--query localNetworkAddressSpace"),
        remedy="Correct it: " + az_network("local-gateway update", local.id, update) if problems else "",
        branch=OVERLAP if own else key,
    )


def _uncovered(wanted: Sequence[IPv4Network], routes: Sequence[IPv4Network]) -> list[IPv4Network]:
    return [cidr for cidr in wanted if not any(cidr.subnet_of(route) for route in routes)]


def _listed(ranges: Sequence[IPv4Network]) -> str:
    return ", ".join(map(str, ranges))
