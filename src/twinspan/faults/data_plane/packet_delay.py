"""Every packet takes longer."""

from twinspan.faults.expectations import harmless
from twinspan.faults.on_data_plane import drill_of, on_data_plane

DELAY_MS = 100
FAULT = on_data_plane(
    "packet-delay",
    breaks=f"{DELAY_MS} ms more for",
    inject=lambda tunnel: tunnel.delay(),
    settings={"delay_ms": DELAY_MS},
)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "packet-delay",
        "Every packet between one tunnel's public addresses takes 100 ms longer, each way, for 5 s.",
        aws=harmless("neither DPD nor BGP minds 100 ms"),
        azure=harmless("neither DPD nor BGP minds 100 ms"),
        broken_s=5.0,
    ),
)
