"""The documents name things that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("terraform/**/*.md")])
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
