"""The drills that exist: what each breaks, where it can run, what should end the outage, and who says so."""

from difflib import get_close_matches

from twinspan.drill.cluster_drills import CLUSTER_DRILLS
from twinspan.drill.definition import Drill, Step
from twinspan.drill.endings import Ending, Expectation
from twinspan.drill.in_use import IN_USE
from twinspan.drill.timers import Label
from twinspan.errors import DesignError
from twinspan.target.place import PlaceName

_TIMERS = Expectation(
    ending=Ending.TIMERS,
    label=Label.PROTOCOL,
    source="the tunnel's DpdTimeoutSeconds (EC2) and dpdTimeoutSeconds (ARM); RFC 4271, section 4.2",
)
_IKE_TOLD = Expectation(
    ending=Ending.TOLD, label=Label.PROTOCOL, source="RFC 7296, section 1.4.1, deleting an SA"
)
_BGP_TOLD = Expectation(
    ending=Ending.TOLD, label=Label.PROTOCOL, source="RFC 4271, section 6.7, and RFC 4486, Cease"
)
_OWN_DEATH = Expectation(
    ending=Ending.TOLD,
    label=Label.INFRASTRUCTURE,
    source="how soon a cloud notices its own dead machine is not published; the twin notices at once",
)
_MOVED_BEFORE = Expectation(
    ending=Ending.HARMLESS,
    label=Label.INFRASTRUCTURE,
    source="AWS Site-to-Site VPN User Guide, endpoint replacements: the other tunnel gets the lower MED",
)
_NOT_MOVED = Expectation(
    ending=Ending.TOLD,
    label=Label.INFRASTRUCTURE,
    source="without BGP there is no MED to move Azure with; RFC 7296, section 1.4.1, deleting an SA",
)
_BOTH: tuple[PlaceName, ...] = ("twin", "cloud")
_TWIN: tuple[PlaceName, ...] = ("twin",)


def _harmless(source: str) -> Expectation:
    return Expectation(ending=Ending.HARMLESS, label=Label.PROTOCOL, source=source)


def _healing(source: str, label: Label = Label.INFRASTRUCTURE) -> Expectation:
    return Expectation(ending=Ending.HEALING, label=label, source=source)


_REKEY = _harmless("RFC 7296, section 2.8: the new SA is made before the old one is deleted")
_LOSSY = _harmless("the share that is dropped; neither DPD (RFC 7296, 2.4) nor BGP over TCP gives up on it")
_STATIC = _healing("the subnet's route table has no other route", Label.PROTOCOL)
_ANEW = _healing("how long a new negotiation waits is not published; the twin tries every 2 to 4 s")

TUNNEL_DOWN = Drill(
    name="tunnel-down",
    breaks="The path of one tunnel goes silent: every packet between its two public addresses is dropped.",
    steps=(Step(what="path-cut"),),
    places=_TWIN,
    aws=_TIMERS,
    azure=_TIMERS,
)
IDLE = Drill(
    name="idle",
    breaks="Nothing: what measuring itself costs, with packets lost and jitter.",
    steps=(),
    places=_TWIN,
    aws=_harmless("nothing is broken"),
    azure=_harmless("nothing is broken"),
    broken_s=5.0,
    targets=(IN_USE,),
)

