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
    (tmp_path / "terraform" / "bootstrap").mkdir()
    return tmp_path / "terraform"


def test_a_folder_is_loaded_with_its_tree_and_its_state(tree: Path) -> None:
    env = Environment.load(tree / "envs" / "dev")
    assert env.name == "dev"
    assert env.tree == tree
    assert env.bootstrap == tree / "bootstrap"
    assert env.state == StateLocation(bucket="a-bucket", key="dev/terraform.tfstate", region="us-east-1")


def test_an_unknown_folder_is_explained_with_the_known_ones(tree: Path) -> None:
    with pytest.raises(DesignError, match=r"staging: there is no such folder or file\. Choose one of:") as no:
        Environment.load(tree / "envs" / "staging")
    assert str(tree / "envs" / "dev") in str(no.value)
    assert str(tree / "envs" / "prod") in str(no.value)
    assert no.value.exit_code == 2


def test_the_folder_of_several_root_modules_is_none_and_names_them(tree: Path) -> None:
    with pytest.raises(DesignError, match=r"there is no root module in it.*envs/dev.*envs/prod"):
        Environment.load(tree / "envs")


def test_hidden_files_and_folders_make_no_root_module(tmp_path: Path) -> None:
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform" / "main.tf").touch()
    (tmp_path / ".main.tf").touch()
    with pytest.raises(DesignError, match="there is no root module in it"):
        Environment.load(tmp_path)


def test_with_no_root_module_anywhere_the_remedy_says_what_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DesignError, match=r"Give the path of a folder with Terraform files"):
        Environment.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["anything.tf", "network.tf.json"])
def test_any_file_of_terraforms_makes_a_root_module(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    env = Environment.load(tmp_path)
    assert (env.folder, env.tree, env.state) == (tmp_path, tmp_path, None)


@pytest.mark.parametrize("lacking", ["main.tf", "terraform.tfvars", "backend.hcl"])
def test_what_is_no_environment_of_this_project_is_a_root_module_all_the_same(
    tree: Path, lacking: str
) -> None:
    (tree / "envs" / "dev" / "variables.tf").touch()
    (tree / "envs" / "dev" / lacking).unlink()
    assert Environment.load(tree / "envs" / "dev").state is None


def test_somebody_elses_backend_file_is_not_read(tree: Path) -> None:
    (tree / "bootstrap").rmdir()
    (tree / "envs" / "dev" / "backend.hcl").write_text("encrypt = true\n")
    assert Environment.load(tree / "envs" / "dev").state is None


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
