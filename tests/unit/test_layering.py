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
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


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


def test_the_twin_is_imported_by_the_package_target_and_its_own_commands_alone() -> None:
    allowed = {
        "cli/demo.py",
        "cli/demo_run.py",
        "cli/twin.py",
        "project/workspace.py",  # writes the mirror of the offline providers, which are programs of the twin
    }
    importing = {
        str(path.relative_to(SRC))
        for path in MODULES
        if path.relative_to(SRC).parts[0] not in {"twin", "target"}
        and any(f"{name}.".startswith("twinspan.twin.") for name in imports(path))
    }
    assert importing == allowed


def test_nothing_but_the_package_target_asks_whether_it_is_on_a_twin_or_in_the_clouds() -> None:
    outside = [path for path in MODULES if path.relative_to(SRC).parts[0] not in {"twin", "target"}]
    branches = [
        f"{path.relative_to(SRC)}:{node.lineno}"
        for path in outside
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare | ast.Match | ast.Subscript)
        if not (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal")
        for root in ([case.pattern for case in node.cases] if isinstance(node, ast.Match) else [node])
        for part in ast.walk(root)
        if isinstance(part, ast.Constant) and part.value in {"twin", "cloud"}
    ]
    knowing = {
        str(path.relative_to(SRC))
        for path in outside
        if {"twinspan.target.twin", "twinspan.target.cloud"} & imports(path)
    }
    assert branches == []
    assert knowing == {"cli/demo_run.py"}


@pytest.mark.parametrize(
    ("folder", "later"),
    [
        ("target", ("faults", "drill", "monitor", "deploy", "report", "doctor", "cli")),
        ("drill", ("deploy", "rotate", "report", "doctor", "cli")),
        ("rotate", ("deploy", "report", "doctor", "cli")),
        *(
            (folder, ("target", "drill", "monitor", "deploy", "report", "doctor", "cli"))
            for folder in ("cloud", "project", "kubernetes", "verify", "probe", "twin")
        ),
        ("check", ("target", "faults", "drill", "monitor", "report", "doctor", "cli")),
        ("faults", ("drill", "monitor", "deploy", "report", "doctor", "twin", "cli")),
    ],
)
def test_imports_run_downwards(folder: str, later: tuple[str, ...]) -> None:
    assert [offender for layer in later for offender in offenders(folder, f"twinspan.{layer}")] == []


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