DRILLS = (
    IDLE,
    TUNNEL_DOWN,
    Drill(
        name="tunnel-deleted",
        breaks="AWS's end of one tunnel says goodbye (IKE delete) and stays away.",
        steps=(Step(what="ike-deleted"),),
        places=_TWIN,
        aws=_IKE_TOLD,
        azure=_IKE_TOLD,
    ),
    Drill(
        name="bgp-closed",
        breaks="AWS closes the BGP session of one tunnel; the tunnel itself stays.",
        steps=(Step(what="bgp-closed"),),
        places=_TWIN,
        aws=_BGP_TOLD,
        azure=_BGP_TOLD,
    ),
    Drill(
        name="bgp-silent",
        breaks="BGP messages in one tunnel are dropped, data is not: the hold timer fires, traffic moves.",
        steps=(Step(what="bgp-silent"),),
        places=_TWIN,
        aws=_harmless("RFC 4271, section 6.5: the hold timer ends the session; the path carries data"),
        azure=_harmless("as for AWS"),
        broken_s=35.0,
    ),
    Drill(
        name="connection-down",
        breaks="Both tunnels of one VPN connection go silent.",
        steps=(Step(what="path-cut"), Step(what="path-cut", aim="sibling")),
        places=_TWIN,
        aws=_TIMERS,
        azure=_TIMERS,
    ),
    Drill(
        name="packet-loss",
        breaks="One packet in ten between one tunnel's public addresses is dropped, each way, for 5 s.",
        steps=(Step(what="packet-loss"),),
        places=_TWIN,
        aws=_LOSSY,
        azure=_LOSSY,
        broken_s=5.0,
    ),
    Drill(
        name="packet-delay",
        breaks="Every packet between one tunnel's public addresses takes 100 ms longer, each way, for 5 s.",
        steps=(Step(what="packet-delay"),),
        places=_TWIN,
        aws=_harmless("neither DPD nor BGP minds 100 ms"),
        azure=_harmless("neither DPD nor BGP minds 100 ms"),
        broken_s=5.0,
    ),
    Drill(
        name="rekey",
        breaks="Both SAs of one tunnel are given new keys while traffic runs.",
        steps=(Step(what="rekey"),),
        places=_TWIN,
        aws=_REKEY,
        azure=_REKEY,
        broken_s=3.0,
    ),
    Drill(
        name="wrong-key",
        breaks="One tunnel's pre-shared key is changed at AWS alone (ModifyVpnTunnelOptions).",
        steps=(Step(what="wrong-key"),),
        places=_BOTH,
        aws=_OWN_DEATH,
        azure=Expectation(
            ending=Ending.TIMERS,
            label=Label.INFRASTRUCTURE,
            source="EC2 ModifyVpnTunnelOptions: it is down for minutes; whether its peer is told is not "
            "published: DPD at the latest",
        ),
        destroys=True,
    ),
    Drill(
        name="route-withdrawn",
        breaks="AWS withdraws its routes from one tunnel; session and tunnel stay.",
        steps=(Step(what="route-withdrawn"),),
        places=_TWIN,
        aws=_harmless("AWS's own choice of tunnel does not change"),
        azure=_harmless("RFC 4271, section 3.1: a withdrawal ends the route; the tunnel still carries"),
        broken_s=3.0,
    ),
    Drill(
        name="propagation-off",
        breaks="The VPC's private route tables lose the VPN gateway's routes (DisableVgwRoutePropagation).",
        steps=(Step(what="propagation-off"),),
        places=_BOTH,
        aws=_STATIC,
        azure=_harmless("only the way from AWS needs that route"),
        broken_s=5.0,
        targets=(IN_USE,),
        destroys=True,
    ),
    Drill(
        name="nsg-deny",
        breaks="The first rule that lets AWS in, in the workload's network security group, is made to deny.",
        steps=(Step(what="nsg-deny"),),
        places=_BOTH,
        aws=_harmless("Azure, Network security groups: a changed rule affects new connections only"),
        azure=_harmless("as for AWS"),
        broken_s=5.0,
        targets=(IN_USE,),
        destroys=True,
    ),
    Drill(
        name="endpoint-replaced",
        breaks="AWS replaces the endpoint of one tunnel (ReplaceVpnTunnel), after moving traffic off it.",
        steps=(Step(what="replace-vpn-tunnel"),),
        places=_BOTH,
        aws=_MOVED_BEFORE,
        azure=_MOVED_BEFORE,
        azure_static=_NOT_MOVED,
        broken_s=14.0,
    ),
    Drill(
        name="endpoint-crash",
        breaks="AWS's endpoint of one tunnel dies without a word.",
        steps=(Step(what="endpoint-crash"),),
        places=_TWIN,
        aws=_OWN_DEATH,
        azure=_TIMERS,
    ),
    Drill(
        name="instance-reset",
        breaks="One instance of Azure's gateway is restarted (reset with its address); it takes its leave.",
        steps=(Step(what="reset-instance"),),
        places=_BOTH,
        aws=_IKE_TOLD,
        azure=_OWN_DEATH,
        broken_s=16.0,
    ),
    Drill(
        name="instance-crash",
        breaks="One instance of Azure's gateway dies without a word, with all its tunnels.",
        steps=(Step(what="instance-crash"),),
        places=_TWIN,
        aws=_TIMERS,
        azure=_OWN_DEATH,
    ),
    Drill(
        name="side-lost",
        breaks="Every tunnel of AWS's gateway goes silent for 20 s, then comes back.",
        steps=(Step(what="side-lost"),),
        places=_TWIN,
        aws=_ANEW,
        azure=_ANEW,
        broken_s=20.0,
        targets=(IN_USE,),
    ),
    Drill(
        name="two-at-once",
        breaks="The path of one tunnel goes silent and the BGP session of another is closed.",
        steps=(Step(what="path-cut"), Step(what="bgp-closed", aim="other")),
        places=_TWIN,
        aws=_TIMERS,
        azure=_TIMERS,
    ),
    Drill(
        name="connection-recreated",
        breaks="One Azure connection is deleted and made again with the same settings.",
        steps=(Step(what="connection-recreated"),),
        places=_BOTH,
        aws=_IKE_TOLD,
        azure=_OWN_DEATH,
        broken_s=3.0,
        destroys=True,
    ),
    *CLUSTER_DRILLS,
)


def named(name: str) -> Drill:
    """Return the drill of that name.

    Raises:
        DesignError: There is none.
    """
    for drill in DRILLS:
        if drill.name == name:
            return drill
    names = [drill.name for drill in DRILLS]
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise DesignError(
        where="drill run",
        problem=f"there is no drill {name}",
        remedy=f"{meant}Choose one of: {', '.join(names)}",
    )
