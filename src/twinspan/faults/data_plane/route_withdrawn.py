"""AWS withdraws its routes from one tunnel."""

from twinspan.faults.expectations import harmless
from twinspan.faults.on_data_plane import drill_of, on_data_plane

FAULT = on_data_plane(
    "route-withdrawn",
    breaks="AWS's routes over",
    inject=lambda tunnel: tunnel.withdraw_routes(),
    needs_bgp=True,
)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "route-withdrawn",
        "AWS withdraws its routes from one tunnel; session and tunnel stay.",
        aws=harmless("AWS's own choice of tunnel does not change"),
        azure=harmless("RFC 4271, section 3.1: a withdrawal ends the route; the tunnel still carries"),
        broken_s=3.0,
    ),
)
