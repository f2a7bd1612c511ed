"""Redundancy: what is lost if one part fails, and for how long."""

from collections.abc import Iterator

from twinspan.check.design import Design, items, number
from twinspan.check.findings import Finding
from twinspan.check.rules.bgp import gateway_addresses
from twinspan.check.rules.gateways import gateway_public_addresses
from twinspan.check.rules.policies import AWS_DPD_S, AZURE_DPD_S

AWS_HOLD_S, AZURE_HOLD_S = 30, 180
"""Sources: AWS Site-to-Site VPN, sample customer gateway configuration; Azure VPN Gateway FAQ, BGP."""
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
            where=design.vpn_connections[0].address,
            problem="all tunnels end at one address of Azure; its instance's maintenance is an outage",
            remedy="Add a customer gateway and a connection for the second instance",
        )


def active_active(design: Design) -> Iterator[Finding]:
    """RED-02: the Azure gateway is active-active."""
    for gateway in design.azure_gateways:
        if gateway.get("active_active") in {None, False}:
            yield Finding(
                where=f"{gateway.address} active_active",
                problem=f"off; a failed instance is an outage of {AZURE_FAILOVER_S} s, and one custom BGP"
                f" address"
                " cannot serve several AWS tunnels",
                remedy="Set it to true, with a second public address",
            )


def zones(design: Design) -> Iterator[Finding]:
    """RED-03: the gateway's public addresses, and the VPC's private subnets, are in several zones."""
    for public in gateway_public_addresses(design):
        value = public.get("zones")
        if value is None or (isinstance(value, list) and len(value) < 2):  # noqa: PLR2004 - one is no redundancy
            yield Finding(
                where=f"{public.address} zones",
                problem=f"{', '.join(map(str, value)) if value else 'none'}; the gateway falls with that"
                f" zone",
                remedy='Set it to ["1", "2", "3"]',
            )
    subnets = design.of_type("aws_subnet")
    found = {each.get("availability_zone") for each in subnets}
    if (
        subnets
        and design.vpn_connections
        and len(found) == 1
        and all(isinstance(each, str) for each in found)
    ):
        yield Finding(
            where=subnets[0].address,
            problem=f"every subnet is in {next(iter(found))}",
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
                where=gateway.address,
                problem=f"no tunnel ends at {', '.join(unused)}; all are down while the other is maintained",
                remedy="Move one AWS connection to it",
            )


def weakest_links(design: Design) -> Iterator[Finding]:
    """RED-05: what one failure costs, from the configured timers."""
    if not design.links:
        return
    aws = min(number(link.tunnel.get("dpd_timeout_seconds")) or AWS_DPD_S for link in design.links)
    azure = min(number(link.connection.get("dpd_timeout_seconds")) or AZURE_DPD_S for link in design.links)
    towards_azure, towards_aws = min(aws, AWS_HOLD_S), min(azure, AZURE_HOLD_S, AWS_HOLD_S)
    count = len({link.tunnel.where() for link in design.links})
    customers = {
        customer.address
        for link in design.links
        if (customer := design.customer_gateway_of(link.tunnel.connection)) is not None
    }
    gone = "until it is repaired"
    timed = f"up to {towards_azure} s from AWS, {towards_aws} s from Azure"
    fixed = min(azure, AZURE_HOLD_S)
    note = f" ({fixed} s from Azure if it keeps its hold time of {AZURE_HOLD_S} s)" * (fixed != towards_aws)
    zoned = all(len(items(each.get("zones"))) > 1 for each in gateway_public_addresses(design))
    for what, outage in (
        ("one tunnel", timed + note if count > 1 else gone),
        (
            "one VPN connection",
            timed + note if len({each.tunnel.connection.address for each in design.links}) > 1 else gone,
        ),
        ("one Azure gateway instance", timed + note if len(customers) > 1 else gone),
        ("one Azure zone", timed + note if zoned and len(customers) > 1 else gone),
    ):
        yield Finding(
            where=f"loss of {what}",
            problem=f"outage {outage}; AWS: dead peer detection {aws} s, BGP hold {AWS_HOLD_S} s;"
            f" Azure: dead peer detection {azure} s",
        )
