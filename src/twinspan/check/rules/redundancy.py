"""Redundancy: what is lost if one part fails, and for how long."""

from collections.abc import Iterator

from twinspan.check.design import Design, bgp_enabled, items, number
from twinspan.check.rules.bgp import gateway_addresses
from twinspan.check.rules.gateways import gateway_public_addresses
from twinspan.network.timers import AWS_BGP_HOLD_S, AWS_DPD_S, AZURE_BGP_HOLD_S, AZURE_DEFAULT_DPD_S
from twinspan.results import Finding

AZURE_FAILOVER_S = "60-180"
"""Unplanned, of an active-standby gateway. Source: Azure, "Highly available cross-premises connectivity"."""


def two_customer_gateways(design: Design) -> Iterator[Finding]:
    """RED-01: AWS calls two addresses of Azure, so that one gateway instance can fail."""
    if not design.vpn_connections or not design.azure_gateways:
        return
    found = [design.customer_gateway_of(each) for each in design.vpn_connections]
    gateways = {gateway.address for gateway in found if gateway is not None}
    if len(gateways) < 2 and None not in found:  # noqa: PLR2004 - one per instance
        yield Finding(
            subject=design.vpn_connections[0].address,
            evidence="all tunnels end at one address of Azure; its instance's maintenance is an outage",
            remedy="Add a customer gateway and a connection for the second instance",
        )


def active_active(design: Design) -> Iterator[Finding]:
    """RED-02: the Azure gateway is active-active."""
    for gateway in design.azure_gateways:
        if gateway.get("active_active") in (None, False):
            bgp = (
                ", and one custom BGP address cannot serve several AWS tunnels"
                if bgp_enabled(gateway)
                else ""
            )
            yield Finding(
                subject=f"{gateway.address} active_active",
                evidence=f"off; a failed instance is an outage of {AZURE_FAILOVER_S} s{bgp}",
                remedy="Set it to true, with a second public address",
            )


def zones(design: Design) -> Iterator[Finding]:
    """RED-03: the gateway's public addresses, and the VPC's private subnets, are in several zones."""
    for public in gateway_public_addresses(design):
        value = public.get("zones")
        # None at all is an error of its own: GW-12.
        if isinstance(value, list) and len(value) == 1:
            yield Finding(
                subject=f"{public.address} zones",
                evidence=f"{value[0]}; the gateway falls with that zone",
                remedy='Set it to ["1", "2", "3"]',
            )
    subnets = design.of_type("aws_subnet")
    told = [zone for each in subnets if isinstance(zone := each.get("availability_zone"), str)]
    if design.vpn_connections and told and len(told) == len(subnets) and len(set(told)) == 1:
        yield Finding(
            subject=subnets[0].address,
            evidence=f"every subnet is in {told[0]}",
            remedy="Spread them over two availability zones",
        )


def both_instances_used(design: Design) -> Iterator[Finding]:
    """RED-04: the tunnels are spread over both instances of the Azure gateway."""
    for gateway in design.azure_gateways:
        names = [name for name, _ in design.azure_gateway_instances(gateway)]
        has = gateway_addresses(design, gateway)
        ends = [
            has.get(link.tunnel.inside[2])
            for link in design.links
            if link.tunnel.inside is not None and design.gateway_of(link.connection) == gateway
        ]
        unused = [name for name in names if name not in ends]
        if len(names) > 1 and ends and None not in ends and unused:
            yield Finding(
                subject=gateway.address,
                evidence=f"no tunnel ends at {', '.join(unused)}; all are down while the other is maintained",
                remedy="Move one AWS connection to it",
            )


def weakest_links(design: Design) -> Iterator[Finding]:
    """RED-05: what one failure costs, from the configured timers of the slowest tunnel."""
    if not design.links:
        return
    customers = {
        customer.address
        for link in design.links
        if (customer := design.customer_gateway_of(link.tunnel.connection)) is not None
    }
    zoned = all(len(items(each.get("zones"))) > 1 for each in gateway_public_addresses(design))
    two_instances = len(customers) > 1
    outage, timers = _outage(design)
    for what, survives in (
        ("one tunnel", len({link.tunnel.where() for link in design.links}) > 1),
        ("one VPN connection", len({link.tunnel.connection.address for link in design.links}) > 1),
        ("one Azure gateway instance", two_instances),
        ("one Azure zone", two_instances and zoned),
    ):
        yield Finding(
            subject=f"loss of {what}",
            evidence=f"outage {outage if survives else 'until it is repaired'}; {timers}",
        )


def _outage(design: Design) -> tuple[str, str]:
    """Return how long traffic is lost until both sides have noticed, and the timers that say so."""
    aws = max(number(link.tunnel.get("dpd_timeout_seconds")) or AWS_DPD_S.default for link in design.links)
    azure = max(
        number(link.connection.get("dpd_timeout_seconds")) or AZURE_DEFAULT_DPD_S for link in design.links
    )
    dead = f"dead peer detection: AWS {aws} s, Azure {azure} s"
    if any(link.tunnel.connection.get("static_routes_only") is True for link in design.links):
        return f"up to {aws} s from AWS, {azure} s from Azure", f"{dead}; no BGP"
    towards_aws, fixed = min(azure, AWS_BGP_HOLD_S), min(azure, AZURE_BGP_HOLD_S)
    note = f" ({fixed} s from Azure if it keeps its own hold time)" if fixed != towards_aws else ""
    hold = f"BGP hold: AWS {AWS_BGP_HOLD_S} s, Azure {AZURE_BGP_HOLD_S} s"
    return f"up to {min(aws, AWS_BGP_HOLD_S)} s from AWS, {towards_aws} s from Azure{note}", f"{dead}; {hold}"
