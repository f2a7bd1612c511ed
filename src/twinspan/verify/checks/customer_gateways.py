"""Does AWS call the right Azure instance?"""

from collections.abc import Iterator
from ipaddress import IPv4Address

from twinspan.network.links import TunnelLink
from twinspan.network.model import CustomerGateway, GatewayInstance, VpnConnection
from twinspan.results import Finding, Outcome
from twinspan.verify.checks.tunnels import MISSING_END_POINT
from twinspan.verify.facts import Facts
from twinspan.verify.shell import aws_ec2


def name_azure_instances(facts: Facts) -> Iterator[Finding]:
    """GW-03: every customer gateway has the address of the Azure instance that its tunnels end at."""
    links = sorted(facts.all_links(), key=lambda link: link.joined)
    of = {link.vpn_connection.id: link for link in links if link.vpn_connection}
    for connection in facts.vpn_connections:
        yield _customer_gateway(facts, connection, of.get(connection.id, TunnelLink(key="")))


def _customer_gateway(facts: Facts, connection: VpnConnection, link: TunnelLink) -> Finding:
    right, named, address = _right_instance(facts, connection), link.instance, link.azure_address
    outcome, remedy = Outcome.FAIL, _remedy(facts, connection, right)
    if named is None:
        known = (
            str(each.public_ip_address) for gateway in facts.azure_gateways for each in gateway.instances
        )
        shown = ", ".join(known) or "none"
        evidence = f"it names {address}, which is the address of no Azure gateway instance ({shown})"
    elif right is not None and right.ip_configuration_id != named.ip_configuration_id:
        evidence = (
            f"it names {named.ip_configuration_name} ({address}), but the tunnels' BGP addresses are on "
            f"{right.ip_configuration_name} ({right.public_ip_address})"
        )
    elif link.joined and not link.mutual:
        other = link.gateway.name if link.gateway else ""
        evidence = f"it names {named.ip_configuration_name} ({address}) of {other}, to which {link.name} does"
        evidence += " not belong"
    else:
        outcome, remedy = Outcome.PASS, ""
        evidence = f"{address} is {named.ip_configuration_name}"
    identifier = connection.customer_gateway_id
    return Finding(
        subject=f"{identifier} of {connection.id}",
        outcome=outcome,
        evidence=evidence,
        command=aws_ec2(
            "describe-customer-gateways", f"--customer-gateway-ids {identifier}", region=facts.region
        ),
        remedy=remedy,
        fault=MISSING_END_POINT if outcome is Outcome.FAIL else "",
        branch=connection.id,
    )


def _right_instance(facts: Facts, connection: VpnConnection) -> GatewayInstance | None:
    """Return the instance whose own BGP addresses are the far ends of this connection's tunnels."""
    inside = {tunnel.customer_inside_address for tunnel in connection.tunnels}
    for gateway in facts.azure_gateways:
        for instance in gateway.instances:
            if inside & set(instance.custom_bgp_ip_addresses):
                return instance
    return None


def _remedy(facts: Facts, connection: VpnConnection, right: GatewayInstance | None) -> str:
    address = right.public_ip_address if right else None
    fitting = _customer_gateway_at(facts, address)
    if fitting is None:
        return f"Make a customer gateway with the address {address or 'of the Azure instance'} and use it"
    return "Use the right one: " + aws_ec2(
        "modify-vpn-connection",
        f"--vpn-connection-id {connection.id} --customer-gateway-id {fitting.id}",
        region=facts.region,
    )


def _customer_gateway_at(facts: Facts, address: IPv4Address | None) -> CustomerGateway | None:
    every = facts.network.aws.customer_gateways if facts.network.aws else ()
    asns = {gateway.asn for gateway in facts.azure_gateways}
    return next((c for c in every if address and c.ip_address == address and c.bgp_asn in asns), None)
