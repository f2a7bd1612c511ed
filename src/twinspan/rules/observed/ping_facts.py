"""What one ping found, for those who judge it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """One direction between two hosts.

    Attributes:
        source: Name and address of the sender.
        destination: Name and address of the receiver.
        towards: `aws` or `azure`: the side of the receiver.
        sent: Echo requests sent.
        received: Replies that came back.
        median_ms: Median round trip, ms; None without replies.
        command: What was run.
        size_bytes: Size of each request as an IP packet.
        largest_bytes: The largest packet that was answered if larger ones were not; None if unknown.
        arrived: How many requests reached the receiver; None if it could not be told.
        error: Why no answer could be had at all; empty if it ran.
        subnet_ids: The subnets of both ends, where known.
    """

    source: str
    destination: str
    towards: str
    sent: int
    received: int
    median_ms: float | None
    command: str
    error: str = ""
    size_bytes: int = 84
    largest_bytes: int | None = None
    arrived: int | None = None
    subnet_ids: frozenset[str] = frozenset()
