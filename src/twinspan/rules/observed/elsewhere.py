"""Are the connections up that lead neither to AWS nor to Azure?"""

from collections.abc import Iterator

from twinspan.network.model import AzureConnection, TelemetryStatus, VpnConnection
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.shell import aws_ec2, az_network

_REMEDY = "Look at the device there, whose side nothing here shows; on a twin nobody is there"


def has_connections_elsewhere(facts: Facts) -> bool:
    """Whether a connection of either cloud leads elsewhere."""
    return bool(facts.aws_elsewhere or facts.azure_elsewhere)


def connections_elsewhere_up(facts: Facts) -> Iterator[Finding]:
    """VPN-05: each VPN connection to a data centre or a branch has a tunnel up, by its own cloud's word.

    It leads to an address that is neither a tunnel of AWS nor a gateway of Azure in these accounts. Nothing
    else is asked of it.
    """
    for connection in facts.aws_elsewhere:
        yield _aws(facts, connection)
    for azure in facts.azure_elsewhere:
        yield _azure(facts, azure)


def _aws(facts: Facts, connection: VpnConnection) -> Finding:
    customer = facts.network.aws.customer_gateway_of(connection) if facts.network.aws else None
    states = [tunnel.telemetry.status for tunnel in connection.tunnels if tunnel.telemetry]
    up = sum(state is TelemetryStatus.UP for state in states)
    return Finding(
        subject=f"{connection.name} ({connection.id})" if connection.name else connection.id,
        outcome=Outcome.PASS if up else Outcome.FAIL,
        evidence=f"leads to {customer.ip_address if customer else 'no customer gateway'}, which is no gateway"
        f" of Azure's; {up} of {len(connection.tunnels)} tunnels UP",
        command=aws_ec2(
            "describe-vpn-connections",
            f"--vpn-connection-ids {connection.id}",
            region=facts.region,
            query="VpnConnections[].VgwTelemetry",
        ),
        remedy="" if up else _REMEDY,
        branch=connection.id,
    )


def _azure(facts: Facts, connection: AzureConnection) -> Finding:
    local = facts.network.azure.local_network_gateway_of(connection) if facts.network.azure else None
    up = connection.connection_status == "Connected"
    return Finding(
        subject=connection.name,
        outcome=Outcome.PASS if up else Outcome.FAIL,
        evidence=f"leads to {local.gateway_ip_address if local else 'no local network gateway'}, which is no"
        f" tunnel of AWS's; {connection.connection_status}",
        command=az_network("vpn-connection show", connection.id, "--query connectionStatus"),
        remedy="" if up else _REMEDY,
        branch=connection.id,
    )
