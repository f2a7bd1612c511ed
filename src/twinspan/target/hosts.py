"""Hosts to send from: what is attached is detached by the same context manager, whatever happens."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from twinspan.errors import DesignError
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.clouds import Cloud
from twinspan.protocols import Host
from twinspan.rules.observed.facts import Facts
from twinspan.target.place import HostLeases
from twinspan.target.target import Target
from twinspan.verify.pings import HostInSubnet
from twinspan.verify.run import HostPair

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attached(Generic[T]):
    """A context manager: what `fill` attaches lasts while the block runs, and no longer.

    Each host has a lease that is kept before the host is asked for, so there is none that neither `__enter__`
    nor `__exit__` would detach. That is why this is a class: a generator with the decorator `contextmanager`,
    and `ExitStack.enter_context`, can be interrupted before they know how to undo what was attached. Even an
    interrupt before the first instruction of `__exit__` leaves no host for longer than this process lasts.
    """

    leases: HostLeases
    fill: Callable[[HostLeases], T]

    def __enter__(self) -> T:
        try:
            return self.fill(self.leases)
        except BaseException:
            self.leases.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.leases.detach()
        finally:
            self.leases.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Hosts to send from.

    Attributes:
        pairs: One on each side.
        problems: Why a pair is missing.
    """

    pairs: tuple[HostPair, ...] = ()
    problems: tuple[str, ...] = ()


def hosts_of(target: Target, *, pairs: int | None = None) -> AbstractContextManager[Hosts]:
    """Attach throw-away hosts in every private subnet of both sides while the block runs.

    In the clouds there are no throw-away hosts: nothing is attached, and the caller gets no pairs.

    Args:
        target: Where.
        pairs: How many pairs; None for as many as cover every subnet.
    """

    def attach(leases: HostLeases) -> Hosts:
        aws, azure = _subnets(target)
        made: list[HostPair] = []
        problems: list[str] = []
        for number in range((pairs or max(len(aws), len(azure))) if aws and azure else 0):
            try:
                made.append(
                    (
                        _in_subnet(target, leases, "aws", aws[number % len(aws)]),
                        _in_subnet(target, leases, "azure", azure[number % len(azure)]),
                    )
                )
            except DesignError as problem:
                # A subnet or group that is gone is a finding, not bad input.
                problems.append(str(problem))
        return Hosts(pairs=tuple(made), problems=tuple(dict.fromkeys(problems)))

    if not target.place.attaches_hosts:
        return nullcontext(Hosts())
    return Attached(target.place.host_leases(), attach)


def hosts_in(
    target: Target, aws_subnets: Sequence[str | None], azure_subnets: Sequence[str | None]
) -> Attached[tuple[list[Host], list[Host]]]:
    """Attach one host per subnet while the block runs; None stands for the first expected one.

    Raises:
        DesignError: No subnet is given, and none is expected.
        HostError: There are no throw-away hosts at this place.
    """
    expected = target.expected
    aws = [
        _subnet(subnet_id, "aws", expected.private_subnet_ids if expected else ())
        for subnet_id in aws_subnets
    ]
    azure = [
        _subnet(subnet_id, "azure", expected.azure_subnet_ids if expected else ())
        for subnet_id in azure_subnets
    ]

    def attach(leases: HostLeases) -> tuple[list[Host], list[Host]]:
        return (
            [_in_subnet(target, leases, "aws", subnet_id).host for subnet_id in aws],
            [_in_subnet(target, leases, "azure", subnet_id).host for subnet_id in azure],
        )

    return Attached(target.place.host_leases(), attach)


def _in_subnet(target: Target, leases: HostLeases, side: Cloud, subnet_id: str) -> HostInSubnet:
    group = target.expected.security_group_of.get(subnet_id) if target.expected and side == "aws" else None
    groups = (group,) if group else ()
    return HostInSubnet(host=leases.attach(side, subnet_id, security_group_ids=groups), subnet_id=subnet_id)


def _subnet(given: str | None, side: Cloud, known: Sequence[str]) -> str:
    if given:
        return given.lower() if side == "azure" else given
    if not known:
        raise DesignError(
            where=f"--{side}-subnet",
            problem="no subnet is given, and the environment has no Terraform state with one yet",
            remedy="Run `twinspan apply` first, or name the subnet",
        )
    return known[0]


def _subnets(target: Target) -> tuple[Sequence[str], Sequence[str]]:
    if target.expected:
        return target.expected.private_subnet_ids, target.expected.azure_subnet_ids
    facts = target.facts()
    return _aws_subnets(facts), _azure_subnets(facts)


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
