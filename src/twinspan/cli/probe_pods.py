"""`twinspan probe ... --from pods`: the same measurements between pods of both clusters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from twinspan.cli.clusters import cluster_options, open_clusters
from twinspan.cli.output import step
from twinspan.cli.signals import undone_on_signals
from twinspan.cli.tables import TableOfNames
from twinspan.cli.target import open_target
from twinspan.errors import DesignError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.probe.crossing import Crossing

if TYPE_CHECKING:
    from twinspan.kubernetes.pods import PodHost

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class PodChoice:
    """Which pods to send from.

    Attributes:
        image: What they run.
        aws_cluster: The EKS cluster's name; None for that of the outputs, or the only one.
        azure_cluster: The AKS cluster's, likewise.
    """

    image: str
    aws_cluster: str | None
    azure_cluster: str | None


def pod_options(command: Command) -> Command:
    """Add `--from hosts|pods` (parameter `source`), `--image` and the names of the clusters."""
    command = cluster_options(command)
    command = click.option(
        "--image",
        default=TOOLS_IMAGE,
        show_default=True,
        help="For the test pods: needs sh, timeout, ping of iputils and iperf3.",
    )(command)
    return click.option(
        "--from",
        "source",
        type=click.Choice(["hosts", "pods"]),
        default="hosts",
        show_default=True,
        help="Throw-away hosts in subnets (twin only), or test pods of the EKS and AKS clusters.",
    )(command)


def refuse_subnets(given: Mapping[str, str | None]) -> None:
    """Refuse a subnet for pods: their nodes have been given theirs."""
    for option, value in given.items():
        if value:
            raise DesignError(
                where=option,
                problem="pods run where their nodes are, so no subnet can be chosen for them",
                remedy="Leave it out, or use --from hosts",
            )


@contextmanager
def pods_of(
    env: Path, *, on: str, name: str, choice: PodChoice, every_node: bool, doing: str
) -> Iterator[tuple[Sequence["PodHost"], Sequence["PodHost"]]]:
    """Run test pods in both clusters while the block runs; they are removed again, also after Ctrl-C."""
    from twinspan.kubernetes.probe_pods import probe_pods  # noqa: PLC0415 - the client is slow to load

    target = open_target(env, on=on, name=name)
    with (
        undone_on_signals(),
        open_clusters(target, aws_cluster=choice.aws_cluster, azure_cluster=choice.azure_cluster) as clusters,
        step(f"{doing} between pods of {' and '.join(api.name for api in clusters)}"),
        probe_pods(clusters, image=choice.image, every_node=every_node) as (aws, azure),
    ):
        yield aws, azure


def pods_as_dicts(pods: Sequence["PodHost"]) -> list[dict[str, str]]:
    """Return the JSON form of pods."""
    return [
        {
            "cluster": pod.api.endpoint.name,
            "side": pod.side,
            "node": pod.node,
            "pod": pod.pod,
            "address": str(pod.address),
        }
        for pod in pods
    ]


def packets_table(crossing: Crossing) -> TableOfNames:
    """Return what became of large packets."""
    titles = ("from", "to", "packets", "may be taken apart", "answered", "told")
    table = TableOfNames(*titles, names=("from", "to"))
    for each in crossing.packets:
        table.add_row(
            f"{each.source_side} {each.source}",
            f"{each.destination_side} {each.destination}",
            f"{each.packet_bytes} bytes",
            "no" if each.dont_fragment else "yes",
            f"{each.received} of {each.sent}",
            each.said or "-",
        )
    return table


def sources_table(crossing: Crossing) -> TableOfNames:
    """Return which address each sees of the other."""
    table = TableOfNames("from", "own address", "to", "seen there as", "kept", names=("from", "to"))
    for each in crossing.sources:
        table.add_row(
            f"{each.source_side} {each.source}",
            str(each.own_address),
            f"{each.destination_side} {each.destination}",
            str(each.seen_address),
            "yes" if each.kept else "no",
        )
    return table
