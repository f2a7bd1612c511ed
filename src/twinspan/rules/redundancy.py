"""Redundancy: what is lost if one part fails, and for how long."""

from collections.abc import Iterator

from twinspan.network.timers import AWS_BGP_HOLD_S, AWS_DPD_S, AZURE_BGP_HOLD_S, AZURE_DEFAULT_DPD_S
from twinspan.network.unknown import known
from twinspan.results import Finding
from twinspan.rules.design import Design
from twinspan.rules.parts import addresses, subject

AZURE_FAILOVER_S = "60-180"
"""Unplanned, of an active-standby gateway. Source: Azure, "Highly available cross-premises connectivity"."""


def two_customer_gateways(design: Design) -> Iterator[Finding]:
    """RED-01: AWS calls two addresses of an active-active gateway, so that one instance can fail."""
    ours = {link.tunnel.connection.id for link in design.links}
    connections = [connection for connection in design.crossing if design.planned or connection.id in ours]
    customers = [design.customer_gateway_of(vpn) for vpn in connections]
    called = {gateway.id for gateway in customers if gateway is not None}
    # Of a gateway with one instance, RED-02 says so.
    several = [gateway for gateway in design.azure_gateways if gateway.active_active is not False]
    if connections and several and len(called) == 1 and None not in customers:
        yield Finding(
            subject=subject(connections[0]),
            evidence="all tunnels end at one address of Azure; its instance's maintenance is an outage",
            remedy="Add a customer gateway and a connection for the second instance",
        )


def active_active(design: Design) -> Iterator[Finding]:
    """RED-02: the Azure gateway is active-active."""
    for gateway in design.azure_gateways:
        if gateway.active_active is False:
            bgp = (
                ", and one custom BGP address cannot serve several AWS tunnels"
                if gateway.bgp_enabled is not False
                else ""
            )
            yield Finding(
                subject=subject(gateway, "active_active"),
                evidence=f"off; a failed instance is an outage of {AZURE_FAILOVER_S} s{bgp}",
                remedy="Set it to true, with a second public address",
            )


def zones(design: Design) -> Iterator[Finding]:
    """RED-03: the gateway's public addresses, and the VPC's private subnets, are in several zones."""
    for public in design.gateway_public_addresses:
        # None at all is an error of its own: GW-12.
        if len(public.zones) == 1 and isinstance(zone := public.zones[0], str):
            yield Finding(
                subject=subject(public, "zones"),
                evidence=f"{zone}; the gateway falls with that zone",
                remedy='Set it to ["1", "2", "3"]',
            )
    vpcs = {vpc.id for vpc in design.vpcs}
    subnets = [subnet for subnet in design.aws.subnets if design.planned or subnet.vpc_id in vpcs]
    in_zones = {subnet.availability_zone for subnet in subnets}
    if design.vpn_connections and len(in_zones) == 1 and (only := known(in_zones.pop())):
        yield Finding(
            subject=subject(subnets[0]),
            evidence=f"every subnet is in {only}",
            remedy="Spread them over two availability zones",
        )


def both_instances_used(design: Design) -> Iterator[Finding]:
    """RED-04: the tunnels are spread over both instances of the Azure gateway."""
    for gateway in design.azure_gateways:
        has = {
            address: instance.ip_configuration_id
            for instance in gateway.instances
            for address in addresses(instance.custom_bgp_ip_addresses)
        }
        ends = [
            has.get(link.tunnel.inside[2])
            for link in design.links
            if link.tunnel.inside is not None and link.connection.virtual_network_gateway_id == gateway.id
        ]
        unused = [
            gateway_instance
            for gateway_instance in gateway.instances
            if gateway_instance.ip_configuration_id not in ends
        ]
        if len(gateway.instances) > 1 and ends and None not in ends and unused:
            names = ", ".join(str(gateway_instance.ip_configuration_name) for gateway_instance in unused)
            yield Finding(
                subject=subject(gateway),
                evidence=f"no tunnel ends at {names}; all are down while the other is maintained",
                remedy="Move one AWS connection to it",
            )


def weakest_links(design: Design) -> Iterator[Finding]:
    """RED-05: what one failure costs, from the configured timers of the slowest tunnel."""
    if not design.links:
        return
    customers = {known(link.tunnel.connection.customer_gateway_id) for link in design.links} - {None}
    zoned = all(len(public.zones) > 1 for public in design.gateway_public_addresses)
    two_instances = len(customers) > 1
    outage, timers = _outage(design)
    for what, survives in (
        ("one tunnel", len({link.tunnel.id for link in design.links}) > 1),
        ("one VPN connection", len({link.tunnel.connection.id for link in design.links}) > 1),
        ("one Azure gateway instance", two_instances),
        ("one Azure zone", two_instances and zoned),
    ):
        yield Finding(
            subject=f"loss of {what}",
            evidence=f"outage {outage if survives else 'until it is repaired'}; {timers}",
        )


def _outage(design: Design) -> tuple[str, str]:
    """Return how long traffic is lost until both sides have noticed, and the timers that say so."""
    aws = max(known(link.tunnel.options.dpd_timeout_seconds) or AWS_DPD_S.default for link in design.links)
    azure = max(known(link.connection.dpd_timeout_seconds) or AZURE_DEFAULT_DPD_S for link in design.links)
    dead = f"dead peer detection: AWS {aws} s, Azure {azure} s"
    if any(not link.aws_bgp for link in design.links):
        return f"up to {aws} s from AWS, {azure} s from Azure", f"{dead}; no BGP"
    towards_aws, fixed = min(azure, AWS_BGP_HOLD_S), min(azure, AZURE_BGP_HOLD_S)
    note = f" ({fixed} s from Azure if it keeps its own hold time)" if fixed != towards_aws else ""
    hold = f"BGP hold: AWS {AWS_BGP_HOLD_S} s, Azure {AZURE_BGP_HOLD_S} s"
    return f"up to {min(aws, AWS_BGP_HOLD_S)} s from AWS, {towards_aws} s from Azure{note}", f"{dead}; {hold}"
