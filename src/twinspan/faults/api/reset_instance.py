"""One instance of Azure's gateway is restarted."""

from twinspan.cloud.azure.act import reset_gateway
from twinspan.cloud.endpoints import Endpoints
from twinspan.faults.api_changes import ApiChange, address_of, azure_of
from twinspan.faults.api_fault import ApiFault
from twinspan.faults.definition import Drill, FaultType, Step
from twinspan.faults.expectations import IKE_TOLD, OWN_DEATH
from twinspan.faults.on_data_plane import ends_of
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target

_ID = "reset-instance"


def _reset(change: ApiChange, endpoints: Endpoints) -> None:
    reset_gateway(azure_of(endpoints), change.target, address_of(change))


def _make(target: Target, link: TunnelLink) -> ApiFault:
    _, public = ends_of(link)
    gateway = link.azure_connection.virtual_network_gateway_id if link.azure_connection else ""
    change = ApiChange(fault=_ID, act="reset", target=gateway, outside=public)
    return ApiFault(target.endpoints, f"instance {public} of {gateway.split('/')[-1]}", (change,))


FAULT = FaultType(id=_ID, make=_make, acts={"reset": _reset})
FAULTS = (FAULT,)
DRILLS = (
    Drill(
        name="instance-reset",
        breaks="One instance of Azure's gateway is restarted (reset with its address); it takes its leave.",
        steps=(Step(fault=FAULT),),
        places=("twin", "cloud"),
        aws=IKE_TOLD,
        azure=OWN_DEATH,
        broken_s=16.0,
    ),
)
