"""What several faults should do to the traffic, and who says so."""

from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.timers import Label

TIMERS = Expectation(
    ending=Ending.TIMERS,
    label=Label.PROTOCOL,
    source="the tunnel's DpdTimeoutSeconds (EC2) and dpdTimeoutSeconds (ARM); RFC 4271, section 4.2",
)
IKE_TOLD = Expectation(
    ending=Ending.TOLD, label=Label.PROTOCOL, source="RFC 7296, section 1.4.1, deleting an SA"
)
OWN_DEATH = Expectation(
    ending=Ending.TOLD,
    label=Label.INFRASTRUCTURE,
    source="how soon a cloud notices its own dead machine is not published; the twin notices at once",
)
OTHER_CLUSTER = Expectation(
    ending=Ending.HARMLESS, label=Label.PROTOCOL, source="the other cluster's service is not touched"
)


def harmless(source: str) -> Expectation:
    """Return that there is no outage."""
    return Expectation(ending=Ending.HARMLESS, label=Label.PROTOCOL, source=source)


def healing(source: str, label: Label = Label.INFRASTRUCTURE) -> Expectation:
    """Return that the outage lasts until the fault is healed."""
    return Expectation(ending=Ending.HEALING, label=label, source=source)


NOTHING_ELSE = healing("of a single tunnel nothing takes over: there is no other way", Label.PROTOCOL)
