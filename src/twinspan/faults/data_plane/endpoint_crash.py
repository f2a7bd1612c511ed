"""AWS's endpoint of one tunnel dies."""

from twinspan.faults.expectations import OWN_DEATH, TIMERS
from twinspan.faults.on_data_plane import drill_of, on_data_plane

FAULT = on_data_plane(
    "endpoint-crash", breaks="AWS's endpoint of", inject=lambda tunnel: tunnel.halt_end(politely=False)
)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "endpoint-crash",
        "AWS's endpoint of one tunnel dies without a word.",
        aws=OWN_DEATH,
        azure=TIMERS,
    ),
)
