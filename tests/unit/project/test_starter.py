from pathlib import Path

import pytest

import twinspan
from twinspan.errors import DesignError, HostError
from twinspan.project.environment import Environment
from twinspan.project.starter import write_project

ROOT = Path(__file__).parents[3]


def test_the_project_is_the_one_of_the_clone(tmp_path: Path) -> None:
    project = write_project(tmp_path / "a" / "project")

    assert (project.replaced, project.unchanged) == ((), ())
    for name in ("modules/aws/vpn/main.tf", "envs/prod/backend.hcl", "bootstrap/tests/validation.tftest.hcl"):
        assert (project.folder / name).read_text() == (ROOT / "terraform" / name).read_text()
    for name in ("monitoring/prometheus/rules.yml", "examples/hello/base/server.yaml"):
        assert (project.folder / name).read_text() == (ROOT / name).read_text()
    environment = Environment.load(project.environment)
    assert (environment.tree, environment.bootstrap.is_dir()) == (project.folder, True)


def test_written_again_nothing_changes_and_what_is_missing_comes_back(tmp_path: Path) -> None:
    first = write_project(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "README.md").unlink()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    again = write_project(tmp_path)

    assert again.new == ("README.md",)
    assert set(again.unchanged) == set(first.new) - {"README.md"}
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_files_that_differ_are_kept_and_named_and_nothing_is_written(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    edited = project.environment / "terraform.tfvars"
    edited.write_text("mine")
    (tmp_path / "README.md").unlink()

    with pytest.raises(DesignError, match=r"envs/dev/terraform\.tfvars"):
        write_project(tmp_path)

    assert edited.read_text() == "mine"
    assert not (tmp_path / "README.md").exists()


def test_force_overwrites_what_differs_and_follows_no_link_out_of_the_folder(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    linked = project.folder / "README.md"
    linked.unlink()
    linked.symlink_to(elsewhere)

    again = write_project(project.folder, force=True)

    assert again.replaced == ("README.md",)
    assert linked.read_text() == (ROOT / "terraform" / "README.md").read_text()
    assert elsewhere.read_text() == "mine"


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    planned = write_project(folder, dry_run=True)
    assert not folder.exists()
    assert write_project(folder) == planned


@pytest.mark.parametrize("place", ["file", "file/below", "file/envs"])
def test_a_file_in_the_way_is_bad_input(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DesignError) as refused:
        write_project(tmp_path / place)
    assert str(tmp_path / "file") in refused.value.where


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(HostError, match="/proc/nothing"):
        write_project(Path("/proc/nothing"))


def test_what_terraform_has_left_in_a_clone_does_not_come_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = tmp_path / "clone" / "terraform" / "envs" / "dev"
    (dev / ".terraform" / "providers").mkdir(parents=True)
    for name in (
        ".terraform/providers/a",
        ".terraform.lock.hcl",
        "terraform.tfstate.backup",
        "x.tfplan",
        "main.tf",
    ):
        (dev / name).write_text("")
    package = tmp_path / "clone" / "src" / "twinspan" / "__init__.py"
    monkeypatch.setattr(twinspan, "__file__", str(package))

    assert write_project(tmp_path / "project").new == ("envs/dev/main.tf",)
