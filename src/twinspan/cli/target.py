"""What a command works on, on the twin or in the clouds: endpoints, expectation, hosts to send from."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import DesignError
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.clouds import Cloud
from twinspan.project.environment import Environment
from twinspan.project.state import State
from twinspan.verify.expectation import Expectation, are_ours, from_outputs
from twinspan.verify.facts import Facts
from twinspan.verify.pings import HostInSubnet
from twinspan.verify.planned import planned_settings
from twinspan.verify.remote_state import state_in_s3
from twinspan.verify.run import HostPair, read_facts
from twinspan.verify.settings import Settings

_CLUSTER_OUTPUTS: Mapping[Cloud, str] = {"aws": "eks_cluster_name", "azure": "aks_cluster_name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An environment on a twin or in the clouds.

    Attributes:
        on: `twin` or `cloud`.
        name: The twin's name.
        endpoints: Both clouds.
        expected: What Terraform's outputs say must exist; None without outputs.
        clusters: Cloud -> the name of its Kubernetes cluster, as far as the outputs name one.
        planned: What Terraform's state says it applied; None without a state.
    """

    on: str
    name: str
    endpoints: Endpoints
    expected: Expectation | None
    clusters: Mapping[Cloud, str] = field(default_factory=dict)
    planned: Settings | None = None


def open_target(env: Path, *, on: str, name: str) -> Target:
    """Find the endpoints and read what must be there.

    Raises:
        DesignError: `env` is no environment folder, or its outputs are not those of this project.
        HostError: The twin is not up, or credentials are missing.
        CloudError: The state cannot be read.
    """
    environment = Environment.load(env)
    endpoints = open_endpoints(environment, on=on, name=name)
    state = state_in_s3(endpoints.aws, environment.state) if endpoints.aws else State()
    if state.aws_region:
        endpoints = endpoints.in_region(state.aws_region)
    outputs = state.outputs
    source = f"Terraform outputs of {environment.name}"
    return Target(
        on=on,
        name=name,
        endpoints=endpoints,
        expected=from_outputs(outputs, source=source) if are_ours(outputs) else None,
        clusters={side: outputs[key] for side, key in _CLUSTER_OUTPUTS.items() if outputs.get(key)},
        planned=planned_settings(state) if state.resources else None,
    )


def open_endpoints(environment: Environment, *, on: str, name: str) -> Endpoints:
    """Find the endpoints, without asking them anything; AWS in the region that keeps the state.

    The environment says where it lives, not the shell. Where its network is, the state tells.

    Raises:
        HostError: The twin is not up, or credentials are missing.
    """
    return _endpoints(on, name).in_region(environment.state.region)


def _endpoints(on: str, name: str) -> Endpoints:
    if on == "cloud":
        return Endpoints.from_environment()
    from twinspan.twin.client import twin_endpoints  # noqa: PLC0415 - the cloud's way needs no twin

    return twin_endpoints(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Hosts to send from.

    Attributes:
        pairs: One on each side.
        problems: Why a pair is missing.
    """

    pairs: tuple[HostPair, ...] = ()
    problems: tuple[str, ...] = ()


@contextmanager
def hosts_of(target: Target, *, pairs: int | None = None) -> Iterator[Hosts]:
    """Attach throw-away hosts in every private subnet of both sides while the block runs.

    In the clouds there are no throw-away hosts: nothing is attached, and the caller gets no pairs.

    Args:
        target: Where.
        pairs: How many pairs; None for as many as cover every subnet.
    """
    if target.on == "cloud":
        yield Hosts()
        return
    aws, azure = _subnets(target)
    count = (pairs or max(len(aws), len(azure))) if aws and azure else 0
    mark = secrets.token_hex(2)
    made: list[HostPair] = []
    problems: list[str] = []
    with ExitStack() as stack:
        for n in range(count):
            try:
                one = _attach(stack, target, f"t{mark}-aws{n}", "aws", aws[n % len(aws)])
                made.append(
                    (one, _attach(stack, target, f"t{mark}-azure{n}", "azure", azure[n % len(azure)]))
                )
            except DesignError as problem:
                # A subnet or group that is gone is a finding, not bad input.
                problems.append(str(problem))
        yield Hosts(pairs=tuple(made), problems=tuple(dict.fromkeys(problems)))


def _subnets(target: Target) -> tuple[Sequence[str], Sequence[str]]:
    if target.expected:
        return target.expected.private_subnet_ids, target.expected.azure_subnet_ids
    facts = read_facts(target.endpoints)
    return _aws_subnets(facts), _azure_subnets(facts)


def _attach(stack: ExitStack, target: Target, host: str, side: Cloud, subnet_id: str) -> HostInSubnet:
    from twinspan.twin.client import TwinClient  # noqa: PLC0415 - the cloud's way needs no twin
    from twinspan.twin.dataplane.wire import HostSpec  # noqa: PLC0415

    group = target.expected.workload_security_group_id if target.expected else ""
    groups = (group,) if group and side == "aws" else ()
    spec = HostSpec(name=host, side=side, subnet_id=subnet_id, security_group_ids=groups)
    return HostInSubnet(host=stack.enter_context(TwinClient(target.name).host(spec)), subnet_id=subnet_id)


def _aws_subnets(facts: Facts) -> tuple[str, ...]:
    tables = {table.id for table in facts.private_route_tables}
    aws = facts.network.aws
    scope = {vpc.id for vpc in facts.vpcs}
    return facts.expected.private_subnet_ids or tuple(
        subnet.id
        for subnet in (aws.subnets if aws else ())
        if subnet.vpc_id in scope
        and (table := aws.route_table_of(subnet.id) if aws else None)
        and table.id in tables
    )


def _azure_subnets(facts: Facts) -> tuple[str, ...]:
    return tuple(
        subnet.id.lower()
        for vnet in facts.virtual_networks
        for subnet in vnet.subnets
        if subnet.name != GATEWAY_SUBNET
    )
