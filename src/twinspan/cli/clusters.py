"""The Kubernetes clusters that a command works on: one of each cloud."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from twinspan.cli.target import Target
from twinspan.network.clouds import Cloud

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi

Command = TypeVar("Command", bound=Callable[..., Any])


def cluster_options(command: Command) -> Command:
    """Add `--aws-cluster NAME` and `--azure-cluster NAME` (parameters of the same names)."""
    for side, word in (("azure", "AKS"), ("aws", "EKS")):
        command = click.option(
            f"--{side}-cluster",
            f"{side}_cluster",
            metavar="NAME",
            help=f"The {word} cluster; the one of the Terraform outputs, or the only one, if not given.",
        )(command)
    return command


@contextmanager
def open_clusters(
    target: Target, *, aws_cluster: str | None, azure_cluster: str | None
) -> Iterator[tuple["ClusterApi", "ClusterApi"]]:
    """Find one cluster of each cloud and speak to both while the block runs: AWS, then Azure.

    Raises:
        CloudError: A cluster is not there, not unique, or hands out no credentials.
    """
    # Together they take most of a second to load, which `--help` need not wait for.
    from twinspan.cloud.reader import read_network  # noqa: PLC0415
    from twinspan.kubernetes.api import ClusterApi  # noqa: PLC0415
    from twinspan.kubernetes.endpoint import clusters_of, one_per_side  # noqa: PLC0415

    network, _ = read_network(target.endpoints)
    wanted: dict[Cloud, str | None] = {
        "aws": aws_cluster or target.clusters.get("aws"),
        "azure": azure_cluster or target.clusters.get("azure"),
    }
    chosen = one_per_side(clusters_of(network, target.endpoints), wanted)
    with ExitStack() as stack:
        aws, azure = (stack.enter_context(ClusterApi(endpoint)) for endpoint in chosen)
        yield aws, azure
