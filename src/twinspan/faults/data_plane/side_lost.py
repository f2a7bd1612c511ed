"""Every tunnel of AWS's gateway goes silent."""

from twinspan.faults.breakable import BreakableTunnel
from twinspan.faults.definition import IN_USE, Drill, Step, Undo
from twinspan.faults.expectations import healing
from twinspan.faults.on_data_plane import on_data_plane

_EXPECTED = healing("how long a new negotiation waits is not published; the twin tries every 2 to 4 s")


def _lose(tunnel: BreakableTunnel) -> Undo:
    lost = ", ".join(str(address) for address in tunnel.side_addresses)
    return tunnel.filter_internet([f"ip saddr {{ {lost} }} drop", f"ip daddr {{ {lost} }} drop"])


FAULT = on_data_plane("side-lost", breaks="AWS's gateway, which has", inject=_lose)
FAULTS = (FAULT,)
DRILLS = (
    Drill(
        name="side-lost",
        breaks="Every tunnel of AWS's gateway goes silent for 20 s, then comes back.",
        steps=(Step(fault=FAULT),),
        places=("twin",),
        aws=_EXPECTED,
        azure=_EXPECTED,
        broken_s=20.0,
        targets=(IN_USE,),
    ),
)
