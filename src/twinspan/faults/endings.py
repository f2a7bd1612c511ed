"""What ends an outage, on the side that sends, and when at the latest."""

from dataclasses import dataclass
from enum import StrEnum

from twinspan.faults.timers import Label, Timer, first_to_fire, timers_of
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink

ALLOWANCE_S = 5.0
"""What a timer's value does not cover, seconds: routes moving, queues draining."""
HARMLESS_ALLOWANCE_S = 1.0
"""Longest silence of a flow in a drill that is to end none, seconds: what a busy machine may need."""
RESTORE_ALLOWANCE_S = 30.0
"""How long after the repair the tunnels may take to negotiate and exchange routes, seconds."""


class Ending(StrEnum):
    """What ends the outage of what one side sends."""

    TIMERS = "timers"
    """Nobody tells it: its dead peer detection or its BGP hold timer, whichever fires first."""
    TOLD = "told"
    """It is told, or has done it itself, and moves at once."""
    HARMLESS = "harmless"
    """Nothing: there is to be no outage."""
    HEALING = "healing"
    """Nothing before the drill repairs what it broke: there is no other way."""

    @property
    def short(self) -> str:
        """What ends it, in few words."""
        return {
            Ending.TIMERS: "first timer: DPD or BGP hold",
            Ending.TOLD: "being told",
            Ending.HARMLESS: "no outage",
            Ending.HEALING: "the repair only",
        }[self]

    @property
    def formula(self) -> str:
        """How long it should take, in words."""
        return {
            Ending.TIMERS: "at most the smaller of dead peer detection and BGP hold time",
            Ending.TOLD: "0 s plus the time to change routes",
            Ending.HARMLESS: "nothing lost by rerouting",
            Ending.HEALING: "until the drill repairs it, and the tunnels are negotiated again",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a drill should do to the traffic that one side sends.

    Attributes:
        ending: What ends the outage.
        label: Whether the figure holds in the clouds.
        source: The document that says so.
        restore_s: How long after the repair it may take to come back, seconds.
    """

    ending: Ending
    label: Label
    source: str
    restore_s: float = RESTORE_ALLOWANCE_S

    def timer(self, link: "TunnelLink", side: Cloud, *, hold_profile: str, broken_s: float) -> Timer:
        """Return what should end the outage, and after how many seconds at most.

        Args:
            link: The tunnel that was broken.
            side: Who sends.
            hold_profile: A key of `timers.HOLD_PROFILES`.
            broken_s: How long the drill leaves it broken, seconds.
        """
        if self.ending is Ending.TIMERS:
            return first_to_fire(timers_of(link, hold_profile=hold_profile), side)
        names = {Ending.TOLD: "notice", Ending.HARMLESS: "no outage", Ending.HEALING: "repair"}
        seconds = broken_s if self.ending is Ending.HEALING else 0.0
        return Timer(name=names[self.ending], side=side, seconds=seconds, source=self.source)

    @property
    def allowance_s(self) -> float:
        """How much longer it may take, seconds."""
        return {
            Ending.TIMERS: ALLOWANCE_S,
            Ending.TOLD: ALLOWANCE_S,
            Ending.HARMLESS: HARMLESS_ALLOWANCE_S,
            Ending.HEALING: self.restore_s,
        }[self.ending]
