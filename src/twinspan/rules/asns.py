"""Autonomous system numbers at both ends."""

from collections.abc import Iterator

from twinspan.network.asns import (
    AWS_DEFAULT_ASN,
    AWS_DEFAULT_CUSTOMER_ASN,
    LARGEST_ASN,
    aws_allowed,
    aws_allows,
    aws_reserves,
    azure_reserves,
    iana_reserves,
)
from twinspan.network.model import CustomerGateway, VirtualNetworkGateway
from twinspan.network.unknown import Unknown, known
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import Named, static, subject
from twinspan.rules.shell import correct_local_gateway, show_bgp_settings, show_customer_gateway


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
    for gateway in design.vpn_gateways:
        asn, where = gateway.amazon_side_asn, subject(gateway, "amazon_side_asn")
        if isinstance(asn, Unknown):
            yield unclear(where, "the plan does not tell AWS's ASN")
        elif not aws_allows(asn):
            yield Finding(
                subject=where,
                evidence=f"{asn} is not within {aws_allowed()}",
                remedy=f"Take one of these, e.g. {AWS_DEFAULT_ASN}; it cannot be changed later",
            )


def azure_side_allowed(design: Design) -> Iterator[Finding]:
    """ASN-02: neither the Azure gateway nor a local network gateway has a reserved ASN."""
    for gateway in design.azure_gateways:
        if isinstance(gateway.asn, Unknown):
            yield unclear(subject(gateway, "bgp_settings.asn"), "the plan does not tell Azure's ASN")
        elif problem := azure_problem(gateway.asn, own=True):
            yield _refused(gateway, f"{gateway.asn} {problem}", AWS_DEFAULT_CUSTOMER_ASN)
    for local in design.local_gateways:
        asn = known(local.asn)
        if asn is not None and (problem := azure_problem(asn, own=False)):
            yield _refused(local, f"{asn} {problem}", AWS_DEFAULT_ASN)


def _refused(gateway: Named, problem: str, instead: int) -> Finding:
    return Finding(
        subject=subject(gateway, "bgp_settings.asn"),
        evidence=problem,
        remedy=f"Take another private number, e.g. {instead}",
    )


def sides_differ(design: Design) -> Iterator[Finding]:
    """ASN-03: AWS's and Azure's ASN differ."""
    joined = {
        (link.tunnel.connection.vpn_gateway_id, link.connection.virtual_network_gateway_id)
        for link in design.links
    }
    for mine in design.vpn_gateways:
        for theirs in design.azure_gateways:
            together = design.planned or (mine.id, theirs.id) in joined
            asn = known(mine.amazon_side_asn)
            if together and asn is not None and asn == theirs.asn:
                yield Finding(
                    subject=subject(theirs, "bgp_settings.asn"),
                    evidence=f"{asn} is also the ASN of {subject(mine)}; external BGP needs two",
                    remedy=f"Give the Azure gateway another, e.g. {AWS_DEFAULT_CUSTOMER_ASN}",
                )


def customer_gateway_names_azure(design: Design) -> Iterator[Finding]:
    """ASN-04: every customer gateway whose connections speak BGP has the Azure gateway's ASN."""
    for gateway in design.customer_gateways:
        asn, where = gateway.bgp_asn, subject(gateway, "bgp_asn")
        asns = {peer.asn for peer in _peers(design, gateway)}
        if isinstance(asn, Unknown):
            yield unclear(where, "the plan does not tell the customer gateway's ASN")
        elif aws_reserves(asn, region=known(gateway.region) or known(design.aws.region)):
            yield Finding(
                subject=where, evidence=f"{asn} is reserved by AWS", remedy="Take the Azure gateway's ASN"
            )
        elif len(asns) == 1 and asn not in asns and (expected := known(asns.pop())) is not None:
            yield Finding(
                subject=where,
                evidence=f"{asn} is not the ASN of the Azure gateway, {expected}",
                command=design.of_what_exists(
                    show_customer_gateway(gateway.id, region=design.region_of(gateway.id))
                ),
                remedy=f"Set it to {expected}; otherwise the tunnel is up and BGP is refused",
                branch=gateway.id,
            )


def _peers(design: Design, customer: CustomerGateway[Unknown]) -> tuple[VirtualNetworkGateway[Unknown], ...]:
    """Return the Azure gateways that may read a customer gateway's ASN; in a plan that may be all."""
    joined = [
        design.gateway_of(link.connection)
        for link in design.bgp_links
        if link.tunnel.connection.customer_gateway_id == customer.id
    ]
    gateways = tuple(gateway for gateway in joined if gateway is not None)
    if gateways or not design.planned or not design.dynamic:
        return gateways
    own = [
        connection for connection in design.vpn_connections if connection.customer_gateway_id == customer.id
    ]
    maybe = [
        connection
        for connection in design.vpn_connections
        if isinstance(connection.customer_gateway_id, Unknown)
    ]
    silent = own and all(
        static(connection) or connection not in design.crossing for connection in (*own, *maybe)
    )
    return () if silent else design.azure_gateways


def local_gateway_names_aws(design: Design) -> Iterator[Finding]:
    """ASN-05: every local network gateway has the ASN of AWS's gateway."""
    for link in design.bgp_links:
        gateway, asn = design.vpn_gateway_of(link.tunnel.connection), known(link.local.asn)
        expected = known(gateway.amazon_side_asn) if gateway else None
        if gateway and asn is not None and expected is not None and asn != expected:
            yield Finding(
                subject=subject(link.local, "bgp_settings.asn"),
                evidence=f"{asn} is not the ASN of {subject(gateway)}, {expected}",
                command=design.of_what_exists(show_bgp_settings(link.local.id)),
                remedy=design.of_what_exists(
                    correct_local_gateway(link.local.id, f"--asn {expected}"),
                    planned=f"Set it to {expected}; otherwise the tunnel is up and BGP is refused",
                ),
                branch=link.branch,
            )
