"""The Kubernetes clusters that a command works on, one of each cloud, and test pods in them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinspan.cloud.reader import read_network
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.network.clouds import Cloud
from twinspan.target.target import Target

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi
    from twinspan.kubernetes.pods import PodHost


@dataclass(frozen=True, slots=True, kw_only=True)
class PodChoice:
    """Which pods to send from.

    Attributes:
        image: What they run.
        aws_cluster: The EKS cluster's name; None for that of Terraform's state, or the only one.
        azure_cluster: The AKS cluster's, likewise.
    """

    image: str = TOOLS_IMAGE
    aws_cluster: str | None = None
    azure_cluster: str | None = None


@contextmanager
def open_clusters(
    target: Target, *, aws_cluster: str | None = None, azure_cluster: str | None = None
) -> Iterator[tuple["ClusterApi", "ClusterApi"]]:
    """Find one cluster of each cloud and speak to both while the block runs: AWS, then Azure.

    Raises:
        CloudError: A cluster is not there, not unique, or hands out no credentials.
    """
    # Together they take most of a second to load, which commands without clusters need not wait for.
    from twinspan.kubernetes.api import ClusterApi  # noqa: PLC0415
    from twinspan.kubernetes.endpoint import clusters_of, one_per_side  # noqa: PLC0415

    network, _ = read_network(target.endpoints)
    cluster_names: dict[Cloud, str | None] = {
        "aws": aws_cluster or target.clusters.get("aws"),
        "azure": azure_cluster or target.clusters.get("azure"),
    }
    chosen = one_per_side(clusters_of(network, target.endpoints), cluster_names)
    with ExitStack() as stack:
        aws, azure = (stack.enter_context(ClusterApi(endpoint)) for endpoint in chosen)
        yield aws, azure


@contextmanager
def pods_of(
    target: Target, choice: PodChoice, *, every_node: bool = False
) -> Iterator[tuple[Sequence["PodHost"], Sequence["PodHost"]]]:
    """Run test pods in both clusters while the block runs: AWS's, then Azure's.

    Raises:
        CloudError: There is no cluster, or no pod can be run in it.
    """
    from twinspan.kubernetes.probe_pods import probe_pods  # noqa: PLC0415 - the client is slow to load

    with (
        open_clusters(target, aws_cluster=choice.aws_cluster, azure_cluster=choice.azure_cluster) as clusters,
        probe_pods(clusters, image=choice.image, every_node=every_node) as (aws, azure),
    ):
        yield aws, azure
