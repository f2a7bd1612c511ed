"""The Go module of upstream's own tests: the same Kubernetes as the clusters', apart from it."""

import re
import sys
from pathlib import Path

import pytest

from twinspan.errors import HostError
from twinspan.twin.kubernetes.build import Module

ROOT = Path(__file__).parents[4]
sys.path.append(str(ROOT / "tools"))

from conformance import MODULES  # noqa: E402
from conformance_suite import find_suite  # noqa: E402

PROGRAMS = Module(folder=ROOT / "kubernetes", go_requirements=ROOT / "requirements-go.txt")


def required(folder: Path) -> dict[str, str]:
    text = (folder / "go.mod").read_text()
    return dict(re.findall(r"^\s*(?:require )?(\S+\.\S+/\S+) (v\S+)", text, re.MULTILINE))


def test_tests_are_of_the_version_that_clusters_run() -> None:
    assert {module.version for module in MODULES} == {PROGRAMS.version}


def test_tests_and_programs_require_the_same_versions_of_all_that_both_have() -> None:
    tests, programs = required(MODULES[0].folder), required(PROGRAMS.folder)
    both = tests.keys() & programs.keys()
    assert len(both) > 80
    assert {name: tests[name] for name in both} == {name: programs[name] for name in both}


def test_parts_of_kubernetes_are_replaced_alike() -> None:
    replaced = [
        re.findall(r"^\t(\S+ => \S+ v\S+)$", (module.folder / "go.mod").read_text(), re.MULTILINE)
        for module in (MODULES[0], PROGRAMS)
    ]
    assert len(replaced[0]) > 25
    assert replaced[0] == replaced[1]


def test_only_the_tests_are_compiled_as_tests() -> None:
    verbs = {module.programs[0]: module.build_argv(Path("x"))[:2] for module in MODULES}
    assert verbs == {"ginkgo": ["build", "-v"], "agnhost": ["build", "-v"], "e2e.test": ["test", "-c"]}


def test_a_suite_that_was_not_built_is_refused_with_what_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SUDO_UID", raising=False)
    with pytest.raises(HostError, match="make conformance-suite"):
        find_suite(MODULES)


def test_a_suite_is_found_by_what_it_was_built_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "twinspan" / "conformance" / MODULES[0].key
    folder.mkdir(parents=True)
    assert find_suite(MODULES).tests == folder / "e2e.test"
