"""`twinspan probe ... --from pods`: the same measurements between pods of both clusters."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from twinspan.cli.options import cluster_options
from twinspan.cli.tables import TableOfNames
from twinspan.errors import DesignError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.probe.crossing import Crossing

if TYPE_CHECKING:
    from twinspan.kubernetes.pods import PodHost

Command = TypeVar("Command", bound=Callable[..., Any])


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
    for packet in crossing.packets:
        table.add_row(
            f"{packet.source_side} {packet.source}",
            f"{packet.destination_side} {packet.destination}",
            f"{packet.packet_bytes} bytes",
            "no" if packet.dont_fragment else "yes",
            f"{packet.received} of {packet.sent}",
            packet.said or "-",
        )
    return table


def sources_table(crossing: Crossing) -> TableOfNames:
    """Return which address each sees of the other."""
    table = TableOfNames("from", "own address", "to", "seen there as", "kept", names=("from", "to"))
    for source in crossing.sources:
        table.add_row(
            f"{source.source_side} {source.source}",
            str(source.own_address),
            f"{source.destination_side} {source.destination}",
            str(source.seen_address),
            "yes" if source.kept else "no",
        )
    return table
