"""Hosts to send from: what is attached is detached by the same context manager, whatever happens."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from twinspan.errors import CloudError, DesignError
from twinspan.network.clouds import Cloud
from twinspan.protocols import Host
from twinspan.rules.observed.facts import Facts
from twinspan.target.machine_hosts import machine_in
from twinspan.target.place import HostLeases, Place
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where hosts are wanted.

    Attributes:
        aws: Private subnets.
        azure: Subnets that take machines, ids in lower case.
        facts: What was read of both clouds; None if a cloud does not answer.
    """

    aws: tuple[str, ...]
    azure: tuple[str, ...]
    facts: Facts | None

    def groups(self, subnet_id: str) -> tuple[str, ...]:
        """Return the security groups of a host in a subnet of AWS; none: the VPC's default one."""
        groups = self.facts.host_groups.get(subnet_id) if self.facts else None
        return groups.ids if groups else ()

    def subnet_ids(self) -> frozenset[str]:
        """Return the ids of both sides' subnets in lower case."""
        return frozenset(subnet.lower() for subnet in (*self.aws, *self.azure))

    def pairs(self, limit: int | None) -> Iterator[tuple[str, str]]:
        """Yield so many pairs of subnets; None: till each subnet is in one."""
        for number in range((limit or max(len(self.aws), len(self.azure))) if self.aws and self.azure else 0):
            yield self.aws[number % len(self.aws)], self.azure[number % len(self.azure)]

    def machine(self, place: Place, side: Cloud, subnet_id: str) -> HostInSubnet | None:
        """Return a machine that runs in a subnet; None if there is none."""
        network = self.facts.network if self.facts else None
        part = (network.aws if side == "aws" else network.azure) if network else None
        return machine_in(place, side, part, subnet_id)


def scopes_of(target: Target) -> tuple[Scope, ...]:
    """Return the subnets that must reach each other, for each network that tunnels join.

    They are those of Terraform's state, else of what is there.

    Raises:
        CloudError: No cloud could be read, and no state says which they are.
    """
    expected = target.expected
    try:
        facts = target.facts(bgp=False)
    except CloudError:
        if expected is None:
            raise
        # `verify` reads both clouds itself and reports what this one met.
        return tuple(
            Scope(aws=part.private_subnet_ids, azure=part.azure_subnet_ids, facts=None)
            for part in expected.parts or (expected,)
        )
    return tuple(map(_scope, facts.parts))


def _scope(facts: Facts) -> Scope:
    """Return the subnets of one network; an expected one that is gone is a finding, so it is in it, too."""
    expected = facts.expected
    return Scope(
        aws=expected.private_subnet_ids or tuple(subnet.id for subnet in facts.private_subnets),
        azure=expected.azure_subnet_ids or tuple(subnet.id.lower() for subnet in facts.azure_subnets),
        facts=facts,
    )


def hosts_of(
    target: Target, *, pairs: int | None = None, machines: bool = False
) -> AbstractContextManager[Hosts]:
    """Attach throw-away hosts in every private subnet of both sides while the block runs.

    In the clouds there are no throw-away hosts: nothing is attached, and the caller gets no pairs.

    Args:
        target: Where.
        pairs: How many pairs in each network that tunnels join; None for as many as cover every subnet.
        machines: Whether a machine that runs in a subnet stands for a throw-away host there.
    """
    place = target.place
    if not place.attaches_hosts:
        return nullcontext(Hosts())

    def attach(leases: HostLeases) -> Hosts:
        made: list[HostPair] = []
        problems: list[str] = []
        for scope in scopes_of(target):
            for aws, azure in scope.pairs(pairs):
                try:
                    made.append(
                        (
                            _host(scope, leases, "aws", aws, place if machines else None),
                            _host(scope, leases, "azure", azure, place if machines else None),
                        )
                    )
                except DesignError as problem:
                    # A subnet or group that is gone is a finding, not bad input.
                    problems.append(str(problem))
        return Hosts(pairs=tuple(made), problems=tuple(dict.fromkeys(problems)))

    return Attached(place.host_leases(), attach)


def hosts_in(
    target: Target, aws_subnets: Sequence[str | None], azure_subnets: Sequence[str | None]
) -> Attached[tuple[list[Host], list[Host]]]:
    """Attach one host per subnet while the block runs; None stands for the first one in scope.

    Of several networks that no tunnel joins, it is that of the network with a subnet that is given.

    Raises:
        DesignError: No subnet is given, and none is in scope.
        HostError: There are no throw-away hosts at this place.
        CloudError: No cloud could be read.
    """
    leases = target.place.host_leases()
    given = {subnet.lower() for subnet in (*aws_subnets, *azure_subnets) if subnet}
    scopes = scopes_of(target)
    scope = next((scope for scope in scopes if given & scope.subnet_ids()), scopes[0])
    aws = [_subnet(subnet, "aws", scope.aws) for subnet in aws_subnets]
    azure = [_subnet(subnet, "azure", scope.azure) for subnet in azure_subnets]

    def attach(leases: HostLeases) -> tuple[list[Host], list[Host]]:
        return (
            [_in_subnet(scope, leases, "aws", subnet).host for subnet in aws],
            [_in_subnet(scope, leases, "azure", subnet).host for subnet in azure],
        )

    return Attached(leases, attach)


def hosts_by_network(
    target: Target, *, limit: int | None = None
) -> Attached[list[tuple[list[Host], list[Host]]]]:
    """Attach one host per subnet in scope while the block runs, by network that tunnels join.

    Args:
        target: Where.
        limit: Hosts of each side in each network; None: as many as there are subnets.

    Raises:
        DesignError: No subnet is in scope.
        HostError: There are no throw-away hosts at this place.
        CloudError: No cloud could be read.
    """
    leases = target.place.host_leases()
    scopes = scopes_of(target)
    whole = [scope for scope in scopes if scope.aws and scope.azure]
    if not whole:
        _subnet(None, "aws", scopes[0].aws if scopes else ())
        _subnet(None, "azure", scopes[0].azure if scopes else ())

    def attach(leases: HostLeases) -> list[tuple[list[Host], list[Host]]]:
        return [
            (
                [_in_subnet(scope, leases, "aws", subnet).host for subnet in scope.aws[:limit]],
                [_in_subnet(scope, leases, "azure", subnet).host for subnet in scope.azure[:limit]],
            )
            for scope in whole
        ]

    return Attached(leases, attach)


def _host(scope: Scope, leases: HostLeases, side: Cloud, subnet_id: str, place: Place | None) -> HostInSubnet:
    """Return a machine that runs in a subnet, if a place is given; else a throw-away host there."""
    machine = scope.machine(place, side, subnet_id) if place else None
    return machine or _in_subnet(scope, leases, side, subnet_id)


def _in_subnet(scope: Scope, leases: HostLeases, side: Cloud, subnet_id: str) -> HostInSubnet:
    groups = scope.groups(subnet_id) if side == "aws" else ()
    return HostInSubnet(host=leases.attach(side, subnet_id, security_group_ids=groups), subnet_id=subnet_id)


def _subnet(given: str | None, side: Cloud, known: Sequence[str]) -> str:
    if given:
        return given.lower() if side == "azure" else given
    if not known:
        raise DesignError(
            where=f"--{side}-subnet",
            problem="no subnet is given, and there is none that the VPN is for",
            remedy="Build the network first, or name the subnet",
        )
    return known[0]
