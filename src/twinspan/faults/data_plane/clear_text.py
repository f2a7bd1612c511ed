"""Packets go from gateway to gateway in clear text, for `verify` to find; no drill has it."""

from twinspan.faults.definition import Drill, FaultType

FAULTS = (FaultType(id="clear-text", inject=lambda tunnel: tunnel.bypass(), needs_bgp=True),)
DRILLS: tuple[Drill, ...] = ()
