"""Several faults as one."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from twinspan.protocols import Fault


@dataclass(frozen=True, slots=True)
class AllOf:
    """Breaks all of them in order, and mends all of them even if mending one fails; a `protocols.Fault`."""

    faults: Sequence[Fault]

    @property
    def description(self) -> str:
        """What they break."""
        return "; ".join(fault.description for fault in self.faults) or "nothing"

    def inject(self) -> None:
        """Break all."""
        for fault in self.faults:
            fault.inject()

    def heal(self) -> None:
        """Mend all, the last one first; raises the first failure after all have been tried."""
        with ExitStack() as stack:
            for fault in self.faults:
                stack.callback(fault.heal)
