"""A tunnel of a twin, as the faults of the data plane see it; the twin's agent supplies one."""

from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Literal, Protocol

from twinspan.faults.definition import Undo


class BreakableTunnel(Protocol):
    """One tunnel, and what is around it. Each method that breaks something returns what heals it."""

    @property
    def outside_ip_address(self) -> IPv4Address:
        """AWS's end."""
        ...

    @property
    def public_ip_address(self) -> IPv4Address:
        """Azure's end."""
        ...

    @property
    def side_addresses(self) -> Sequence[IPv4Address]:
        """The outside addresses of all tunnels of AWS's gateway."""
        ...

    @property
    def device(self) -> str:
        """The tunnel's device in AWS's gateway."""
        ...

    @property
    def loss_ratio(self) -> float:
        """Share of the packets to drop, 0 to 1."""
        ...

    @property
    def delay_ms(self) -> int:
        """How much longer each packet is to take each way, milliseconds."""
        ...

    def cut_path(self) -> Undo:
        """Drop silently every packet between both ends."""
        ...

    def delay(self) -> Undo:
        """Hold every packet between both ends for `delay_ms`, both ways."""
        ...

    def filter_internet(self, rules: Sequence[str]) -> Undo:
        """Add nftables rules to what the internet forwards."""
        ...

    def filter_gateway(self, hook: Literal["input", "output"], rules: Sequence[str]) -> Undo:
        """Add nftables rules to what AWS's gateway itself receives or sends."""
        ...

    def halt_end(self, *, politely: bool) -> Undo:
        """End AWS's IKE daemon, and keep it away; politely, it deletes its SAs, which tells the peer."""
        ...

    def halt_instance(self, *, politely: bool) -> Undo:
        """End all daemons of Azure's instance, and keep them away; politely, they take leave of all peers."""
        ...

    def close_bgp(self) -> Undo:
        """Have AWS's end close its BGP session; the peer is told (RFC 4486)."""
        ...

    def withdraw_routes(self) -> Undo:
        """Have AWS announce nothing over the tunnel any longer; session and tunnel stay."""
        ...

    def rekey(self) -> None:
        """Have AWS's end make new keys for both SAs, now."""
        ...

    def bypass(self) -> Undo:
        """Have packets go from gateway to gateway in clear text."""
        ...
