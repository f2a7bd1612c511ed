import shutil
from pathlib import Path

import pytest

from twinspan.errors import DesignError
from twinspan.project.environment import Environment, StateLocation

BACKEND = 'bucket = "a-bucket" # mine\nkey = "dev/terraform.tfstate"\n\nregion = "us-east-1"\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("dev", "prod"):
        folder = tmp_path / "terraform" / "envs" / name
        folder.mkdir(parents=True)
        (folder / "main.tf").touch()
        (folder / "terraform.tfvars").touch()
        (folder / "backend.hcl").write_text(BACKEND)
    (tmp_path / "terraform" / "modules").mkdir()
    return tmp_path / "terraform"


def test_a_folder_is_loaded_with_its_tree_and_its_state(tree: Path) -> None:
    env = Environment.load(tree / "envs" / "dev")
    assert env.name == "dev"
    assert env.tree == tree
    assert env.bootstrap == tree / "bootstrap"
    assert env.state == StateLocation(bucket="a-bucket", key="dev/terraform.tfstate", region="us-east-1")


def test_an_unknown_folder_is_explained_with_the_known_ones(tree: Path) -> None:
    with pytest.raises(
        DesignError, match=r"staging: there is no such environment folder\. Choose one of:"
    ) as no:
        Environment.load(tree / "envs" / "staging")
    assert str(tree / "envs" / "dev") in str(no.value)
    assert str(tree / "envs" / "prod") in str(no.value)
    assert no.value.exit_code == 2


def test_a_folder_that_is_no_environment_says_what_it_lacks(tree: Path) -> None:
    (tree / "envs" / "dev" / "terraform.tfvars").unlink()
    with pytest.raises(DesignError, match=r"this is no environment folder: terraform\.tfvars missing"):
        Environment.load(tree / "envs" / "dev")


def test_the_folder_of_all_environments_is_not_one_and_names_them(tree: Path) -> None:
    with pytest.raises(DesignError, match=r"main\.tf and terraform\.tfvars missing.*envs/dev"):
        Environment.load(tree / "envs")


def test_with_no_environment_anywhere_the_remedy_says_what_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DesignError, match=r"Give the path of a folder that holds main\.tf"):
        Environment.load(tmp_path / "nowhere")


def test_an_environment_without_a_tree_around_it_is_its_own_tree(tree: Path, tmp_path: Path) -> None:
    lone = tmp_path / "lone"
    shutil.copytree(tree / "envs" / "dev", lone)
    assert Environment.load(lone).tree == lone


def test_a_missing_backend_file_is_explained(tree: Path) -> None:
    (tree / "envs" / "dev" / "backend.hcl").unlink()
    with pytest.raises(DesignError, match=r"backend\.hcl: missing; nothing says where the state is kept"):
        Environment.load(tree / "envs" / "dev")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('bucket = "b"\n', "key and region missing"),
        ('bucket = ""\nkey = "k"\nregion = "r"\n', "bucket missing"),
        ('bucket = var.b\nkey = "k"\nregion = "r"\n', r"line 1: `bucket = var\.b` is not of the form"),
    ],
)
def test_a_malformed_backend_file_is_explained(tree: Path, text: str, problem: str) -> None:
    (tree / "envs" / "dev" / "backend.hcl").write_text(text)
    with pytest.raises(DesignError, match=problem):
        Environment.load(tree / "envs" / "dev")
