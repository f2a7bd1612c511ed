"""One packet in ten is dropped."""

from twinspan.errors import DesignError
from twinspan.faults.breakable import BreakableTunnel
from twinspan.faults.definition import Undo
from twinspan.faults.expectations import harmless
from twinspan.faults.on_data_plane import drill_of, on_data_plane

LOSS_RATIO = 0.1
_PARTS = 10_000
"""A loss ratio is good to this part of one."""
_EXPECTED = harmless("the share that is dropped; neither DPD (RFC 7296, 2.4) nor BGP over TCP gives up on it")


def _lose(tunnel: BreakableTunnel) -> Undo:
    dropped = round(tunnel.loss_ratio * _PARTS)
    if not 1 <= dropped <= _PARTS:
        raise DesignError(
            where="fault packet-loss",
            problem=f"a loss ratio of {tunnel.loss_ratio:g} is not between {1 / _PARTS:g} and 1",
            remedy="Choose one, e.g. 0.05",
        )
    ends = (tunnel.outside_ip_address, tunnel.public_ip_address)
    return tunnel.filter_internet(
        [
            f"ip saddr {source} ip daddr {destination} numgen random mod {_PARTS} <= {dropped - 1} drop"
            for source, destination in (ends, ends[::-1])
        ]
    )


FAULT = on_data_plane(
    "packet-loss",
    breaks=f"{LOSS_RATIO:.0%} of the packets of",
    inject=_lose,
    settings={"loss_ratio": LOSS_RATIO},
)
FAULTS = (FAULT,)
DRILLS = (
    drill_of(
        FAULT,
        "packet-loss",
        "One packet in ten between one tunnel's public addresses is dropped, each way, for 5 s.",
        aws=_EXPECTED,
        azure=_EXPECTED,
        broken_s=5.0,
    ),
)
