"""The Azure instance of a tunnel takes leave of all its peers and stays away; no drill has it."""

from twinspan.faults.definition import Drill, FaultType

FAULTS = (FaultType(id="instance-stopped", inject=lambda tunnel: tunnel.halt_instance(politely=True)),)
DRILLS: tuple[Drill, ...] = ()
