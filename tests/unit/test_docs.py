"""The documents name things that exist."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("terraform/**/*.md")])
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}


def test_every_test_that_the_fidelity_table_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "docs" / "fidelity.md").read_text()))
    assert named
    assert named - TESTS == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_readme_names_only_commands_that_exist() -> None:
    from twinspan.cli.main import root  # noqa: PLC0415 - only this test needs the command line

    named = set(re.findall(r"^\$? ?twinspan ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert named - set(root.list_commands(None)) == set()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_text_below_a_definition_explains_one(path: Path) -> None:
    """A constant that moves may leave its explanation behind, which is then about something else."""
    tree = ast.parse(path.read_text())
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    pairs = [pair for body in bodies for pair in pairwise(body)]
    assert [
        text.lineno
        for before, text in pairs
        if isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and not isinstance(before, ast.Assign | ast.AnnAssign)
    ] == []
