import json
from pathlib import Path

import pytest

from twinspan.project.module_copy import below, copy_modules, modules_of


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A root module, a module beside it, and what lies around them."""
    tree = tmp_path / "work"
    for name in ("live/dev", "modules/vpc", "shared"):
        (tree / name).mkdir(parents=True)
    (tree / "live" / "dev" / "main.tf").write_text("root")
    (tree / "modules" / "vpc" / "vpc.tf").write_text("vpc")
    (tree / "shared" / "text").write_text("shared")
    return tree


def test_a_copy_has_the_same_paths_and_writing_there_changes_nothing_here(tree: Path, tmp_path: Path) -> None:
    folders = [tree / "live" / "dev", tree / "modules" / "vpc"]
    copy_modules(folders, to=tmp_path / "copy")
    dev, vpc = (below(tmp_path / "copy", folder) for folder in folders)

    assert (dev / "../../shared/text").read_text() == "shared"
    for file in (dev / "main.tf", vpc / "vpc.tf", vpc / "new.tf"):
        file.write_text("changed")
    assert (tree / "live" / "dev" / "main.tf").read_text() == "root"
    assert [file.name for file in (tree / "modules" / "vpc").iterdir()] == ["vpc.tf"]


@pytest.mark.parametrize(
    "name",
    [".terraform/x", ".git/x", ".terraform.lock.hcl", "terraform.tfstate", "a.tfstate.backup", "x.tfplan"],
)
def test_what_terraform_keeps_stays_behind(tree: Path, tmp_path: Path, name: str) -> None:
    left = tree / "live" / "dev" / name
    left.parent.mkdir(exist_ok=True)
    left.write_text("theirs")
    copy_modules([tree / "live" / "dev"], to=tmp_path / "copy")
    assert not (below(tmp_path / "copy", tree / "live" / "dev") / name).exists()


def test_a_module_behind_a_link_is_copied_where_the_link_is(tree: Path, tmp_path: Path) -> None:
    (tree / "live" / "dev" / "linked").symlink_to("../../modules")
    module = tree / "live" / "dev" / "linked" / "vpc"
    copy_modules([tree / "live" / "dev", module], to=tmp_path / "copy")

    (below(tmp_path / "copy", module) / "vpc.tf").write_text("changed")
    assert (tree / "modules" / "vpc" / "vpc.tf").read_text() == "vpc"


def test_a_link_that_leads_nowhere_is_copied_as_it_is(tree: Path, tmp_path: Path) -> None:
    (tree / "live" / "dev" / "dangling").symlink_to("/no/such/file")
    copy_modules([tree / "live" / "dev"], to=tmp_path / "copy")
    assert (below(tmp_path / "copy", tree / "live" / "dev") / "dangling").is_symlink()


def test_modules_are_where_terraforms_list_says(tmp_path: Path) -> None:
    data, root = tmp_path / "data", tmp_path / "work" / "dev"
    listed = {
        "Modules": [
            {"Key": "", "Source": "", "Dir": "."},
            {"Key": "m", "Source": "../../up", "Dir": "../../up"},
            {"Key": "m.n", "Source": "x", "Dir": str(data / "modules" / "m.n")},
        ]
    }
    (data / "modules").mkdir(parents=True)
    (data / "modules" / "modules.json").write_text(json.dumps(listed))
    assert [(module.key, module.folder) for module in modules_of(root, data)] == [
        ("", root),
        ("m", tmp_path / "up"),
        ("m.n", data / "modules" / "m.n"),
    ]
    assert [module.folder for module in modules_of(root, tmp_path / "none")] == [root]
