"""AWS replaces the endpoint of one tunnel."""

from twinspan.cloud.aws.act import replace_vpn_tunnel
from twinspan.cloud.endpoints import Endpoints
from twinspan.faults.api_changes import ApiChange, address_of, aws_of
from twinspan.faults.api_fault import ApiFault, vpn_connection
from twinspan.faults.definition import Drill, FaultType, Step
from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.on_data_plane import ends_of
from twinspan.faults.timers import Label
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target

_ID = "replace-vpn-tunnel"
_MOVED_BEFORE = Expectation(
    ending=Ending.HARMLESS,
    label=Label.INFRASTRUCTURE,
    source="AWS Site-to-Site VPN User Guide, endpoint replacements: the other tunnel gets the lower MED",
)


def _replace(change: ApiChange, endpoints: Endpoints) -> None:
    replace_vpn_tunnel(aws_of(endpoints, change), change.target, address_of(change))


def _make(target: Target, link: TunnelLink) -> ApiFault:
    outside, _ = ends_of(link)
    connection = vpn_connection(link)
    change = ApiChange(
        fault=_ID, act="replace", target=connection.id, region=connection.region, outside=outside
    )
    return ApiFault(target.endpoints, f"ReplaceVpnTunnel of {link.label}", (change,))


FAULT = FaultType(id=_ID, make=_make, acts={"replace": _replace})
FAULTS = (FAULT,)
DRILLS = (
    Drill(
        name="endpoint-replaced",
        breaks="AWS replaces the endpoint of one tunnel (ReplaceVpnTunnel), after moving traffic off it.",
        steps=(Step(fault=FAULT),),
        places=("twin", "cloud"),
        aws=_MOVED_BEFORE,
        azure=_MOVED_BEFORE,
        azure_static=Expectation(
            ending=Ending.TOLD,
            label=Label.INFRASTRUCTURE,
            source="without BGP there is no MED to move Azure with; RFC 7296, section 1.4.1, deleting an SA",
        ),
        broken_s=14.0,
    ),
)
