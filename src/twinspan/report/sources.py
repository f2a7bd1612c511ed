"""Where a report reads and sends from; what cannot be had is handed on in words, not raised."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from twinspan.errors import CloudError, DesignError, TwinspanError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.project.source import Source
from twinspan.report.collect import NETWORK, STATE, Sources
from twinspan.report.document import Missing
from twinspan.target.clusters import PodChoice, pods_of
from twinspan.target.clusters_to_verify import clusters_to_verify
from twinspan.target.hosts import hosts_of
from twinspan.target.place import Place
from twinspan.target.target import Target, open_endpoints, open_target


@contextmanager
def sources_of(env: Source, place: Place, *, from_pods: bool, probing: bool) -> Iterator[Sources]:
    """Open an environment for a report; what is attached to send from is removed after the block.

    Args:
        env: What is reported on.
        place: Where it runs.
        from_pods: Whether pods send, in place of hosts.
        probing: Whether anything is to be sent.

    Raises:
        DesignError: Its state is none.
    """
    sources = Sources(environment=env.name, place=place, endpoints=None)
    try:
        sources = replace(sources, endpoints=open_endpoints(env, place))
    except DesignError:
        raise
    except TwinspanError as error:
        remedy = "" if hasattr(error, "remedy") else "Run `twinspan doctor`"
        yield replace(sources, missing=(Missing(part=NETWORK, reason=str(error), remedy=remedy),))
        return
    with ExitStack() as stack:
        try:
            target = open_target(env, place)
        except CloudError as error:
            lacking = Missing(part=STATE, reason=str(error), remedy="Run `twinspan doctor`")
            sources = replace(sources, missing=(lacking,), host_problems=(str(error),))
        else:
            clusters = stack.enter_context(clusters_to_verify(target, pods=False, image=TOOLS_IMAGE))
            sources = replace(
                sources,
                endpoints=target.endpoints,
                expected=target.expected,
                planned=target.planned,
                waivers=target.waivers,
                tunnel_bytes=place.tunnel_bytes(target.expected),
                clusters=clusters,
            )
            if probing:
                sources = _with_senders(stack, sources, target, from_pods=from_pods)
        yield sources


def _with_senders(stack: ExitStack, sources: Sources, target: Target, *, from_pods: bool) -> Sources:
    try:
        if from_pods:
            return replace(sources, pods=stack.enter_context(pods_of(target, PodChoice())))
        if not target.place.attaches_hosts:
            return replace(sources, host_problems=("there are no throw-away hosts in the clouds",))
        hosts = stack.enter_context(hosts_of(target))
    except TwinspanError as error:
        return replace(sources, host_problems=(str(error),))
    return replace(sources, pairs=hosts.pairs, host_problems=hosts.problems)
