"""The evaluator of routes and the tables of kernel and BIRD in the data plane: one way for each packet."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from plane_harness import Plane, run_inside, running
from reference_network import AWS, AZURE, TUNNELS, VGW, VNET, VPC, with_aws, with_azure
from static_network import static_network, until_up

from twinspan.network.model import (
    AwsRoute,
    AwsRouteTable,
    AwsSubnet,
    AzureRoute,
    AzureRouteTable,
    AzureSubnet,
    Network,
    Secrets,
)
from twinspan.network.routes import (
    LOCAL,
    NONE,
    PROPAGATED,
    VIRTUAL_NETWORK_GATEWAY,
    VNET_LOCAL,
    Route,
    aws_routes,
    azure_routes,
    best,
    user_routes,
)
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import bridge_name
from twinspan.wait import wait_until

pytestmark = pytest.mark.root

SEED = 20261129
TABLES = 25
"""Of each cloud, in a batch."""
PACKETS = 16
"""For each table."""
WORDS = (
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.2.0.0/16",
    "10.2.101.0/24",
    "10.9.0.0/16",
    "172.16.0.0/12",
    "8.8.8.0/24",
)
UNIVERSE = tuple(IPv4Network(text) for text in (*WORDS, "10.0.0.0/8", "0.0.0.0/0"))
NOT_PROBED = tuple(IPv4Network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "100.64.0.0/10", "224.0.0.0/3"))
"""No packet goes there, or it goes over the twin's own transit networks."""
_FAILED = re.compile(r"Command failed -:(\d+)")


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A packet of a subnet with a table of its own, and where the evaluator says that it goes."""

    table: AwsRouteTable | AzureRouteTable
    cidr: IPv4Network
    subnet_id: str
    destination: IPv4Address
    expected: str


def any_network(dice: random.Random) -> IPv4Network:
    base = dice.choice(UNIVERSE)
    length = dice.choice((base.prefixlen, base.prefixlen, 16, 24, 25, 32, dice.randint(base.prefixlen, 32)))
    address = base[dice.randrange(base.num_addresses)]
    return IPv4Network((int(address), max(length, base.prefixlen)), strict=False)


def some_networks(dice: random.Random, most: int) -> list[IPv4Network]:
    return sorted({any_network(dice) for _ in range(dice.randint(0, most))})


def aws_table(dice: random.Random, number: int, learned: list[IPv4Network]) -> AwsRouteTable:
    """Return a table as the API shows it, with what is propagated into it."""
    targets = (VGW, VGW, "vgw-gone", "nat-1", "igw-1", "eni-1")
    local = AwsRoute(destination=AWS, target=LOCAL, state="active", origin="CreateRouteTable")
    static = [
        AwsRoute(
            destination=prefix,
            target=(target := dice.choice(targets)),
            state="blackhole" if target == "vgw-gone" else "active",
            origin="CreateRoute",
        )
        for prefix in some_networks(dice, 6)
        if prefix != AWS
    ]
    propagating = dice.choice(((VGW,), (VGW,), ()))
    propagated = [
        AwsRoute(destination=prefix, target=VGW, state="active", origin=PROPAGATED)
        for prefix in (learned if propagating else ())
    ]
    return AwsRouteTable(
        id=f"rtb-{number}",
        name="",
        vpc_id=VPC,
        main=False,
        subnet_ids=(f"subnet-{number}",),
        propagating_vgw_ids=propagating,
        routes=(local, *static, *propagated),
    )


def azure_table(dice: random.Random, number: int) -> AzureRouteTable:
    hops = (VIRTUAL_NETWORK_GATEWAY, VIRTUAL_NETWORK_GATEWAY, "VirtualAppliance", "Internet", NONE)
    return AzureRouteTable(
        id=f"/routetables/{number}",
        name=f"{number}",
        bgp_route_propagation_enabled=dice.choice((True, True, False)),
        routes=tuple(
            AzureRoute(
                name=f"route{index}",
                address_prefix=prefix,
                next_hop_type=(hop := dice.choice((*hops, VNET_LOCAL) if prefix.subnet_of(AZURE) else hops)),
                next_hop_ip_address=AZURE[512 + dice.randint(10, 20)] if hop == "VirtualAppliance" else None,
            )
            for index, prefix in enumerate(some_networks(dice, 6))
        ),
    )


def expected(route: Route | None, destination: IPv4Address, subnets: list[IPv4Network], table: object) -> str:
    """Return where a packet ends that takes a route: what is not built in the twin leads nowhere."""
    if route is None or not route.active:
        return "nowhere"
    if route.target in {VGW, VIRTUAL_NETWORK_GATEWAY}:
        return "gateway"
    if route.target in {LOCAL, VNET_LOCAL}:
        return "local" if any(destination in subnet for subnet in subnets) else "nowhere"
    if isinstance(table, AzureRouteTable) and route.target == "VirtualAppliance":
        return next(
            str(azure_route.next_hop_ip_address)
            for azure_route in table.routes
            if azure_route.name == route.name
        )
    return "nowhere"


def destinations(dice: random.Random, prefixes: list[IPv4Network]) -> Iterator[IPv4Address]:
    """Yield addresses at or near the edges of prefixes."""
    while True:
        prefix = dice.choice(prefixes)
        first, last = int(prefix[0]), int(prefix[-1])
        number = dice.choice((first, last, first - 1, last + 1, dice.randint(first, last)))
        if 0 <= number < 2**32 and not any(IPv4Address(number) in network for network in NOT_PROBED):
            yield IPv4Address(number)


def batch(seed: str) -> tuple[Network, Secrets, list[Probe]]:
    """Return a network with many random tables, and packets through each."""
    dice = random.Random(seed)
    to_azure, to_aws = some_networks(dice, 8) or [AZURE], some_networks(dice, 8) or [AWS]
    network, secrets = static_network(TUNNELS[:1], to_azure=to_azure, to_aws=to_aws)
    assert network.aws is not None
    assert network.azure is not None
    aws_tables = [aws_table(dice, number, to_azure) for number in range(TABLES)]
    azure_tables = [azure_table(dice, number) for number in range(TABLES)]
    aws_subnets = [
        AwsSubnet(
            id=f"subnet-{number}",
            name="",
            vpc_id=VPC,
            cidr_block=IPv4Network(f"10.2.{100 + number}.0/24"),
            availability_zone="us-east-1a",
        )
        for number in range(TABLES)
    ]
    azure_subnets = [
        AzureSubnet(
            id=f"{VNET}/subnets/{number}",
            name=f"{number}",
            address_prefixes=(IPv4Network(f"10.1.{100 + number}.0/24"),),
            route_table_id=azure_tables[number].id,
            network_security_group_id=None,
        )
        for number in range(TABLES)
    ]
    vnet = network.azure.virtual_networks[0]
    subnets = (*vnet.subnets, *azure_subnets)
    network = with_aws(
        network,
        subnets=(*network.aws.subnets, *aws_subnets),
        route_tables=(*network.aws.route_tables, *aws_tables),
    )
    network = with_azure(
        network, virtual_networks=(replace(vnet, subnets=subnets),), route_tables=tuple(azure_tables)
    )
    probes = []
    own_aws = [
        aws_subnet.cidr_block for aws_subnet in (*aws_subnets, *(network.aws.subnets if network.aws else ()))
    ]
    own_azure = [prefix for azure_subnet in subnets for prefix in azure_subnet.address_prefixes]
    for aws, subnet in zip(aws_tables, aws_subnets, strict=True):
        routes = aws_routes(aws)
        probes += list(
            _probes(dice, aws, routes, cidr=subnet.cidr_block, subnet_id=subnet.id, subnets=own_aws)
        )
    for azure, where in zip(azure_tables, azure_subnets, strict=True):
        learned = to_aws if azure.bgp_route_propagation_enabled else []
        routes = azure_routes(user_routes(azure), address_space=vnet.address_space, learned=learned)
        probes += list(
            _probes(
                dice, azure, routes, cidr=where.address_prefixes[0], subnet_id=where.id, subnets=own_azure
            )
        )
    return network, secrets, probes


def _probes(
    dice: random.Random,
    table: AwsRouteTable | AzureRouteTable,
    routes: tuple[Route, ...],
    *,
    cidr: IPv4Network,
    subnet_id: str,
    subnets: list[IPv4Network],
) -> Iterator[Probe]:
    named = [table_route.destination for table_route in routes if table_route.destination]
    special = {address for subnet in subnets for address in (subnet[0], subnet[1], subnet[-1])}
    drawn = destinations(dice, [*named, *subnets[:3]])
    for _ in range(PACKETS):
        to = next(destination for destination in drawn if destination not in special)
        (route,) = best(routes, IPv4Network(to))
        yield Probe(
            table=table,
            cidr=cidr,
            subnet_id=subnet_id,
            destination=to,
            expected=expected(route, to, subnets, table),
        )


def taken(plane: Plane, probes: list[Probe]) -> list[str]:
    """Return where the kernel would send each packet that comes from its subnet."""
    ends: dict[int, str] = {}
    for router, side in ((VPC, AwsRouteTable), (VNET, AzureRouteTable)):
        own = [index for index, probe in enumerate(probes) if isinstance(probe.table, side)]
        lines = "".join(
            f"route get {probe.destination} from {probe.cidr[9]} iif {bridge_name(probe.subnet_id)}\n"
            for probe in (probes[index] for index in own)
        )
        argv = ["ip", "-n", short_name("net", router), "-o", "-force", "-batch", "-"]
        done = run_inside(plane, *argv, stdin=lines)
        failed = {int(number) - 1 for number in _FAILED.findall(done.stderr)}
        answers = iter(done.stdout.splitlines())
        for line, index in enumerate(own):
            ends[index] = "nowhere" if line in failed else _end(next(answers))
        assert next(answers, None) is None
    return [ends[index] for index in range(len(probes))]


def disagreements(plane: Plane, probes: list[Probe]) -> list[str]:
    return [
        f"to {probe.destination}: {seen}, and not {probe.expected}: {probe.table}"
        for probe, seen in zip(probes, taken(plane, probes), strict=True)
        if seen != probe.expected
    ][:3]


def _end(answer: str) -> str:
    via = re.search(r" via (\S+) ", answer)
    if via is None:
        return "local"
    hop = IPv4Address(via.group(1))
    appliance = hop in AZURE and hop not in IPv4Network("10.1.1.0/24")
    return str(hop) if appliance else "gateway"


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Both clouds, joined by one tunnel with static routes: what these name, the other side learns."""
    for plane in running(Path(tmp_path_factory.mktemp("joined"))):
        network, secrets = static_network(TUNNELS[:1])
        assert plane.apply(network, secrets).problems == ()
        until_up(plane, TUNNELS[:1], timeout_s=60)
        yield plane


def compare(plane: Plane, numbers: range) -> None:
    for number in numbers:
        seed = f"{SEED} {number}"
        network, secrets, probes = batch(seed)
        assert plane.apply(network, secrets).problems == (), seed
        wait_until(
            lambda probes=probes: disagreements(plane, probes),  # type: ignore[misc]
            lambda conflicts: not conflicts,
            what=f"the routes of seed {seed!r}",
            timeout_s=30,
        )


def test_every_packet_takes_one_way(joined: Plane) -> None:
    compare(joined, range(1))


@pytest.mark.slow
def test_every_packet_takes_one_way_in_five_hundred_tables(joined: Plane) -> None:
    compare(joined, range(1, 11))
