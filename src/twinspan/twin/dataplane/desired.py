"""From what the two APIs say to what the data plane is to build. Pure.

What the APIs lack is not made up: a tunnel without its customer gateway, key, address or far end is
left out, and `Desired.problems` says so. What is merely wrong (a key, a policy, an address) is built
as it is written and fails as it fails in the clouds.
"""

from twinspan.network.model import Network, Secrets
from twinspan.twin.dataplane.desired_aws import aws_desired
from twinspan.twin.dataplane.desired_azure import azure_desired
from twinspan.twin.dataplane.spec import Desired, Timers
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
    return Desired(
        generation=generation,
        routers=aws.routers + azure.routers,
        gateways=aws.gateways + azure.gateways,
        ends=aws.ends + azure.ends,
        clusters=clusters[0],
        problems=aws.problems + azure.problems + clusters[1],
    )
