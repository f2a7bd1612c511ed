"""What the daemons did, as rows of the table AzureDiagnostics.

Source: "Troubleshoot Azure VPN Gateway using diagnostic logs" for categories, operations and columns.
"""

from dataclasses import dataclass

from twinspan.network.model import AzureConnection, AzureNetwork
from twinspan.protocols import Event
from twinspan.twin.metrics.azure import instance_name

TUNNEL, ROUTE, IKE = "TunnelDiagnosticLog", "RouteDiagnosticLog", "IKEDiagnosticLog"
_TUNNEL = {"child-up": ("TunnelConnected", "Connected"), "child-down": ("TunnelDisconnected", "Disconnected")}
_IKE = {
    "ike-up": "IKE security association established",
    "ike-down": "IKE security association deleted",
    "dpd-timeout": "Dead peer detection",
}
_ROUTE = {
    "bgp-up": "BgpConnectedEvent",
    "bgp-down": "BgpDisconnectedEvent",
    "bgp-hold-expired": "BgpDisconnectedEvent",
}
_UPDATES = {"route-added": "added", "route-removed": "removed"}
"""Changes of the best route in the gateway's virtual network: they are no single tunnel's."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row, and whose log it is."""

    gateway_id: str
    category: str
    columns: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The end of a tunnel that an event is about."""

    connection: AzureConnection
    instance: int
    local: str
    remote: str


def line_of(event: Event, azure: AzureNetwork, *, reason: str = "") -> Line | None:
    """Return the row for an event; None if it is about something else than an Azure tunnel.

    Args:
        event: Of the data plane's journal.
        azure: What Azure has, to name connection, instance and far end.
        reason: Why a tunnel went down, if that is known.
    """
    if event.kind in _UPDATES:
        return _update(event, azure)
    place = _place(event.subject, azure)
    if place is None:
        return None
    own = {"instance_s": instance_name(place.instance), "remoteIP_s": place.remote}
    if event.kind in _TUNNEL:
        operation, status = _TUNNEL[event.kind]
        message = f"Tunnel of {place.connection.name} {status.lower()}"
        columns = {"OperationName": operation, "status_s": status, "stateChangeReason_s": reason}
        return _line(
            place.connection.virtual_network_gateway_id, TUNNEL, {**columns, "Message": message, **own}
        )
    if event.kind in _IKE:
        where = f"Remote {place.remote}:500: Local {place.local}:500"
        text = f"{_IKE[event.kind]}{': ' + event.detail if event.detail else ''}"
        return _line(
            place.connection.virtual_network_gateway_id,
            IKE,
            {"OperationName": "IKELogEvent", "Message": f"{where}: {text}", **own},
        )
    if event.kind in _ROUTE:
        message = f"{event.kind} {place.connection.name} {event.detail}".strip()
        return _line(
            place.connection.virtual_network_gateway_id,
            ROUTE,
            {"OperationName": _ROUTE[event.kind], "Message": message, **own},
        )
    return None


def _update(event: Event, azure: AzureNetwork) -> Line | None:
    """Return the row for a route that the gateway of a virtual network has learned or lost."""
    subnets = f"{event.subject.lower()}/subnets/"
    for gateway in azure.virtual_network_gateways:
        if any(instance.subnet_id.lower().startswith(subnets) for instance in gateway.instances):
            message = f"Route {event.detail} {_UPDATES[event.kind]}"
            return _line(gateway.id, ROUTE, {"OperationName": "BgpRouteUpdate", "Message": message})
    return None


def _place(subject: str, azure: AzureNetwork) -> _Place | None:
    """Return the end that `<connection id>/<public address of the instance>` names."""
    identity, _, local = subject.rpartition("/")
    connection = next(
        (candidate for candidate in azure.connections if candidate.id.lower() == identity.lower()), None
    )
    if connection is None:
        return None
    gateways = (g for g in azure.virtual_network_gateways if g.id == connection.virtual_network_gateway_id)
    numbers = [n for g in gateways for n, i in enumerate(g.instances) if str(i.public_ip_address) == local]
    remote = azure.local_network_gateway_of(connection)
    return _Place(
        connection=connection,
        instance=numbers[0] if numbers else 0,
        local=local,
        remote=str((remote and remote.gateway_ip_address) or ""),
    )


def _line(identity: str, category: str, columns: Row) -> Line:
    """Return a row of the gateway with this id."""
    parts = identity.split("/")
    return Line(
        gateway_id=identity.lower(),
        category=category,
        columns={
            "Category": category,
            "Level": "Informational",
            "Resource": parts[-1].upper(),
            "ResourceGroup": parts[4].upper(),
            "ResourceId": identity.upper(),
            "ResourceProvider": "MICROSOFT.NETWORK",
            "ResourceType": "VIRTUALNETWORKGATEWAYS",
            "SubscriptionId": parts[2],
            "Type": "AzureDiagnostics",
            **columns,
        },
    )
