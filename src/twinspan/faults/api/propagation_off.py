"""The VPC's private route tables lose the VPN gateway's routes."""

from twinspan.cloud.aws import read_aws
from twinspan.cloud.aws.act import set_route_propagation
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import HostError
from twinspan.faults.api_changes import ApiChange, aws_of
from twinspan.faults.api_fault import ApiFault
from twinspan.faults.definition import IN_USE, Drill, FaultType, Step
from twinspan.faults.expectations import harmless, healing
from twinspan.faults.timers import Label
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target

_ID = "propagation-off"


def _off(change: ApiChange, endpoints: Endpoints) -> None:
    set_route_propagation(aws_of(endpoints, change), change.also["tables"], change.target, on=False)


def _on(change: ApiChange, endpoints: Endpoints) -> None:
    set_route_propagation(aws_of(endpoints, change), change.also["tables"], change.target, on=True)


def _make(target: Target, link: TunnelLink) -> ApiFault:
    connection = link.vpn_connection
    gateway = connection.vpn_gateway_id if connection else None
    aws = read_aws(target.endpoints.aws)[0] if target.endpoints.aws else None
    tables = [t.id for t in aws.route_tables if gateway in t.propagating_vgw_ids] if aws else []
    if connection is None or gateway is None or not tables:
        raise HostError(problem="no route table learns from the VPN gateway", remedy="Run `twinspan verify`")
    off, on = (
        ApiChange(fault=_ID, act=act, target=gateway, region=connection.region, also={"tables": tables})
        for act in ("off", "on")
    )
    return ApiFault(target.endpoints, f"propagation from {gateway} into {', '.join(tables)}", (off,), (on,))


FAULT = FaultType(id=_ID, make=_make, acts={"off": _off, "on": _on}, breaks_tunnel=False)
FAULTS = (FAULT,)
DRILLS = (
    Drill(
        name="propagation-off",
        breaks="The VPC's private route tables lose the VPN gateway's routes (DisableVgwRoutePropagation).",
        steps=(Step(fault=FAULT),),
        places=("twin", "cloud"),
        aws=healing("the subnet's route table has no other route", Label.PROTOCOL),
        azure=harmless("only the way from AWS needs that route"),
        broken_s=5.0,
        targets=(IN_USE,),
        destroys=True,
    ),
)
