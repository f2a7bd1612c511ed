"""Each kind of object that the data plane builds has a test in which it cannot be built at first."""

import ast
import dataclasses
import typing
from collections.abc import Iterator
from pathlib import Path

from twinspan.twin.dataplane.spec import Desired

ROOT = Path(__file__).parents[4]
PARTS = {
    "Desired": "the whole, of which each part is built",
    "AwsSubnet": "what the APIs say of a SubnetSpec; filters read it",
    "AzureSubnet": "as AwsSubnet",
    "VirtualNetwork": "as AwsSubnet: the ranges behind an NSG's tags",
    "DeadPeer": "loaded into the IKE daemon together with Ike",
    "Selectors": "as DeadPeer",
    "ClusterAuthority": "made before, by the control process, which leaves its cluster out if it cannot",
}
"""Record that is not built on its own -> with what it is, or what it is for."""
MAKERS = {
    "router": "RouterSpec",
    "gateway": "GatewaySpec",
    "endpoint": "EndSpec",
    "hosts": "HostSpec",
    "machines": "MachineSpec",
    "control_plane": "ClusterSpec",
    "node_network": "NodeSpec",
    "load_balancers": "Service",
}
"""Module that makes network namespaces -> the kind of object that it builds."""
AT_START = {"internet"}
"""Made when the agent starts, which fails without them."""


def test_every_record_of_the_desired_state_has_an_obstacle() -> None:
    records = {kind.__name__ for kind in _records(Desired, set())}

    assert records - _obstacles() == set(PARTS)


def test_every_module_that_makes_namespaces_builds_what_has_an_obstacle() -> None:
    sources = (ROOT / "src" / "twinspan" / "twin" / "dataplane").rglob("*.py")
    makers = {path.stem for path in sources if "namespaces.add(" in path.read_text()}

    assert makers == {*MAKERS, *AT_START}
    assert set(MAKERS.values()) <= _obstacles()


def _records(kind: object, seen: set[type]) -> set[type]:
    """Return all dataclasses that a type holds, also within each other."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        if kind in seen:
            return seen
        seen.add(kind)
        for hint in typing.get_type_hints(kind).values():
            _records(hint, seen)
    for argument in (typing.get_origin(kind), *typing.get_args(kind)):
        if argument is not None:
            _records(argument, seen)
    return seen


def _obstacles() -> set[str]:
    return {
        kind
        for path in (ROOT / "tests" / "dataplane").rglob("test_*.py")
        for kind in _marked(path.read_text())
    }


def _marked(source: str) -> Iterator[str]:
    """Return the kinds in the `obstacle` marks of a module's tests."""
    for node in ast.walk(ast.parse(source)):
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.obstacle":
                yield from (str(ast.literal_eval(argument)) for argument in mark.args)
