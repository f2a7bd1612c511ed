"""AWS closes the BGP session of one tunnel."""

from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.on_data_plane import drill_of, on_data_plane
from twinspan.faults.timers import Label

_TOLD = Expectation(
    ending=Ending.TOLD, label=Label.PROTOCOL, source="RFC 4271, section 6.7, and RFC 4486, Cease"
)
FAULT = on_data_plane(
    "bgp-closed", breaks="BGP session of", inject=lambda tunnel: tunnel.close_bgp(), needs_bgp=True
)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "bgp-closed",
        "AWS closes the BGP session of one tunnel; the tunnel itself stays.",
        aws=_TOLD,
        azure=_TOLD,
    ),
)
