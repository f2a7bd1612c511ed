"""What the daemons' events become in the gateway's logs."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from twinspan.network import model
from twinspan.protocols import Event
from twinspan.twin.azure.logs.diagnostic import DiagnosticLogs
from twinspan.twin.azure.logs.rows import Line, line_of
from twinspan.twin.azure.logs.table import LogTable
from twinspan.twin.journal import JournalLoop

GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
GATEWAY = f"{GROUP}/virtualNetworkGateways/gw"
CONNECTION = f"{GROUP}/connections/tunnel1"
VNET = f"{GROUP}/virtualNetworks/vnet"
END = f"{CONNECTION}/198.51.100.5".lower()
OTHERS: dict[str, Any] = {"provisioning_state": "Succeeded"}


def instance(number: int) -> model.GatewayInstance:
    return model.GatewayInstance(
        ip_configuration_id=f"{GATEWAY}/ipConfigurations/instance{number}",
        ip_configuration_name=f"instance{number}",
        subnet_id=f"{VNET}/subnets/GatewaySubnet",
        public_ip_address=IPv4Address(f"198.51.100.{4 + number}"),
        default_bgp_ip_address=IPv4Address(f"10.1.1.{4 + number}"),
        custom_bgp_ip_addresses=(),
    )


def network() -> model.AzureNetwork:
    return model.AzureNetwork(
        subscription_id="s",
        virtual_network_gateways=(
            model.VirtualNetworkGateway(
                id=GATEWAY,
                name="gw",
                location="westeurope",
                sku="VpnGw1AZ",
                generation="Generation1",
                active_active=True,
                bgp_enabled=True,
                asn=65000,
                instances=(instance(0), instance(1)),
                **OTHERS,
            ),
        ),
        local_network_gateways=(
            model.LocalNetworkGateway(
                id=f"{GROUP}/localNetworkGateways/aws",
                name="aws",
                gateway_ip_address=IPv4Address("203.0.113.1"),
                asn=64512,
                bgp_peering_address=IPv4Address("169.254.21.1"),
            ),
        ),
        connections=(
            model.AzureConnection(
                id=CONNECTION,
                name="tunnel1",
                virtual_network_gateway_id=GATEWAY,
                local_network_gateway_id=f"{GROUP}/localNetworkGateways/aws",
                connection_type="IPsec",
                connection_protocol="IKEv2",
                connection_mode="Default",
                bgp_enabled=True,
                custom_bgp_addresses={},
                ipsec_policy=None,
                dpd_timeout_seconds=45,
                routing_weight=0,
                connection_status="Connected",
                **OTHERS,
            ),
        ),
    )


def line(kind: str, subject: str = END, detail: str = "", **more: str) -> Line:
    log_line = line_of(Event(at_s=1.0, kind=kind, subject=subject, detail=detail), network(), **more)
    assert log_line is not None
    return log_line


@pytest.mark.parametrize(
    ("kind", "category", "operation"),
    [
        ("child-up", "TunnelDiagnosticLog", "TunnelConnected"),
        ("child-down", "TunnelDiagnosticLog", "TunnelDisconnected"),
        ("ike-up", "IKEDiagnosticLog", "IKELogEvent"),
        ("ike-down", "IKEDiagnosticLog", "IKELogEvent"),
        ("dpd-timeout", "IKEDiagnosticLog", "IKELogEvent"),
        ("bgp-up", "RouteDiagnosticLog", "BgpConnectedEvent"),
        ("bgp-down", "RouteDiagnosticLog", "BgpDisconnectedEvent"),
        ("bgp-hold-expired", "RouteDiagnosticLog", "BgpDisconnectedEvent"),
    ],
)
def test_an_event_of_a_tunnel_names_instance_and_far_end(kind: str, category: str, operation: str) -> None:
    log_line = line(kind)
    assert (log_line.category, log_line.columns["OperationName"]) == (category, operation)
    assert log_line.gateway_id == GATEWAY.lower()
    assert log_line.columns["instance_s"] == "GatewayTenantWorker_IN_1"
    assert log_line.columns["remoteIP_s"] == "203.0.113.1"
    assert (log_line.columns["Resource"], log_line.columns["ResourceGroup"]) == ("GW", "G")


def test_a_route_of_the_virtual_network_is_its_gateways() -> None:
    log_line = line("route-removed", VNET.lower(), "10.2.0.0/16")
    assert (log_line.gateway_id, log_line.category) == (GATEWAY.lower(), "RouteDiagnosticLog")
    assert log_line.columns["Message"] == "Route 10.2.0.0/16 removed"


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("child-up", "vpn-1/203.0.113.1"),
        ("route-added", "vpc-1"),
        ("node-lost", "node"),
        ("fault-injected", END),
    ],
)
def test_what_is_no_azure_tunnels_is_not_logged(kind: str, subject: str) -> None:
    assert line_of(Event(at_s=1.0, kind=kind, subject=subject, detail=""), network()) is None


def follower(events: list[Event], table: LogTable, logged_category: str) -> JournalLoop:
    logs = DiagnosticLogs(
        table,
        network=network,
        destinations=lambda _, category: ("/logs",) if category == logged_category else (),
    )
    return JournalLoop(
        lambda since_s: tuple(event for event in events if event.at_s >= since_s), (logs.note,)
    )


def test_each_event_is_logged_once_and_only_where_a_setting_says() -> None:
    table, events = LogTable(), [Event(at_s=1.0, kind="child-up", subject=END, detail="")]
    follow = follower(events, table, "TunnelDiagnosticLog")
    follow.follow()
    events += [
        Event(at_s=2.0, kind="dpd-timeout", subject=END, detail="giving up after 2 retransmits"),
        Event(at_s=2.1, kind="child-down", subject=END, detail=""),
    ]
    follow.follow()
    follow.follow()
    rows = [row.columns for row in table.rows("/LOGS")]
    assert [columns["status_s"] for columns in rows] == ["Connected", "Disconnected"]
    assert [columns["stateChangeReason_s"] for columns in rows] == ["", "DPD timed out"]


def test_a_tunnel_closed_politely_has_no_reason_of_ours() -> None:
    table = LogTable()
    events = [
        Event(at_s=1.0, kind="dpd-timeout", subject=END, detail=""),
        Event(at_s=60.0, kind="child-down", subject=END, detail=""),
    ]
    follower(events, table, "TunnelDiagnosticLog").follow()
    assert [row.columns["stateChangeReason_s"] for row in table.rows("/logs")] == [""]
