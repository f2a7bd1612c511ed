"""One instance of Azure's gateway dies."""

from twinspan.faults.expectations import OWN_DEATH, TIMERS
from twinspan.faults.on_data_plane import drill_of, on_data_plane

FAULT = on_data_plane(
    "instance-crash",
    breaks="Azure's instance of",
    inject=lambda tunnel: tunnel.halt_instance(politely=False),
)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "instance-crash",
        "One instance of Azure's gateway dies without a word, with all its tunnels.",
        aws=TIMERS,
        azure=OWN_DEATH,
    ),
)
