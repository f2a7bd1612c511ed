"""Site-to-Site VPN logs: what the tunnels' daemons do, in the log groups that the tunnel options name.

Source: AWS Site-to-Site VPN User Guide, "AWS Site-to-Site VPN logs" (fields of tunnel logs). The names of the
streams and the fields of BGP logs are UNCONFIRMED. As on AWS, nothing is logged where the group is missing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.logs.models import logs_backends

from twinspan.protocols import Event
from twinspan.twin.aws.ec2.connections import TwinVpnConnection
from twinspan.twin.aws.ec2.tunnel_options import TunnelOptions

_PHASE1 = {"ike-up": "Established", "ike-down": "Down", "dpd-timeout": "Down"}
_PHASE2 = {"child-up": "Established", "child-down": "Down"}
_DETAILS = {
    "ike-up": "AWS tunnel has established phase 1",
    "ike-down": "AWS tunnel has closed phase 1",
    "child-up": "AWS tunnel has established phase 2",
    "child-down": "AWS tunnel has closed phase 2",
    "dpd-timeout": "AWS tunnel detected a dead peer",
}
_BGP = {"bgp-up": "UP", "bgp-down": "DOWN", "bgp-hold-expired": "DOWN"}


@dataclass(slots=True, kw_only=True)
class _Phases:
    one: str = "Down"
    two: str = "Down"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The AWS end of a tunnel."""

    account: str
    region: str
    connection: TwinVpnConnection
    tunnel: TunnelOptions
    customer_gateway_ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where lines go: `IKE` or `BGP`, the log group, and `json` or `text`."""

    kind: str
    group_arn: str | None
    output_format: str | None


class VpnLogs:
    """Writes log events for what happens to tunnels."""

    def __init__(self) -> None:
        self._phases: dict[str, _Phases] = {}

    def note(self, event: Event, at_s: float) -> bool:
        """Log an event that was at `at_s`, seconds since 1970; tell whether anything was written.

        moto's state must not change meanwhile.
        """
        connection_id, _, outside = event.subject.partition("/")
        phases = self._phases.setdefault(event.subject, _Phases())
        phases.one = _PHASE1.get(event.kind, phases.one)
        phases.two = _PHASE2.get(event.kind, phases.two)
        place = _place(connection_id, outside)
        if place is None:
            return False
        options = place.tunnel.log_options
        if event.kind in _DETAILS and options.log_enabled:
            line = _tunnel_line(event, at_s, place, phases)
            target = _Target(
                kind="IKE", group_arn=options.log_group_arn, output_format=options.log_output_format
            )
            return _write(place, target, at_s, line)
        if event.kind in _BGP and options.bgp_log_enabled:
            line = _bgp_line(event, at_s, place)
            target = _Target(
                kind="BGP", group_arn=options.bgp_log_group_arn, output_format=options.bgp_log_output_format
            )
            return _write(place, target, at_s, line)
        return False


def _place(connection_id: str, outside: str) -> _Place | None:
    for account, regions in ec2_backends.items():
        for region, backend in regions.items():
            connection = backend.vpn_connections.get(connection_id)
            if not isinstance(connection, TwinVpnConnection):
                continue
            tunnel = next(
                (t for t in connection.tunnel_options if str(t.outside_ip_address) == outside), None
            )
            gateway = backend.customer_gateways.get(connection.customer_gateway_id)
            if tunnel is not None:
                address = str(gateway.ip_address) if gateway is not None else "0.0.0.0"  # noqa: S104 - shown only
                return _Place(
                    account=account,
                    region=region,
                    connection=connection,
                    tunnel=tunnel,
                    customer_gateway_ip=address,
                )
    return None


def _tunnel_line(event: Event, at_s: float, place: _Place, phases: _Phases) -> Mapping[str, object]:
    detail = _DETAILS[event.kind]
    return {
        "VpnLogCreationTimestamp": int(at_s),
        "VpnConnectionId": place.connection.id,
        "TunnelOutsideIPAddress": str(place.tunnel.outside_ip_address),
        "TunnelDPDEnabled": True,
        "TunnelCGWNATTDetectionStatus": False,
        "TunnelIKEPhase1State": phases.one,
        "TunnelIKEPhase2State": phases.two,
        "VpnLogDetail": f"{detail} ({event.detail})" if event.detail else detail,
    }


def _bgp_line(event: Event, at_s: float, place: _Place) -> Mapping[str, object]:
    return {
        "resource_id": f"{place.connection.id}({place.tunnel.outside_ip_address})",
        "timestamp": datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z",
        "type": "BGPStatus",
        "status": _BGP[event.kind],
        "message": event.detail,
    }


def _write(place: _Place, target: _Target, at_s: float, line: Mapping[str, object]) -> bool:
    """Append to the stream of a tunnel; a group that is not there is left at that."""
    group = (target.group_arn or "").removesuffix(":*").rpartition(":log-group:")[2]
    backend = logs_backends[place.account][place.region]
    if group not in backend.groups:
        return False
    outside = place.tunnel.outside_ip_address
    stream = f"{place.connection.id}-{outside}-{place.customer_gateway_ip}-{target.kind}.log"
    as_text = target.output_format == "text"
    text = " ".join(f"{name}: {value}" for name, value in line.items()) if as_text else json.dumps(line)
    try:
        backend.ensure_log_stream(group, stream)
        backend.put_log_events(group, stream, [{"timestamp": int(at_s * 1000), "message": text}])
    except ServiceException:
        return False
    return True
