"""Autonomous system numbers at both ends."""

from collections.abc import Iterator

from twinspan.check.design import Design, number, static
from twinspan.check.findings import unclear
from twinspan.network.asns import (
    AWS_DEFAULT_ASN,
    AWS_DEFAULT_CUSTOMER_ASN,
    AZURE_DEFAULT_ASN,
    LARGEST_ASN,
    aws_allowed,
    aws_allows,
    aws_reserves,
    azure_reserves,
    iana_reserves,
)
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding


def azure_asn(design: Design, gateway: PlannedResource) -> object:
    """Return the ASN of an Azure gateway, which has a default."""
    value = design.setting(gateway, "bgp_settings", 0, "asn")
    return AZURE_DEFAULT_ASN if value is None else value


def aws_asn(design: Design, gateway: PlannedResource) -> object:
    """Return the ASN of a virtual private gateway, which has a default."""
    value = design.setting(gateway, "amazon_side_asn")
    return AWS_DEFAULT_ASN if value is None else value


def customer_asn(gateway: PlannedResource) -> object:
    """Return the ASN of a customer gateway, in whichever of two arguments it is."""
    value = gateway.get("bgp_asn")
    return gateway.get("bgp_asn_extended") if value is None else value


def azure_problem(asn: int, *, own: bool) -> str:
    """Return why Azure refuses an ASN; empty if it does not.

    Args:
        asn: The number.
        own: Whether it is the Azure gateway's; only there 65515 is right.
    """
    if not 1 <= asn <= LARGEST_ASN:
        return "is no ASN"
    if azure_reserves(asn, own=own):
        return "is reserved by Azure"
    if iana_reserves(asn):
        return "is reserved by IANA"
    return ""


def aws_side_allowed(design: Design) -> Iterator[Finding]:
    """ASN-01: the virtual private gateway has an ASN that AWS gives."""
    for gateway in design.of_type("aws_vpn_gateway"):
        asn = number(aws_asn(design, gateway))
        if aws_asn(design, gateway) is UNKNOWN:
            yield unclear(f"{gateway.address} amazon_side_asn", "the plan does not tell AWS's ASN")
        if asn is not None and not aws_allows(asn):
            yield Finding(
                subject=f"{gateway.address} amazon_side_asn",
                evidence=f"{asn} is not within {aws_allowed()}",
                remedy=f"Take one of these, e.g. {AWS_DEFAULT_ASN}; it cannot be changed later",
            )


def azure_side_allowed(design: Design) -> Iterator[Finding]:
    """ASN-02: neither the Azure gateway nor a local network gateway has a reserved ASN."""
    for gateway in design.azure_gateways:
        asn = number(azure_asn(design, gateway))
        if azure_asn(design, gateway) is UNKNOWN:
            yield unclear(f"{gateway.address} bgp_settings.asn", "the plan does not tell Azure's ASN")
        if asn is not None and (problem := azure_problem(asn, own=True)):
            yield _refused(gateway, asn, problem, AWS_DEFAULT_CUSTOMER_ASN)
    for local in design.local_gateways:
        asn = number(local.get("bgp_settings", 0, "asn"))
        if asn is not None and (problem := azure_problem(asn, own=False)):
            yield _refused(local, asn, problem, AWS_DEFAULT_ASN)


def _refused(resource: PlannedResource, asn: int, problem: str, instead: int) -> Finding:
    return Finding(
        subject=f"{resource.address} bgp_settings.asn",
        evidence=f"{asn} {problem}",
        remedy=f"Take another private number, e.g. {instead}",
    )


def sides_differ(design: Design) -> Iterator[Finding]:
    """ASN-03: AWS's and Azure's ASN differ."""
    for mine in design.of_type("aws_vpn_gateway"):
        for theirs in design.azure_gateways:
            asn = number(aws_asn(design, mine))
            if asn is not None and asn == number(azure_asn(design, theirs)):
                yield Finding(
                    subject=f"{theirs.address} bgp_settings.asn",
                    evidence=f"{asn} is also the ASN of {mine.address}; external BGP needs two",
                    remedy=f"Give the Azure gateway another, e.g. {AWS_DEFAULT_CUSTOMER_ASN}",
                )


def customer_gateway_names_azure(design: Design) -> Iterator[Finding]:
    """ASN-04: every customer gateway whose connections speak BGP has the Azure gateway's ASN."""
    asns = {number(azure_asn(design, gateway)) for gateway in design.azure_gateways}
    silent = _without_bgp(design)
    for gateway in design.of_type("aws_customer_gateway"):
        asn, where = number(customer_asn(gateway)), f"{gateway.address} bgp_asn"
        if customer_asn(gateway) is UNKNOWN:
            yield unclear(where, "the plan does not tell the customer gateway's ASN")
        elif asn is not None and aws_reserves(asn, region=_region(gateway)):
            yield Finding(
                subject=where, evidence=f"{asn} is reserved by AWS", remedy="Take the Azure gateway's ASN"
            )
        elif len(asns) == 1 and None not in asns and asn not in asns and gateway.address not in silent:
            (expected,) = asns
            yield Finding(
                subject=where,
                evidence=f"{asn} is not the ASN of the Azure gateway, {expected}",
                remedy=f"Set it to {expected}; otherwise the tunnel is up and BGP is refused",
            )


def _without_bgp(design: Design) -> set[str]:
    """Return the customer gateways whose ASN nobody reads: static connections alone, or no BGP at Azure."""
    every = design.of_type("aws_customer_gateway")
    if not design.dynamic and design.azure_gateways:
        return {gateway.address for gateway in every}
    used = [(design.customer_gateway_of(each), static(each)) for each in design.vpn_connections]
    speaking = {gateway.address if gateway else "" for gateway, silent in used if not silent}
    served = {gateway.address for gateway, _ in used if gateway}
    return served - speaking if "" not in speaking else set()


def _region(gateway: PlannedResource) -> str | None:
    region = gateway.get("region")
    return region if isinstance(region, str) else None


def local_gateway_names_aws(design: Design) -> Iterator[Finding]:
    """ASN-05: every local network gateway has the ASN of AWS's gateway."""
    for link in design.bgp_links:
        gateway = design.vpn_gateway_of(link.tunnel.connection)
        asn = number(link.local.get("bgp_settings", 0, "asn"))
        expected = number(aws_asn(design, gateway)) if gateway else None
        if asn is not None and expected is not None and asn != expected:
            yield Finding(
                subject=f"{link.local.address} bgp_settings.asn",
                evidence=f"{asn} is not the ASN of {gateway.address if gateway else 'AWS'}, {expected}",
                remedy=f"Set it to {expected}; otherwise the tunnel is up and BGP is refused",
            )
