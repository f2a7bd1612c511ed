"""One Azure connection is deleted and made again."""

from collections.abc import Mapping

from twinspan.cloud.azure import read_azure
from twinspan.cloud.azure.act import delete_connection, make_connection, read_resource
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import HostError
from twinspan.faults.api_changes import ApiChange, azure_of
from twinspan.faults.api_fault import ApiFault
from twinspan.faults.definition import Drill, FaultType, Step
from twinspan.faults.expectations import IKE_TOLD, OWN_DEATH
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target

_ID = "connection-recreated"


def _delete(change: ApiChange, endpoints: Endpoints) -> None:
    delete_connection(azure_of(endpoints), change.target)


def _make_again(change: ApiChange, endpoints: Endpoints) -> None:
    make_connection(azure_of(endpoints), change.target, change.also["connection"], change.also["key"])


def _make(target: Target, link: TunnelLink) -> ApiFault:
    azure = target.endpoints.azure
    connection = link.azure_connection.id if link.azure_connection else ""
    keys: Mapping[str, str] = read_azure(azure)[1] if azure else {}
    key = keys.get(connection.lower())
    if azure is None or key is None:
        raise HostError(
            problem=f"Azure does not show the shared key of {link.label}, so it could not be made again",
            remedy="Use credentials that may read shared keys",
        )
    also = {"connection": read_resource(azure, connection), "key": key}
    return ApiFault(
        target.endpoints,
        f"connection {connection.split('/')[-1]}",
        (ApiChange(fault=_ID, act="delete", target=connection),),
        (ApiChange(fault=_ID, act="make", target=connection, also=also),),
    )


FAULT = FaultType(id=_ID, make=_make, acts={"delete": _delete, "make": _make_again})
FAULTS = (FAULT,)
DRILLS = (
    Drill(
        name="connection-recreated",
        breaks="One Azure connection is deleted and made again with the same settings.",
        steps=(Step(fault=FAULT),),
        places=("twin", "cloud"),
        aws=IKE_TOLD,
        azure=OWN_DEATH,
        broken_s=3.0,
        destroys=True,
    ),
)
