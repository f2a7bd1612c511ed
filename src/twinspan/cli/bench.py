"""What a drill works with on a twin: hosts, flows, faults and events from the control process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from twinspan.cli.cluster_faults import services_of
from twinspan.cli.faults import fault_of
from twinspan.cli.target import Hosts, Target, hosts_of
from twinspan.drill.flows import RATE_HZ, FlowMeter
from twinspan.drill.requests import RequestMeter
from twinspan.drill.run import Bench
from twinspan.errors import DesignError, HostError
from twinspan.verify.findings import Verification
from twinspan.verify.run import read_facts, verify


@contextmanager
def bench_of(target: Target, *, rate_hz: float = RATE_HZ, requests: bool = False) -> Iterator[Bench]:
    """Attach hosts and put a bench together; the hosts go when the block ends.

    Args:
        target: Where.
        rate_hz: Packets per second and direction.
        requests: Whether to send requests to both clusters' services in place of packets.

    Raises:
        DesignError: The target is a cloud, where no host is there to send from.
        HostError: No host can be attached, or there is no service to ask.
    """
    if target.on == "cloud":
        raise DesignError(
            where="--on cloud",
            problem="a drill needs hosts to send from on both sides, and none are known there yet",
            remedy="Run the drill on a twin (--on twin)",
        )
    from twinspan.twin import lifecycle  # noqa: PLC0415 - the cloud's way needs no twin
    from twinspan.twin.client import TwinClient, TwinEvents  # noqa: PLC0415

    client = TwinClient(target.name)
    with hosts_of(target, pairs=1) as hosts:
        if not hosts.pairs:
            raise HostError(
                problem=f"no host can be attached on both sides: {'; '.join(hosts.problems) or 'no subnets'}",
                remedy="Build the network with `twinspan apply`",
            )
        aws, azure = hosts.pairs[0]
        yield Bench(
            links=lambda: read_facts(target.endpoints, expected=target.expected).links(),
            verify=lambda: _verify(target, hosts),
            meter=(
                RequestMeter(aws.host, azure.host, services=services_of(target))
                if requests
                else FlowMeter(aws.host, azure.host, rate_hz=rate_hz)
            ),
            fault=partial(fault_of, target),
            events=TwinEvents(client),
            hold_profile=lifecycle.status(target.name).azure_bgp_hold,
        )


def _verify(target: Target, hosts: Hosts) -> Verification:
    return verify(target.endpoints, hosts=hosts.pairs, expected=target.expected)
