"""The path of one tunnel goes silent."""

from twinspan.faults.expectations import TIMERS
from twinspan.faults.on_data_plane import drill_of, on_data_plane

FAULT = on_data_plane("path-cut", breaks="path of", inject=lambda tunnel: tunnel.cut_path())
FAULTS = (FAULT,)
TUNNEL_DOWN = drill_of(
    FAULT,
    "tunnel-down",
    "The path of one tunnel goes silent: every packet between its two public addresses is dropped.",
    aws=TIMERS,
    azure=TIMERS,
)
DRILLS = (TUNNEL_DOWN,)
