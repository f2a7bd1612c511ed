"""One object with values that nobody foresaw keeps nothing else from being built, and is named."""

import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "dataplane"))

from reference_network import reference_network

from twinspan.network.model import Network
from twinspan.twin.dataplane.desired import Desired, Timers, desired_state


class Garbage:
    """Fits nowhere."""

    def __repr__(self) -> str:
        return "garbage"


VALUES = (None, Garbage(), "", -1, ())

MAY_LOSE = {
    "vpcs": {"routers", "gateways"},
    "virtual_networks": {"routers", "gateways"},
    "vpn_gateways": {"gateways", "ends"},
    "virtual_network_gateways": {"gateways", "ends"},
    "customer_gateways": {"ends"},
    "local_network_gateways": {"ends"},
    "vpn_connections": {"ends"},
    "connections": {"ends"},
}
"""Kind of the bad object -> which parts of the data plane may lack something then; others: none."""

SAYS_THAT_IT_IS_NOT_THERE = {"state", "provisioning_state", "connection_type", "tunnels", "public_ip_address"}
"""Members whose other values mean, without any problem, that the object is not to be built."""


NAMES = {"id", "ip_configuration_id"}
"""Members that say which object it is: with another word there it is another one."""


def mutants(item: Any) -> Iterator[tuple[str, Any]]:
    """Yield the item with each member of it, however deep, replaced by each of the values."""
    for member in fields(item):
        value = getattr(item, member.name)
        for bad in VALUES if member.name not in SAYS_THAT_IT_IS_NOT_THERE else ():
            if bad != "" or member.name not in NAMES:
                yield f"{member.name}={bad!r}", replace(item, **{member.name: bad})
        if is_dataclass(value):
            for path, changed in mutants(value):
                yield f"{member.name}.{path}", replace(item, **{member.name: changed})
        if isinstance(value, tuple):
            for index, part in enumerate(value):
                for path, changed in mutants(part) if is_dataclass(part) else ():
                    parts = (*value[:index], changed, *value[index + 1 :])
                    yield f"{member.name}[{index}].{path}", replace(item, **{member.name: parts})


def networks(side: str, kind: str) -> Iterator[tuple[str, Network]]:
    network, _ = reference_network()
    half = getattr(network, side)
    objects = getattr(half, kind)
    for path, bad in mutants(objects[0]):
        yield path, replace(network, **{side: replace(half, **{kind: (bad, *objects[1:])})})


def desired(network: Network) -> Desired:
    return desired_state(network, reference_network()[1], generation=1, timers=Timers())


def keys(state: Desired, part: str) -> set[str]:
    return {spec.key for spec in getattr(state, part)}


KINDS = [
    (side, member.name)
    for side in ("aws", "azure")
    for half in [getattr(reference_network()[0], side)]
    for member in fields(half)
    if isinstance(getattr(half, member.name), tuple) and getattr(half, member.name)
]


@pytest.mark.parametrize(("side", "kind"), KINDS, ids=[kind for _, kind in KINDS])
def test_one_bad_object_keeps_nothing_else_from_being_built(side: str, kind: str) -> None:
    good = desired(reference_network()[0])
    seen = 0
    for path, network in networks(side, kind):
        state = desired(network)
        seen += 1
        missing = {
            part: keys(good, part) - keys(state, part)
            for part in ("routers", "gateways", "ends")
            if not keys(good, part) <= keys(state, part)
        }
        assert missing.keys() <= MAY_LOSE.get(kind, set()), path
        assert not missing or state.problems, path
    assert seen > 10


def test_of_several_objects_only_the_bad_one_is_left_out() -> None:
    network, _ = reference_network()
    assert network.aws is not None
    first, *others = network.aws.vpn_connections
    garbage: Any = Garbage()
    bad = replace(first, tunnels=(replace(first.tunnels[0], phase1=garbage), *first.tunnels[1:]))

    state = desired(replace(network, aws=replace(network.aws, vpn_connections=(bad, *others))))

    lost = keys(desired(network), "ends") - keys(state, "ends")
    assert lost == {f"{first.id}/{tunnel.outside_ip_address}" for tunnel in first.tunnels}
    (problem,) = state.problems
    assert problem.startswith(f"{first.id}: ")
