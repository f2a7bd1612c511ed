"""docs/checks.md is the two catalogues, and every check of it has a test that breaks it."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from twinspan.check.text import as_markdown as check_page
from twinspan.verify.catalogue import CATALOGUE
from twinspan.verify.page import as_markdown as verify_page

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs" / "checks.md"
ON_THE_TWIN = TESTS / "e2e" / "test_verify_faults.py"
OF_THE_RULES = TESTS / "unit" / "verify" / "test_verify_checks.py"
NEEDS_PACKETS = ("GW-01", "GW-03", "VPN-02", "VPN-03", "IKE-01", "IKE-02", "IPS-01", "BGP-02", "RTE-01")
ROUTES_AND_FILTERS = ("RTE-03", "RTE-04", "RTE-05", "FLT-01", "FLT-02", "FLT-03", "RCH-03")


def found_on_the_twin() -> Mapping[str, list[str]]:
    """Check id -> the tests that wait for it as the only root cause, with real packets."""
    found: dict[str, list[str]] = {}
    for function in ast.parse(ON_THE_TWIN.read_text()).body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            for call in ast.walk(function):
                wanted = _wanted(call)
                if wanted:
                    found.setdefault(wanted, []).append(function.name)
    return found


def _wanted(node: ast.AST) -> str:
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("lab.finds"):
        return ""
    first = node.args[0]
    value = first.elts[0] if isinstance(first, ast.Tuple) else first
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def breaking_tests() -> Mapping[str, str]:
    packets = found_on_the_twin()
    rules = OF_THE_RULES.read_text()
    found = {}
    for check in CATALOGUE:
        if check.id in packets:
            found[check.id] = f"`{ON_THE_TWIN.name}`: " + ", ".join(f"`{each}`" for each in packets[check.id])
        elif re.search(rf'"{check.id}"', rules):
            found[check.id] = f"`{OF_THE_RULES.name}`"
    return found


def page() -> str:
    return check_page() + "\n" + verify_page(breaking_tests())


def test_the_page_of_checks_is_the_catalogues(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden", default=False):
        DOCS.write_text(page())
    assert DOCS.read_text() == page(), "run pytest tests/golden --update-golden"


def test_every_check_of_verify_has_a_test_that_breaks_it() -> None:
    assert set(breaking_tests()) == {check.id for check in CATALOGUE}


@pytest.mark.parametrize("check_id", (*NEEDS_PACKETS, *ROUTES_AND_FILTERS))
def test_what_packets_are_about_is_broken_on_the_twin(check_id: str) -> None:
    assert found_on_the_twin()[check_id]
