"""Times that both clouds keep: BGP, dead peer detection, lifetimes of security associations. Pure.

Sources: EC2 API, VpnTunnelOptionsSpecification; AWS Site-to-Site VPN user guide, "Tunnel options" and sample
customer gateway configurations; Azure VPN Gateway FAQ, "BGP and routing" and "IPsec/IKE policy"; Azure,
"About VPN devices", default IPsec/IKE parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

AWS_BGP_HOLD_S = 30
AWS_BGP_KEEPALIVE_S = 10
AZURE_BGP_HOLD_S = 180
AZURE_BGP_KEEPALIVE_S = 60
"""Azure's cannot be configured."""
KEEPALIVES_PER_HOLD = 3
"""Source: RFC 4271, section 10: a keepalive time of a third of the hold time; both clouds document it so."""
HOLD_PROFILES: Mapping[str, int] = {
    "negotiated": min(AWS_BGP_HOLD_S, AZURE_BGP_HOLD_S),
    "fixed": AZURE_BGP_HOLD_S,
}
"""Azure's two possible behaviours -> hold time in force, seconds.

`negotiated`: the smaller of both, as RFC 4271 section 4.2 says. `fixed`: Azure keeps 180 s, as a Microsoft
author wrote in 2026; the sources contradict each other, so both are reported.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """What a numeric option of an AWS tunnel takes; `most` is None where the API names no upper bound."""

    least: int
    most: int | None
    default: int

    def takes(self, value: float) -> bool:
        """Whether the value is within the bounds."""
        return value >= self.least and (self.most is None or value <= self.most)


AWS_PHASE1_LIFETIME_S = Number(least=900, most=28800, default=28800)
AWS_PHASE2_LIFETIME_S = Number(least=900, most=3600, default=3600)
AWS_REKEY_MARGIN_S = Number(least=60, most=1800, default=270)
AWS_REKEY_FUZZ_PERCENTAGE = Number(least=0, most=100, default=100)
AWS_REPLAY_WINDOW_PACKETS = Number(least=64, most=2048, default=1024)
AWS_DPD_S = Number(least=30, most=None, default=30)
"""The default is that of CreateVpnConnection; the documentation of ModifyVpnTunnelOptions says 40."""
AWS_NUMBERS: Mapping[str, Number] = {
    "phase1_lifetime_seconds": AWS_PHASE1_LIFETIME_S,
    "phase2_lifetime_seconds": AWS_PHASE2_LIFETIME_S,
    "rekey_margin_time_seconds": AWS_REKEY_MARGIN_S,
    "rekey_fuzz_percentage": AWS_REKEY_FUZZ_PERCENTAGE,
    "replay_window_size": AWS_REPLAY_WINDOW_PACKETS,
    "dpd_timeout_seconds": AWS_DPD_S,
}
"""Option of a tunnel, in Terraform's words -> what it takes."""
AWS_DPD_PROBE_S = 10
"""Time between two probes: of a time-out of 40 s, 30 s follow the first missed probe."""
AWS_DPD_RETRIES = 3
"""Missed probes after which the peer is dead, in the sample configurations."""

AZURE_DPD_S = range(9, 3601)
AZURE_DEFAULT_DPD_S = 45
AZURE_IKE_LIFETIME_S = 28800
"""It cannot be configured."""
AZURE_SA_LIFETIME_S = range(300, 172800)
AZURE_DEFAULT_SA_LIFETIME_S = 27000
AZURE_SA_DATA_SIZE_KB = range(1024, 2**31)
AZURE_DEFAULT_SA_DATA_SIZE_KB = 102400000
