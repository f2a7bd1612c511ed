"""Both SAs of one tunnel are given new keys."""

from twinspan.faults.breakable import BreakableTunnel
from twinspan.faults.definition import Undo
from twinspan.faults.expectations import harmless
from twinspan.faults.on_data_plane import drill_of, on_data_plane

_EXPECTED = harmless("RFC 7296, section 2.8: the new SA is made before the old one is deleted")


def _rekey(tunnel: BreakableTunnel) -> Undo:
    tunnel.rekey()
    return lambda: None


FAULT = on_data_plane("rekey", breaks="keys of", inject=_rekey)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "rekey",
        "Both SAs of one tunnel are given new keys while traffic runs.",
        aws=_EXPECTED,
        azure=_EXPECTED,
        broken_s=3.0,
    ),
)
