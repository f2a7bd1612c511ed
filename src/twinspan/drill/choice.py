"""Which drills of the catalogue a network can have, and which may be run there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinspan.drill.composite import fault_of
from twinspan.drill.senders import Sender, Senders
from twinspan.drill.tunnel_names import tunnel_named
from twinspan.errors import DesignError, HostError, TwinspanError
from twinspan.faults.definition import IN_USE, UNUSED, Drill
from twinspan.faults.hello import services_of
from twinspan.network.links import TunnelLink
from twinspan.target.place import Place
from twinspan.target.target import Target


def sends(drill: Drill, sender: Sender) -> bool:
    """Return whether what a drill counts can be counted by `hosts`, `pods` or `none`: by the APIs alone."""
    if sender == "none":
        return drill.through_apis
    return sender == "hosts" or drill.measures == "packets"


def countable(senders: Senders, *, repeat: int | None, limit_s: float | None, out: Path | None) -> None:
    """Refuse to repeat, limit or keep what nobody counts.

    Raises:
        DesignError: Nobody sends, and one of these was asked for.
    """
    given = {"--repeat": repeat, "--limit": limit_s, "--out": out, "--until-alert": senders.alerts_s}
    asked = [option for option, value in given.items() if value is not None]
    if senders.kind == "none" and asked:
        raise DesignError(
            where=", ".join(asked),
            problem="nobody sends packets, so none are counted",
            remedy="Add --from pods",
        )


def permitted(drill: Drill, place: Place, *, yes: bool, senders: Senders) -> None:
    """Refuse a drill that cannot run there, or must not without an option that says so.

    Args:
        drill: Which one.
        place: Where.
        yes: Whether the user has agreed to everything.
        senders: Who sends.

    Raises:
        DesignError: It is refused; says why.
    """
    sender = senders.kind
    if place.on not in drill.places:
        raise DesignError(
            where=f"drill run {drill.name} --on {place.on}",
            problem="the clouds' APIs cannot break this",
            remedy="Run it on a twin (--on twin)",
        )
    if sender == "hosts" and not place.attaches_hosts:
        raise DesignError(
            where="--from hosts",
            problem="twinspan attaches throw-away hosts to a twin only",
            remedy="Use --from pods, which sends between pods of both clusters, or --from none",
        )
    if not sends(drill, sender):
        why = "the clouds' APIs cannot break this" if sender == "none" else "it takes the pods' own nodes"
        raise DesignError(
            where=f"drill run {drill.name} --from {sender}",
            problem=why,
            remedy="Leave out --from, so that throw-away hosts of a twin send",
        )
    if senders.alerts_s is not None and not drill.breaks_tunnels:
        raise DesignError(
            where=f"drill run {drill.name} --until-alert",
            problem="no alert watches what it breaks",
            remedy="Leave out --until-alert",
        )
    if place.real and drill.destroys and not yes:
        raise DesignError(
            where=f"drill run {drill.name} --on {place.on}",
            problem="it changes or deletes what a real cloud needs minutes to build again",
            remedy="Add --yes if that is what you want",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What `drill run --all` runs.

    Attributes:
        drills: Those that the network can have.
        left_out: Name of each other one -> why it cannot be run.
    """

    drills: tuple[Drill, ...]
    left_out: dict[str, str] = field(default_factory=dict)


def choose_possible(drills: Sequence[Drill], target: Target, *, tunnel: str) -> Choice:
    """Return the drills that a network can have, whichever of its tunnels `tunnel` stands for.

    Nothing is broken.

    Args:
        drills: Those to choose from.
        target: Where.
        tunnel: `in-use`, `unused` or a tunnel's name.

    Raises:
        DesignError: None of them can be run, or there is no such tunnel.
        CloudError: A cloud cannot be asked.
    """
    left_out: dict[str, str] = {}
    requests = [drill.name for drill in drills if drill.measures == "requests"]
    if requests:
        try:
            services_of(target)
        except TwinspanError as error:
            left_out |= dict.fromkeys(requests, str(error))
    links = target.links()
    aims = links if tunnel in {IN_USE, UNUSED} else [tunnel_named(links, tunnel)]
    for drill in drills:
        asked = drill.measures == "packets" or all(step.fault.made_at_once for step in drill.steps)
        reason = _refusal(target, drill, aims, links) if asked and drill.name not in left_out else ""
        if reason:
            left_out[drill.name] = reason
    kept = tuple(drill for drill in drills if drill.name not in left_out)
    if not kept:
        raise DesignError(
            where="drill run --all",
            problem="this network can have none of the drills",
            remedy="Build it with `twinspan apply`, or see why with `twinspan verify`",
        )
    return Choice(drills=kept, left_out=left_out)


def _refusal(target: Target, drill: Drill, aims: Sequence[TunnelLink], links: Sequence[TunnelLink]) -> str:
    """Return why a drill cannot be run on one of the tunnels it may be aimed at; empty if it can on all."""
    for link in aims:
        try:
            fault_of(target, drill, link, links)
        except (DesignError, HostError) as error:
            return str(error)
    return ""
