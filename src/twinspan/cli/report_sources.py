"""Where `twinspan report` reads and sends from; what cannot be had is handed on in words, not raised."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from twinspan.cli.probe_hosts import tunnel_bytes_of
from twinspan.cli.probe_pods import PodChoice, pods_of
from twinspan.cli.signals import undone_on_signals
from twinspan.cli.target import Target, hosts_of, open_endpoints, open_target
from twinspan.cli.verify_clusters import clusters_to_verify
from twinspan.errors import CloudError, DesignError, TwinspanError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.project.environment import Environment
from twinspan.report.collect import NETWORK, STATE, Sources
from twinspan.report.document import Missing

On = Literal["twin", "cloud"]


@contextmanager
def sources_of(env: Path, *, on: On, name: str, source: str, probing: bool) -> Iterator[Sources]:
    """Open an environment for a report; what is attached to send from is removed after the block.

    Args:
        env: The environment's folder.
        on: Where it runs.
        name: The twin's name.
        source: `hosts` or `pods`: who sends.
        probing: Whether anything is to be sent.

    Raises:
        DesignError: `env` is no environment folder, or its outputs are not those of this project.
    """
    environment = Environment.load(env)
    sources = Sources(environment=environment.name, on=on, endpoints=None)
    try:
        sources = replace(sources, endpoints=open_endpoints(environment, on=on, name=name))
    except DesignError:
        raise
    except TwinspanError as error:
        remedy = "" if hasattr(error, "remedy") else "Run `twinspan doctor`"
        yield replace(sources, missing=(Missing(part=NETWORK, reason=str(error), remedy=remedy),))
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(undone_on_signals())
            target = open_target(env, on=on, name=name)
        except CloudError as error:
            lacking = Missing(part=STATE, reason=str(error), remedy="Run `twinspan doctor`")
            sources = replace(sources, missing=(lacking,), host_problems=(str(error),))
        else:
            clusters = stack.enter_context(clusters_to_verify(target, pods=False, image=TOOLS_IMAGE))
            sources = replace(_opened(sources, target), clusters=clusters)
            if probing:
                sources = _with_senders(stack, sources, env, target=target, source=source)
        yield sources


def _opened(sources: Sources, target: Target) -> Sources:
    return replace(
        sources,
        endpoints=target.endpoints,
        expected=target.expected,
        planned=target.planned,
        tunnel_bytes=tunnel_bytes_of(target) if target.on == "twin" else None,
    )


def _with_senders(stack: ExitStack, sources: Sources, env: Path, *, target: Target, source: str) -> Sources:
    try:
        if source == "pods":
            choice = PodChoice(image=TOOLS_IMAGE, aws_cluster=None, azure_cluster=None)
            pods = stack.enter_context(
                pods_of(
                    env, on=target.on, name=target.name, choice=choice, every_node=False, doing="Reporting"
                )
            )
            return replace(sources, pods=pods)
        if sources.on == "cloud":
            return replace(sources, host_problems=("there are no throw-away hosts in the clouds",))
        hosts = stack.enter_context(hosts_of(target))
    except TwinspanError as error:
        return replace(sources, host_problems=(str(error),))
    return replace(sources, pairs=hosts.pairs, host_problems=hosts.problems)
