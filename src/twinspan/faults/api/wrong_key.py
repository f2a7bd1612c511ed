"""One tunnel's pre-shared key is changed at AWS alone."""

import secrets

from twinspan.cloud.aws import read_aws
from twinspan.cloud.aws.act import set_pre_shared_key
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import HostError
from twinspan.faults.api_changes import ApiChange, address_of, aws_of
from twinspan.faults.api_fault import ApiFault, vpn_connection
from twinspan.faults.definition import Drill, FaultType, Step
from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.expectations import OWN_DEATH
from twinspan.faults.on_data_plane import ends_of
from twinspan.faults.timers import Label
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target

_ID = "wrong-key"


def _set_key(change: ApiChange, endpoints: Endpoints) -> None:
    set_pre_shared_key(aws_of(endpoints, change), change.target, address_of(change), change.also["key"])


def _make(target: Target, link: TunnelLink) -> ApiFault:
    outside, _ = ends_of(link)
    connection = vpn_connection(link)
    keys = read_aws(target.endpoints.aws)[1] if target.endpoints.aws else {}
    right = keys.get((connection.id, str(outside)))
    if right is None:
        raise HostError(
            problem=f"AWS does not show the pre-shared key of {link.label}, so it could not be put back",
            remedy="Run this drill where the key is not kept in Secrets Manager",
        )
    wrong = f"drill{secrets.token_hex(8)}"
    broken, restored = (
        ApiChange(
            fault=_ID,
            act="set-key",
            target=connection.id,
            region=connection.region,
            outside=outside,
            also={"key": key},
        )
        for key in (wrong, right)
    )
    return ApiFault(target.endpoints, f"key of {link.label} at AWS", (broken,), (restored,))


FAULT = FaultType(id=_ID, make=_make, acts={"set-key": _set_key})
FAULTS = (FAULT,)
DRILLS = (
    Drill(
        name="wrong-key",
        breaks="One tunnel's pre-shared key is changed at AWS alone (ModifyVpnTunnelOptions).",
        steps=(Step(fault=FAULT),),
        places=("twin", "cloud"),
        aws=OWN_DEATH,
        azure=Expectation(
            ending=Ending.TIMERS,
            label=Label.INFRASTRUCTURE,
            source="EC2 ModifyVpnTunnelOptions: it is down for minutes; whether its peer is told is not "
            "published: DPD at the latest",
        ),
        destroys=True,
    ),
)
