"""The direction of imports, and who may sleep; both read from the source, so they hold for every module."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "twinspan"
MODULES = sorted(SRC.rglob("*.py"))
CORE = SRC.parents[1] / "requirements.txt"
DRAWN = ("twinspan.report.page", "twinspan.report.plots", "twinspan.report.topology_plot")
"""What needs the extra `report`."""


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def offenders(folder: str, forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(SRC)} imports {name}"
        for path in MODULES
        if path.relative_to(SRC).parts[0] == folder
        for name in imports(path)
        if name == forbidden or name.startswith(f"{forbidden}.")
    ]


def test_the_model_imports_nothing_of_ours_but_errors() -> None:
    ours = {
        name
        for path in (SRC / "network").glob("*.py")
        for name in imports(path)
        if name.startswith("twinspan.")
    }
    assert {name for name in ours if not name.startswith(("twinspan.errors", "twinspan.network"))} == set()


def test_results_know_no_command_and_no_cloud() -> None:
    ours = {
        name.split(".")[1]
        for path in (SRC / "results").glob("*.py")
        for name in imports(path)
        if name.startswith("twinspan.")
    }
    assert ours == {"results"}


@pytest.mark.parametrize(
    "folder",
    ["verify", "probe", "drill", "cloud", "check", "doctor", "kubernetes", "deploy", "monitor", "report"],
)
def test_what_runs_on_real_accounts_never_imports_the_twin(folder: str) -> None:
    assert offenders(folder, "twinspan.twin") == []


def test_only_the_twin_and_the_pages_of_reports_need_more_than_the_core() -> None:
    core = {"twinspan", *re.findall(r"^([\w.-]+)==", CORE.read_text(), re.MULTILINE)}
    blocked = [
        module
        for module, owners in packages_distributions().items()
        if not core & {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners}
    ]
    names = [
        ".".join(path.relative_to(SRC.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if path.relative_to(SRC).parts[0] != "twin"
    ]
    program = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({blocked}))  # an import of these fails
for name in {[name for name in names if name not in DRAWN]}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        print(name, "needs", error.name)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert {"moto", "grpc", "matplotlib", "jinja2", "uvicorn", "vici"} <= set(blocked)
    assert (done.stdout, done.stderr) == ("", "")


def test_nothing_imports_the_command_line_but_itself() -> None:
    assert [
        str(path.relative_to(SRC))
        for path in MODULES
        if path.relative_to(SRC).parts[0] != "cli"
        and any(name.startswith("twinspan.cli") for name in imports(path))
    ] == []


def test_only_the_wait_module_sleeps() -> None:
    sleepers = {
        str(path.relative_to(SRC))
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "sleep"
    }
    standalone = {"drill/flow_sender.py", "drill/flow_receiver.py", "drill/flow_agent.py"}
    assert sleepers - standalone == {"wait.py"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
