"""From what the two APIs say to what the data plane is to build. Pure.

What the APIs lack is not made up: a tunnel without its customer gateway, key, address or far end is
left out, and `Desired.problems` says so. What is merely wrong (a key, a policy, an address) is built
as it is written and fails as it fails in the clouds.
"""

from dataclasses import replace
from ipaddress import IPv4Network

from twinspan.network.model import Network, Secrets
from twinspan.network.ranges import ANYWHERE
from twinspan.twin.dataplane.desired_aws import aws_desired
from twinspan.twin.dataplane.desired_azure import azure_desired
from twinspan.twin.dataplane.fitting import fitting
from twinspan.twin.dataplane.spec import (
    Desired,
    EndSpec,
    GatewaySpec,
    InterfaceSpec,
    MachineSpec,
    RouterSpec,
    Timers,
)
from twinspan.twin.kubernetes.spec import ClusterSpec

__all__ = ["Desired", "Timers", "desired_state"]


def desired_state(
    network: Network,
    secrets: Secrets,
    *,
    generation: int,
    timers: Timers,
    clusters: tuple[tuple[ClusterSpec, ...], tuple[str, ...]] = ((), ()),
) -> Desired:
    """Return the data plane that the two APIs describe.

    Args:
        network: What exists in both clouds.
        secrets: The pre-shared keys; a tunnel end without one is not built.
        generation: Number of this state, given back by `apply` and `observe`.
        timers: BGP timers of both sides.
        clusters: What `twin.kubernetes.desired.cluster_specs` has made of the same network.
    """
    aws = aws_desired(network.aws, secrets, timers) if network.aws else Desired(generation=generation)
    azure = azure_desired(network.azure, secrets, timers) if network.azure else Desired(generation=generation)
    problems = [*aws.problems, *azure.problems, *clusters[1]]
    aws_ends = fitting(aws.ends, name=_key, problems=problems)
    azure_ends = fitting(azure.ends, name=_key, problems=problems)
    return Desired(
        generation=generation,
        routers=fitting(aws.routers + azure.routers, name=_key, problems=problems),
        gateways=fitting(aws.gateways + azure.gateways, name=_key, problems=problems),
        ends=tuple(_with_sources(aws_ends, azure_ends) + _with_sources(azure_ends, aws_ends)),
        clusters=fitting(clusters[0], name=_key, problems=problems),
        machines=fitting(aws.machines + azure.machines, name=_key, problems=problems),
        unattached=fitting(aws.unattached + azure.unattached, name=_key, problems=problems),
        problems=tuple(problems),
    )


def _key(spec: RouterSpec | GatewaySpec | EndSpec | ClusterSpec | MachineSpec | InterfaceSpec) -> str:
    return spec.key


def _with_sources(ends: tuple[EndSpec, ...], others: tuple[EndSpec, ...]) -> list[EndSpec]:
    """Return the ends with an address in each range that they may agree on with their peers.

    What two ranges have in common is the smaller of them, so it begins where one of them begins.
    """

    def ranges(end: EndSpec) -> set[IPv4Network]:
        own = {network for pair in end.selectors for network in pair.local}
        for other in others:
            if other.remote_address == end.local_address and other.local_address == end.remote_address:
                own.update(network for pair in other.selectors for network in pair.remote)
        return own - {ANYWHERE}

    return [
        replace(
            end,
            selector_sources=tuple(
                sorted({selector_range.network_address for selector_range in ranges(end)})
            ),
        )
        for end in ends
    ]
