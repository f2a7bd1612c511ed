"""BGP messages in one tunnel are dropped."""

from twinspan.faults.breakable import BreakableTunnel
from twinspan.faults.definition import Undo
from twinspan.faults.expectations import harmless
from twinspan.faults.on_data_plane import drill_of, on_data_plane


def _silence(tunnel: BreakableTunnel) -> Undo:
    heal_input = tunnel.filter_gateway(
        "input", [f'iifname "{tunnel.device}" tcp {port} 179 drop' for port in ("sport", "dport")]
    )
    heal_output = tunnel.filter_gateway(
        "output", [f'oifname "{tunnel.device}" tcp {port} 179 drop' for port in ("sport", "dport")]
    )
    return lambda: (heal_input(), heal_output())[0]


FAULT = on_data_plane("bgp-silent", breaks="BGP messages of", inject=_silence, needs_bgp=True)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "bgp-silent",
        "BGP messages in one tunnel are dropped, data is not: the hold timer fires, traffic moves.",
        aws=harmless("RFC 4271, section 6.5: the hold timer ends the session; the path carries data"),
        azure=harmless("as for AWS"),
        broken_s=35.0,
    ),
)
