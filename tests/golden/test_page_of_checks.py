"""docs/checks.md is the catalogue, and every rule of it has a test that breaks it."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from twinspan.rules.catalogue import CATALOGUE
from twinspan.rules.page import as_markdown
from twinspan.rules.rule import Depth

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs" / "checks.md"
ON_THE_TWIN = tuple(TESTS / "e2e" / f"test_verify_{part}.py" for part in ("faults", "drift", "pods"))
OF_THE_RULES = tuple(
    TESTS / "unit" / "verify" / f"{name}.py"
    for name in (
        "broken_networks",
        "broken_clusters",
        "healthy_static",
        "test_verify_checks",
        "test_verify_elsewhere",
    )
)
_IDENTIFIER = re.compile(r"\b[A-Z]{2,3}-\d\d\b")
NEEDS_PACKETS = (
    "GW-21",
    "CGW-04",
    "VPN-02",
    "VPN-03",
    "POL-01",
    "KEY-03",
    "POL-02",
    "BGP-02",
    "ASN-05",
    "RTE-11",
)
ROUTES_AND_FILTERS = (
    "RTE-04",
    "RTE-14",
    "RTE-15",
    "FLT-11",
    "FLT-12",
    "FLT-13",
    "RCH-03",
    "DRF-01",
    "DRF-02",
)
PODS = ("KUB-05", "FLT-04", "FLT-05", "POD-13")


def found_on_the_twin() -> Mapping[str, list[str]]:
    """Check id -> the tests that wait for it as the only root cause, or as drift, with real packets."""
    tests: dict[str, list[str]] = {}
    for file in ON_THE_TWIN:
        for function in ast.parse(file.read_text()).body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                for check_id in dict.fromkeys(
                    identifier for node in ast.walk(function) for identifier in _wanted(node)
                ):
                    tests.setdefault(check_id, []).append(f"`{function.name}`")
    return tests


def _wanted(node: ast.AST) -> list[str]:
    """Return the ids in the first argument of `lab.finds...`, and in what drift is compared with."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("lab.finds") and node.args:
        return _IDENTIFIER.findall(ast.unparse(node.args[0]))
    if isinstance(node, ast.Compare):
        return [
            identifier
            for identifier in _IDENTIFIER.findall(ast.unparse(node))
            if identifier.startswith("DRF")
        ]
    return []


def breaking_tests() -> Mapping[str, str]:
    packets = found_on_the_twin()
    rules = {file.name: file.read_text() for file in OF_THE_RULES}
    tests = {}
    for rule in CATALOGUE:
        if rule.needs is Depth.CONFIGURATION:
            tests[rule.id] = f"`cases/{rule.id.lower()}*.json`"
        if rule.id in packets:
            tests[rule.id] = ", ".join([*([tests[rule.id]] if rule.id in tests else []), *packets[rule.id]])
        for name, text in rules.items():
            if f'"{rule.id}"' in text:
                tests.setdefault(rule.id, f"`{name}`")
    return tests


def page() -> str:
    return as_markdown(breaking_tests())


def test_the_page_of_rules_is_the_catalogue(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden", default=False):
        DOCS.write_text(page())
    assert DOCS.read_text() == page(), "run pytest tests/golden --update-golden"


def test_every_rule_has_a_test_that_breaks_it() -> None:
    assert set(breaking_tests()) == {check.id for check in CATALOGUE}


@pytest.mark.parametrize("check_id", [*NEEDS_PACKETS, *ROUTES_AND_FILTERS, *PODS])
def test_what_packets_are_about_is_broken_on_the_twin(check_id: str) -> None:
    assert found_on_the_twin()[check_id]
