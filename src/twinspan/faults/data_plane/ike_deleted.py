"""AWS's end of one tunnel says goodbye."""

from twinspan.faults.expectations import IKE_TOLD
from twinspan.faults.on_data_plane import drill_of, on_data_plane

FAULT = on_data_plane(
    "ike-deleted", breaks="IKE SA at AWS's end of", inject=lambda tunnel: tunnel.halt_end(politely=True)
)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "tunnel-deleted",
        "AWS's end of one tunnel says goodbye (IKE delete) and stays away.",
        aws=IKE_TOLD,
        azure=IKE_TOLD,
    ),
)
