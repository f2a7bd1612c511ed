"""Which drills of the catalogue a network can have."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from twinspan.cli.cluster_faults import ISOLATION, services_of
from twinspan.cli.faults import fault_of
from twinspan.cli.output import progress
from twinspan.cli.target import Target
from twinspan.drill.definition import Drill
from twinspan.errors import DesignError, HostError, TwinspanError
from twinspan.network.links import TunnelLink
from twinspan.verify.run import read_facts


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

    Says which are left out, and why. Nothing is broken.

    Args:
        drills: Those to choose from.
        target: Where.
        tunnel: `in-use`, `unused` or a tunnel's key.

    Raises:
        DesignError: None of them can be run.
        CloudError: A cloud cannot be asked.
    """
    left_out: dict[str, str] = {}
    requests = [drill.name for drill in drills if drill.measures == "requests"]
    if requests:
        try:
            services_of(target)
        except TwinspanError as error:
            left_out |= dict.fromkeys(requests, str(error))
    links = read_facts(target.endpoints, expected=target.expected).links()
    aims = [link for link in links if link.key == tunnel] or links
    for drill in drills:
        asked = drill.measures == "packets" or any(step.what in ISOLATION for step in drill.steps)
        reason = _refusal(target, drill, aims, links) if asked and drill.name not in left_out else ""
        if reason:
            left_out[drill.name] = reason
    for name, reason in left_out.items():
        progress.print(f"left out: {name}: {reason}", markup=False)
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
